//! Registration: one client for the same metadata, never more than the configuration allows, and the unused ones go.

use std::{collections::HashSet, sync::Arc, time::Duration};

use mcpcodex::{
    app::App,
    config::authentication::{Approval, Registration},
    crypto::secret::Hashed,
    error::{Error, Kind},
    model::{
        client::{Client, ClientOrigin, ClientState},
        id::{ClientId, UserId},
        registration::Metadata,
        scope::ScopeSet,
    },
    ops::{
        client::{self, newcomer},
        registration::{self, Answer, Managed, Registered, initial},
    },
    store,
};
use serde_json::{Value, json};

use crate::support::{TestApp, operator, origin, race};

const DAY: u64 = 86_400;

fn usual() -> Value {
    json!({
        "client_name": "Tool",
        "redirect_uris": ["http://localhost:4711/callback"],
        "token_endpoint_auth_method": "none",
    })
}

fn numbered(n: usize) -> Value {
    let mut all = usual();
    all["redirect_uris"] = json!([format!("https://a.example/{n}")]);
    all
}

fn confidential() -> Value {
    let mut all = usual();
    all["token_endpoint_auth_method"] = json!("client_secret_post");
    all
}

fn metadata(value: &Value) -> Metadata {
    Metadata::read(value.as_object().unwrap()).unwrap()
}

fn anyone() -> mcpcodex::model::actor::Actor {
    mcpcodex::model::actor::Actor::anonymous(origin())
}

fn try_register(app: &App, value: &Value, token: Option<&str>) -> Result<Answer, Error> {
    let (env, metadata) = (app.env(), metadata(value));
    let token = token.map(str::to_owned);
    app.db.write_blocking(move |tx| {
        registration::register(tx, &env, &anyone(), &metadata, token.as_deref())
    })
}

fn register(app: &App, value: &Value) -> Registered {
    match try_register(app, value, None).unwrap() {
        Answer::Registered(registered) => *registered,
        other @ (Answer::NoToken | Answer::Off) => panic!("{other:?}"),
    }
}

fn known(app: &App) -> Vec<Client> {
    let all = app.db.read(|r| client::list(r, &operator(), 100_000)).unwrap();
    all.into_iter().filter(|client| client.origin == ClientOrigin::Dynamic).collect()
}

fn sweep(server: &TestApp) -> usize {
    let env = server.app.env();
    server.write(move |tx| newcomer::sweep(tx, &env));
    known(&server.app).len()
}

#[test]
fn hundred_equal_registrations_at_once_in_two_processes_are_one_client() {
    let server = TestApp::new();
    let apps = [server.app.clone(), server.another()];
    let ids: HashSet<ClientId> =
        race(100, |at| register(&apps[at % 2], &usual()).client.id).into_iter().collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(known(&server.app).len(), 1);
    let registered = server.events().iter().filter(|event| *event == "client.register").count();
    assert_eq!(registered, 1);
}

#[test]
fn thousand_equal_registrations_on_any_port_are_one_row() {
    let server = TestApp::new();
    let first = register(&server.app, &usual()).client.id;
    for port in 1_024..2_024 {
        let mut again = usual();
        again["redirect_uris"] = json!([format!("http://localhost:{port}/callback")]);
        assert_eq!(register(&server.app, &again).client.id, first);
    }
    assert_eq!(known(&server.app).len(), 1);
}

#[test]
fn address_registered_with_a_port_and_without_is_told_back_as_both() {
    let server = TestApp::new();
    let mut editor = usual();
    for port in ["33418", "59656"] {
        let both = ["http://127.0.0.1/".to_owned(), format!("http://127.0.0.1:{port}/")];
        editor["redirect_uris"] = json!(both);
        assert_eq!(register(&server.app, &editor).redirect_uris, both);
    }
    assert_eq!(known(&server.app).len(), 1);
}

#[test]
fn ten_thousand_registrations_stay_below_the_bound_and_newcomers_are_let_in_after_a_minute() {
    let server = TestApp::with(|config| config.authentication.clients.most = 300);
    let app = Arc::new(server.app.clone());
    let refused: usize = race(8, |at| {
        let mut refused = 0;
        for n in 0..1_250 {
            let Err(refusal) = try_register(&app, &numbered(at * 1_250 + n), None) else {
                continue;
            };
            assert_eq!(refusal.kind(), Kind::Limited, "{refusal}");
            assert!(refusal.retry_after().is_some());
            refused += 1;
        }
        refused
    })
    .into_iter()
    .sum();
    assert_eq!(refused, 9_700);
    assert_eq!(known(&server.app).len(), 300);
    // What is there already is still the same client.
    let there = known(&server.app).pop().unwrap();
    let mut same = usual();
    same["redirect_uris"] = json!([there.redirect_uris[0].as_str()]);
    assert_eq!(register(&server.app, &same).client.id, there.id);
    server.advance(61);
    register(&server.app, &numbered(20_000));
    assert!(known(&server.app).len() <= 300);
}

#[test]
fn where_all_are_in_use_nobody_makes_room() {
    let server = TestApp::with(|config| config.authentication.clients.most = 2);
    let person = let_in(&server, &register(&server.app, &numbered(0)).client.id);
    let other = register(&server.app, &numbered(1)).client.id;
    server
        .write(move |tx| store::consent::put(tx, &person, &other, "", &ScopeSet::parse("openid")));
    server.advance(61);
    let refusal = try_register(&server.app, &numbered(2), None).unwrap_err();
    assert_eq!(refusal.kind(), Kind::Limited);
    assert_eq!(known(&server.app).len(), 2);
}

#[test]
fn confidential_registrations_count_towards_the_bound_and_each_has_a_client() {
    let server = TestApp::with(|config| config.authentication.clients.most = 3);
    let ids: HashSet<_> =
        (0..3).map(|_| register(&server.app, &confidential()).client.id).collect();
    assert_eq!(ids.len(), 3);
    let error = try_register(&server.app, &confidential(), None).unwrap_err();
    assert_eq!(error.kind(), Kind::Limited);
    // Clients of the operator are no business of the bound.
    server.write(|tx| {
        let new = client::New {
            name: "Own".to_owned(),
            redirect_uris: vec!["https://a.example/cb".to_owned()],
            ..client::New::default()
        };
        client::create(tx, &operator(), new)
    });
}

#[test]
fn registration_outlives_a_restart_and_comes_back_under_its_id_after_a_loss() {
    let server = TestApp::new();
    let id = register(&server.app, &usual()).client.id;
    let managed = register(&server.app, &confidential());
    let server = server.restart();
    assert_eq!(register(&server.app, &usual()).client.id, id);
    let (own, token) = (managed.client.id, managed.token.unwrap());
    let read = server.read(|r| registration::read(r, &own, token.expose()));
    assert!(matches!(read, Managed::Done(_)), "{read:?}");
    // A backup that does not know it yet: the same app is the same client again.
    let lost = id.clone();
    server.write(move |tx| client::delete(tx, &operator(), &lost));
    assert_eq!(register(&server.app, &usual()).client.id, id);
}

#[test]
fn two_installations_give_the_same_app_different_ids() {
    let (one, other) = (TestApp::new(), TestApp::new());
    assert_ne!(register(&one.app, &usual()).client.id, register(&other.app, &usual()).client.id);
}

/// Somebody lets it in.
fn let_in(server: &TestApp, id: &ClientId) -> UserId {
    let (id, user) = (id.clone(), server.user("ann").id);
    let who = user.clone();
    server.write(move |tx| store::consent::put(tx, &who, &id, "", &ScopeSet::parse("openid")));
    user
}

fn switch_off(server: &TestApp, id: &ClientId) {
    let id = id.clone();
    server.write(move |tx| client::disable(tx, &operator(), &id));
}

#[test]
fn unused_clients_go_and_used_seen_and_switched_off_ones_stay() {
    let server = TestApp::new();
    let ids: Vec<_> = (0..4).map(|n| register(&server.app, &numbered(n)).client.id).collect();
    let_in(&server, &ids[0]);
    switch_off(&server, &ids[1]);
    server.advance(29 * DAY);
    assert_eq!(sweep(&server), 4);
    register(&server.app, &numbered(2));
    server.advance(2 * DAY);
    assert_eq!(sweep(&server), 3);
    let left: HashSet<_> = known(&server.app).into_iter().map(|client| client.id).collect();
    assert!(!left.contains(&ids[3]));
    // As soon as nobody has let it in any more, it goes as well.
    let id = ids[0].clone();
    server.write(move |tx| store::consent::forget_client(tx, &id));
    server.advance(30 * DAY);
    assert_eq!(sweep(&server), 1);
    assert_eq!(known(&server.app)[0].id, ids[1]);
    assert!(server.events().contains(&"client.prune".to_owned()));
}

#[test]
fn operator_prunes_by_age_and_sees_before_what_would_go() {
    let server = TestApp::new();
    let id = register(&server.app, &usual()).client.id;
    server.advance(2 * DAY);
    register(&server.app, &numbered(1));
    let span = Duration::from_secs(DAY);
    let unused = server.read(|r| newcomer::unused(r, &operator(), span));
    assert_eq!(unused.iter().map(|client| &client.id).collect::<Vec<_>>(), [&id]);
    let gone = server.write(move |tx| newcomer::prune(tx, &operator(), span));
    assert_eq!(gone, [id]);
    assert_eq!(known(&server.app).len(), 1);
    let refused = server.app.db.write_blocking(move |tx| newcomer::prune(tx, &anyone(), span));
    assert_eq!(refused.unwrap_err().kind(), Kind::Denied);
}

#[test]
fn initial_token_is_good_for_so_many_registrations_and_not_one_more() {
    let server = TestApp::with(|config| {
        config.authentication.clients.dynamic_registration = Registration::Token;
    });
    let new =
        initial::New { name: "ci".to_owned(), most_uses: Some(10), ..initial::New::default() };
    let made = server.write(move |tx| initial::create(tx, &operator(), &new));
    let text = made.text.expose();
    let let_in = race(40, |n| {
        let answer = try_register(&server.app, &numbered(n), Some(text)).unwrap();
        matches!(answer, Answer::Registered(_))
    });
    assert_eq!(let_in.into_iter().filter(|in_| *in_).count(), 10);
    let token = server.read(|r| initial::list(r, &operator())).pop().unwrap();
    assert_eq!(token.uses, 10);
    assert!(!token.is_good(token.created_at));
}

#[test]
fn initial_token_ends_by_time_and_by_revocation() {
    let server = TestApp::with(|config| {
        config.authentication.clients.dynamic_registration = Registration::Token;
    });
    let new = initial::New {
        name: "ci".to_owned(),
        lifetime: Some(Duration::from_secs(60)),
        ..initial::New::default()
    };
    let one = server.write({
        let new = new.clone();
        move |tx| initial::create(tx, &operator(), &new)
    });
    let is_in = |text: &str, n| {
        let answer = try_register(&server.app, &numbered(n), Some(text)).unwrap();
        matches!(answer, Answer::Registered(_))
    };
    assert!(is_in(one.text.expose(), 1));
    server.advance(60);
    assert!(!is_in(one.text.expose(), 2));
    let other = server.write(move |tx| initial::create(tx, &operator(), &new));
    let id = other.token.id.clone();
    server.write(move |tx| initial::revoke(tx, &operator(), &id));
    assert!(!is_in(other.text.expose(), 3));
    assert!(!is_in("", 4));
}

#[test]
fn client_that_changes_its_looks_begins_anew_with_everyone() {
    let server =
        TestApp::with(|config| config.authentication.clients.approval = Approval::FirstSeen);
    let made = register(&server.app, &confidential());
    assert_eq!(made.client.state, ClientState::Pending);
    let id = made.client.id.clone();
    server.write({
        let id = id.clone();
        move |tx| client::enable(tx, &operator(), &id)
    });
    let user = let_in(&server, &id);
    let mut token = made.token.unwrap();
    let mut change = |value: &Value| {
        let (env, metadata, own, old) =
            (server.app.env(), metadata(value), id.clone(), token.clone());
        let done = server.write(move |tx| {
            registration::update(tx, &env, &anyone(), &own, old.expose(), &metadata)
        });
        let Managed::Done(changed) = done else { panic!("{done:?}") };
        token = changed.token.clone().unwrap();
        let allowed = server.read(|r| store::consent::get(r, &user, &id, ""));
        (changed.client.state, allowed.to_string())
    };
    let mut same = confidential();
    same["software_version"] = json!("2");
    assert_eq!(change(&same), (ClientState::Active, "openid".to_owned()));
    let mut other = confidential();
    other["redirect_uris"] = json!(["https://elsewhere.example/cb"]);
    assert_eq!(change(&other), (ClientState::Pending, String::new()));
}

#[test]
fn switched_off_client_neither_changes_nor_registers_itself_back() {
    let server = TestApp::new();
    let (public, managed) =
        (register(&server.app, &usual()), register(&server.app, &confidential()));
    for id in [&public.client.id, &managed.client.id] {
        switch_off(&server, id);
    }
    let again = register(&server.app, &usual()).client;
    assert_eq!((again.id, again.state), (public.client.id, ClientState::Disabled));
    let (id, token) = (managed.client.id, managed.token.unwrap());
    let read = server.read(|r| registration::read(r, &id, token.expose()));
    assert!(matches!(read, Managed::SwitchedOff), "{read:?}");
}

#[test]
fn client_that_changes_how_it_proves_itself_loses_its_secret_and_gets_a_new_one() {
    let server = TestApp::new();
    let made = register(&server.app, &confidential());
    let id = made.client.id.clone();
    let mut token = made.token.unwrap();
    let mut change = |method: &str| {
        let mut value = confidential();
        value["token_endpoint_auth_method"] = json!(method);
        let (env, metadata) = (server.app.env(), metadata(&value));
        let (own, old) = (id.clone(), token.clone());
        let done = server.write(move |tx| {
            registration::update(tx, &env, &anyone(), &own, old.expose(), &metadata)
        });
        let Managed::Done(changed) = done else { panic!("{done:?}") };
        token = changed.token.clone().unwrap();
        let kept = server.read(|r| store::client::secret_hash(r, &id));
        (changed.secret.map(|secret| secret.expose().to_owned()), kept)
    };
    let (told, kept) = change("client_secret_basic");
    assert!(told.is_none() && kept.is_some(), "the same secret goes on");
    let (told, gone) = change("none");
    assert!(told.is_none() && gone.is_none());
    let (told, fresh) = change("client_secret_post");
    assert!(fresh.is_some_and(|fresh| fresh.matches(&Hashed::of(&told.unwrap()))));
    let old = made.secret.unwrap();
    let kept = server.read(|r| store::client::secret_hash(r, &id)).unwrap();
    assert!(!kept.matches(&Hashed::of(old.expose())));
}
