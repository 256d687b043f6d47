//! Forged tokens at every door that takes one: none is believed, none leads this server anywhere, and the genuine one
//! is taken all the same.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    config::tokens::SigningAlgorithm,
    crypto::jwt::{Algorithm, SigningKey},
    model::resource::ResourceScope,
    ops::{
        assertion::{self, NewIssuer},
        client::{self, New},
        exchange_policy::{self, Allowance},
        resource,
    },
};
use serde_json::{Value, json};

use super::{
    caller::{Answer, Caller, encode},
    documents::local,
};
use crate::{
    ops::oauth::fixture::{MCP, claims, operator, params, query},
    support::{
        RUNTIME,
        dpop::{Key, Proof},
        forge::{Forger, header},
        publisher::{Page, Publisher},
        rows::{NOTHING, Rows},
    },
};

const IDP: &str = "https://idp.example.com";
const HERE: &str = "http://localhost:8420";
const DB: &str = "https://db.example.com/mcp";
const BACK: &str = "https://app.example.com/bye";
const STATEMENT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A server that would follow addresses to this computer, and everyone who shows it tokens.
struct Scene {
    caller: Caller,
    site: Publisher,
    /// The Authorization header of the server that asks about tokens and exchanges them, and its own token.
    notes: (String, String),
    /// The key of the client that signs its statements, and that of the provider that vouches for people.
    nightly: SigningKey,
    idp: SigningKey,
    agent: (String, String),
    algorithm: Algorithm,
    _folder: tempfile::TempDir,
}

fn scene(algorithm: Algorithm) -> Scene {
    let configured = if algorithm == Algorithm::RS256 {
        SigningAlgorithm::Rs256
    } else {
        SigningAlgorithm::Es256
    };
    let (caller, site, folder) = local(
        |config| {
            config.authentication.tokens.access_token.algorithm = configured;
            config.authentication.session.security.same_site =
                mcpcodex::config::session::SameSite::Lax;
        },
        |_, new| new.post_logout_redirect_uris = vec![BACK.to_owned()],
    );
    let db = resource::New {
        uri: DB.to_owned(),
        name: "Database".to_owned(),
        scopes: vec![ResourceScope::new("db:read", "Read the database")],
        ..resource::New::default()
    };
    caller.world.db.write_blocking(|tx| resource::add(tx, &operator(), db)).unwrap();
    let key = || SigningKey::generate(algorithm).unwrap();
    let (nightly, idp) = (key(), key());
    let jwks = json!({ "keys": [nightly.jwk()] });
    let signs = New {
        name: "Nightly".to_owned(),
        id: Some("nightly".to_owned()),
        jwks: Some(jwks),
        redirect_uris: vec![BACK.to_owned()],
        ..New::default()
    };
    caller.world.db.write_blocking(|tx| client::create(tx, &operator(), signs)).unwrap();
    let (notes_id, notes) = confidential(&caller, &[EXCHANGE, "client_credentials"], &[MCP, DB]);
    let agent = confidential(&caller, &["authorization_code", BEARER], &[]);
    let rule = Allowance {
        client: notes_id,
        from: MCP.to_owned(),
        to: DB.to_owned(),
        scopes: vec!["read:models=db:read".to_owned()],
    };
    caller
        .world
        .db
        .write_blocking(move |tx| exchange_policy::allow(tx, &operator(), &rule))
        .unwrap();
    trust(&caller, &idp);
    let form = [("grant_type", "client_credentials"), ("resource", MCP)];
    let own = RUNTIME.block_on(caller.send("/token", &[("authorization", &notes)], &form)).json();
    let own = own["access_token"].as_str().unwrap().to_owned();
    Scene { caller, site, notes: (notes, own), nightly, idp, agent, algorithm, _folder: folder }
}

fn trust(caller: &Caller, key: &SigningKey) {
    let jwks = json!({ "keys": [key.jwk()] });
    let env = std::sync::Arc::clone(&caller.world.env);
    let user = caller.world.user.to_string();
    let new =
        NewIssuer { issuer: IDP.to_owned(), jwks: Some(jwks), jwks_uri: None, by_email: false };
    let job = move |tx: &mcpcodex::db::Write<'_>| {
        assertion::trust(tx, &env, &operator(), new)?;
        assertion::link(tx, &operator(), IDP, "their-ann", &user)
    };
    caller.world.db.write_blocking(job).unwrap();
}

fn confidential(caller: &Caller, grants: &[&str], resources: &[&str]) -> (String, String) {
    let new = New {
        name: "Notes".to_owned(),
        redirect_uris: vec![BACK.to_owned()],
        grant_types: grants.iter().map(|grant| (*grant).to_owned()).collect(),
        resources: resources.iter().map(|uri| (*uri).to_owned()).collect(),
        ..New::default()
    };
    let made = caller.world.db.write_blocking(|tx| client::create(tx, &operator(), new)).unwrap();
    let id = made.client.id.to_string();
    let pair = format!("{id}:{}", made.secret.unwrap().expose());
    (id, format!("Basic {}", STANDARD.encode(pair)))
}

/// Where a token is shown, and whether it was taken there; how else it must be answered is asserted by itself.
struct Door<'s> {
    name: &'static str,
    good: String,
    jwk: Value,
    taken: Box<dyn Fn(&str) -> bool + 's>,
}

impl Scene {
    fn post(&self, path: &str, basic: &str, form: &[(&str, &str)]) -> Answer {
        RUNTIME.block_on(self.caller.send(path, &[("authorization", basic)], form))
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        RUNTIME.block_on(self.caller.get(path, headers))
    }

    /// The public key of ours that this token names.
    fn our_key(&self, token: &str) -> Value {
        let jwks = self.get("/.well-known/jwks.json", &[]).json();
        let kid = &header(token)["kid"];
        let mut keys = jwks["keys"].as_array().unwrap().iter();
        keys.find(|key| key["kid"] == *kid).unwrap().clone()
    }

    fn ours<'s>(
        &'s self,
        name: &'static str,
        good: &str,
        taken: impl Fn(&str) -> bool + 's,
    ) -> Door<'s> {
        Door { name, good: good.to_owned(), jwk: self.our_key(good), taken: Box::new(taken) }
    }

    /// Those that take access tokens.
    fn of_access_tokens(&self) -> Vec<Door<'_>> {
        let granted = [("resource", MCP), ("scope", "openid read:models")];
        let good = self.caller.world.tokens(&granted).access_token.expose().to_owned();
        assert_eq!(header(&good)["alg"], self.algorithm.as_str());
        let exchange = |subject: &str, actor: Option<&str>| {
            let mut form = vec![
                ("grant_type", EXCHANGE),
                ("subject_token", subject),
                ("subject_token_type", ACCESS_TOKEN),
                ("resource", DB),
            ];
            if let Some(actor) = actor {
                form.extend([("actor_token", actor), ("actor_token_type", ACCESS_TOKEN)]);
            }
            let answer = self.post("/token", &self.notes.0, &form);
            answer.status == 200 || answer.refusal(400) != "invalid_request"
        };
        let subject = good.clone();
        vec![
            self.ours("/userinfo", &good, |token| {
                let bearer = format!("Bearer {token}");
                let answer = self.get("/userinfo", &[("authorization", &bearer)]);
                if answer.status == 200 {
                    return true;
                }
                let challenge = answer.header("www-authenticate").unwrap().to_owned();
                assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
                answer.refusal(401) != "invalid_token"
            }),
            self.ours("/introspect", &good, |token| {
                let answer = self.post("/introspect", &self.notes.0, &[("token", token)]);
                let told = answer.json();
                told["active"] == true || told != json!({ "active": false })
            }),
            self.ours("subject_token", &good, move |token| exchange(token, None)),
            self.ours("actor_token", &self.notes.1, move |token| exchange(&subject, Some(token))),
        ]
    }

    /// Those that take ID tokens as hints. The last one signs the person out.
    fn of_hints(&self) -> Vec<Door<'_>> {
        let tokens = self.caller.world.tokens(&[("scope", "openid")]);
        let good = tokens.id_token.unwrap().expose().to_owned();
        vec![
            self.ours("id_token_hint at /authorize", &good, |token| {
                let over = [("id_token_hint", token)];
                let pairs = params(&self.caller.world.client, &over);
                let answer = self.get(&format!("/authorize?{}", encode(&pairs)), &[]);
                let told = query(answer.location(), "error");
                assert!(matches!(told.as_deref(), None | Some("invalid_request")), "{told:?}");
                told.is_none()
            }),
            self.ours("id_token_hint at /logout", &good, |token| {
                let pairs = [("id_token_hint", token), ("post_logout_redirect_uri", BACK)];
                let path = format!("/logout?{}", encode(&pairs));
                let answer = self.get(&path, &[("cookie", &self.caller.cookies())]);
                if answer.status == 303 {
                    return true;
                }
                assert_eq!(answer.status, 400, "{}", answer.body);
                false
            }),
        ]
    }

    /// Those that take statements signed by others.
    fn of_statements(&self) -> Vec<Door<'_>> {
        let now = self.caller.app.db.now().secs();
        let statement = json!({
            "iss": "nightly", "sub": "nightly", "aud": HERE, "jti": "1", "iat": now, "exp": now + 60,
        });
        let assertion = json!({
            "iss": IDP, "sub": "their-ann", "aud": HERE, "client_id": self.agent.0, "jti": "1",
            "iat": now, "exp": now + 300, "resource": MCP, "scope": "read:models",
        });
        vec![
            Door {
                name: "client_assertion",
                good: self.nightly.sign("JWT", &statement).unwrap(),
                jwk: self.nightly.jwk(),
                taken: Box::new(|statement| {
                    let form = [
                        ("grant_type", "refresh_token"),
                        ("refresh_token", "x.y"),
                        ("client_id", "nightly"),
                        ("client_assertion_type", STATEMENT),
                        ("client_assertion", statement),
                    ];
                    let answer = RUNTIME.block_on(self.caller.send("/token", &[], &form));
                    // A refresh with nothing to refresh, by a client that proved itself.
                    answer.status == 400 && answer.refusal(400) == "invalid_grant"
                        || answer.refusal(401) != "invalid_client"
                }),
            },
            Door {
                name: "assertion",
                good: self.idp.sign("oauth-id-jag+jwt", &assertion).unwrap(),
                jwk: self.idp.jwk(),
                taken: Box::new(|assertion| {
                    let form = [("grant_type", BEARER), ("assertion", assertion)];
                    let answer = self.post("/token", &self.agent.1, &form);
                    answer.status == 200 || answer.refusal(400) != "invalid_grant"
                }),
            },
        ]
    }
}

/// Shows every forgery at each of these doors, and then the genuine token.
fn try_all(scene: &Scene, doors: &[Door<'_>]) {
    let forger = Forger::new(&scene.site, scene.algorithm);
    let db = &scene.caller.world.db;
    for door in doors {
        let before = Rows::of(db);
        for (what, token) in forger.all(&door.good, &door.jwk) {
            assert!(!(door.taken)(&token), "{}: {what}: {token}", door.name);
        }
        assert!(before.since(db).tables.is_empty(), "{}: {:?}", door.name, before.since(db));
        assert!((door.taken)(&door.good), "{}: the genuine one", door.name);
    }
    assert_eq!(scene.site.connections(), 0, "an address in a token was followed");
}

#[test]
fn forged_access_token_is_taken_nowhere_under_either_algorithm() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let scene = scene(algorithm);
        try_all(&scene, &scene.of_access_tokens());
    }
}

#[test]
fn forged_id_token_says_nothing_about_anyone() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let scene = scene(algorithm);
        try_all(&scene, &scene.of_hints());
    }
}

#[test]
fn forged_statement_of_a_client_or_a_provider_proves_nothing() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let scene = scene(algorithm);
        try_all(&scene, &scene.of_statements());
    }
}

#[test]
fn forged_token_gives_nothing_back_either() {
    let scene = scene(Algorithm::RS256);
    let tokens = scene.caller.world.tokens(&[]);
    let good = tokens.access_token.expose();
    let forger = Forger::new(&scene.site, Algorithm::RS256);
    let id = scene.caller.world.client.id.to_string();
    let before = scene.caller.world.rows();
    for (what, token) in forger.all(good, &scene.our_key(good)) {
        let form = [("token", token.as_str()), ("client_id", &id)];
        let answer = RUNTIME.block_on(scene.caller.send("/revoke", &[], &form));
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    }
    assert_eq!(before.since(&scene.caller.world.db), NOTHING);
    assert!(scene.caller.world.is_active(good));
    assert_eq!(scene.site.connections(), 0);
}

#[test]
fn forged_session_is_nobodys() {
    let scene = scene(Algorithm::ES256);
    let good = mcpcodex::ops::session::cookie(
        &scene.caller.app.env,
        &scene.caller.world.signed_in.session,
    )
    .unwrap();
    let is_in = |token: &str| {
        let name = &scene.caller.app.env.config.authentication.session.cookie_name;
        let cookie = format!("{name}={token}");
        scene.get("/auth/session", &[("cookie", &cookie)]).status == 200
    };
    let forger = Forger::new(&scene.site, Algorithm::ES256);
    let access = scene.caller.world.tokens(&[]).access_token.expose().to_owned();
    let ours = scene.our_key(&access);
    for (what, token) in forger.all(&good, &ours) {
        assert!(!is_in(&token), "{what}");
    }
    assert!(is_in(&good));
    assert_eq!(scene.site.connections(), 0);
}

#[test]
fn forged_proof_of_a_key_is_refused_and_the_key_is_looked_for_nowhere() {
    let scene = scene(Algorithm::ES256);
    let (key, world) = (Key::new(), &scene.caller.world);
    let id = world.client.id.to_string();
    let url = format!("{HERE}/token");
    let send = |proof: &str| {
        let form = [("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", "x.y")];
        RUNTIME.block_on(scene.caller.send("/token", &[("dpop", proof)], &form))
    };
    let proof = |nonce: Option<&str>| {
        let iat = world.clock.now().secs();
        key.proof(&Proof { method: "POST", url: &url, iat, nonce, token: None })
    };
    let nonce = send(&proof(None)).header("dpop-nonce").unwrap().to_owned();
    let good = proof(Some(&nonce));
    let forger = Forger::new(&scene.site, Algorithm::ES256);
    for (what, token) in forger.all(&good, &key.jwk) {
        // A proof brings its own key: signed by a key that it brings, it is a proof of that one.
        if what.ends_with("name, jwk") {
            continue;
        }
        let answer = send(&token);
        assert_eq!(answer.refusal(400), "invalid_dpop_proof", "{what}: {token}");
    }
    assert_eq!(send(&good).refusal(400), "invalid_grant", "the genuine one is a proof");
    assert_eq!(scene.site.connections(), 0, "an address in a proof was followed");
}

#[test]
fn each_wrong_claim_is_an_invalid_token_on_the_wire() {
    let scene = scene(Algorithm::RS256);
    let world = &scene.caller.world;
    let good = claims(world.tokens(&[]).access_token.expose());
    let env = &world.env;
    let own = world.db.read(|r| mcpcodex::ops::key::signer(r, env, Algorithm::RS256)).unwrap();
    let ask = |typ: &str, claims: &Value| {
        let bearer = format!("Bearer {}", own.sign(typ, claims).unwrap());
        scene.get("/userinfo", &[("authorization", &bearer)])
    };
    assert_eq!(ask("at+jwt", &good).status, 200);
    let now = world.clock.now().secs();
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!(7)),
        ("aud", json!("https://evil.example/")),
        ("exp", json!(now)),
        ("exp", json!(now - 3_600)),
        ("exp", json!("later")),
        ("nbf", json!(now + 60)),
        ("jti", json!(7)),
        ("gid", json!("g_unknown")),
        ("typ", json!("JWT")),
        ("typ", json!("session+jwt")),
        ("typ", json!("dpop+jwt")),
    ] {
        let answer = if name == "typ" {
            ask(value.as_str().unwrap(), &good)
        } else {
            let mut wrong = good.clone();
            wrong[name] = value.clone();
            ask("at+jwt", &wrong)
        };
        assert_eq!(answer.status, 401, "{name} {value}: {}", answer.body);
        assert_eq!(answer.refusal(401), "invalid_token", "{name} {value}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""));
    }
}

#[test]
fn logos_and_policies_of_apps_are_links_and_never_fetched() {
    let (caller, site, _folder) = local(|_| {}, |_, _| {});
    let at = |path: &str| site.url("localhost", path).to_string();
    let more = json!({
        "client_name": "Curious",
        "redirect_uris": [crate::ops::oauth::fixture::CALLBACK],
        "token_endpoint_auth_method": "none",
        "logo_uri": at("/logo.png"),
        "client_uri": at("/home"),
        "policy_uri": at("/policy"),
        "tos_uri": at("/tos"),
        "sector_identifier_uri": at("/sector.json"),
    });
    let headers = [("content-type", "application/json")];
    let request = super::caller::request("POST", "/register", &headers, more.to_string());
    let registered = RUNTIME.block_on(caller.call(request));
    assert_eq!(registered.status, 201, "{}", registered.body);
    let dynamic = registered.json()["client_id"].as_str().unwrap().to_owned();
    assert_eq!(site.connections(), 0, "at registration");

    let mut document = more;
    let known = at("/client.json");
    document["client_id"] = json!(known);
    site.put("/client.json", Page::json(&document));
    let cookies = caller.cookies();
    for id in [&dynamic, &known] {
        let over = [("client_id", id.as_str())];
        let path = format!("/authorize?{}", encode(&params(&caller.world.client, &over)));
        let consent = RUNTIME.block_on(caller.get(&path, &[("cookie", &cookies)]));
        assert_eq!(consent.status, 200, "{}", consent.body);
        assert!(consent.body.contains("Curious"), "{}", consent.body);
        assert!(!consent.body.contains("<img src=\"http"), "a picture from elsewhere");
        caller.world.code(&over);
    }
    let apps = RUNTIME.block_on(caller.get("/account/apps", &[("cookie", &cookies)]));
    assert!(apps.body.contains("Curious"), "{}", apps.body);
    let paths: Vec<String> = site.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/client.json"], "more than the document itself was fetched");
    assert_eq!(site.connections(), 1);
}
