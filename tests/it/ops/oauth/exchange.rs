//! Codes: once, for a minute, for whom and what they were made.

use mcpcodex::ops::{
    client,
    oauth::{Code, exchange::Ask},
    user,
};

use super::fixture::*;

#[test]
fn code_gives_tokens_once_and_a_second_use_takes_them_back() {
    let world = world();
    let code = world.code(&[]);
    let tokens = minted(world.exchange(ask(&code)));
    assert!(world.is_active(tokens.access_token.expose()));
    assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);
    assert!(!world.is_active(tokens.access_token.expose()));
    assert_eq!(refused(world.refresh(&refresh_token(&tokens))), Code::InvalidGrant);
    assert!(world.events().contains(&"code.replayed".to_owned()));
}

#[test]
fn code_lives_for_sixty_seconds() {
    let world = world();
    let (one, two) = (world.code(&[]), world.code(&[]));
    world.clock.advance(std::time::Duration::from_millis(59_999));
    minted(world.exchange(ask(&one)));
    world.clock.advance(std::time::Duration::from_millis(1));
    assert_eq!(refused(world.exchange(ask(&two))), Code::InvalidGrant);
}

#[test]
fn code_of_another_client_is_refused_and_burnt() {
    let world = world();
    let code = world.code(&[]);
    assert_eq!(refused(world.exchange_as(&world.another_client(), ask(&code))), Code::InvalidGrant);
    assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);
}

type Spoil = fn(&mut Ask);

#[test]
fn whatever_does_not_fit_burns_the_code() {
    let world = world();
    let cases: [(&str, Spoil); 8] = [
        ("other redirect URI", |ask| ask.redirect_uri = Some("http://127.0.0.1/cb".to_owned())),
        ("no redirect URI", |ask| ask.redirect_uri = None),
        ("wrong verifier", |ask| ask.verifier = Some(VERIFIER.replace('a', "b"))),
        ("no verifier", |ask| ask.verifier = None),
        ("short verifier", |ask| ask.verifier = Some("short".to_owned())),
        ("long verifier", |ask| ask.verifier = Some("x".repeat(129))),
        ("challenge as verifier", |ask| {
            ask.verifier = Some(mcpcodex::crypto::pkce::challenge_s256(VERIFIER));
        }),
        ("a megabyte of verifier", |ask| ask.verifier = Some("x".repeat(1_000_000))),
    ];
    for (name, spoil) in cases {
        let code = world.code(&[]);
        let mut bad = ask(&code);
        spoil(&mut bad);
        assert_eq!(refused(world.exchange(bad)), Code::InvalidGrant, "{name}");
        assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant, "{name}: not burnt");
    }
}

#[test]
fn unknown_or_missing_code_is_refused() {
    let world = world();
    assert_eq!(refused(world.exchange(ask("nonsense"))), Code::InvalidGrant);
    let none = Ask { code: None, ..ask("") };
    assert_eq!(refused(world.exchange(none)), Code::InvalidRequest);
}

#[test]
fn session_must_live_and_person_be_active_at_redemption() {
    let world = world();
    let code = world.code(&[]);
    world.end_session(&world.signed_in.session.id);
    assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);

    let world = super::fixture::world();
    let code = world.code(&[]);
    let id = world.user.clone();
    world.db.write_blocking(move |tx| user::lock(tx, &operator(), &id)).unwrap();
    assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);
}

#[test]
fn client_without_the_grant_type_is_refused() {
    let world = world();
    let code = world.code(&[]);
    let (id, only) = (world.client.id.clone(), vec!["refresh_token".to_owned()]);
    let change = client::Change { grant_types: Some(only), ..client::Change::default() };
    let client =
        world.db.write_blocking(move |tx| client::edit(tx, &operator(), &id, change)).unwrap();
    assert_eq!(refused(world.exchange_as(&client, ask(&code))), Code::UnauthorizedClient);
}

#[test]
fn refresh_token_comes_by_grant_type_or_offline_access() {
    let world = world_with(|_| {}, |new| new.grant_types = vec!["authorization_code".to_owned()]);
    assert!(world.tokens(&[]).refresh_token.is_none());
    assert!(world.tokens(&[("scope", "openid offline_access")]).refresh_token.is_some());
    assert!(super::fixture::world().tokens(&[]).refresh_token.is_some());
}

#[test]
fn resource_at_redemption_must_have_been_granted() {
    let world = world();
    let with = |resource: &str| Ask { resources: vec![resource.to_owned()], ..ask("") };
    let code = world.code(&[]);
    let bad = Ask { code: Some(code), ..with(MCP) };
    assert_eq!(refused(world.exchange(bad)), Code::InvalidTarget);
    let code = world.code(&[("resource", MCP)]);
    let bad = Ask { code: Some(code), ..with("https://other.example/") };
    assert_eq!(refused(world.exchange(bad)), Code::InvalidTarget);
    let code = world.code(&[("resource", MCP)]);
    let good = Ask { code: Some(code), ..with("HTTPS://MCP.example.com:443/mcp") };
    let aud = claims(minted(world.exchange(good)).access_token.expose())["aud"].clone();
    assert_eq!(aud, serde_json::json!([MCP, "HTTPS://MCP.example.com:443/mcp"]));
}
