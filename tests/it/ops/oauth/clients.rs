//! Clients: made by operators, known again by their secrets.

use mcpcodex::{
    crypto::secret::Plain,
    error::Kind,
    model::actor::{Actor, Origin},
    ops::client::{self, Authenticated, Change, Made, New, Presented},
};

use super::fixture::*;

fn confidential(world: &World) -> Made {
    let new = New {
        name: "Server app".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap()
}

fn shown(id: &str, secret: Option<&str>) -> Presented {
    let secret = secret.map(|secret| Plain::new(secret.to_owned()));
    Presented { readings: vec![(id.to_owned(), secret)], ..Presented::default() }
}

fn try_it(world: &World, shown: &Presented) -> Authenticated {
    let shown = shown.clone();
    world.db.write_blocking(move |tx| client::authenticate(tx, &app(), &shown)).unwrap()
}

fn is_in(world: &World, shown: &Presented) -> bool {
    matches!(try_it(world, shown), Authenticated::Client(_))
}

#[test]
fn only_the_right_secret_opens() {
    let world = world();
    let made = confidential(&world);
    let (id, secret) = (made.client.id.as_str(), made.secret.unwrap());
    assert!(is_in(&world, &shown(id, Some(secret.expose()))));
    for wrong in [None, Some(""), Some("wrong"), Some(&secret.expose()[1..])] {
        assert!(!is_in(&world, &shown(id, wrong)), "{wrong:?}");
    }
    assert!(!is_in(&world, &shown("c_unknown", Some(secret.expose()))));
    // As some clients send it: encoded by one rule, read by another.
    let twice = Presented {
        readings: vec![
            (id.to_owned(), Some(Plain::new("decoded wrongly".to_owned()))),
            (id.to_owned(), Some(secret)),
        ],
        in_header: true,
        proof: None,
    };
    assert!(is_in(&world, &twice));
}

#[test]
fn secret_counts_only_where_the_registration_says_that_it_comes() {
    let world = world();
    let made = |method: Option<&str>| {
        let new = New {
            name: "Server app".to_owned(),
            redirect_uris: vec![CALLBACK.to_owned()],
            auth_method: method.map(str::to_owned),
            ..New::default()
        };
        world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap()
    };
    let by = |made: &Made, in_header: bool| {
        let secret = made.secret.as_ref().map(Plain::expose);
        let shown = Presented { in_header, ..shown(made.client.id.as_str(), secret) };
        is_in(&world, &shown)
    };
    let basic = made(Some("client_secret_basic"));
    assert_eq!((by(&basic, true), by(&basic, false)), (true, false));
    let post = made(Some("client_secret_post"));
    assert_eq!((by(&post, true), by(&post, false)), (false, true));
    // Whoever pastes id and secret into an app cannot say which way that app goes.
    let unsaid = made(None);
    assert_eq!((by(&unsaid, true), by(&unsaid, false)), (true, true));
    let id = unsaid.client.id.clone();
    let said = Change { auth_method: Some("client_secret_basic".to_owned()), ..Change::default() };
    world.db.write_blocking(move |tx| client::edit(tx, &operator(), &id, said)).unwrap();
    assert_eq!((by(&unsaid, true), by(&unsaid, false)), (true, false));
    // What came the wrong way was not compared, so nobody is made to wait for it.
    for _ in 0..30 {
        assert!(!by(&basic, false));
    }
    assert!(by(&basic, true));
}

#[test]
fn public_client_must_not_bring_a_secret() {
    let world = world();
    let id = world.client.id.as_str();
    assert!(is_in(&world, &shown(id, None)));
    assert!(is_in(&world, &shown(id, Some(""))));
    assert!(!is_in(&world, &shown(id, Some("secret"))));
}

#[test]
fn guesses_are_paused_for_half_a_minute_and_the_right_secret_waits_too() {
    let world = world();
    let made = confidential(&world);
    let (id, secret) = (made.client.id.as_str(), made.secret.unwrap());
    for _ in 0..20 {
        assert!(matches!(try_it(&world, &shown(id, Some("guess"))), Authenticated::No));
    }
    let paused = try_it(&world, &shown(id, Some(secret.expose())));
    let Authenticated::Wait(wait) = paused else { panic!("not paused: {paused:?}") };
    assert_eq!(wait.as_secs(), 30);
    world.pass(29);
    assert!(matches!(try_it(&world, &shown(id, Some("guess"))), Authenticated::Wait(_)));
    world.pass(1);
    assert!(is_in(&world, &shown(id, Some(secret.expose()))));
}

#[test]
fn guesses_from_one_address_keep_nobody_out_at_another() {
    let world = world();
    let made = confidential(&world);
    let (id, secret) = (made.client.id.as_str(), made.secret.unwrap());
    for _ in 0..21 {
        try_it(&world, &shown(id, Some("guess")));
    }
    assert!(matches!(try_it(&world, &shown(id, Some(secret.expose()))), Authenticated::Wait(_)));
    let elsewhere = from("198.51.100.7", "app/1");
    let asked = shown(id, Some(secret.expose()));
    let came =
        world.db.write_blocking(move |tx| client::authenticate(tx, &elsewhere, &asked)).unwrap();
    assert!(matches!(came, Authenticated::Client(_)));
}

#[test]
fn rotated_secret_replaces_the_old_one_and_disabled_client_has_none() {
    let world = world();
    let made = confidential(&world);
    let (id, old) = (made.client.id.clone(), made.secret.unwrap());
    let rotate = id.clone();
    let new =
        world.db.write_blocking(move |tx| client::rotate_secret(tx, &operator(), &rotate)).unwrap();
    assert!(!is_in(&world, &shown(id.as_str(), Some(old.expose()))));
    assert!(is_in(&world, &shown(id.as_str(), Some(new.expose()))));
    let off = id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &off)).unwrap();
    assert!(!is_in(&world, &shown(id.as_str(), Some(new.expose()))));
}

#[test]
fn only_the_operator_makes_and_changes_clients() {
    let world = world();
    let person = world.signed_in.actor(Origin::default());
    for who in [Actor::anonymous(Origin::default()), person] {
        let (id, other) = (world.client.id.clone(), who.clone());
        let made = world.db.write_blocking(move |tx| client::create(tx, &other, New::default()));
        assert_eq!(made.unwrap_err().kind(), Kind::Denied);
        let gone = world.db.write_blocking(move |tx| client::delete(tx, &who, &id));
        assert_eq!(gone.unwrap_err().kind(), Kind::Denied);
    }
}

#[test]
fn impossible_clients_are_refused() {
    let world = world();
    let good = || New {
        name: "App".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..New::default()
    };
    let cases: [(&str, New); 9] = [
        ("no redirect URI", New { redirect_uris: Vec::new(), ..good() }),
        ("bad redirect URI", New { redirect_uris: vec!["javascript:1".to_owned()], ..good() }),
        ("no name", New { name: " ".to_owned(), ..good() }),
        ("two lines", New { name: "a\nb".to_owned(), ..good() }),
        ("unknown grant", New { grant_types: vec!["password".to_owned()], ..good() }),
        ("impossible scope", New { scopes: vec!["a b".to_owned()], ..good() }),
        ("a person's id", New { id: Some("u_0123".to_owned()), ..good() }),
        ("weak secret", New { secret: Some(Plain::new("short".to_owned())), ..good() }),
        ("odd id", New { id: Some("a:b".to_owned()), ..good() }),
    ];
    for (name, new) in cases {
        let made = world.db.write_blocking(move |tx| client::create(tx, &operator(), new));
        assert_eq!(made.unwrap_err().kind(), Kind::Invalid, "{name}");
    }
    let taken = New { id: Some(world.client.id.to_string()), ..good() };
    let made = world.db.write_blocking(move |tx| client::create(tx, &operator(), taken));
    assert_eq!(made.unwrap_err().kind(), Kind::Conflict);
}

#[test]
fn client_is_found_by_id_and_by_a_name_of_its_own() {
    let world = world();
    let find = |text: &str| world.db.read(|r| client::find(r, &operator(), text));
    assert_eq!(find(world.client.id.as_str()).unwrap().id, world.client.id);
    assert_eq!(find("App").unwrap().id, world.client.id);
    assert_eq!(find("Nobody").unwrap_err().kind(), Kind::NotFound);
    confidential(&world);
    confidential(&world);
    assert_eq!(find("Server app").unwrap_err().kind(), Kind::Conflict);
}

#[test]
fn edit_changes_what_is_named_and_keeps_the_rest() {
    let world = world();
    let (id, name) = (world.client.id.clone(), Some("Renamed".to_owned()));
    let change = Change { name, ..Change::default() };
    let edited =
        world.db.write_blocking(move |tx| client::edit(tx, &operator(), &id, change)).unwrap();
    assert_eq!(edited.name, "Renamed");
    assert_eq!(edited.redirect_uris, world.client.redirect_uris);
    let found = world.db.read(|r| client::find(r, &operator(), "Renamed")).unwrap();
    assert_eq!(found, edited);
}
