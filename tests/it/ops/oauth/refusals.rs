//! What is refused leaves everything as it was, but for what is burnt on purpose, and is written down once.

use std::sync::Arc;

use mcpcodex::{
    model::client::{AuthMethod, Client, GrantType},
    ops::{
        client,
        oauth::{
            Code, Refusal, begin::Begun, client_credentials, exchange::Ask, par,
            refresh::Ask as Refresh, revoke,
        },
        user,
    },
};

use super::{client_credentials::service, fixture::*};
use crate::support::rows::NOTHING;

/// The error that the client is told by redirect.
fn told(begun: Begun) -> String {
    let Begun::Redirect(url) = begun else { panic!("no redirect: {begun:?}") };
    assert!(url.starts_with(CALLBACK), "{url}");
    query(&url, "error").unwrap()
}

fn push(world: &World, over: &[(&str, &str)]) -> Result<par::Pushed, Refusal> {
    push_as(world, &world.client, over)
}

fn push_as(world: &World, client: &Client, over: &[(&str, &str)]) -> Result<par::Pushed, Refusal> {
    let (env, client) = (Arc::clone(&world.env), client.clone());
    let pairs = params(&client, over);
    world.db.write_blocking(move |tx| par::push(tx, &env, &app(), &client, &pairs, None)).unwrap()
}

/// The client as it is after a change.
fn edited(world: &World, change: client::Change) -> Client {
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::edit(tx, &operator(), &id, change)).unwrap()
}

fn only(grants: &[&str]) -> client::Change {
    let grants = grants.iter().map(|grant| (*grant).to_owned()).collect();
    client::Change { grant_types: Some(grants), ..client::Change::default() }
}

type Shape = fn(&mut client::New);

#[test]
fn each_flaw_of_the_challenge_is_refused_for_every_sort_of_client_at_both_doors() {
    let good = mcpcodex::crypto::pkce::challenge_s256(VERIFIER);
    let (short, long) = (&good[..42], format!("{good}A"));
    let (padded, odd) = (format!("{good}="), format!("{}+", &good[..42]));
    // Two bits more than 32 bytes have; a reader that drops them has several challenges for one hash.
    let stray = format!("{}B", "A".repeat(42));
    let flaws: [&[(&str, &str)]; 13] = [
        &[("code_challenge", "")],
        &[("code_challenge", ""), ("code_challenge_method", "")],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge_method", "S512")],
        &[("code_challenge", VERIFIER), ("code_challenge_method", "plain")],
        &[("code_challenge", "short")],
        &[("code_challenge", short)],
        &[("code_challenge", &long)],
        &[("code_challenge", &padded)],
        &[("code_challenge", &odd)],
        &[("code_challenge", &stray)],
    ];
    let sorts: [(&str, Shape); 3] = [
        ("public", |_| {}),
        ("confidential", |new| new.public = false),
        ("built in", |new| new.built_in = true),
    ];
    for (sort, shape) in sorts {
        let world = world_with(|_| {}, shape);
        let before = world.rows();
        for flaw in flaws {
            assert_eq!(told(world.begin(flaw)), "invalid_request", "{sort}: {flaw:?}");
            let refusal = push(&world, flaw).unwrap_err();
            assert_eq!(refusal.code, Code::InvalidRequest, "{sort}: {flaw:?}");
        }
        assert_eq!(before.since(&world.db), NOTHING, "{sort}");
        // Without a challenge there is no code, so that there is none that a verifier could come too much for.
        world.waiting(&[]);
        push(&world, &[]).unwrap();
    }
}

#[test]
fn no_flow_but_that_of_codes_begins() {
    let world = world();
    let before = world.rows();
    for kind in [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
        "none",
        "CODE",
        "code code",
        " code",
        "password",
    ] {
        let over = [("response_type", kind)];
        assert_eq!(told(world.begin(&over)), "unsupported_response_type", "{kind}");
        let refusal = push(&world, &over).unwrap_err();
        assert_eq!(refusal.code, Code::UnsupportedResponseType, "{kind}");
    }
    assert_eq!(before.since(&world.db), NOTHING);
}

#[test]
fn client_without_the_grant_of_codes_gets_none_at_either_door() {
    let world = world();
    let code = world.code(&[]);
    let client = edited(&world, only(&["refresh_token"]));
    let before = world.rows();
    assert_eq!(told(world.begin(&[])), "unauthorized_client");
    let refusal = push_as(&world, &client, &[]).unwrap_err();
    assert_eq!(refusal.code, Code::UnauthorizedClient);
    // Nor for a code that it had before; that one is not spent by it.
    let outcome = world.exchange_as(&client, ask(&code));
    assert_eq!(refused(outcome), Code::UnauthorizedClient);
    assert_eq!(before.since(&world.db), NOTHING);
    let client = edited(&world, only(&["authorization_code", "refresh_token"]));
    minted(world.exchange_as(&client, ask(&code)));
}

#[test]
fn client_that_may_no_longer_refresh_does_not_and_spends_nothing() {
    let world = world();
    let token = refresh_token(&world.tokens(&[("scope", "openid")]));
    let offline = refresh_token(&world.tokens(&[("scope", "openid offline_access")]));
    let client = edited(&world, only(&["authorization_code"]));
    let before = world.rows();
    let outcome = world.refresh_with(&app(), &client, refresh_ask(&token));
    assert_eq!(refused(outcome), Code::UnauthorizedClient);
    assert_eq!(before.since(&world.db), NOTHING);
    minted(world.refresh_with(&app(), &client, refresh_ask(&offline)));
    let client = edited(&world, only(&["authorization_code", "refresh_token"]));
    minted(world.refresh_with(&app(), &client, refresh_ask(&token)));
}

#[test]
fn client_that_may_not_speak_for_itself_changes_nothing_by_trying() {
    let world = world();
    let service = service(&world, &[]);
    let before = world.rows();
    for client in [
        world.client.clone(),
        Client { grant_types: GrantType::USUAL.to_vec(), ..service.clone() },
        Client { auth_method: AuthMethod::None, ..service },
    ] {
        let (env, ask) = (Arc::clone(&world.env), client_credentials::Ask::default());
        let give = move |tx: &mcpcodex::db::Write<'_>| {
            client_credentials::give(tx, &env, &app(), &client, &ask)
        };
        assert_eq!(refused(world.db.write_blocking(give).unwrap()), Code::UnauthorizedClient);
    }
    assert_eq!(before.since(&world.db), NOTHING);
}

#[test]
fn words_of_which_none_can_be_a_scope_are_not_taken_for_no_words() {
    let chain = super::token_exchange::chain();
    let world = &chain.world;
    let service = service(world, &[]);
    let token = world.tokens(&[("resource", MCP), ("scope", "openid read:models")]);
    let long = "x".repeat(10_000);
    for words in ["\"", "\u{e4}", "a\\b", "\t", &long, "\u{7f} \u{0}"] {
        let scope = Some(words.to_owned());
        let (env, client) = (Arc::clone(&world.env), service.clone());
        let ask = client_credentials::Ask {
            scope: scope.clone(),
            resources: vec![MCP.to_owned()],
            jkt: None,
        };
        let give = move |tx: &mcpcodex::db::Write<'_>| {
            client_credentials::give(tx, &env, &app(), &client, &ask)
        };
        let outcome = world.db.write_blocking(give).unwrap();
        assert_eq!(refused(outcome), Code::InvalidScope, "{words:?} in the client's own name");
        let ask =
            super::token_exchange::ask(token.access_token.expose(), super::token_exchange::DB);
        let ask = mcpcodex::ops::oauth::token_exchange::Ask { scope, ..ask };
        let outcome = chain.exchange_as(&chain.notes, ask);
        assert_eq!(refused(outcome), Code::InvalidScope, "{words:?} for another resource");
        assert_eq!(told(world.begin(&[("scope", words)])), "invalid_scope", "{words:?}");
    }
}

type Spoil = fn(&mut Ask);

#[test]
fn misused_code_is_burnt_and_told_of_once_and_no_more_happens() {
    let world = world();
    let other = world.another_client();
    let cases: [(&str, bool, Spoil); 6] = [
        ("another client", true, |_| {}),
        ("another redirect URI", false, |ask| {
            ask.redirect_uri = Some("http://127.0.0.1/cb".to_owned());
        }),
        ("another verifier", false, |ask| ask.verifier = Some("y".repeat(43))),
        ("no verifier", false, |ask| ask.verifier = None),
        ("another resource", false, |ask| ask.resources = vec![MCP.to_owned()]),
        ("late", false, |_| {}),
    ];
    for (what, foreign, spoil) in cases {
        let code = world.code(&[]);
        let mut ask = ask(&code);
        spoil(&mut ask);
        if what == "late" {
            world.pass(60);
        }
        let before = world.rows();
        let client = if foreign { &other } else { &world.client };
        let code = refused(world.exchange_as(client, ask));
        assert!(matches!(code, Code::InvalidGrant | Code::InvalidTarget), "{what}");
        let change = before.since(&world.db);
        let burnt: (&[&str], &[&str]) = (&["authorization_codes"], &["code.refused"]);
        assert_eq!(change, burnt, "{what}");
    }
    let before = world.rows();
    for nonsense in ["", "x", "mcr_x", &"c".repeat(43)] {
        assert_eq!(refused(world.exchange(ask(nonsense))), Code::InvalidGrant, "{nonsense}");
    }
    assert_eq!(before.since(&world.db), NOTHING);
}

#[test]
fn access_token_and_other_secrets_are_no_codes_and_no_refresh_tokens() {
    let world = world();
    let tokens = world.tokens(&[]);
    let cookie = mcpcodex::ops::session::cookie(&world.env, &world.signed_in.session).unwrap();
    let before = world.rows();
    let random = "A".repeat(43);
    for text in [
        tokens.access_token.expose(),
        tokens.id_token.as_ref().unwrap().expose(),
        &cookie,
        &format!("mcpat_{random}"),
        &format!("mcp_{random}"),
        &random,
    ] {
        assert_eq!(refused(world.exchange(ask(text))), Code::InvalidGrant, "{text} as a code");
        assert_eq!(refused(world.refresh(text)), Code::InvalidGrant, "{text} as a refresh token");
    }
    assert_eq!(refused(world.exchange(ask(&refresh_token(&tokens)))), Code::InvalidGrant);
    assert_eq!(before.since(&world.db), NOTHING);
}

#[test]
fn more_than_was_granted_is_refused_once_told_and_the_token_is_not_spent() {
    const OTHER: &str = "https://other.example/mcp";
    let world = world();
    let granted = [("resource", MCP), ("scope", "openid read:models")];
    let token = refresh_token(&world.tokens(&granted));
    let with = |scope: Option<&str>, resources: &[&str]| Refresh {
        scope: scope.map(str::to_owned),
        resources: resources.iter().map(|uri| (*uri).to_owned()).collect(),
        ..refresh_ask(&token)
    };
    for (ask, code) in [
        (with(Some("openid profile"), &[]), Code::InvalidScope),
        (with(Some("read:models admin:models"), &[]), Code::InvalidScope),
        (with(Some("made-up"), &[]), Code::InvalidScope),
        (with(None, &[OTHER]), Code::InvalidTarget),
        (with(None, &[MCP, OTHER]), Code::InvalidTarget),
        (with(None, &["/mcp"]), Code::InvalidTarget),
    ] {
        let before = world.rows();
        let said = format!("{ask:?}");
        assert_eq!(refused(world.refresh_with(&app(), &world.client, ask)), code, "{said}");
        let told: (&[&str], &[&str]) = (&[], &["refresh.refused"]);
        assert_eq!(before.since(&world.db), told, "{said}");
        assert_eq!(reason(&world), code.as_str(), "{said}");
    }
    minted(world.refresh(&token));
}

/// Why the newest event says that something was refused.
fn reason(world: &World) -> String {
    let rows = world.db.read(|r| mcpcodex::ops::audit::newest(r, &operator(), None, 1)).unwrap();
    let detail: serde_json::Value = serde_json::from_str(&rows[0].detail).unwrap();
    detail["reason"].as_str().unwrap().to_owned()
}

#[test]
fn spent_refresh_token_in_another_clients_hands_does_nothing_in_and_after_the_window() {
    let world = world();
    let one = refresh_token(&world.tokens(&[]));
    let two = refresh_token(&minted(world.refresh(&one)));
    let other = world.another_client();
    for later in [0, 29, 2, 600] {
        world.pass(later);
        for token in [&one, &two] {
            let before = world.rows();
            let stolen = world.refresh_with(&app(), &other, refresh_ask(token));
            assert_eq!(refused(stolen), Code::InvalidGrant);
            let told: (&[&str], &[&str]) = (&[], &["refresh.wrong_client"]);
            assert_eq!(before.since(&world.db), told, "after {later} s more");
        }
    }
    // The owner's family lives, and its lost answer is still made good.
    assert_eq!(refresh_token(&minted(world.refresh(&one))), two);
    minted(world.refresh(&two));
}

#[test]
fn family_ends_at_the_last_millisecond_of_its_life() {
    let world = world();
    let mut token = refresh_token(&world.tokens(&[]));
    let whole = world.env.config.authentication.tokens.refresh_token.lifetime;
    let end = START.plus(whole);
    // Used often enough not to be idle.
    while world.clock.now().plus(whole / 4) < end {
        world.clock.advance(whole / 4);
        token = refresh_token(&minted(world.refresh(&token)));
    }
    let (moment, last) = (std::time::Duration::from_millis(1), world.clock.now());
    world.clock.advance(end.minus(moment).since(last));
    token = refresh_token(&minted(world.refresh(&token)));
    world.clock.advance(moment);
    assert_eq!(refused(world.refresh(&token)), Code::InvalidGrant);
}

#[test]
fn deleted_persons_tokens_are_over() {
    for scope in ["openid", "openid offline_access"] {
        let world = world();
        let (code, tokens) = (world.code(&[("scope", scope)]), world.tokens(&[("scope", scope)]));
        let id = world.user.clone();
        world.db.write_blocking(move |tx| user::delete(tx, &operator(), &id)).unwrap();
        assert_eq!(refused(world.refresh(&refresh_token(&tokens))), Code::InvalidGrant, "{scope}");
        assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant, "{scope}");
        assert!(!world.is_active(tokens.access_token.expose()), "{scope}");
    }
}

#[test]
fn stranger_revokes_nothing_and_the_owner_is_written_down_once() {
    let world = world();
    let tokens = world.tokens(&[]);
    let other = world.another_client();
    let give_back = |client: &Client, token: &str| {
        let (env, client, token) = (Arc::clone(&world.env), client.clone(), token.to_owned());
        let before = world.rows();
        let job =
            move |tx: &mcpcodex::db::Write<'_>| revoke::revoke(tx, &env, &app(), &client, &token);
        world.db.write_blocking(job).unwrap();
        before.since(&world.db)
    };
    let (access, refresh) = (tokens.access_token.expose(), refresh_token(&tokens));
    for token in ["nonsense", "mcr_", access, &refresh] {
        assert_eq!(give_back(&other, token), NOTHING, "{token}");
    }
    assert!(world.is_active(access) && world.is_active(&refresh));
    let once: (&[&str], &[&str]) = (&["revoked_tokens"], &["token.revoke"]);
    assert_eq!(give_back(&world.client, access), once);
    assert_eq!(give_back(&world.client, access), NOTHING);
    assert!(!world.is_active(access) && world.is_active(&refresh));
    let once: (&[&str], &[&str]) = (&["grants"], &["grant.revoke"]);
    assert_eq!(give_back(&world.client, &refresh), once);
    assert_eq!(give_back(&world.client, &refresh), NOTHING);
}
