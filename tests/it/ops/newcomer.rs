//! Where there are as many apps as may be: who makes room, who never does, and that a flood is met where it comes from.

use std::collections::HashSet;

use mcpcodex::{
    app::App,
    error::{Error, Kind},
    model::{
        actor::{Actor, Origin},
        client::{Client, ClientOrigin},
        id::ClientId,
        registration::Metadata,
        scope::ScopeSet,
    },
    ops::{
        client::{self, newcomer},
        registration::{self, Answer},
    },
    store,
};
use serde_json::json;

use crate::support::{TestApp, operator};

const FLOODER: &str = "198.51.100.66";

fn at(address: &str) -> Actor {
    Actor::anonymous(Origin { address: address.to_owned(), user_agent: String::new() })
}

fn try_register(app: &App, address: &str, n: usize) -> Result<ClientId, Error> {
    let metadata = json!({
        "client_name": "Tool",
        "redirect_uris": [format!("https://a.example/{n}")],
        "token_endpoint_auth_method": "none",
    });
    let metadata = Metadata::read(metadata.as_object().unwrap()).unwrap();
    let (env, who) = (app.env(), at(address));
    let answer =
        app.db.write_blocking(move |tx| registration::register(tx, &env, &who, &metadata, None))?;
    match answer {
        Answer::Registered(registered) => Ok(registered.client.id),
        other @ (Answer::NoToken | Answer::Off) => panic!("{other:?}"),
    }
}

fn register(server: &TestApp, address: &str, n: usize) -> ClientId {
    try_register(&server.app, address, n).unwrap()
}

fn known(server: &TestApp) -> HashSet<ClientId> {
    let all: Vec<Client> = server.read(|r| client::list(r, &operator(), 100_000));
    let own = all.into_iter().filter(|client| client.origin == ClientOrigin::Dynamic);
    own.map(|client| client.id).collect()
}

fn full_at(most: u32) -> TestApp {
    TestApp::with(|config| config.authentication.clients.most = most)
}

#[test]
fn flood_from_one_place_makes_room_for_itself_and_everyone_else_finds_a_place_at_once() {
    let server = full_at(100);
    // The oldest of all, and still it stays: it came from elsewhere.
    let mut others = vec![register(&server, "203.0.113.1", 0)];
    for n in 1..100 {
        register(&server, FLOODER, n);
    }
    for n in 2..40 {
        others.push(register(&server, &format!("203.0.113.{n}"), 1_000 + n));
    }
    assert_eq!(known(&server).len(), 100);
    // It may go on, slowly, and pays for it alone.
    let mut taken = 0;
    for minute in 0..5 {
        server.advance(61);
        for n in 0..200 {
            match try_register(&server.app, FLOODER, 10_000 + minute * 1_000 + n) {
                Ok(_) => taken += 1,
                Err(refusal) => {
                    assert_eq!(refusal.kind(), Kind::Limited);
                    assert_eq!(refusal.retry_after().unwrap().as_secs(), 60);
                }
            }
        }
    }
    assert_eq!(taken, 5 * 50);
    let left = known(&server);
    assert_eq!(left.len(), 100);
    assert!(others.iter().all(|id| left.contains(id)));
}

#[test]
fn prefix_of_ipv6_is_one_place() {
    let server = full_at(20);
    let one = register(&server, "2001:db8:1::1", 0);
    for n in 1..20 {
        register(&server, &format!("2001:db8:2:{n:x}::1"), n);
    }
    for n in 0..15 {
        register(&server, &format!("2001:db8:{:x}::1", 100 + n), 100 + n);
    }
    assert!(known(&server).contains(&one));
}

#[test]
fn what_is_used_let_in_or_switched_off_never_makes_room() {
    let server = full_at(5);
    let ids: Vec<_> = (0..5).map(|n| register(&server, &format!("203.0.113.{n}"), n)).collect();
    let user = server.user("ann").id;
    let [allowed, approved, off, holding, last] = ids.clone().try_into().unwrap();
    server.write(move |tx| {
        store::consent::put(tx, &user, &allowed, "", &ScopeSet::parse("openid"))?;
        store::registration::approve(tx, &approved)?;
        client::disable(tx, &operator(), &off)?;
        store::client::set_last_used(tx, &holding)
    });
    assert!(server.read(|r| newcomer::has_room(r, &server.app.env)));
    let next = register(&server, "203.0.113.9", 9);
    let left = known(&server);
    assert!(!left.contains(&last) && left.contains(&next));
    let user = server.user("bob").id;
    server.write(move |tx| store::consent::put(tx, &user, &next, "", &ScopeSet::parse("openid")));
    assert!(!server.read(|r| newcomer::has_room(r, &server.app.env)));
    server.advance(61);
    let refusal = try_register(&server.app, "203.0.113.10", 10).unwrap_err();
    assert_eq!(refusal.kind(), Kind::Limited);
    assert_eq!(refusal.retry_after().unwrap().as_secs(), 3_600);
    assert!(refusal.to_string().contains("in use"), "{refusal}");
    let after = known(&server);
    assert_eq!(left, after);
    assert!(ids.iter().filter(|id| after.contains(id)).count() == 4);
}

#[test]
fn of_one_place_the_longest_unseen_goes_first_and_one_that_a_person_is_about_to_answer_last() {
    let server = full_at(4);
    let ids: Vec<_> = (0..4)
        .map(|n| {
            server.advance(1);
            register(&server, FLOODER, n)
        })
        .collect();
    let awaited = ids[0].clone();
    server.write(move |tx| {
        tx.exec(
            "insert into authorization_requests (id, browser_hash, client_id, redirect_uri, scopes, resources,
                 code_challenge, prompt, created_at, expires_at)
             values ('r_1', x'00', ?1, 'https://a.example/0', '', '[]', 'c', '', ?2, ?3)",
            mcpcodex::db::params![
                awaited.as_str(),
                tx.now,
                tx.now.plus(std::time::Duration::from_secs(1_800))
            ],
        )
    });
    // Registered again it is seen again.
    server.advance(61);
    assert_eq!(register(&server, FLOODER, 1), ids[1]);
    for (n, gone) in [(10, 2), (11, 3), (12, 1)] {
        server.advance(61);
        register(&server, FLOODER, n);
        assert!(!known(&server).contains(&ids[gone]), "{gone}");
        assert!(known(&server).contains(&ids[0]));
    }
    // Its time passes, and it is like any other.
    server.advance(1_800);
    register(&server, FLOODER, 13);
    assert!(!known(&server).contains(&ids[0]));
}

#[test]
fn rush_from_everywhere_is_held_back_but_for_those_who_brought_none() {
    let server = full_at(1_300);
    for n in 0..1_300 {
        register(&server, &format!("10.1.{}.{}", n / 250, n % 250), n);
    }
    let refusal = try_register(&server.app, "10.1.0.5", 5_000).unwrap_err();
    assert_eq!(refusal.kind(), Kind::Limited);
    register(&server, "10.2.0.1", 5_001);
    server.advance(61);
    register(&server, "10.1.0.5", 5_000);
}

#[test]
fn what_makes_room_is_told_in_the_audit() {
    let server = full_at(1);
    let id = register(&server, FLOODER, 1);
    register(&server, "203.0.113.1", 2);
    let row = server.audit().into_iter().find(|row| row.event == "client.prune").unwrap();
    assert!(format!("{row:?}").contains(id.as_str()), "{row:?}");
}
