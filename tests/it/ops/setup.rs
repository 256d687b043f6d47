//! The first administrator: one link, one winner, and nothing behind it afterwards.

use mcpcodex::{
    app::{App, MASTER_KEY_FILE},
    error::{Error, Kind},
    model::user::{ADMIN, UserState},
    ops::{
        self,
        password::Basis,
        user::{Created, New},
    },
};

use crate::support::{PASSWORD, TestApp, operator, origin, race};

/// The token of the link that `serve` prints.
fn token(server: &TestApp) -> String {
    let env = server.app.env();
    let link = server.write(move |tx| ops::setup::link(tx, &env, &operator())).unwrap();
    link.url.split_once("token=").unwrap().1.to_owned()
}

fn complete(app: &App, token: &str, name: &str) -> Result<Created, Error> {
    let email = format!("{name}@example.com");
    let basis = Basis::new_user(name, &email, "");
    let chosen = ops::password::choose(&app.env, &basis, PASSWORD).unwrap();
    let (env, token) = (app.env(), token.to_owned());
    let new = New { username: name.to_owned(), email, ..New::default() };
    app.db.write_blocking(move |tx| ops::setup::complete(tx, &env, &origin(), &token, &new, chosen))
}

#[test]
fn new_installation_has_nobody_in_it() {
    let server = TestApp::new();
    assert_eq!(server.read(|r| ops::user::count(r, &operator())), 0);
    for name in ["admin", "root", "administrator", "mcpcodex"] {
        for password in ["", "admin", "password", "mcpcodex", "changeme"] {
            let page = server.browser().sign_in(name, password);
            assert_eq!(page.status, 401, "{name} {password}");
            server.advance(900);
        }
    }
}

#[test]
fn link_is_printed_again_until_it_is_used_and_then_never() {
    let server = TestApp::new();
    let first = token(&server);
    let server = server.restart();
    assert_eq!(token(&server), first);
    let made = complete(&server.app, &first, "root").unwrap();
    assert_eq!(
        (made.user.roles.as_slice(), made.user.state),
        (&[ADMIN.to_owned()][..], UserState::Active)
    );
    let env = server.app.env();
    assert!(server.write(move |tx| ops::setup::link(tx, &env, &operator())).is_none());
    assert_eq!(complete(&server.app, &first, "eve").unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn link_is_dead_once_there_is_an_administrator_from_elsewhere() {
    let server = TestApp::new();
    let link = token(&server);
    server.admin("root");
    assert_eq!(complete(&server.app, &link, "eve").unwrap_err().kind(), Kind::NotFound);
    let shown = server.app.db.read(|r| ops::setup::check(r, &server.app.env, &link));
    assert_eq!(shown.unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn link_ends_after_a_day_and_a_new_one_is_printed() {
    let server = TestApp::new();
    let first = token(&server);
    server.advance(86_400);
    assert_eq!(complete(&server.app, &first, "root").unwrap_err().kind(), Kind::NotFound);
    let second = token(&server);
    assert_ne!(first, second);
    complete(&server.app, &second, "root").unwrap();
}

#[test]
fn of_twenty_setups_at_once_in_two_processes_one_wins() {
    let server = TestApp::new();
    let link = token(&server);
    let other = server.another();
    let results = race(20, |at| {
        let app = if at % 2 == 0 { &server.app } else { &other };
        complete(app, &link, &format!("root{at}")).map_err(|error| error.kind()).err()
    });
    assert_eq!(results.iter().filter(|error| error.is_none()).count(), 1);
    assert!(results.iter().all(|error| error.is_none_or(|kind| kind == Kind::NotFound)));
    assert_eq!(server.read(|r| ops::user::count(r, &operator())), 1);
}

#[test]
fn guessed_link_opens_nothing() {
    let server = TestApp::new();
    let link = token(&server);
    let (id, mac) = link.split_once('.').unwrap();
    for guess in
        ["", ".", id, &format!("{id}."), &format!("{id}.{}", &mac[1..]), &format!("{mac}.{id}")]
    {
        let shown = server.app.db.read(|r| ops::setup::check(r, &server.app.env, guess));
        assert_eq!(shown.unwrap_err().kind(), Kind::NotFound, "{guess}");
        assert_eq!(complete(&server.app, guess, "eve").unwrap_err().kind(), Kind::NotFound);
    }
}

#[test]
fn link_leads_to_the_configured_address_whatever_the_request_says() {
    let server = TestApp::with(|config| {
        config.server.public_url = Some("https://auth.example.com".parse().unwrap());
    });
    let env = server.app.env();
    let link = server.write(move |tx| ops::setup::link(tx, &env, &operator())).unwrap();
    assert!(link.url.starts_with("https://auth.example.com/setup?token="), "{}", link.url);
}

#[test]
fn other_master_key_is_refused_plainly_and_the_database_left_as_it_is() {
    let server = TestApp::new();
    server.admin("root");
    let (config, clock) = (server.config().clone(), server.clock.clone());
    let key = server.data_dir().join(MASTER_KEY_FILE);
    let right = std::fs::read(&key).unwrap();
    let other = TestApp::new();
    std::fs::copy(other.data_dir().join(MASTER_KEY_FILE), &key).unwrap();
    let error = App::open(config.clone(), None, clock.clone()).unwrap_err();
    assert!(error.to_string().contains("master key"), "{error}");
    assert!(error.next().is_some());
    for wrong in ["", "not a key", "00"] {
        std::fs::write(&key, wrong).unwrap();
        assert!(App::open(config.clone(), None, clock.clone()).is_err(), "{wrong:?}");
    }
    std::fs::write(&key, right).unwrap();
    let again = App::open(config, None, clock).unwrap();
    assert!(again.db.read(ops::setup::is_done).unwrap());
}

#[test]
fn processes_that_start_at_once_on_an_empty_folder_agree_on_the_keys() {
    let server = TestApp::new();
    let folder = server.folder().join("another");
    let lists = race(5, |_| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcodex"))
            .args(["key", "list", "--json"])
            .env("MCPCODEX_DATA_DIR", &folder)
            .current_dir(server.folder())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}");
        String::from_utf8(output.stdout).unwrap()
    });
    assert!(lists[0].contains("kid"), "{}", lists[0]);
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:?}");
}
