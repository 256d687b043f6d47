//! `auth validate`: what a token is and why it is not good, for the operator alone.

use mcpcodex::{
    error::Kind as Refusal,
    model::{actor::Actor, resource::ResourceScope},
    ops::{
        self, resource,
        validate::{Demand, Finding, Kind},
    },
};

use crate::support::{TestApp, operator, origin};

fn validate(server: &TestApp, text: &str) -> Option<Finding> {
    server.read(|r| {
        ops::validate::validate(r, &server.app.env, &operator(), text, &Demand::default())
    })
}

#[test]
fn session_cookie_is_known_with_its_owner_and_its_end_and_looking_does_not_use_it() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (session, cookie) = server.session_of(&ann, false);
    server.advance(3_000);
    let found = validate(&server, &cookie).unwrap();
    assert_eq!((found.kind, found.reason), (Kind::Session, None));
    assert_eq!(found.subject.as_deref(), Some(ann.id.as_str()));
    assert_eq!(found.session_id.as_deref(), Some(session.id.as_str()));
    assert_eq!(found.expires_at, Some(session.ends_at()));
    server.advance(600);
    let found = validate(&server, &cookie).unwrap();
    assert!(found.reason.unwrap().contains("idle"));
}

#[test]
fn ended_session_and_shut_owner_are_told_apart() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let (session, ended) = server.session_of(&ann, false);
    let (_, locked) = server.session_of(&bob, false);
    server.write(move |tx| {
        ops::session::revoke(tx, &operator(), &[session.id])?;
        // As a lock by another hand that ended no session would leave it.
        mcpcodex::store::user::set_state(
            tx,
            &bob.id,
            mcpcodex::model::user::UserState::Active,
            mcpcodex::model::user::UserState::Locked,
        )
    });
    assert!(validate(&server, &ended).unwrap().reason.unwrap().contains("revoked"));
    assert!(validate(&server, &locked).unwrap().reason.unwrap().contains("may not sign in"));
}

#[test]
fn api_key_is_known_good_and_bad() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let env = server.app.env();
    let made = server.write(move |tx| {
        let new = ops::apikey::New {
            name: "ci".to_owned(),
            scopes: vec!["read:models".to_owned()],
            ..ops::apikey::New::default()
        };
        ops::apikey::create(tx, &env, &operator(), &ann, &new)
    });
    let found = validate(&server, made.text.expose()).unwrap();
    assert_eq!((found.kind, found.reason), (Kind::ApiKey, None));
    let demand = |scope: &str| Demand { scopes: vec![scope.to_owned()], ..Demand::default() };
    for (scope, good) in [("read:models", true), ("write:models", false)] {
        let found = server.read(|r| {
            let (env, text) = (&server.app.env, made.text.expose());
            ops::validate::validate(r, env, &operator(), text, &demand(scope))
        });
        assert_eq!(found.unwrap().reason.is_none(), good, "{scope}");
    }
    assert!(validate(&server, "mcp_nonsense").unwrap().reason.is_some());
}

#[test]
fn key_and_session_are_judged_for_a_resource_as_a_proxy_would() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (env, owner) = (server.app.env(), ann.clone());
    let key = server.write(move |tx| {
        for (uri, scope) in
            [("https://a.example/mcp", "read:models"), ("https://b.example/mcp", "b")]
        {
            let scopes = vec![ResourceScope::new(scope, "")];
            let new = resource::New { uri: uri.to_owned(), scopes, ..resource::New::default() };
            resource::add(tx, &operator(), new)?;
        }
        let new = ops::apikey::New {
            name: "ci".to_owned(),
            scopes: vec!["read:models".to_owned()],
            ..ops::apikey::New::default()
        };
        ops::apikey::create(tx, &env, &operator(), &owner, &new)
    });
    let (_, cookie) = server.session_of(&ann, false);
    let judge = |text: &str, audience: &str, scope: &[&str]| {
        let scopes = scopes_of(scope);
        let demand = Demand { audience: Some(audience.to_owned()), scopes };
        let judged = server
            .read(|r| ops::validate::validate(r, &server.app.env, &operator(), text, &demand));
        judged.unwrap().reason
    };
    let key = key.text.expose();
    assert_eq!(judge(key, "https://a.example/mcp", &["read:models"]), None);
    assert_eq!(judge(key, "https://A.example:443/mcp", &[]), None);
    assert!(
        judge(key, "https://b.example/mcp", &[]).unwrap().contains("no scope of that resource")
    );
    assert!(judge(key, "https://a.example/mcp", &["write"]).unwrap().contains("scope write"));
    assert!(judge(key, "https://nobody.example/mcp", &[]).unwrap().contains("audience"));
    assert_eq!(judge(&cookie, "https://b.example/mcp", &["b"]), None);
    assert!(judge(&cookie, "https://b.example/mcp", &["read:models"]).is_some());
    assert!(judge(&cookie, "https://nobody.example/mcp", &[]).unwrap().contains("audience"));
}

fn scopes_of(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn garbage_is_nothing_of_ours() {
    let server = TestApp::new();
    for garbage in ["", " ", "hello", "a.b.c", "....", "eyJ.eyJ.x", "\u{0}", &"a.".repeat(100_000)]
    {
        let shown: String = garbage.chars().take(10).collect();
        assert!(validate(&server, garbage).is_none_or(|f| f.reason.is_some()), "{shown:?}");
    }
}

#[test]
fn nobody_but_the_operator_asks() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (session, cookie) = server.session_of(&ann, false);
    for who in [Actor::person(ann.id.clone(), session.id, origin()), Actor::anonymous(origin())] {
        let asked = server.app.db.read(|r| {
            ops::validate::validate(r, &server.app.env, &who, &cookie, &Demand::default())
        });
        assert_eq!(asked.unwrap_err().kind(), Refusal::Denied);
    }
}
