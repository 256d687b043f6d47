//! Two servers of ours: the one is the provider of an enterprise, the other guards a resource. And a token on its way down
//! a line of resources, over HTTP.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    model::resource::ResourceScope,
    ops::{
        assertion::{self, NewAudience, NewIssuer},
        client::{self, New},
        exchange_policy::{self, Allowance},
        key::rotation::{self, Order},
        resource,
    },
};
use serde_json::Value;
use url::Url;

use super::{
    caller::{Answer, Caller},
    documents::local,
};
use crate::{
    ops::oauth::fixture::{CALLBACK, MCP, VERIFIER, claims, operator},
    support::{
        RUNTIME,
        publisher::{Page, Publisher},
    },
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const IDP: &str = "https://idp.example.com";
const HERE: &str = "http://localhost:8420";

/// A client with a secret, and what it sends to prove itself.
fn confidential(caller: &Caller, name: &str, grants: &[&str]) -> (String, String) {
    let new = New {
        name: name.to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        grant_types: grants.iter().map(|grant| (*grant).to_owned()).collect(),
        ..New::default()
    };
    let made =
        caller.world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap();
    let id = made.client.id.to_string();
    let basic = format!("{id}:{}", made.secret.unwrap().expose());
    (id, format!("Basic {}", STANDARD.encode(basic)))
}

fn post(caller: &Caller, path: &str, basic: &str, form: &[(&str, &str)]) -> Answer {
    RUNTIME.block_on(caller.send(path, &[("authorization", basic)], form))
}

fn text(json: &Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned()
}

/// Both servers, the client at each, and the page on which the provider publishes its keys.
struct Pair {
    idp: Caller,
    here: Caller,
    site: Publisher,
    at_idp: String,
    at_here: String,
    id_token: String,
    _folder: tempfile::TempDir,
}

fn pair() -> Pair {
    let (here, site, folder) = local(|_| {}, |_, _| {});
    let mut idp =
        Caller::with(|config| config.server.public_url = Some(Url::parse(IDP).unwrap()), |_| {});
    let (id, at_idp) = confidential(&idp, "Agent", &["authorization_code", EXCHANGE]);
    let (there, at_here) = confidential(&here, "Agent", &["authorization_code", BEARER]);
    idp.world.client = idp.world.db.read(|r| client::find(r, &operator(), &id)).unwrap();
    let env = std::sync::Arc::clone(&idp.world.env);
    let allowed = NewAudience {
        audience: HERE.to_owned(),
        client: id,
        client_there: there,
        scopes: Vec::new(),
    };
    idp.world
        .db
        .write_blocking(move |tx| assertion::allow_audience(tx, &env, &operator(), &allowed))
        .unwrap();
    let (env, user, subject) = (
        std::sync::Arc::clone(&here.world.env),
        here.world.user.to_string(),
        idp.world.user.to_string(),
    );
    let uri = site.url("localhost", "/jwks.json").to_string();
    let new =
        NewIssuer { issuer: IDP.to_owned(), jwks: None, jwks_uri: Some(uri), by_email: false };
    here.world
        .db
        .write_blocking(move |tx| {
            assertion::trust(tx, &env, &operator(), new)?;
            assertion::link(tx, &operator(), IDP, &subject, &user)
        })
        .unwrap();
    // The person signs in at the provider, as with any app.
    let code = idp.world.code(&[("scope", "openid email")]);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let id_token = text(&post(&idp, "/token", &at_idp, &form).json(), "id_token");
    let pair = Pair { idp, here, site, at_idp, at_here, id_token, _folder: folder };
    pair.publish();
    pair
}

impl Pair {
    /// The keys that the provider has now.
    fn publish(&self) {
        let keys = RUNTIME.block_on(self.idp.get("/.well-known/jwks.json", &[])).json();
        self.site.put("/jwks.json", Page::json(&keys));
    }

    fn assertion(&self) -> Value {
        let form = [
            ("grant_type", EXCHANGE),
            ("requested_token_type", ID_JAG),
            ("subject_token", self.id_token.as_str()),
            ("subject_token_type", ID_TOKEN),
            ("audience", HERE),
            ("resource", MCP),
            ("scope", "read:models"),
        ];
        let answer = post(&self.idp, "/token", &self.at_idp, &form);
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.json()
    }

    fn show(&self, assertion: &str) -> Answer {
        post(
            &self.here,
            "/token",
            &self.at_here,
            &[("grant_type", BEARER), ("assertion", assertion)],
        )
    }
}

#[test]
fn assertion_of_the_one_server_is_a_token_at_the_other() {
    let pair = pair();
    let given = pair.assertion();
    assert_eq!(
        (&given["token_type"], &given["issued_token_type"]),
        (&"N_A".into(), &ID_JAG.into())
    );
    assert_eq!((&given["expires_in"], &given["scope"]), (&300.into(), &"read:models".into()));
    let assertion = text(&given, "access_token");
    let answer = pair.show(&assertion);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["scope"]),
        (&"Bearer".into(), &"read:models".into())
    );
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let said = claims(&text(&tokens, "access_token"));
    assert_eq!((&said["iss"], &said["aud"]), (&HERE.into(), &MCP.into()));
    assert_eq!(said["sub"], pair.here.world.user.as_str());
    let form = [("token", tokens["access_token"].as_str().unwrap())];
    let told = post(&pair.here, "/introspect", &pair.at_here, &form).json();
    assert_eq!(told["active"], true);
    assert_eq!(pair.show(&assertion).refusal(400), "invalid_grant", "a second time");
    // The keys were fetched once.
    pair.show(&text(&pair.assertion(), "access_token"));
    assert_eq!(pair.site.asked().len(), 1);
    for caller in [&pair.idp, &pair.here] {
        let path = "/.well-known/oauth-authorization-server";
        let metadata = RUNTIME.block_on(caller.get(path, &[])).json();
        let profiles = &metadata["authorization_grant_profiles_supported"];
        assert_eq!(profiles, &serde_json::json!(["urn:ietf:params:oauth:grant-profile:id-jag"]));
        let grants = metadata["grant_types_supported"].as_array().unwrap();
        assert!(grants.contains(&EXCHANGE.into()) && grants.contains(&BEARER.into()));
    }
}

#[test]
fn provider_may_change_its_keys_and_strangers_are_never_asked_about() {
    let pair = pair();
    assert_eq!(pair.show(&text(&pair.assertion(), "access_token")).status, 200);
    let stranger = {
        let key =
            mcpcodex::crypto::jwt::SigningKey::generate(mcpcodex::crypto::jwt::Algorithm::ES256);
        let now = pair.here.app.db.now().secs();
        let said = serde_json::json!({
            "iss": pair.site.url("localhost", "").to_string(), "sub": "x", "aud": HERE, "client_id": "x",
            "jti": "1", "iat": now, "exp": now + 60,
        });
        key.unwrap().sign("oauth-id-jag+jwt", &said).unwrap()
    };
    assert_eq!(pair.show(&stranger).refusal(400), "invalid_grant");
    assert_eq!(pair.site.asked().len(), 1, "a stranger's address was asked");
    // The provider signs with another key from now on; it is looked for at once.
    let (env, fresh) = (
        std::sync::Arc::clone(&pair.idp.world.env),
        mcpcodex::crypto::jwt::SigningKey::generate(mcpcodex::crypto::jwt::Algorithm::ES256)
            .unwrap(),
    );
    let kid = fresh.kid().to_owned();
    pair.idp
        .world
        .db
        .write_blocking(move |tx| {
            let order = Order { now: true, fresh: Some(&fresh), ..Order::default() };
            rotation::rotate(tx, &env, &operator(), &order)
        })
        .unwrap();
    pair.publish();
    pair.here.world.pass(31);
    pair.idp.world.pass(31);
    let assertion = text(&pair.assertion(), "access_token");
    assert_eq!(crate::ops::oauth::fixture::part(&assertion, 0)["kid"], kid);
    assert_eq!(pair.show(&assertion).status, 200);
    assert_eq!(pair.site.asked().len(), 2);
}

#[test]
fn provider_whose_keys_cannot_be_had_is_not_believed() {
    let pair = pair();
    pair.site.put("/jwks.json", Page::Answer(500, vec![], vec![]));
    let answer = pair.show(&text(&pair.assertion(), "access_token"));
    assert_eq!(answer.refusal(400), "invalid_grant");
    assert!(answer.body.contains("cannot be had"), "{}", answer.body);
}

#[test]
fn tokens_of_one_kind_are_refused_at_the_doors_of_the_others() {
    let pair = pair();
    let assertion = text(&pair.assertion(), "access_token");
    for (token, what) in [(&assertion, "an assertion"), (&pair.id_token, "an ID token")] {
        let bearer = format!("Bearer {token}");
        for caller in [&pair.idp, &pair.here] {
            let answer = RUNTIME.block_on(caller.get("/userinfo", &[("authorization", &bearer)]));
            assert_eq!(answer.refusal(401), "invalid_token", "{what}");
        }
        for (caller, basic) in [(&pair.idp, &pair.at_idp), (&pair.here, &pair.at_here)] {
            let told = post(caller, "/introspect", basic, &[("token", token)]).json();
            assert_eq!(told["active"], false, "{what}");
        }
        let form = [
            ("grant_type", EXCHANGE),
            ("subject_token", token.as_str()),
            ("subject_token_type", ACCESS_TOKEN),
            ("resource", MCP),
        ];
        let answer = post(&pair.idp, "/token", &pair.at_idp, &form);
        assert_eq!(answer.refusal(400), "invalid_request", "{what}");
    }
    // Back at the provider that made it, and as what it is not.
    let form = [("grant_type", BEARER), ("assertion", assertion.as_str())];
    let answer = post(&pair.idp, "/token", &pair.at_idp, &form);
    assert_eq!(answer.refusal(400), "unauthorized_client");
    assert_eq!(pair.show(&pair.id_token).refusal(400), "invalid_grant");
    assert_eq!(pair.show("x.y.z").refusal(400), "invalid_grant");
    let none = post(&pair.here, "/token", &pair.at_here, &[("grant_type", BEARER)]);
    assert_eq!(none.refusal(400), "invalid_request");
    assert_eq!(pair.show(&assertion).status, 200, "none of that used it up");
}

#[test]
fn token_is_exchanged_over_http_and_the_answer_says_what_it_is() {
    let caller = Caller::new();
    let (id, basic) = confidential(&caller, "Notes server", &["authorization_code", EXCHANGE]);
    let db = resource::New {
        uri: "https://db.example.com/mcp".to_owned(),
        name: "Database".to_owned(),
        scopes: vec![ResourceScope::new("db:read", "Read the database")],
        ..resource::New::default()
    };
    let rule = Allowance {
        client: id,
        from: MCP.to_owned(),
        to: db.uri.clone(),
        scopes: vec!["read:models=db:read".to_owned()],
    };
    caller
        .world
        .db
        .write_blocking(move |tx| {
            resource::add(tx, &operator(), db)?;
            exchange_policy::allow(tx, &operator(), &rule)
        })
        .unwrap();
    let tokens = caller.world.tokens(&[("resource", MCP), ("scope", "read:models")]);
    let token = tokens.access_token.expose();
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("resource", "https://db.example.com/mcp"),
    ];
    let json = post(&caller, "/token", &basic, &form).json();
    assert_eq!(json["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((&json["token_type"], &json["scope"]), (&"Bearer".into(), &"db:read".into()));
    assert!(json.get("refresh_token").is_none());
    let elsewhere = [form[0], form[1], form[2], ("resource", MCP)];
    assert_eq!(post(&caller, "/token", &basic, &elsewhere).refusal(400), "invalid_target");
    let two =
        [form[0], form[1], form[2], ("audience", "https://db.example.com/mcp"), ("audience", MCP)];
    assert_eq!(post(&caller, "/token", &basic, &two).refusal(400), "invalid_target");
    // In the address it would stand in every log.
    let path = format!("/token?subject_token={token}");
    assert_eq!(post(&caller, &path, &basic, &form).refusal(400), "invalid_request");
    // A browser app of another origin may read the answer, but proves nothing.
    let public = caller.world.client.id.to_string();
    let mut by_public = form.to_vec();
    by_public.push(("client_id", &public));
    let answer = RUNTIME.block_on(caller.send("/token", &[], &by_public));
    assert_eq!(answer.refusal(400), "unauthorized_client");
}
