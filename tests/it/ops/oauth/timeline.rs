//! "Why was I logged out?": the life of a connection names what ended it, and who did, in one sentence.

use std::sync::Arc;

use mcpcodex::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::Plain,
    },
    db::{Write, params},
    error::Result,
    model::{actor::Via, ending},
    ops::{
        client,
        key::rotation::{self, Order},
        oauth::{Outcome, connected, revoke},
        session, user,
    },
};

use super::{fixture::*, refresh::change_password};

fn write<T: Send + 'static>(
    world: &World,
    job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
) -> T {
    world.db.write_blocking(job).unwrap()
}

/// A connection, its refresh token, and what is told of it after something was done.
fn told(scope: &str, act: impl FnOnce(&World, &str)) -> String {
    let idle = Some(std::time::Duration::from_secs(3_600));
    let world = world_with(|config| config.authentication.tokens.refresh_token.idle = idle, |_| {});
    let tokens = world.tokens(&[("scope", scope)]);
    let grant = claims(tokens.access_token.expose())["gid"].as_str().unwrap().to_owned();
    world.pass(10);
    act(&world, &refresh_token(&tokens));
    world.pass(10);
    let story = world.story(&grant);
    let verdict = story.verdict.clone().unwrap();
    let last = story.lines().pop().unwrap();
    assert_eq!((last.label.as_str(), last.words.as_str()), ("in short", verdict.as_str()));
    verdict
}

type Act = fn(&World, &str);

type End = (&'static str, Act, Vec<&'static str>);

/// What ends a connection: time, a thief, the person.
fn by_themselves() -> [End; 7] {
    [
        (
            "reuse",
            |world, token| {
                let next = refresh_token(&minted(world.refresh(token)));
                minted(world.refresh(&next));
                world.pass(100);
                refused(world.refresh(token));
            },
            vec![ending::says(ending::REPLAYED), "from 192.0.2.1"],
        ),
        ("idle", |world, _| world.pass(3_700), vec!["did not refresh for too long", "idle"]),
        (
            "absolute",
            |world, token| {
                let mut token = token.to_owned();
                for _ in 0..400 {
                    world.pass(3_000);
                    match world.refresh(&token) {
                        Outcome::Minted(minted) => {
                            token = refresh_token(&minted.sign().unwrap());
                        }
                        Outcome::Assertion(_) | Outcome::Refused(_) => return,
                    }
                }
            },
            vec!["its time was up", "lifetime"],
        ),
        (
            "logout everywhere",
            |world, _| {
                let id = world.user.clone();
                write(world, move |tx| session::revoke_of_user(tx, &operator(), &id));
            },
            vec![ending::says(ending::ALL_SESSIONS), "by root (cli)"],
        ),
        (
            "logout",
            |world, _| {
                let who = world.signed_in.actor(from("198.51.100.9", "browser").origin);
                write(world, move |tx| session::logout(tx, &who));
            },
            vec![ending::says(ending::LOGOUT), "by the person from 198.51.100.9"],
        ),
        (
            "elsewhere",
            |world, _| {
                let other = sign_in(&world.db, &world.env, &world.user);
                let (who, id) = (other.actor(app().origin), world.user.clone());
                write(world, move |tx| session::revoke_others(tx, &who, &id));
            },
            vec![ending::says(ending::ELSEWHERE), "by the person"],
        ),
        ("password", |world, _| change_password(world), vec![ending::says(ending::PASSWORD)]),
    ]
}

/// What ends a connection: the operator, the client.
fn by_others() -> [End; 8] {
    [
        (
            "disabled",
            |world, _| {
                let id = world.user.clone();
                write(world, move |tx| user::disable(tx, &operator(), &id));
            },
            vec![ending::says(ending::DISABLED), "by root (cli)"],
        ),
        (
            "locked",
            |world, _| {
                let (id, who) =
                    (world.user.clone(), mcpcodex::model::actor::Actor::operator("eve", Via::Tui));
                write(world, move |tx| user::lock(tx, &who, &id));
            },
            vec![ending::says(ending::LOCKED), "by eve (tui)"],
        ),
        (
            "client off",
            |world, _| {
                let id = world.client.id.clone();
                write(world, move |tx| client::disable(tx, &operator(), &id));
            },
            vec![ending::says(ending::CLIENT_OFF), "by root (cli)"],
        ),
        (
            "client changed",
            |world, _| {
                let id = world.client.id.clone();
                let grant_types = Some(vec!["authorization_code".to_owned()]);
                let change = client::Change { grant_types, ..client::Change::default() };
                write(world, move |tx| client::edit(tx, &operator(), &id, change));
            },
            vec!["the client was changed and may not refresh any more", "client edit"],
        ),
        (
            "client revoked by the operator",
            |world, _| {
                let id = world.client.id.clone();
                write(world, move |tx| session::revoke_of_client(tx, &operator(), &id));
            },
            vec![ending::says(ending::OF_CLIENT), "by root (cli)"],
        ),
        (
            "everything",
            |world, _| {
                write(world, |tx| session::revoke_everything(tx, &operator()));
            },
            vec![ending::says(ending::EVERYTHING), "by root (cli)"],
        ),
        (
            "disconnected",
            |world, _| {
                let who = world.signed_in.actor(app().origin);
                let (user, client) = (world.user.clone(), world.client.id.clone());
                write(world, move |tx| connected::disconnect(tx, &who, &user, &client));
            },
            vec![ending::says(ending::DISCONNECTED), "by the person"],
        ),
        (
            "given back",
            |world, token| {
                let (env, client, token) =
                    (Arc::clone(&world.env), world.client.clone(), Plain::new(token.to_owned()));
                write(world, move |tx| revoke::revoke(tx, &env, &app(), &client, token.expose()));
            },
            vec![ending::says(ending::BY_CLIENT)],
        ),
    ]
}

#[test]
fn every_end_is_told_in_one_sentence_with_who_brought_it_about() {
    for (name, act, parts) in by_themselves().into_iter().chain(by_others()) {
        let verdict = told("openid", act);
        for part in parts {
            assert!(verdict.contains(part), "{name}: {part} is missing: {verdict}");
        }
        assert!(!verdict.contains("it stands"), "{name}: {verdict}");
    }
}

#[test]
fn end_of_the_sign_in_alone_spares_what_was_allowed_for_later() {
    let logout: Act = |world, _| {
        let who = world.signed_in.actor(app().origin);
        write(world, move |tx| session::logout(tx, &who));
    };
    assert!(told("openid offline_access", logout).starts_with("it stands"));
    assert!(told("openid", logout).contains("without offline_access"));
}

#[test]
fn keys_come_and_go_without_ending_anything_and_that_is_told() {
    let world = world();
    let tokens = world.tokens(&[]);
    let grant = claims(tokens.access_token.expose())["gid"].as_str().unwrap().to_owned();
    let kid = part(tokens.access_token.expose(), 0)["kid"].as_str().unwrap().to_owned();
    world.pass(10);
    let (env, fresh) = (Arc::clone(&world.env), SigningKey::generate(Algorithm::ES256).unwrap());
    write(&world, move |tx| {
        let order = Order { now: true, fresh: Some(&fresh), ..Order::default() };
        rotation::rotate(tx, &env, &operator(), &order)?;
        rotation::retire(tx, &env, &operator(), &kid, None)
    });
    world.pass(10);
    assert!(!world.is_active(tokens.access_token.expose()));
    let story = world.story(&grant);
    assert!(story.verdict.clone().unwrap().starts_with("it stands"), "{:?}", story.verdict);
    let text: Vec<String> = story.lines().into_iter().map(|line| line.words).collect();
    let text = text.join("\n");
    assert!(text.contains("a signing key was taken out of use"), "{text}");
    assert!(text.contains("another key signs from now on"), "{text}");
    minted(world.refresh(&refresh_token(&tokens)));
}

#[test]
fn deleted_person_and_client_leave_an_answer() {
    let gone = told("openid", |world, _| {
        let id = world.user.clone();
        write(world, move |tx| user::delete(tx, &operator(), &id));
    });
    assert!(gone.contains(ending::says(ending::DELETED)), "{gone}");
    let gone = told("openid", |world, _| {
        let id = world.client.id.clone();
        write(world, move |tx| client::delete(tx, &operator(), &id));
    });
    assert!(gone.contains("the client was deleted by root (cli)"), "{gone}");
}

#[test]
fn token_from_after_the_backup_is_told_from_a_foreign_one() {
    use mcpcodex::model::trace::Rule;
    let world = world();
    let tokens = world.tokens(&[]);
    let grant = claims(tokens.access_token.expose())["gid"].as_str().unwrap().to_owned();
    let next = refresh_token(&minted(world.refresh(&refresh_token(&tokens))));
    let refusal = |world: &World| match world.refresh(&next) {
        Outcome::Refused(refusal) => refusal.rule,
        Outcome::Minted(_) | Outcome::Assertion(_) => panic!("tokens were given"),
    };
    // The file as it was before the refresh.
    let id = grant.clone();
    write(&world, move |tx| {
        tx.exec("delete from refresh_tokens where grant_id = ?1 and generation > 1", params![id])?;
        tx.exec("update refresh_tokens set spent_at = null where grant_id = ?1", params![id])?;
        tx.exec("update grants set generation = 1 where id = ?1", params![id])
    });
    assert_eq!(refusal(&world), Rule::RefreshAhead);
    // And before the connection.
    write(&world, move |tx| tx.exec("delete from grants where id = ?1", params![grant]));
    assert_eq!(refusal(&world), Rule::RefreshForgotten);
    assert_eq!(
        match world.refresh("mcr_foreign") {
            Outcome::Refused(refusal) => refusal.rule,
            Outcome::Minted(_) | Outcome::Assertion(_) => panic!("tokens were given"),
        },
        Rule::RefreshUnknown
    );
}

#[test]
fn life_of_a_sign_in_is_looked_up_without_reading_the_whole_log() {
    let world = world();
    let plan = |sql: &str| -> String {
        let rows = world.db.read(|r| {
            r.all(&format!("explain query plan {sql}"), [], |row| row.get::<_, String>(3))
        });
        rows.unwrap().join("; ")
    };
    for (sql, index) in [
        ("select * from audit_events where session_id = 's_1' order by id desc limit 200", "by_session"),
        ("select count(*) from traces where known = 0 and kind = 'token'", "traces_of_strangers"),
        (
            "select * from audit_events where user_id is null and grant_id is null and at between 1 and 2
             and event in ('client.disable', 'key.retire') order by id",
            "audit_events_of_nobody",
        ),
    ] {
        let plan = plan(sql);
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{sql}: {plan}");
    }
}
