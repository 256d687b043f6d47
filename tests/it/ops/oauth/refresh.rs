//! Families of refresh tokens: strict against thieves, kind to honest retries.

use std::{sync::Arc, time::Duration};

use mcpcodex::{
    config::mfa::EmailProvider,
    model::{client::Client, message::Kind},
    ops::{
        self, client, key,
        oauth::{Code, Outcome, refresh::Ask, revoke},
        password, session, user,
    },
};

use super::fixture::*;

fn rotated(outcome: Outcome) -> String {
    refresh_token(&minted(outcome))
}

fn first(world: &World) -> String {
    refresh_token(&world.tokens(&[]))
}

fn is_alive(world: &World, token: &str) -> bool {
    matches!(world.refresh(token), Outcome::Minted(_))
}

#[test]
fn each_use_gives_a_new_token_and_the_old_one_only_its_successor() {
    let world = world();
    let one = first(&world);
    let two = rotated(world.refresh(&one));
    assert_ne!(one, two);
    assert_eq!(rotated(world.refresh(&one)), two);
    let three = rotated(world.refresh(&two));
    // The late agent walks the chain.
    assert_eq!(rotated(world.refresh(&one)), two);
    assert_eq!(rotated(world.refresh(&two)), three);
}

#[test]
fn retry_is_honoured_to_the_last_moment_of_the_window_from_anywhere() {
    let world = world();
    let one = first(&world);
    let two = rotated(world.refresh(&one));
    rotated(world.refresh(&two));
    world.clock.advance(Duration::from_millis(29_999));
    let elsewhere = from("198.51.100.9", "another/2");
    assert_eq!(rotated(world.refresh_with(&elsewhere, &world.client, refresh_ask(&one))), two);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(refused(world.refresh(&one)), Code::InvalidGrant);
    assert!(world.events().contains(&"refresh.replayed".to_owned()));
}

#[test]
fn replayed_refresh_token_revokes_its_family() {
    let world = world();
    let tokens = world.tokens(&[]);
    let one = refresh_token(&tokens);
    let two = rotated(world.refresh(&one));
    let three = rotated(world.refresh(&two));
    world.pass(31);
    assert_eq!(refused(world.refresh(&one)), Code::InvalidGrant);
    assert_eq!(refused(world.refresh(&three)), Code::InvalidGrant);
    assert!(!world.is_active(tokens.access_token.expose()));
    assert!(!world.is_active(&three));
}

#[test]
fn person_is_told_once_of_the_app_that_a_replay_cut_off_and_never_of_an_honest_retry() {
    let world = world_with(
        |config| config.authentication.mfa.providers.email.provider = EmailProvider::Console,
        |_| {},
    );
    let told = || {
        let all = world.db.read(|r| ops::outbox::list(r, &operator(), 100)).unwrap();
        all.iter().filter(|row| row.kind == Kind::ConnectionEnded).count()
    };
    let one = first(&world);
    let two = rotated(world.refresh(&one));
    rotated(world.refresh(&one));
    assert_eq!(told(), 0, "an honest retry");
    rotated(world.refresh(&two));
    world.pass(31);
    for _ in 0..3 {
        assert_eq!(refused(world.refresh(&one)), Code::InvalidGrant);
        assert_eq!(told(), 1);
    }
    // A code that is shown again takes its tokens back as well.
    let code = world.code(&[]);
    minted(world.exchange(ask(&code)));
    for _ in 0..3 {
        assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);
        assert_eq!(told(), 2);
    }
}

#[test]
fn lost_answer_is_made_good_once_for_the_same_place_and_never_for_another() {
    let world = world();
    let one = first(&world);
    let two = rotated(world.refresh(&one));
    world.pass(600);
    let moved = from("203.0.113.7", "app/1");
    assert_eq!(rotated(world.refresh_with(&moved, &world.client, refresh_ask(&one))), two);
    world.pass(31);
    assert_eq!(refused(world.refresh(&one)), Code::InvalidGrant, "recovered twice");

    let one = first(&world);
    world.refresh(&one);
    world.pass(600);
    let thief = from("203.0.113.7", "curl/8");
    let stolen = world.refresh_with(&thief, &world.client, refresh_ask(&one));
    assert_eq!(refused(stolen), Code::InvalidGrant);
}

#[test]
fn strict_client_has_no_window() {
    let world = world_with(|_| {}, |new| new.strict_refresh = true);
    let one = first(&world);
    let two = rotated(world.refresh(&one));
    assert_eq!(refused(world.refresh(&one)), Code::InvalidGrant);
    assert_eq!(refused(world.refresh(&two)), Code::InvalidGrant);
}

#[test]
fn window_of_zero_is_textbook_for_everyone() {
    let zero = |config: &mut mcpcodex::config::Config| {
        config.authentication.tokens.refresh_token.retry_window = Duration::ZERO;
    };
    let world = world_with(zero, |_| {});
    let one = first(&world);
    let two = rotated(world.refresh(&one));
    assert_eq!(refused(world.refresh(&one)), Code::InvalidGrant);
    assert!(!is_alive(&world, &two));
}

#[test]
fn another_clients_token_is_refused_without_effect() {
    let world = world();
    let one = first(&world);
    let other = world.another_client();
    let stolen = world.refresh_with(&app(), &other, refresh_ask(&one));
    assert_eq!(refused(stolen), Code::InvalidGrant);
    assert!(is_alive(&world, &one));
}

#[test]
fn nonsense_access_and_id_tokens_are_no_refresh_tokens() {
    let world = world();
    let tokens = world.tokens(&[]);
    let id_token = tokens.id_token.as_ref().unwrap();
    for text in ["", "x", "mcr_", tokens.access_token.expose(), id_token.expose()] {
        let outcome = world.refresh(text);
        assert_eq!(refused(outcome), Code::InvalidGrant, "{text}");
    }
    let none = world.refresh_with(&app(), &world.client, Ask::default());
    assert_eq!(refused(none), Code::InvalidRequest);
}

#[test]
fn family_ends_at_its_absolute_end_however_often_it_is_used() {
    let world = world();
    let mut token = first(&world);
    for _ in 0..3 {
        world.pass(28_799);
        token = rotated(world.refresh(&token));
    }
    world.pass(3);
    assert_eq!(refused(world.refresh(&token)), Code::InvalidGrant);
}

#[test]
fn unused_token_ends_at_the_idle_limit_and_use_moves_it() {
    let idle = |config: &mut mcpcodex::config::Config| {
        config.authentication.tokens.refresh_token.idle = Some(Duration::from_secs(100));
    };
    let world = world_with(idle, |_| {});
    let one = first(&world);
    world.pass(99);
    let two = rotated(world.refresh(&one));
    world.pass(99);
    let three = rotated(world.refresh(&two));
    world.pass(100);
    assert_eq!(refused(world.refresh(&three)), Code::InvalidGrant);
}

#[test]
fn without_rotation_a_confidential_client_keeps_its_token_and_a_public_one_does_not() {
    let keep = |config: &mut mcpcodex::config::Config| {
        config.authentication.tokens.refresh_token.rotation = false;
        config.authentication.tokens.refresh_token.idle = Some(Duration::from_secs(100));
    };
    let world = world_with(keep, |new| new.public = false);
    let one = first(&world);
    for _ in 0..3 {
        world.pass(99);
        assert_eq!(rotated(world.refresh(&one)), one);
    }
    world.pass(100);
    assert_eq!(refused(world.refresh(&one)), Code::InvalidGrant);
    let world = world_with(keep, |_| {});
    let one = first(&world);
    assert_ne!(rotated(world.refresh(&one)), one);
}

#[test]
fn narrower_is_given_for_this_access_token_and_wider_is_refused() {
    let world = world();
    let tokens = world.tokens(&[("resource", MCP), ("scope", "openid email read:models")]);
    let asked =
        |token: &str, scope: &str| Ask { scope: Some(scope.to_owned()), ..refresh_ask(token) };
    let one = refresh_token(&tokens);
    let wide = world.refresh_with(&app(), &world.client, asked(&one, "openid profile"));
    assert_eq!(refused(wide), Code::InvalidScope);
    let narrow = minted(world.refresh_with(&app(), &world.client, asked(&one, "read:models")));
    assert_eq!(narrow.scope, "read:models");
    assert!(narrow.id_token.is_none());
    assert_eq!(minted(world.refresh(&refresh_token(&narrow))).scope, "openid email read:models");
}

#[test]
fn resource_that_was_not_granted_is_refused_without_spending() {
    let world = world();
    let one = first(&world);
    let wide = Ask { resources: vec![MCP.to_owned()], ..refresh_ask(&one) };
    assert_eq!(refused(world.refresh_with(&app(), &world.client, wide)), Code::InvalidTarget);
    let two = rotated(world.refresh(&one));
    world.pass(31);
    assert!(is_alive(&world, &two));
}

type Act = fn(&World);

fn chosen(world: &World) -> password::Chosen {
    // What the fixture put there is no hash that a new password could be compared with.
    world
        .db
        .write_blocking(|tx| tx.exec("update users set password_hash = null", []).map(drop))
        .unwrap();
    let basis = world.db.read(|r| password::Basis::of(r, &world.env, &world.user)).unwrap();
    password::choose(&world.env, &basis, "Vexing-Otter7-Quilt").unwrap()
}

/// As the account page does: the session in which it is done goes on.
fn change_own_password(world: &World) {
    let (env, id) = (Arc::clone(&world.env), world.user.clone());
    let (who, keep) = (world.signed_in.actor(app().origin), world.signed_in.session.id.clone());
    let chosen = chosen(world);
    world
        .db
        .write_blocking(move |tx| password::set(tx, &env, &who, &id, &chosen, Some(&keep)))
        .unwrap();
}

fn take_reset_link(world: &World) {
    let (env, id) = (Arc::clone(&world.env), world.user.clone());
    let chosen = chosen(world);
    world
        .db
        .write_blocking(move |tx| {
            let url = ops::reset::link(tx, &env, &operator(), &id)?.url;
            let token = url.split_once("token=").unwrap().1;
            ops::reset::set(tx, &env, &app().origin, token, &chosen)
        })
        .unwrap();
}

pub(super) fn change_password(world: &World) {
    let (env, id) = (Arc::clone(&world.env), world.user.clone());
    let chosen = chosen(world);
    world
        .db
        .write_blocking(move |tx| user::set_password(tx, &env, &operator(), &id, &chosen))
        .unwrap();
}

#[test]
fn person_shut_out_or_sessions_ended_end_every_family() {
    let acts: [(&str, Act); 8] = [
        ("lock", |world| {
            let id = world.user.clone();
            world.db.write_blocking(move |tx| user::lock(tx, &operator(), &id)).unwrap();
        }),
        ("disable", |world| {
            let id = world.user.clone();
            world.db.write_blocking(move |tx| user::disable(tx, &operator(), &id)).unwrap();
        }),
        ("all sessions ended", |world| {
            let id = world.user.clone();
            world
                .db
                .write_blocking(move |tx| session::revoke_of_user(tx, &operator(), &id))
                .unwrap();
        }),
        ("session revoked", |world| world.end_session(&world.signed_in.session.id)),
        ("password changed by an operator", change_password),
        ("password changed on the account page", change_own_password),
        ("password changed by a reset link", take_reset_link),
        ("all sessions of everyone ended", |world| {
            world.db.write_blocking(|tx| session::revoke_everything(tx, &operator())).unwrap();
        }),
    ];
    for (name, act) in acts {
        for scope in ["openid", "openid offline_access"] {
            let world = world();
            let tokens = world.tokens(&[("scope", scope)]);
            act(&world);
            let outcome = world.refresh(&refresh_token(&tokens));
            assert!(
                matches!(&outcome, Outcome::Refused(refusal) if refusal.code == Code::InvalidGrant),
                "{name}, {scope}: {outcome:?}"
            );
            assert!(!world.is_active(tokens.access_token.expose()), "{name}");
        }
    }
}

#[test]
fn logout_ends_what_hangs_on_the_session_and_spares_offline_access() {
    for (scope, survives) in [("openid", false), ("openid offline_access", true)] {
        let world = world();
        let token = refresh_token(&world.tokens(&[("scope", scope)]));
        let who = world.signed_in.actor(app().origin);
        world.db.write_blocking(move |tx| session::logout(tx, &who)).unwrap();
        assert_eq!(is_alive(&world, &token), survives, "{scope}");
    }
}

#[test]
fn session_that_was_one_too_many_ends_its_families_as_a_logout_does() {
    for (scope, survives) in [("openid", false), ("openid offline_access", true)] {
        let one = |config: &mut mcpcodex::config::Config| {
            config.authentication.session.max_sessions = 1;
        };
        let world = world_with(one, |_| {});
        let token = refresh_token(&world.tokens(&[("scope", scope)]));
        sign_in(&world.db, &world.env, &world.user);
        assert_eq!(is_alive(&world, &token), survives, "{scope}");
    }
}

#[test]
fn session_that_merely_ran_out_of_time_does_not_end_a_family() {
    let world = world();
    let token = first(&world);
    world.pass(3 * 3600);
    assert!(is_alive(&world, &token));
}

#[test]
fn disabled_client_and_given_back_token_are_over() {
    let world = world();
    let tokens = world.tokens(&[]);
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert!(!world.is_active(tokens.access_token.expose()));
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::enable(tx, &operator(), &id)).unwrap();
    assert_eq!(refused(world.refresh(&refresh_token(&tokens))), Code::InvalidGrant);
}

fn give_back(world: &World, client: &Client, token: &str) {
    let (env, client, token) = (Arc::clone(&world.env), client.clone(), token.to_owned());
    world.db.write_blocking(move |tx| revoke::revoke(tx, &env, &app(), &client, &token)).unwrap();
}

#[test]
fn revoked_refresh_token_ends_the_family_and_access_token_itself_alone() {
    let world = world();
    let tokens = world.tokens(&[]);
    let other = world.another_client();
    for token in ["nonsense", tokens.access_token.expose(), &refresh_token(&tokens)] {
        give_back(&world, &other, token);
    }
    assert!(world.is_active(tokens.access_token.expose()), "another client revoked it");

    give_back(&world, &world.client, tokens.access_token.expose());
    assert!(!world.is_active(tokens.access_token.expose()));
    let next = minted(world.refresh(&refresh_token(&tokens)));
    assert!(world.is_active(next.access_token.expose()));

    give_back(&world, &world.client, &refresh_token(&next));
    assert!(!world.is_active(next.access_token.expose()));
    assert_eq!(refused(world.refresh(&refresh_token(&next))), Code::InvalidGrant);
}

#[test]
fn right_taken_from_the_person_is_gone_with_the_next_token() {
    let world =
        world_with(|_| {}, |new| new.scopes = vec!["openid".to_owned(), "admin:users".to_owned()]);
    let set = |role: &str| {
        let (id, roles) = (world.user.clone(), vec![role.to_owned()]);
        world
            .db
            .write_blocking(move |tx| mcpcodex::store::user::set_roles(tx, &id, &roles))
            .unwrap();
    };
    set("admin");
    let signed_in = sign_in(&world.db, &world.env, &world.user);
    let id = world.waiting(&[("scope", "openid admin:users")]);
    let code = query(&redirect(world.answer(&id, &signed_in, true)), "code").unwrap();
    let tokens = minted(world.exchange(ask(&code)));
    assert_eq!(tokens.scope, "openid admin:users");
    set("user");
    assert_eq!(world.introspect(tokens.access_token.expose())["scope"], "openid");
    assert_eq!(minted(world.refresh(&refresh_token(&tokens))).scope, "openid");
}

#[test]
fn family_survives_a_change_of_the_signing_key() {
    let world = world();
    let token = first(&world);
    let env = Arc::clone(&world.env);
    let fresh =
        mcpcodex::crypto::jwt::SigningKey::generate(mcpcodex::crypto::jwt::Algorithm::EdDSA)
            .unwrap();
    let made = world.db.write_blocking(move |tx| key::insert(tx, &env, &fresh)).unwrap();
    assert!(made);
    assert!(is_alive(&world, &token));
}
