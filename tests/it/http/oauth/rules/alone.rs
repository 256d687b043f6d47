//! What is refused to clients that ask with no person at hand: in their own name, with a token that they were called
//! with, with the word of another server.

use mcpcodex::{
    crypto::jwt::{Algorithm, SigningKey},
    model::{client::Client, resource::ResourceScope, trace::Rule},
    ops::{
        assertion::{self, NewAudience, NewIssuer},
        client::{self, Change},
        exchange_policy::{self, Allowance},
        resource,
    },
};
use serde_json::{Value, json};

use super::{Answer, Caller, Seen, confidential, named, post, write};
use crate::ops::oauth::fixture::{CALLBACK, MCP, VERIFIER, claims, operator, person};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const DB: &str = "https://db.example.com/mcp";
const HERE: &str = "http://localhost:8420";
const IDP: &str = "https://idp.example.com";

fn token(caller: &Caller, basic: &str, form: &[(&str, &str)]) -> Answer {
    post(caller, "/token", &[("authorization", basic)], form)
}

/// A resource for some roles only.
fn closed(caller: &Caller) {
    let new = resource::New {
        uri: "https://closed.example/mcp".to_owned(),
        scopes: vec![ResourceScope::new("closed:read", "Read it")],
        settings: resource::Change {
            roles: Some(vec!["admin".to_owned()]),
            ..resource::Change::default()
        },
        ..resource::New::default()
    };
    write(caller, move |tx| resource::add(tx, &operator(), new));
}

/// `client_credentials`.
pub(super) fn own_name(seen: &mut Seen) {
    const GRANT: (&str, &str) = ("grant_type", "client_credentials");
    let caller = Caller::new();
    closed(&caller);
    seen.json(&caller, &named(&caller, "/token", &[GRANT]), 400, Rule::GrantOfPublic);
    let (_, plain) = confidential(&caller, "Plain", &[]);
    seen.json(&caller, &token(&caller, &plain, &[GRANT]), 400, Rule::GrantNotAllowed);
    let (_, basic) = confidential(&caller, "Service", &["client_credentials"]);
    let scope = [GRANT, ("scope", "admin:models"), ("resource", MCP)];
    seen.json(&caller, &token(&caller, &basic, &scope), 400, Rule::ScopeOfOwnName);
    let role = [GRANT, ("resource", "https://closed.example/mcp")];
    seen.json(&caller, &token(&caller, &basic, &role), 400, Rule::ResourceOfClient);
    // One that came by itself, whatever it was given since.
    let metadata = json!({
        "client_name": "Newcomer", "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let headers = [("content-type", "application/json")];
    let request =
        super::super::caller::request("POST", "/register", &headers, metadata.to_string());
    let made = super::RUNTIME.block_on(caller.call(request)).json();
    let (id, secret) =
        (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let own = mcpcodex::model::id::ClientId::from_text(id);
    write(&caller, move |tx| {
        let grant_types = Some(vec!["client_credentials".to_owned()]);
        client::edit(tx, &operator(), &own, Change { grant_types, ..Change::default() })
    });
    let form = [GRANT, ("client_id", id), ("client_secret", secret)];
    seen.json(&caller, &post(&caller, "/token", &[], &form), 400, Rule::GrantOfNewcomer);
}

/// A server that was called with a person's token.
pub(super) fn exchanges(seen: &mut Seen) {
    let caller = Caller::new();
    closed(&caller);
    let grants = ["client_credentials", EXCHANGE];
    let (client, basic) = confidential(&caller, "Notes server", &grants);
    let (_, other) = confidential(&caller, "Other server", &grants);
    let allow = |from: &str, to: &str, scope: &str| Allowance {
        client: client.id.to_string(),
        from: from.to_owned(),
        to: to.to_owned(),
        scopes: vec![scope.to_owned()],
    };
    let rules = [
        allow(MCP, DB, "read:models=db:read"),
        allow(DB, MCP, "db:read=read:models"),
        allow(MCP, "https://closed.example/mcp", "read:models=closed:read"),
    ];
    write(&caller, move |tx| {
        let db = resource::New {
            uri: DB.to_owned(),
            scopes: vec![ResourceScope::new("db:read", "Read the database")],
            ..resource::New::default()
        };
        resource::add(tx, &operator(), db)?;
        for rule in &rules {
            exchange_policy::allow(tx, &operator(), rule)?;
        }
        Ok(())
    });
    let held = caller.world.tokens(&[("resource", MCP), ("scope", "openid read:models")]);
    let held = held.access_token.expose().to_owned();
    let bare = caller.world.tokens(&[]).access_token.expose().to_owned();
    let shown = |text: &str, more: &[(&str, &str)], basic: &str| {
        let mut form = vec![("grant_type", EXCHANGE)];
        form.extend([("subject_token", text), ("subject_token_type", ACCESS)]);
        form.retain(|(name, _)| !more.iter().any(|(own, _)| own == name));
        form.extend(more);
        token(&caller, basic, &form)
    };
    let ask = |more: &[(&str, &str)]| shown(&held, more, &basic);
    let to = ("resource", DB);
    let own = token(&caller, &basic, &[("grant_type", "client_credentials"), ("resource", MCP)]);
    let own = own.json()["access_token"].as_str().unwrap_or_default().to_owned();
    let theirs = token(&caller, &other, &[("grant_type", "client_credentials"), ("resource", DB)]);
    let theirs = theirs.json()["access_token"].as_str().unwrap_or_default().to_owned();
    for (more, rule) in [
        (&[to, ("requested_token_type", "urn:x")][..], Rule::ExchangeForm),
        (&[to, ("actor_token", "x")], Rule::ExchangeForm),
        (&[to, ("subject_token_type", "urn:x")], Rule::ExchangeForm),
        (&[to, ("subject_token", "")], Rule::Missing),
        (&[to, ("subject_token", "x.y.z")], Rule::ExchangeToken),
        (&[], Rule::ExchangeTarget),
        (&[to, ("audience", MCP)], Rule::ExchangeTarget),
        (&[("resource", MCP)], Rule::ExchangeNotAllowed),
        (&[("resource", "https://closed.example/mcp")], Rule::ResourceOfPerson),
        (&[to, ("scope", "db:write")], Rule::ExchangeScope),
        (&[to, ("actor_token", held.as_str()), ("actor_token_type", ACCESS)], Rule::ExchangeActor),
        (
            &[to, ("actor_token", theirs.as_str()), ("actor_token_type", ACCESS)],
            Rule::ExchangeActor,
        ),
    ] {
        seen.json(&caller, &ask(more), 400, rule);
    }
    seen.json(&caller, &shown(&bare, &[to], &basic), 400, Rule::ExchangeNotAllowed);
    seen.json(&caller, &shown(&own, &[to], &basic), 400, Rule::ExchangeToken);
    seen.json(&caller, &shown(&held, &[to], &other), 400, Rule::ExchangeNotAllowed);
    // From hand to hand until it is enough.
    let mut passed = held.clone();
    for turn in 0..6 {
        let to = if turn % 2 == 0 { DB } else { MCP };
        let answer = shown(&passed, &[("resource", to)], &basic);
        if turn == 5 {
            seen.json(&caller, &answer, 400, Rule::ExchangeChain);
        } else {
            passed = answer.json()["access_token"].as_str().unwrap().to_owned();
        }
    }
}

/// The word of a provider that was given its keys by hand.
struct Provider<'c> {
    caller: &'c Caller,
    key: SigningKey,
    client: Client,
    basic: String,
}

impl Provider<'_> {
    /// What it says of a subject, with one thing changed.
    fn show(&self, jti: &str, (name, value): (&str, Value)) -> Answer {
        let now = self.caller.app.db.now().secs();
        let mut said = json!({
            "iss": IDP, "sub": "ann-there", "aud": HERE, "client_id": self.client.id.as_str(),
            "jti": jti, "iat": now, "exp": now + 60, "resource": MCP, "scope": "read:models",
        });
        said[name] = value;
        let assertion = self.key.sign("oauth-id-jag+jwt", &said).unwrap();
        self.send(&[("assertion", &assertion)])
    }

    fn send(&self, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", BEARER)];
        form.extend(more);
        token(self.caller, &self.basic, &form)
    }
}

/// `jwt-bearer`.
pub(super) fn assertions(seen: &mut Seen) {
    let caller = Caller::new();
    let (client, basic) = confidential(&caller, "Agent", &[BEARER]);
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let jwks = json!({ "keys": [key.jwk()] });
    let (env, ann) = (caller.app.env(), caller.world.user.to_string());
    let dora = person(&caller.world.db, "dora", "developer").to_string();
    write(&caller, move |tx| {
        let given = |issuer: &str, jwks, jwks_uri| NewIssuer {
            issuer: issuer.to_owned(),
            jwks,
            jwks_uri,
            by_email: false,
        };
        assertion::trust(tx, &env, &operator(), given(IDP, Some(jwks), None))?;
        let nowhere = Some("https://localhost:1/jwks.json".to_owned());
        assertion::trust(tx, &env, &operator(), given("https://far.example", None, nowhere))?;
        assertion::link(tx, &operator(), IDP, "ann-there", &ann)?;
        assertion::link(tx, &operator(), IDP, "dora-there", &dora)
    });
    let provider = Provider { caller: &caller, key, client, basic };
    assert_eq!(provider.show("good", ("x", 1.into())).status, 200);
    for (over, rule) in [
        (("iss", json!("https://nobody.example")), Rule::AssertionIssuer),
        (("iss", json!("https://far.example")), Rule::AssertionKeys),
        (("aud", json!("https://elsewhere.example")), Rule::AssertionToken),
        (("exp", json!(1)), Rule::AssertionToken),
        (("jti", json!("good")), Rule::AssertionUsed),
        (("client_id", json!("c_other")), Rule::AssertionClient),
        (("sub", json!("nobody-there")), Rule::AssertionPerson),
        (("sub", json!("dora-there")), Rule::AssertionFactor),
        (("scope", json!("admin:models")), Rule::AssertionScope),
    ] {
        seen.json(&caller, &provider.show(rule.code(), over), 400, rule);
    }
    seen.json(&caller, &provider.send(&[]), 400, Rule::Missing);
    seen.json(&caller, &provider.send(&[("assertion", "x.y.z")]), 400, Rule::AssertionIssuer);
    let db = resource::New { uri: DB.to_owned(), ..resource::New::default() };
    write(&caller, move |tx| resource::add(tx, &operator(), db));
    let now = caller.app.db.now().secs();
    let said = json!({
        "iss": IDP, "sub": "ann-there", "aud": HERE, "client_id": provider.client.id.as_str(),
        "jti": "other resource", "iat": now, "exp": now + 60, "resource": MCP,
    });
    let assertion = provider.key.sign("oauth-id-jag+jwt", &said).unwrap();
    let elsewhere = provider.send(&[("assertion", &assertion), ("resource", DB)]);
    seen.json(&caller, &elsewhere, 400, Rule::AssertionTarget);
}

/// Assertions for other servers.
pub(super) fn identities(seen: &mut Seen) {
    let mut caller = Caller::new();
    let (client, basic) = confidential(&caller, "Agent", &["authorization_code", EXCHANGE]);
    caller.world.client = client.clone();
    let allowed = NewAudience {
        audience: "https://there.example.com".to_owned(),
        client: client.id.to_string(),
        client_there: "agent-there".to_owned(),
        scopes: vec!["notes:read".to_owned()],
    };
    let env = caller.app.env();
    write(&caller, move |tx| assertion::allow_audience(tx, &env, &operator(), &allowed));
    let code = caller.world.code(&[("scope", "openid")]);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let id_token = token(&caller, &basic, &form).json()["id_token"].as_str().unwrap().to_owned();
    let ask = |over: (&str, &str)| {
        let mut form = vec![
            ("grant_type", EXCHANGE),
            ("requested_token_type", ID_JAG),
            ("subject_token", id_token.as_str()),
            ("subject_token_type", ID_TOKEN),
            ("audience", "https://there.example.com"),
            ("scope", "notes:read"),
        ];
        form.retain(|(name, _)| *name != over.0);
        form.push(over);
        token(&caller, &basic, &form)
    };
    assert_eq!(ask(("x", "")).status, 200);
    for (over, rule) in [
        (("audience", ""), Rule::IdentityForm),
        (("subject_token_type", ACCESS), Rule::IdentityForm),
        (("subject_token", "x.y.z"), Rule::IdentityToken),
        (("audience", "https://elsewhere.example"), Rule::IdentityAudience),
        (("scope", "notes:write"), Rule::IdentityScope),
        (("resource", "no address"), Rule::ResourceMalformed),
    ] {
        seen.json(&caller, &ask(over), 400, rule);
    }
    let sid = claims(&id_token)["sid"].as_str().unwrap().to_owned();
    caller.world.end_session(&mcpcodex::model::id::SessionId::from_text(sid));
    seen.json(&caller, &ask(("x", "")), 400, Rule::SignInOver);
}
