//! A code that comes a second time: everything that ever came of it is over, whoever brings it and however late.

use std::sync::Arc;

use mcpcodex::{
    model::{client::Client, resource::TokenFormat},
    ops::{
        client,
        oauth::{Code, exchange::Ask, introspect},
        resource::{self, Change},
    },
};
use serde_json::json;

use super::{
    fixture::*,
    opaque::server_of,
    token_exchange::{DB, chain, text},
};

fn granted(world: &World) -> String {
    world.code(&[("resource", MCP), ("scope", "openid read:models")])
}

#[test]
fn all_that_came_of_a_replayed_code_is_over_down_the_whole_line() {
    let chain = chain();
    let world = &chain.world;
    let code = granted(world);
    let first = minted(world.exchange(ask(&code)));
    let second = minted(world.refresh(&refresh_token(&first)));
    let third = minted(world.refresh(&refresh_token(&second)));
    let exchanged = text(&chain.given(&chain.notes, &text(&third), DB));
    let to_opaque = |tx: &mcpcodex::db::Write<'_>| {
        let id = resource::find(tx, &operator(), DB)?.id;
        let opaque = Change { token_format: Some(TokenFormat::Opaque), ..Change::default() };
        resource::edit(tx, &operator(), &id, opaque)
    };
    world.db.write_blocking(to_opaque).unwrap();
    let opaque = text(&chain.given(&chain.notes, &text(&third), DB));
    assert!(opaque.starts_with("mcpat_"), "{opaque}");
    let untouched = world.tokens(&[("resource", MCP), ("scope", "openid read:models")]);
    let access = [text(&first), text(&second), text(&third), exchanged, opaque];
    assert!(access.iter().all(|token| world.is_active(token)));

    assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);
    let servers = [server_of(world, MCP), server_of(world, DB)];
    for token in &access {
        assert!(!world.is_active(token), "{token}");
        for server in &servers {
            assert_eq!(world.introspect_as(server, token), json!({ "active": false }), "{token}");
        }
    }
    for dead in [&first, &second, &third] {
        let token = refresh_token(dead);
        assert_eq!(world.introspect(&token), json!({ "active": false }));
        assert_eq!(refused(world.refresh(&token)), Code::InvalidGrant);
    }
    for token in &access[..3] {
        let again = super::token_exchange::ask(token, DB);
        assert_eq!(refused(chain.exchange_as(&chain.notes, again)), Code::InvalidRequest);
    }
    assert!(world.is_active(&text(&untouched)), "another grant of the same client and person");
}

#[test]
fn replay_counts_from_anyone_with_anything_and_when_the_code_has_expired_too() {
    type Spoil = fn(&mut Ask);
    let cases: [(&str, u64, bool, Spoil); 7] = [
        ("at once", 0, false, |_| {}),
        ("half a minute later", 30, false, |_| {}),
        ("when it has expired", 61, false, |_| {}),
        ("ten minutes later", 600, false, |_| {}),
        ("by another client", 0, true, |_| {}),
        ("with another verifier", 0, false, |ask| ask.verifier = Some("y".repeat(43))),
        ("with another redirect URI", 0, false, |ask| ask.redirect_uri = None),
    ];
    for (what, later, foreign, spoil) in cases {
        let world = world();
        let other = world.another_client();
        let code = world.code(&[]);
        let tokens = minted(world.exchange(ask(&code)));
        world.pass(later);
        assert!(world.is_active(tokens.access_token.expose()), "{what}");
        let mut again = ask(&code);
        spoil(&mut again);
        let before = world.rows();
        let client = if foreign { &other } else { &world.client };
        assert_eq!(refused(world.exchange_as(client, again)), Code::InvalidGrant, "{what}");
        let once: (&[&str], &[&str]) = (&["grants"], &["code.replayed"]);
        assert_eq!(before.since(&world.db), once, "{what}");
        assert!(!world.is_active(tokens.access_token.expose()), "{what}");
        assert!(!world.is_active(&refresh_token(&tokens)), "{what}");
        assert_eq!(refused(world.refresh(&refresh_token(&tokens))), Code::InvalidGrant, "{what}");
    }
}

#[test]
fn code_that_was_burnt_before_it_gave_anything_gives_nothing_back() {
    let world = world();
    let code = world.code(&[]);
    let wrong = Ask { verifier: None, ..ask(&code) };
    assert_eq!(refused(world.exchange(wrong)), Code::InvalidGrant);
    let before = world.rows();
    assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);
    let told: (&[&str], &[&str]) = (&[], &["code.replayed"]);
    assert_eq!(before.since(&world.db), told);
}

#[test]
fn foreign_revoked_expired_and_nonsensical_tokens_are_inactive_and_nothing_more_is_said() {
    let world = world();
    let own = server_of(&world, MCP);
    let unrelated = client::New {
        name: "Unrelated".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        ..client::New::default()
    };
    let stranger =
        world.db.write_blocking(|tx| client::create(tx, &operator(), unrelated)).unwrap().client;
    let fresh = || world.tokens(&[("resource", MCP), ("scope", "openid read:models")]);
    let (live, revoked, old) = (fresh(), fresh(), fresh());
    let job = {
        let (env, client) = (Arc::clone(&world.env), world.client.clone());
        let token = refresh_token(&revoked);
        move |tx: &mcpcodex::db::Write<'_>| {
            mcpcodex::ops::oauth::revoke::revoke(tx, &env, &app(), &client, &token)
        }
    };
    world.db.write_blocking(job).unwrap();
    let inactive = json!({ "active": false });
    let ask = |client: &Client, token: &str| world.introspect_as(client, token);
    assert_eq!(ask(&own, &text(&live))["active"], true);
    for token in [&text(&live), &refresh_token(&live), live.id_token.as_ref().unwrap().expose()] {
        assert_eq!(ask(&stranger, token), inactive, "a stranger is told of {token}");
    }
    assert_eq!(ask(&own, &refresh_token(&live)), inactive, "a resource is told of refresh tokens");
    for token in [&text(&revoked), &refresh_token(&revoked)] {
        assert_eq!(ask(&own, token), inactive);
        assert_eq!(ask(&world.client, token), inactive);
    }
    for token in
        ["", "x", ".", "a.b.c", "mcr_x", "mcpat_x", "mcp_x", "mcpat_\u{e4}", &"x".repeat(40)]
    {
        assert_eq!(ask(&own, token), inactive, "{token}");
    }
    world.pass(901);
    assert_eq!(ask(&own, &text(&old)), inactive);
    assert_eq!(ask(&world.client, &text(&old)), inactive);
    let gone = world.db.read(|r| introspect::introspect(r, &world.env, &own, &text(&live)));
    assert_eq!(gone.unwrap(), inactive);
}
