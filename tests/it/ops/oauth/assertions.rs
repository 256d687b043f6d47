//! Identity assertions: those of trusted providers become tokens here, and ours are given for other servers.

use std::{sync::Arc, time::Duration};

use mcpcodex::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::b64,
    },
    model::{
        assertion::{IssuerKeys, TYP},
        client::{AuthMethod, Client, ClientOrigin, GrantType},
        document::KeySet,
        id::GrantId,
        resource::Risk,
    },
    ops::{
        assertion::{self, NewAudience, NewIssuer},
        client,
        oauth::{
            Code, Outcome,
            jwt_bearer::{self, Ask, Why},
            token_exchange::{self, kind},
        },
        resource::{Change, Setting},
        user,
    },
    store,
};
use serde_json::{Value, json};

use super::{fixture::*, opaque::change};
use crate::support::race;

const IDP: &str = "https://idp.example.com";

/// A world that trusts a provider, with a client that brings its assertions.
struct Enterprise {
    world: World,
    key: SigningKey,
    agent: Client,
}

fn enterprise() -> Enterprise {
    enterprise_with(Algorithm::ES256, false)
}

fn enterprise_with(algorithm: Algorithm, by_email: bool) -> Enterprise {
    let world = world();
    let key = SigningKey::generate(algorithm).unwrap();
    let agent = client_with(&world, GrantType::JwtBearer);
    let one = Enterprise { world, key, agent };
    one.trust(jwks(&one.key), by_email);
    one.link("their-ann", one.world.user.as_str());
    one
}

fn client_with(world: &World, grant: GrantType) -> Client {
    let new = client::New {
        name: "Agent".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        grant_types: vec!["authorization_code".to_owned(), grant.as_str().to_owned()],
        ..client::New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
}

fn jwks(key: &SigningKey) -> Value {
    json!({ "keys": [key.jwk()] })
}

impl Enterprise {
    fn trust(&self, jwks: Value, by_email: bool) {
        let env = Arc::clone(&self.world.env);
        let new = NewIssuer { issuer: IDP.to_owned(), jwks: Some(jwks), jwks_uri: None, by_email };
        self.world
            .db
            .write_blocking(move |tx| assertion::trust(tx, &env, &operator(), new))
            .unwrap();
    }

    fn link(&self, subject: &'static str, user: &str) {
        let user = user.to_owned();
        self.world
            .db
            .write_blocking(move |tx| assertion::link(tx, &operator(), IDP, subject, &user))
            .unwrap();
    }

    /// Good claims; null removes one.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write the claims where they are used"
    )]
    fn claims(&self, over: Value) -> Value {
        let now = self.world.db.now().secs();
        let mut claims = json!({
            "iss": IDP, "sub": "their-ann", "aud": self.world.env.site.issuer,
            "client_id": self.agent.id, "jti": b64(&mcpcodex::crypto::secret::random_bytes::<16>()),
            "iat": now, "exp": now + 300, "resource": MCP, "scope": "read:models",
            "auth_time": now - 60, "amr": ["pwd", "mfa"],
        });
        let all = claims.as_object_mut().unwrap();
        for (name, value) in over.as_object().unwrap() {
            if value.is_null() {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        claims
    }

    fn sign(&self, over: Value) -> String {
        self.key.sign(TYP, &self.claims(over)).unwrap()
    }

    fn prove(&self, assertion: &str) -> Result<jwt_bearer::Proof, Why> {
        let keys = self.world.db.read(|r| assertion::keys_of(r, IDP)).unwrap().unwrap();
        let IssuerKeys::Own(jwks) = &keys else { panic!("the keys are elsewhere") };
        let set = KeySet::read(jwks).unwrap();
        jwt_bearer::check(&self.world.env, self.world.db.now(), IDP, (&keys, &set), assertion)
    }

    fn give(&self, ask: Ask) -> Outcome {
        self.give_to(&self.agent, ask)
    }

    fn give_to(&self, client: &Client, ask: Ask) -> Outcome {
        let (env, client) = (Arc::clone(&self.world.env), client.clone());
        self.world
            .db
            .write_blocking(move |tx| jwt_bearer::give(tx, &env, &app(), &client, &ask))
            .unwrap()
    }

    fn ask(&self, assertion: &str) -> Ask {
        Ask { proof: Some(self.prove(assertion)), scope: None, resources: Vec::new(), jkt: None }
    }

    fn shown(&self, over: Value) -> Outcome {
        self.give(self.ask(&self.sign(over)))
    }
}

#[test]
fn assertion_becomes_an_access_token_for_exactly_what_was_asserted() {
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA] {
        let one = enterprise_with(algorithm, false);
        let tokens = minted(one.shown(json!({})));
        assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none(), "{algorithm}");
        let claims = claims(tokens.access_token.expose());
        assert_eq!(claims["sub"], one.world.user.as_str());
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!(MCP), &json!("read:models")));
        assert_eq!(claims["client_id"], one.agent.id.as_str());
        assert_eq!(claims["auth_time"], one.world.db.now().secs() - 60);
        assert_eq!(
            (&claims["amr"], &claims["acr"]),
            (&json!(["pwd", "mfa"]), &json!("urn:mcpcodex:acr:mfa"))
        );
        assert!(one.world.is_active(tokens.access_token.expose()));
        assert!(one.world.events().contains(&"grant.create".to_owned()));
    }
}

#[test]
fn what_does_not_hold_is_refused() {
    let one = enterprise();
    let now = one.world.db.now().secs();
    for (why, over) in [
        ("another issuer", json!({ "iss": "https://evil.example" })),
        ("no issuer", json!({ "iss": null })),
        ("another server", json!({ "aud": "https://other.example" })),
        ("the token endpoint", json!({ "aud": format!("{}/token", one.world.env.site.issuer) })),
        ("a slash more", json!({ "aud": format!("{}/", one.world.env.site.issuer) })),
        ("two servers", json!({ "aud": [one.world.env.site.issuer, "https://other.example"] })),
        ("nobody", json!({ "aud": null })),
        ("an empty list", json!({ "aud": [] })),
        ("another client", json!({ "client_id": "c_other" })),
        ("no client", json!({ "client_id": null })),
        ("no identifier", json!({ "jti": null })),
        ("an empty identifier", json!({ "jti": "" })),
        ("an endless identifier", json!({ "jti": "x".repeat(256) })),
        ("no subject", json!({ "sub": null })),
        ("somebody who is not linked", json!({ "sub": "their-bob" })),
        ("ended", json!({ "iat": now - 331, "exp": now - 31 })),
        ("not yet", json!({ "iat": now + 31, "exp": now + 300 })),
        ("not before later", json!({ "nbf": now + 31 })),
        ("six minutes", json!({ "exp": now + 360 })),
        ("six minutes from before", json!({ "iat": now - 300, "exp": now + 60 })),
        ("no end", json!({ "exp": null })),
        ("no beginning", json!({ "iat": null })),
        ("an end in words", json!({ "exp": "tomorrow" })),
        ("a resource that is no text", json!({ "resource": 7 })),
        ("no resources", json!({ "resource": [] })),
        ("a scope that is no text", json!({ "scope": ["read:models"] })),
    ] {
        assert_eq!(refused(one.shown(over)), Code::InvalidGrant, "{why}");
    }
    for (why, over, code) in [
        (
            "an unknown resource",
            json!({ "resource": "https://nowhere.example" }),
            Code::InvalidTarget,
        ),
        ("a scope that is not there", json!({ "scope": "made-up" }), Code::InvalidScope),
        ("a right that ann lacks", json!({ "scope": "admin:models" }), Code::InvalidScope),
        (
            "only what is about the person",
            json!({ "scope": "openid email offline_access" }),
            Code::InvalidScope,
        ),
    ] {
        assert_eq!(refused(one.shown(over)), code, "{why}");
    }
    minted(one.shown(json!({ "aud": [one.world.env.site.issuer] })));
    minted(one.shown(json!({ "nbf": now + 29 })));
    assert!(one.world.events().contains(&"assertion.rejected".to_owned()));
}

#[test]
fn signature_type_and_algorithm_must_fit() {
    let one = enterprise();
    let good = one.claims(json!({}));
    for typ in ["JWT", "at+jwt", "", "session+jwt"] {
        let assertion = one.key.sign(typ, &good).unwrap();
        assert_eq!(refused(one.give(one.ask(&assertion))), Code::InvalidGrant, "{typ}");
    }
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    assert!(one.prove(&other.sign(TYP, &good).unwrap()).is_err(), "another key");
    let signed = one.key.sign(TYP, &good).unwrap();
    let (head, signature) = signed.rsplit_once('.').unwrap();
    assert!(one.prove(&format!("{head}.")).is_err());
    let (_, payload) = head.split_once('.').unwrap();
    let none = format!("{}.{payload}.", b64(br#"{"typ":"oauth-id-jag+jwt","alg":"none"}"#));
    assert!(one.prove(&none).is_err());
    let hmac =
        format!("{}.{payload}.{signature}", b64(br#"{"typ":"oauth-id-jag+jwt","alg":"HS256"}"#));
    assert!(one.prove(&hmac).is_err());
    assert_eq!(
        refused(one.give(Ask { proof: None, scope: None, resources: Vec::new(), jkt: None })),
        Code::InvalidRequest
    );
    let issuer =
        Ask { proof: Some(Err(Why::Issuer)), scope: None, resources: Vec::new(), jkt: None };
    assert_eq!(refused(one.give(issuer)), Code::InvalidGrant);
    // `application/` may stand before the type (RFC 7515 §4.1.9).
    let long = one.key.sign("application/OAuth-ID-JAG+jwt", &good).unwrap();
    minted(one.give(one.ask(&long)));
}

#[test]
fn assertion_counts_once_even_when_a_hundred_come_at_once() {
    let one = enterprise();
    let assertion = one.sign(json!({}));
    let ask = one.ask(&assertion);
    let outcomes = race(100, |_| one.give(ask.clone()));
    let given = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Minted(_))).count();
    assert_eq!(given, 1);
    one.world.pass(320);
    assert_eq!(refused(one.give(one.ask(&assertion))), Code::InvalidGrant);
    // Somebody else's try does not use it up.
    let assertion = one.sign(json!({}));
    let thief = client_with(&one.world, GrantType::JwtBearer);
    assert_eq!(refused(one.give_to(&thief, one.ask(&assertion))), Code::InvalidGrant);
    minted(one.give(one.ask(&assertion)));
}

#[test]
fn scope_and_resource_can_be_narrowed_and_never_widened() {
    let one = enterprise();
    let asked = |over: Value, scope: &str, resource: &str| {
        let mut ask = one.ask(&one.sign(over));
        ask.scope = (!scope.is_empty()).then(|| scope.to_owned());
        ask.resources = (!resource.is_empty()).then(|| resource.to_owned()).into_iter().collect();
        one.give(ask)
    };
    assert_eq!(
        minted(asked(json!({}), "read:models openid admin:models", MCP)).scope,
        "read:models"
    );
    assert_eq!(refused(asked(json!({ "scope": "other" }), "read:models", "")), Code::InvalidScope);
    // Nothing asserted: the ordinary scopes.
    assert_eq!(minted(asked(json!({ "scope": null }), "", "")).scope, "read:models");
    assert_eq!(refused(asked(json!({ "scope": null }), "admin:models", "")), Code::InvalidScope);
    // Words of which none can be a scope are no wish for the usual ones.
    assert_eq!(refused(asked(json!({}), "\"\"", "")), Code::InvalidScope);
    for (over, resource) in
        [(json!({}), "https://nowhere.example"), (json!({ "resource": null, "scope": null }), MCP)]
    {
        assert_eq!(refused(asked(over, "", resource)), Code::InvalidTarget);
    }
}

#[test]
fn client_that_may_not_or_cannot_prove_itself_is_refused() {
    let one = enterprise();
    for client in [
        Client { grant_types: GrantType::USUAL.to_vec(), ..one.agent.clone() },
        Client { auth_method: AuthMethod::None, ..one.agent.clone() },
        Client { origin: ClientOrigin::Document, ..one.agent.clone() },
    ] {
        let outcome = one.give_to(&client, one.ask(&one.sign(json!({}))));
        assert_eq!(refused(outcome), Code::UnauthorizedClient);
    }
}

#[test]
fn verified_address_finds_somebody_only_if_the_operator_says_so() {
    let stranger = |verified: bool| json!({ "sub": "new-here", "email": "Ann@Example.com", "email_verified": verified });
    let closed = enterprise();
    assert_eq!(refused(closed.shown(stranger(true))), Code::InvalidGrant);
    let open = enterprise_with(Algorithm::ES256, true);
    let tokens = minted(open.shown(stranger(true)));
    assert_eq!(claims(tokens.access_token.expose())["sub"], open.world.user.as_str());
    assert_eq!(refused(open.shown(stranger(false))), Code::InvalidGrant);
    let words = json!({ "sub": "new-here", "email": "ann@example.com", "email_verified": "true" });
    assert_eq!(refused(open.shown(words)), Code::InvalidGrant);
    // A link goes before an address.
    let bob = person(&open.world.db, "bob", "user");
    open.link("their-bob", bob.as_str());
    let both = json!({ "sub": "their-bob", "email": "ann@example.com", "email_verified": true });
    let tokens = minted(open.shown(both));
    assert_eq!(claims(tokens.access_token.expose())["sub"], bob.as_str());
}

#[test]
fn sensitive_scope_is_left_out_unless_the_provider_saw_a_second_factor_just_now() {
    let one = enterprise();
    let sensitive = vec![("read:models".to_owned(), Risk::Sensitive)];
    let more = vec![("list:models".to_owned(), "List them".to_owned())];
    change(&one.world, Change { risks: sensitive, scopes: more, ..Change::default() });
    let now = one.world.db.now().secs();
    let both = |over: Value| {
        let mut all = json!({ "scope": "read:models list:models" });
        all.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        all
    };
    let scope = |over: Value| minted(one.shown(both(over))).scope;
    assert_eq!(scope(json!({ "auth_time": now - 300 })), "read:models list:models");
    for stale in [
        json!({ "auth_time": now - 301 }),
        json!({ "auth_time": null }),
        json!({ "amr": ["pwd"] }),
        json!({ "amr": null }),
    ] {
        assert_eq!(scope(stale.clone()), "list:models", "{stale}");
    }
    // Nobody is there who could be asked, so nothing but that scope is nothing at all.
    let only = json!({ "scope": "read:models", "amr": ["pwd"] });
    assert_eq!(refused(one.shown(only)), Code::InvalidScope);
}

#[test]
fn grant_behind_an_assertion_lives_as_long_as_its_token() {
    let one = enterprise();
    let day = Setting::To(Duration::from_secs(86_400));
    change(&one.world, Change { token_lifetime: day, ..Change::default() });
    let tokens = minted(one.shown(json!({})));
    let claims = claims(tokens.access_token.expose());
    let id = GrantId::from_text(claims["gid"].as_str().unwrap());
    let grant = one.world.db.read(|r| store::grant::by_id(r, &id)).unwrap().unwrap();
    assert_eq!(claims["exp"], grant.expires_at.secs());
}

#[test]
fn person_who_is_shut_out_gets_nothing_and_what_was_given_ends() {
    let one = enterprise();
    let token = minted(one.shown(json!({}))).access_token.expose().to_owned();
    let id = one.world.user.clone();
    one.world.db.write_blocking(move |tx| user::disable(tx, &operator(), &id)).unwrap();
    assert!(!one.world.is_active(&token));
    assert_eq!(refused(one.shown(json!({}))), Code::InvalidGrant);
}

#[test]
fn role_that_needs_a_second_factor_needs_one_there() {
    let world = world_with(
        |config| config.authentication.mfa.required_for_roles = vec!["admin".to_owned()],
        |_| {},
    );
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let agent = client_with(&world, GrantType::JwtBearer);
    let boss = person(&world.db, "boss", "admin");
    let one = Enterprise { world, key, agent };
    one.trust(jwks(&one.key), false);
    one.link("their-boss", boss.as_str());
    let over = |amr: Value| json!({ "sub": "their-boss", "scope": "admin:models", "amr": amr });
    assert_eq!(minted(one.shown(over(json!(["pwd", "mfa"])))).scope, "admin:models");
    for amr in [json!(["pwd"]), json!([]), json!(null), json!("mfa")] {
        assert_eq!(refused(one.shown(over(amr.clone()))), Code::InvalidGrant, "{amr}");
    }
}

#[test]
fn issuer_that_is_no_longer_trusted_or_has_new_keys_proves_nothing() {
    let one = enterprise();
    let (first, second) = (one.ask(&one.sign(json!({}))), one.ask(&one.sign(json!({}))));
    // Checked before, shown after.
    one.trust(jwks(&SigningKey::generate(Algorithm::ES256).unwrap()), false);
    assert_eq!(refused(one.give(first)), Code::InvalidGrant);
    one.world.db.write_blocking(|tx| assertion::distrust(tx, &operator(), IDP)).unwrap();
    assert_eq!(refused(one.give(second)), Code::InvalidGrant);
    assert!(one.world.db.read(|r| assertion::keys_of(r, IDP)).unwrap().is_none());
    // Trusted anew, nobody is linked any more.
    one.trust(jwks(&one.key), false);
    assert_eq!(refused(one.shown(json!({}))), Code::InvalidGrant);
}

#[test]
fn operators_words_about_issuers_are_checked() {
    let one = enterprise();
    let own = one.world.env.site.issuer.clone();
    let trust = |issuer: &str, jwks: Option<Value>, uri: Option<&str>| {
        let env = Arc::clone(&one.world.env);
        let new = NewIssuer {
            issuer: issuer.to_owned(),
            jwks,
            jwks_uri: uri.map(str::to_owned),
            by_email: false,
        };
        one.world
            .db
            .write_blocking(move |tx| assertion::trust(tx, &env, &operator(), new))
            .map(drop)
    };
    let good = jwks(&one.key);
    for (issuer, keys, uri) in [
        ("not a url", Some(good.clone()), None),
        ("https://idp.example/?q", Some(good.clone()), None),
        (own.as_str(), Some(good.clone()), None),
        (IDP, None, None),
        (IDP, Some(good.clone()), Some("https://idp.example.com/jwks")),
        (IDP, None, Some("http://idp.example.com/jwks")),
        (IDP, Some(json!({ "keys": [] })), None),
        (IDP, Some(json!({ "keys": [{ "kty": "EC", "d": "private" }] })), None),
    ] {
        assert_eq!(trust(issuer, keys, uri).unwrap_err().code(), "invalid", "{issuer} {uri:?}");
    }
    let bob = person(&one.world.db, "bob", "user").to_string();
    let again = one
        .world
        .db
        .write_blocking(move |tx| assertion::link(tx, &operator(), IDP, "their-ann", &bob));
    assert_eq!(again.unwrap_err().code(), "conflict", "a subject became somebody else in passing");
    one.link("their-ann", one.world.user.as_str());
    let links = one.world.db.read(|r| assertion::links(r, &operator(), IDP)).unwrap();
    assert_eq!(links.len(), 1);
    one.world.db.write_blocking(|tx| assertion::unlink(tx, &operator(), IDP, "their-ann")).unwrap();
    assert_eq!(refused(one.shown(json!({}))), Code::InvalidGrant);
}

const OTHER: &str = "https://other.example.com";

/// A world whose client may take assertions elsewhere, and its ID token.
fn provider() -> (World, Client, String) {
    let world = world();
    let agent = Client {
        auth_method: AuthMethod::Basic,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::TokenExchange],
        ..world.client.clone()
    };
    let new = NewAudience {
        audience: OTHER.to_owned(),
        client: agent.id.to_string(),
        client_there: "agent-there".to_owned(),
        scopes: vec!["notes:read".to_owned(), "notes:write".to_owned()],
    };
    let (env, bare) = (Arc::clone(&world.env), new.clone());
    let public =
        world.db.write_blocking(move |tx| assertion::allow_audience(tx, &env, &operator(), &bare));
    assert_eq!(public.unwrap_err().code(), "conflict", "a public client was allowed");
    let env = Arc::clone(&world.env);
    let row = agent.clone();
    world
        .db
        .write_blocking(move |tx| {
            store::client::update(tx, &row)?;
            assertion::allow_audience(tx, &env, &operator(), &new)
        })
        .unwrap();
    let id = world.tokens(&[("scope", "openid email")]).id_token.unwrap().expose().to_owned();
    (world, agent, id)
}

fn wanted(id: &str) -> token_exchange::Ask {
    token_exchange::Ask {
        subject_token: Some(id.to_owned()),
        subject_type: Some(kind::ID_TOKEN.to_owned()),
        requested_type: Some(kind::ID_JAG.to_owned()),
        audiences: vec![OTHER.to_owned()],
        resources: vec!["https://notes.example.com/mcp".to_owned()],
        scope: Some("notes:read admin".to_owned()),
        ..token_exchange::Ask::default()
    }
}

fn exchanged(world: &World, client: &Client, ask: token_exchange::Ask) -> Outcome {
    let (env, client) = (Arc::clone(&world.env), client.clone());
    world
        .db
        .write_blocking(move |tx| token_exchange::exchange(tx, &env, &app(), &client, &ask))
        .unwrap()
}

fn asserted(outcome: Outcome) -> mcpcodex::ops::oauth::identity_assertion::Assertion {
    match outcome {
        Outcome::Assertion(unsigned) => unsigned.sign().unwrap(),
        Outcome::Minted(_) => panic!("an access token"),
        Outcome::Refused(refusal) => panic!("{refusal}"),
    }
}

#[test]
fn id_token_of_a_living_session_becomes_an_assertion_for_a_listed_server() {
    let (world, agent, id) = provider();
    let assertion = asserted(exchanged(&world, &agent, wanted(&id)));
    assert_eq!((assertion.scope.as_str(), assertion.lifetime.as_secs()), ("notes:read", 300));
    let token = assertion.token.expose();
    assert_eq!(part(token, 0)["typ"], "oauth-id-jag+jwt");
    let said = claims(token);
    assert_eq!(said["iss"], world.env.site.issuer.as_str());
    assert_eq!(said["aud"], OTHER);
    assert_eq!(said["client_id"], "agent-there");
    assert_eq!(said["sub"], world.user.as_str());
    assert_eq!(said["resource"], "https://notes.example.com/mcp");
    assert_eq!(said["scope"], "notes:read");
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 300);
    assert_eq!(said["amr"], json!(["pwd"]));
    let again = claims(asserted(exchanged(&world, &agent, wanted(&id))).token.expose());
    assert_ne!(again["jti"], said["jti"]);
    // It is no token here, at no door.
    assert!(!world.is_active(token));
    assert!(world.events().contains(&"assertion.issue".to_owned()));
}

#[test]
fn assertion_is_given_to_nobody_else_and_for_nothing_else() {
    let (world, agent, id) = provider();
    let access = world.tokens(&[]).access_token.expose().to_owned();
    let refusal = |client: &Client, ask| refused(exchanged(&world, client, ask));
    let good = || wanted(&id);
    for (why, ask, code) in [
        ("an access token", wanted(&access), Code::InvalidRequest),
        ("nothing", wanted(""), Code::InvalidRequest),
        (
            "another type",
            token_exchange::Ask { subject_type: Some(kind::ACCESS_TOKEN.to_owned()), ..good() },
            Code::InvalidRequest,
        ),
        ("nowhere", token_exchange::Ask { audiences: Vec::new(), ..good() }, Code::InvalidRequest),
        (
            "two servers",
            token_exchange::Ask { audiences: vec![OTHER.to_owned(), OTHER.to_owned()], ..good() },
            Code::InvalidRequest,
        ),
        (
            "a server that is not listed",
            token_exchange::Ask { audiences: vec!["https://evil.example".to_owned()], ..good() },
            Code::InvalidTarget,
        ),
        (
            "a slash more",
            token_exchange::Ask { audiences: vec![format!("{OTHER}/")], ..good() },
            Code::InvalidTarget,
        ),
        (
            "a fragment",
            token_exchange::Ask { resources: vec!["https://h/#x".to_owned()], ..good() },
            Code::InvalidTarget,
        ),
        (
            "words that can be no scope",
            token_exchange::Ask { scope: Some("\"\"".to_owned()), ..good() },
            Code::InvalidScope,
        ),
        (
            "scopes that are not allowed",
            token_exchange::Ask { scope: Some("admin".to_owned()), ..good() },
            Code::InvalidScope,
        ),
        (
            "an actor",
            token_exchange::Ask {
                actor_token: Some(access.clone()),
                actor_type: Some(kind::ACCESS_TOKEN.to_owned()),
                ..good()
            },
            Code::InvalidRequest,
        ),
    ] {
        assert_eq!(refusal(&agent, ask), code, "{why}");
    }
    let other = client_with(&world, GrantType::TokenExchange);
    assert_eq!(refusal(&other, good()), Code::InvalidRequest, "another client's ID token");
    let public = Client { auth_method: AuthMethod::None, ..agent.clone() };
    assert_eq!(refusal(&public, good()), Code::UnauthorizedClient);
    world.end_session(&world.signed_in.session.id);
    assert_eq!(refusal(&agent, good()), Code::InvalidRequest, "the session is over");
}

#[test]
fn old_id_token_is_worth_nothing() {
    let (world, agent, id) = provider();
    world.pass(3_601);
    assert_eq!(refused(exchanged(&world, &agent, wanted(&id))), Code::InvalidRequest);
}
