//! What strangers can make this server fetch, and that it is never at the expense of those who are known; and what apps
//! are told where nothing can be fetched at all.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, extract::ConnectInfo};
use mcpcodex::{
    app::App,
    config::{
        Config,
        authentication::{MetadataDocuments, Registration},
    },
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::b64,
    },
    http::{oauth::resolve::Resolver, router},
    model::{id::ClientId, scope::ScopeSet},
    ops::client::{self, New},
    store,
};
use serde_json::{Value, json};

use super::{
    caller::{Answer, Caller, FORM, encode, request},
    documents::local,
};
use crate::{
    ops::oauth::fixture::{CALLBACK, operator, params, world_with},
    support::{
        RUNTIME,
        publisher::{Authority, Names, Page, Publisher},
    },
};

const PATH: &str = "/client.json";
const FLOODER: &str = "198.51.100.66";
const SOMEBODY: &str = "203.0.113.5";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const CLAUDE: &str = "https://claude.ai/oauth/claude-code-client-metadata";

fn from(caller: &Caller, address: &str, method: &str, path: &str, body: String) -> Answer {
    let headers = if method == "POST" { vec![("content-type", FORM)] } else { Vec::new() };
    let mut request = request(method, path, &headers, body);
    let peer = SocketAddr::new(address.parse().unwrap(), 50_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    RUNTIME.block_on(caller.call(request))
}

fn authorize(caller: &Caller, address: &str, id: &str) -> Answer {
    let over = [("client_id", id), ("redirect_uri", CALLBACK)];
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, &over)));
    from(caller, address, "GET", &path, String::new())
}

fn token(caller: &Caller, address: &str, id: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", "x.y")];
    from(caller, address, "POST", "/token", encode(&form))
}

fn is_let_in(answer: &Answer) -> bool {
    answer.status == 303 && answer.location().starts_with("/login?request=")
}

fn document(id: &str) -> Value {
    json!({ "client_id": id, "client_name": "Paper", "redirect_uris": [CALLBACK] })
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

/// Whether the client that the operator entered is let in with a statement by `key`.
fn proves(caller: &Caller, address: &str, key: &SigningKey, jti: &str) -> bool {
    let now = caller.app.db.now().secs();
    let claims = json!({
        "iss": "nightly", "sub": "nightly", "aud": "http://localhost:8420", "jti": jti, "exp": now + 60,
    });
    let form = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &key.sign("JWT", &claims).unwrap()),
        ("grant_type", "refresh_token"),
        ("refresh_token", "x.y"),
    ];
    let answer = from(caller, address, "POST", "/token", encode(&form));
    match answer.refusal(answer.status.as_u16()).as_str() {
        "invalid_grant" => true,
        "invalid_client" | "temporarily_unavailable" => false,
        other => panic!("{other}: {}", answer.body),
    }
}

/// A site, and a client entered by the operator whose keys are on it.
fn scene() -> (Caller, Publisher, SigningKey, tempfile::TempDir) {
    let (caller, site, folder) = local(
        |_| {},
        |site, new| {
            new.public = false;
            new.id = Some("nightly".to_owned());
            new.jwks_uri = Some(site.url("localhost", "/jwks.json").to_string());
        },
    );
    let own = key();
    site.put("/jwks.json", Page::json(&json!({ "keys": [own.jwk()] })));
    (caller, site, own, folder)
}

/// As much as strangers at a hundred addresses can ask of one host in a minute; answers how much was fetched.
fn flood(caller: &Caller, site: &Publisher) -> usize {
    let before = site.asked().len();
    for n in 0..100 {
        let id = site.url("localhost", &format!("/made-up/{n}")).to_string();
        authorize(caller, &format!("10.0.0.{n}"), &id);
        authorize(caller, FLOODER, &id);
    }
    site.asked().len() - before
}

#[test]
fn stranger_at_one_address_keeps_out_nobody_else() {
    let (caller, site, own, _folder) = scene();
    let id = site.url("localhost", PATH).to_string();
    site.put(PATH, Page::json(&document(&id)));
    for n in 0..40 {
        let made_up = site.url("localhost", &format!("/made-up/{n}")).to_string();
        authorize(&caller, FLOODER, &made_up);
    }
    assert_eq!(site.asked().len(), 20);
    let held_back = authorize(&caller, FLOODER, &id);
    assert_eq!(held_back.status, 400);
    assert!(held_back.body.contains("Try again in a minute"), "{}", held_back.body);
    let later = token(&caller, FLOODER, &id);
    assert_eq!(later.refusal(429), "temporarily_unavailable");
    assert_eq!(later.header("retry-after"), Some("60"));
    // That it was not his turn is nothing that is held against the app.
    assert!(is_let_in(&authorize(&caller, SOMEBODY, &id)));
    assert!(proves(&caller, FLOODER, &own, "1"), "its keys were never fetched before");
    caller.world.pass(61);
    let other = site.url("localhost", "/made-up/41").to_string();
    let before = site.asked().len();
    authorize(&caller, FLOODER, &other);
    assert_eq!(site.asked().len(), before + 1);
}

#[test]
fn flood_from_everywhere_stays_bounded_and_those_in_use_go_on() {
    let (caller, site, own, _folder) = scene();
    let fresh = [("cache-control", "max-age=600")];
    let ids: Vec<String> =
        ["/used.json", "/unused.json"].map(|path| site.url("localhost", path).to_string()).into();
    for (id, path) in ids.iter().zip(["/used.json", "/unused.json"]) {
        site.put(path, Page::with(&document(id), &fresh));
        assert!(is_let_in(&authorize(&caller, SOMEBODY, id)));
    }
    let (person, used) = (caller.world.user.clone(), ClientId::from_text(ids[0].clone()));
    let allow = ScopeSet::parse("openid");
    caller
        .world
        .db
        .write_blocking(move |tx| store::consent::put(tx, &person, &used, "", &allow))
        .unwrap();
    caller.world.pass(601);
    assert_eq!(flood(&caller, &site), 60);
    let fetches = |path: &str| site.asked().iter().filter(|one| one.path == path).count();
    for id in &ids {
        assert!(is_let_in(&authorize(&caller, FLOODER, id)), "what is known still does");
    }
    assert_eq!((fetches("/used.json"), fetches("/unused.json")), (2, 1));
    assert!(proves(&caller, FLOODER, &own, "1"));
    // New keys of it are looked for as well.
    let new = key();
    site.put("/jwks.json", Page::json(&json!({ "keys": [new.jwk()] })));
    caller.world.pass(31);
    assert!(proves(&caller, FLOODER, &new, "2"));
}

#[test]
fn stranger_who_names_the_keys_of_a_known_client_does_not_spoil_them() {
    let (caller, site, own, _folder) = scene();
    let id = site.url("localhost", PATH).to_string();
    let mut twin = document(&id);
    twin["token_endpoint_auth_method"] = json!("private_key_jwt");
    twin["jwks_uri"] = json!(site.url("localhost", "/jwks.json").as_str());
    site.put(PATH, Page::json(&twin));
    assert_eq!(token(&caller, SOMEBODY, &id).status, 401);
    site.put("/jwks.json", Page::Answer(500, vec![], vec![]));
    let claims = json!({ "iss": id, "sub": id, "aud": "http://localhost:8420", "jti": "1",
        "exp": caller.app.db.now().secs() + 60 });
    let statement =
        format!("{}.{}.AA", b64(br#"{"alg":"ES256"}"#), b64(claims.to_string().as_bytes()));
    let form = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &statement),
        ("grant_type", "refresh_token"),
    ];
    let failed = from(&caller, FLOODER, "POST", "/token", encode(&form));
    assert_eq!(failed.refusal(401), "invalid_client");
    // The failure is the stranger's. The client's own keys are asked for anew, within the half minute.
    site.put("/jwks.json", Page::json(&json!({ "keys": [own.jwk()] })));
    assert!(proves(&caller, SOMEBODY, &own, "2"));
}

#[test]
fn address_that_is_never_dialled_counts_for_nothing() {
    let (caller, site, _, _folder) = scene();
    let id = site.url("localhost", PATH).to_string();
    site.put(PATH, Page::json(&document(&id)));
    for n in 0..60 {
        authorize(&caller, FLOODER, &format!("https://10.0.0.1/{n}"));
        authorize(&caller, FLOODER, &format!("https://vault.internal/{n}"));
    }
    assert!(is_let_in(&authorize(&caller, FLOODER, &id)));
}

/// A server that finds hosts by `names` and may fetch from a site on this computer.
fn shut_in(
    names: &Names,
    configure: impl FnOnce(&mut Config),
) -> (Caller, Publisher, tempfile::TempDir) {
    let authority = Authority::new();
    let site = Publisher::start(&authority, &["claude.ai", "app.example.com"]);
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, &authority.pem).unwrap();
    let world = world_with(
        |config| {
            config.authentication.clients.local_documents = true;
            config.authentication.clients.documents_ca = Some(pem);
            configure(config);
        },
        |_| {},
    );
    let app = App { db: world.db.clone(), env: Arc::clone(&world.env), seen: Arc::default() };
    let resolver = Resolver::with(Arc::new(names.clone()));
    let router = router::routes_fetching(app.clone(), Router::new(), resolver);
    (Caller { world, app, router }, site, folder)
}

fn promises(caller: &Caller) -> bool {
    let answer = RUNTIME.block_on(caller.get(METADATA, &[]));
    answer.json()["client_id_metadata_document_supported"].as_bool().unwrap()
}

#[test]
fn server_without_a_way_out_stops_promising_documents_until_it_finds_one() {
    let names = Names::default();
    let (caller, site, _folder) = shut_in(&names, |_| {});
    assert!(promises(&caller));
    let page = authorize(&caller, SOMEBODY, CLAUDE);
    assert_eq!(page.status, 400);
    for said in ["reach nothing outside", "metadata_documents to off", "Start again in the app"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!promises(&caller));
    let etag = |caller: &Caller| {
        let answer = RUNTIME.block_on(caller.get(METADATA, &[]));
        answer.header("etag").unwrap().to_owned()
    };
    let shut = etag(&caller);
    // A day later one app may try, and it fails again.
    caller.world.pass(86_401);
    assert!(promises(&caller));
    assert_ne!(etag(&caller), shut);
    authorize(&caller, SOMEBODY, CLAUDE);
    assert!(!promises(&caller));
    // Whatever is reached shows that there is a way out.
    names.put("app.example.com", &[&["127.0.0.1"]]);
    let id = site.url("app.example.com", PATH).to_string();
    assert_eq!(authorize(&caller, SOMEBODY, &id).status, 400);
    assert_eq!(site.asked().len(), 1);
    assert!(promises(&caller));
}

#[test]
fn host_that_only_strangers_know_says_nothing_about_the_way_out() {
    let (caller, _site, _folder) = shut_in(&Names::default(), |_| {});
    for n in 0..15 {
        let page = authorize(&caller, SOMEBODY, &format!("https://h{n}.example.com/client.json"));
        assert!(page.body.contains("tell its maker"), "{}", page.body);
    }
    assert!(promises(&caller));
}

#[test]
fn where_apps_cannot_register_the_promise_stays_and_the_page_names_the_operator() {
    let (caller, _site, _folder) = shut_in(&Names::default(), |config| {
        config.authentication.clients.dynamic_registration = Registration::Token;
    });
    let page = authorize(&caller, SOMEBODY, CLAUDE);
    assert!(page.body.contains("Ask whoever runs it to register the app"), "{}", page.body);
    assert!(promises(&caller));
}

#[test]
fn server_that_cannot_fetch_at_all_promises_nothing_from_the_start() {
    let (caller, _site, _folder) = shut_in(&Names::default(), |config| {
        config.authentication.clients.documents_ca = Some("/nowhere/ca.pem".into());
    });
    assert!(!promises(&caller));
    let page = authorize(&caller, SOMEBODY, CLAUDE);
    assert!(page.body.contains("reach nothing outside"), "{}", page.body);
}

#[test]
fn app_entered_under_the_url_by_which_it_names_itself_needs_no_document() {
    let (caller, site, _folder) = shut_in(&Names::default(), |config| {
        config.authentication.clients.metadata_documents = MetadataDocuments::Domains;
    });
    let new = |id: &str, public| New {
        name: "Claude Code".to_owned(),
        id: Some(id.to_owned()),
        redirect_uris: vec![CALLBACK.to_owned()],
        public,
        ..New::default()
    };
    let enter =
        |new: New| caller.world.db.write_blocking(move |tx| client::create(tx, &operator(), new));
    enter(new(CLAUDE, true)).unwrap();
    for (id, public) in [
        ("https://claude.ai/oauth/other", false),
        ("http://claude.ai/oauth/other", true),
        ("https://claude.ai/", true),
        ("https://claude.ai/a/../b", true),
        ("https:claude", true),
    ] {
        assert!(enter(new(id, public)).is_err(), "{id}");
    }
    assert!(is_let_in(&authorize(&caller, SOMEBODY, CLAUDE)));
    assert_eq!(token(&caller, SOMEBODY, CLAUDE).refusal(400), "invalid_grant");
    assert!(promises(&caller), "it is told that it may come by its URL");
    assert_eq!(authorize(&caller, SOMEBODY, "https://claude.ai/oauth/other").status, 400);
    assert_eq!(site.connections(), 0);
}
