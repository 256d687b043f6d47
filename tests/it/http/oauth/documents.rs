//! Apps that name themselves by the URL of a document, from the first request on.

use std::time::Duration;

use mcpcodex::{
    config::{Config, authentication::MetadataDocuments},
    model::{client::Client, id::ClientId},
    store,
};
use serde_json::{Value, json};

use super::caller::{Answer, Caller, encode};
use crate::{
    ops::oauth::fixture::{CALLBACK, VERIFIER, operator, params},
    support::{
        RUNTIME,
        publisher::{Authority, Page, Publisher},
    },
};

const PATH: &str = "/client.json";

/// A server that may fetch from this computer, and an app's site on it.
struct Scene {
    caller: Caller,
    site: Publisher,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let (caller, site, folder) = local(configure, |_, _| {});
        Self { caller, site, _folder: folder }
    }

    fn id(&self, path: &str) -> String {
        self.site.url("localhost", path).to_string()
    }

    fn document(&self, path: &str) -> Value {
        json!({
            "client_id": self.id(path),
            "client_name": "Paper",
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none",
        })
    }

    /// A site with a good document.
    fn published(self) -> Self {
        self.site.put(PATH, Page::json(&self.document(PATH)));
        self
    }

    fn authorize(&self, path: &str) -> Answer {
        authorize(&self.caller, &self.id(path), CALLBACK)
    }

    fn fetches(&self) -> usize {
        self.site.asked().len()
    }

    fn client(&self, path: &str) -> Option<Client> {
        let id = ClientId::from_text(self.id(path));
        self.caller.world.db.read(|r| store::client::by_id(r, &id)).unwrap()
    }

    /// A refresh with nothing to refresh: 401 if the client is not taken, 400 if it is.
    fn token(&self, path: &str) -> Answer {
        token(&self.caller, &self.id(path))
    }
}

/// A server that may fetch from this computer, and a site there that it trusts.
pub(super) fn local(
    configure: impl FnOnce(&mut Config),
    shape: impl FnOnce(&Publisher, &mut mcpcodex::ops::client::New),
) -> (Caller, Publisher, tempfile::TempDir) {
    let authority = Authority::new();
    let site = Publisher::start(&authority, &["localhost", "127.0.0.1"]);
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, &authority.pem).unwrap();
    let caller = Caller::with(
        |config| {
            config.authentication.clients.local_documents = true;
            config.authentication.clients.documents_ca = Some(pem);
            configure(config);
        },
        |new| shape(&site, new),
    );
    (caller, site, folder)
}

fn authorize(caller: &Caller, id: &str, redirect_uri: &str) -> Answer {
    let over = [("client_id", id), ("redirect_uri", redirect_uri)];
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, &over)));
    RUNTIME.block_on(caller.get(&path, &[]))
}

fn token(caller: &Caller, id: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", "x.y")];
    RUNTIME.block_on(caller.send("/token", &[], &form))
}

fn is_let_in(answer: &Answer) -> bool {
    answer.status == 303 && answer.location().starts_with("/login?request=")
}

/// A page of ours that leads nowhere.
fn is_page(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.header("location").is_none());
    assert!(answer.header("content-type").unwrap().starts_with("text/html"));
    assert!(answer.body.contains("This app cannot sign you in"), "{}", answer.body);
}

#[test]
fn app_is_known_from_its_document_and_gets_its_tokens() {
    let scene = Scene::new().published();
    assert!(is_let_in(&scene.authorize(PATH)));
    let client = scene.client(PATH).unwrap();
    assert_eq!((client.name.as_str(), client.is_public()), ("Paper", true));
    assert_eq!(scene.caller.world.events().last().unwrap(), "client.create");

    let id = scene.id(PATH);
    let code = scene.caller.world.code(&[("client_id", &id)]);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &id),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = RUNTIME.block_on(scene.caller.send("/token", &[], &form)).json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", refresh)];
    let again = RUNTIME.block_on(scene.caller.send("/token", &[], &form)).json();
    assert!(again["access_token"].is_string());
    assert_eq!(scene.fetches(), 1, "one fetch does for all of it");
}

#[test]
fn first_request_may_also_be_one_of_a_program() {
    let scene = Scene::new().published();
    assert_eq!(scene.token(PATH).refusal(400), "invalid_grant");
    assert!(scene.client(PATH).is_some());
}

#[test]
fn bad_document_is_a_page_that_says_why_and_a_refusal_for_programs() {
    let scene = Scene::new();
    let changed = |path: &str, name: &str, value: Value| {
        let mut document = scene.document(path);
        document[name] = value;
        Page::json(&document)
    };
    let html = Page::Answer(200, vec![("content-type", "text/html".to_owned())], vec![]);
    let moved = vec![("location", scene.id("/other.json"))];
    let large = changed("/large", "made_up", json!("x".repeat(70_000)));
    let packed = Page::with(&scene.document("/packed"), &[("content-encoding", "gzip")]);
    for (path, page, why) in [
        (
            "/other-id",
            changed("/other-id", "client_id", json!("https://a.example/x")),
            "letter by letter",
        ),
        ("/secret", changed("/secret", "client_secret", json!("s")), "client secret"),
        (
            "/basic",
            changed("/basic", "token_endpoint_auth_method", json!("client_secret_basic")),
            "client secret",
        ),
        (
            "/uris",
            changed("/uris", "redirect_uris", json!(["javascript:alert(1)"])),
            "redirect_uris",
        ),
        ("/nameless", changed("/nameless", "client_name", Value::Null), "client_name"),
        ("/picture", changed("/picture", "logo_uri", json!("http://127.0.0.1/logo")), "logo_uri"),
        ("/keyed", changed("/keyed", "jwks_uri", json!("http://127.0.0.1/jwks")), "jwks_uri"),
        ("/text", Page::Json("nonsense".to_owned()), "JSON object"),
        ("/html", html, "application/json"),
        ("/moved", Page::Answer(302, moved, vec![]), "redirect (302)"),
        ("/error", Page::Answer(500, vec![], vec![]), "500"),
        ("/large", large, "16384 bytes"),
        ("/packed", packed, "compressed"),
        ("/half", Page::Half, "connection broke"),
    ] {
        scene.site.put(path, page);
        let answer = scene.authorize(path);
        is_page(&answer);
        assert!(answer.body.contains(why), "{path}: {}", answer.body);
        assert!(answer.body.contains("tell its maker"), "{}", answer.body);
        assert!(!answer.body.contains(&scene.id(path)) && !answer.body.contains("javascript:"));
        let refused = scene.token(path);
        assert_eq!(refused.refusal(401), "invalid_client", "{path}");
        assert!(refused.body.contains("metadata document"), "{}", refused.body);
        assert!(scene.client(path).is_none(), "{path}");
    }
    let asked = scene.site.asked();
    assert!(asked.iter().all(|one| !one.path.contains("other.json") && !one.path.contains("logo")));
    // Each was fetched once: the second request found the failure remembered.
    assert_eq!(asked.len(), 14);
}

#[test]
fn failure_is_remembered_for_a_minute_and_no_longer() {
    let scene = Scene::new();
    for _ in 0..5 {
        is_page(&scene.authorize(PATH));
    }
    assert_eq!(scene.fetches(), 1);
    let scene = scene.published();
    scene.caller.world.pass(59);
    is_page(&scene.authorize(PATH));
    scene.caller.world.pass(2);
    assert!(is_let_in(&scene.authorize(PATH)));
    assert_eq!(scene.fetches(), 2);
}

#[test]
fn changed_document_takes_effect_when_the_old_one_is_no_longer_fresh() {
    let scene = Scene::new();
    let headers = [("etag", "\"a\""), ("cache-control", "max-age=600")];
    scene.site.put(PATH, Page::with(&scene.document(PATH), &headers));
    assert!(is_let_in(&scene.authorize(PATH)));
    let mut moved = scene.document(PATH);
    moved["redirect_uris"] = json!(["https://app.example.com/new"]);
    scene.caller.world.pass(599);
    assert!(is_let_in(&scene.authorize(PATH)));
    assert_eq!(scene.fetches(), 1);
    // Asked by its ETag; nothing changed, so nothing is written but that it was asked.
    scene.caller.world.pass(2);
    assert!(is_let_in(&scene.authorize(PATH)));
    assert!(scene.site.asked()[1].head.to_lowercase().contains("if-none-match: \"a\""));
    assert!(is_let_in(&scene.authorize(PATH)));
    assert_eq!(scene.fetches(), 2);

    let headers = [("etag", "\"b\""), ("cache-control", "no-store")];
    scene.site.put(PATH, Page::with(&moved, &headers));
    scene.caller.world.pass(601);
    let answer = scene.authorize(PATH);
    is_page(&answer);
    assert!(answer.body.contains("Remove the connection"), "{}", answer.body);
    let (caller, id) = (&scene.caller, scene.id(PATH));
    assert!(is_let_in(&authorize(caller, &id, "https://app.example.com/new")));
    assert_eq!(caller.world.events().last().unwrap(), "client.edit");
    // Five minutes at least, whatever the site says.
    assert_eq!(scene.fetches(), 3);
    caller.world.pass(299);
    assert!(is_let_in(&authorize(caller, &id, "https://app.example.com/new")));
    assert_eq!(scene.fetches(), 3);
}

#[test]
fn known_app_outlives_a_day_without_its_document_and_not_two() {
    let scene = Scene::new().published();
    assert!(is_let_in(&scene.authorize(PATH)));
    scene.site.put(PATH, Page::Answer(503, vec![], vec![]));
    scene.caller.world.pass(3_601);
    for _ in 0..3 {
        assert!(is_let_in(&scene.authorize(PATH)));
        assert_eq!(scene.token(PATH).refusal(400), "invalid_grant");
    }
    assert_eq!(scene.fetches(), 2, "the failure is remembered for known apps, too");
    scene.caller.world.pass(24 * 3_600 - 10);
    assert!(is_let_in(&scene.authorize(PATH)));
    scene.caller.world.pass(70);
    is_page(&scene.authorize(PATH));
    assert_eq!(scene.token(PATH).refusal(401), "invalid_client");
    let scene = scene.published();
    scene.caller.world.pass(61);
    assert!(is_let_in(&scene.authorize(PATH)));
}

#[test]
fn requests_that_come_at_once_share_one_fetch() {
    let scene = Scene::new().published();
    let path = scene.id(PATH);
    let answers = crate::support::race(24, |_| authorize(&scene.caller, &path, CALLBACK));
    assert!(answers.iter().all(is_let_in));
    assert_eq!(scene.fetches(), 1);
    let created = scene.caller.world.events().iter().filter(|e| *e == "client.create").count();
    // The fixture's own client and this one.
    assert_eq!(created, 2);
}

#[test]
fn host_is_asked_for_few_new_documents_in_a_minute() {
    let scene = Scene::new();
    for n in 0..30 {
        is_page(&scene.authorize(&format!("/made-up/{n}")));
    }
    assert_eq!(scene.fetches(), 20);
    let answer = scene.authorize("/made-up/31");
    assert!(answer.body.contains("at the moment"), "{}", answer.body);
    scene.caller.world.pass(61);
    is_page(&scene.authorize("/made-up/32"));
    assert_eq!(scene.fetches(), 21);
}

#[test]
fn app_that_was_switched_off_stays_off_and_is_not_asked_about() {
    let scene = Scene::new().published();
    assert!(is_let_in(&scene.authorize(PATH)));
    let id = ClientId::from_text(scene.id(PATH));
    let off =
        move |tx: &mcpcodex::db::Write<'_>| mcpcodex::ops::client::disable(tx, &operator(), &id);
    scene.caller.world.db.write_blocking(off).unwrap();
    let mut document = scene.document(PATH);
    document["client_name"] = json!("Paper again");
    scene.site.put(PATH, Page::json(&document));
    for _ in 0..2 {
        scene.caller.world.pass(2 * 24 * 3_600);
        is_page(&scene.authorize(PATH));
        assert_eq!(scene.token(PATH).refusal(401), "invalid_client");
    }
    assert_eq!(scene.fetches(), 1);
    assert_eq!(scene.client(PATH).unwrap().name, "Paper");
}

#[test]
fn url_that_cannot_name_a_document_is_not_fetched() {
    let scene = Scene::new().published();
    let port = scene.site.address.port();
    for id in [
        format!("http://localhost:{port}{PATH}"),
        format!("https://localhost:{port}"),
        format!("https://localhost:{port}/"),
        format!("https://localhost:{port}{PATH}#f"),
        format!("https://u@localhost:{port}{PATH}"),
        format!("https://localhost:{port}/x/..{PATH}"),
        format!("https://localhost:{port}/x/%2e%2e{PATH}"),
        format!("https://LOCALHOST:{port}{PATH}"),
        format!("https://localhost:0{PATH}"),
        "https://".to_owned(),
        "https://[::1".to_owned(),
    ] {
        is_page(&authorize(&scene.caller, &id, CALLBACK));
        assert_eq!(token(&scene.caller, &id).refusal(401), "invalid_client", "{id}");
    }
    assert_eq!(scene.site.connections(), 0);
}

#[test]
fn inner_hosts_are_never_connected_to() {
    let authority = Authority::new();
    let site = Publisher::start(&authority, &["localhost"]);
    let caller = Caller::new();
    let port = site.address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0.0.0.0",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "[::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "localhost",
        "app.localhost",
        "localtest",
        "vault.internal",
        "printer.local",
    ] {
        let id = format!("https://{host}:{port}{PATH}");
        let started = std::time::Instant::now();
        let answer = authorize(&caller, &id, CALLBACK);
        is_page(&answer);
        // Refused for what it is, not because nothing answered there, and so at once.
        let said = ["not on the public internet", "not in its normal form"];
        assert!(said.iter().any(|why| answer.body.contains(why)), "{host}: {}", answer.body);
        assert!(started.elapsed() < Duration::from_secs(1), "{host}: {:?}", started.elapsed());
        assert_eq!(token(&caller, &id).refusal(401), "invalid_client", "{id}");
    }
    assert_eq!(site.connections(), 0);
}

#[test]
fn documents_can_be_switched_off_or_held_to_domains_and_the_metadata_says_so() {
    let flag = |caller: &Caller| {
        let path = "/.well-known/oauth-authorization-server";
        RUNTIME.block_on(caller.get(path, &[])).json()["client_id_metadata_document_supported"]
            .clone()
    };
    let off = Scene::with(|config| {
        config.authentication.clients.metadata_documents = MetadataDocuments::Off;
    })
    .published();
    assert_eq!(flag(&off.caller), false);
    is_page(&off.authorize(PATH));
    assert_eq!(off.token(PATH).refusal(401), "invalid_client");
    assert_eq!(off.site.connections(), 0);

    let domains = |listed: &str| {
        let listed = vec![listed.to_owned()];
        Scene::with(|config| {
            config.authentication.clients.metadata_documents = MetadataDocuments::Domains;
            config.authentication.clients.domains = listed;
        })
        .published()
    };
    let (other, own) = (domains("example.com"), domains("localhost"));
    is_page(&other.authorize(PATH));
    assert_eq!(other.site.connections(), 0);
    assert!(is_let_in(&own.authorize(PATH)));
    assert_eq!(flag(&own.caller), true);
}

#[test]
fn site_that_drips_holds_a_person_and_a_program_up_for_five_seconds_at_most() {
    let scene = Scene::new();
    scene.site.put("/drip", Page::Drip);
    scene.site.put("/other", Page::Drip);
    let took = |ask: &(dyn Fn() + Sync)| {
        let started = std::time::Instant::now();
        ask();
        started.elapsed()
    };
    let by_browser = || is_page(&scene.authorize("/drip"));
    let by_program = || assert_eq!(scene.token("/other").refusal(401), "invalid_client");
    std::thread::scope(|scope| {
        let one = scope.spawn(|| took(&by_browser));
        let other = took(&by_program);
        let most = Duration::from_millis(6_500);
        assert!(one.join().unwrap() < most && other < most);
    });
    // And nobody for as long as the failure is remembered.
    assert!(took(&by_browser) < Duration::from_secs(1));
    assert_eq!(scene.fetches(), 2);
}

#[test]
fn site_that_hangs_holds_nobody_up_but_those_who_ask_for_it() {
    let scene = Scene::new().published();
    scene.site.put("/hang", Page::Hang);
    let started = std::time::Instant::now();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| is_page(&scene.authorize("/hang")));
        assert!(is_let_in(&scene.authorize(PATH)));
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        slow.join().unwrap();
    });
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}
