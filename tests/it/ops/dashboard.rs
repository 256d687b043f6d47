//! What an operator looks at first: counts, minutes, and events put together.

use std::time::Duration;

use mcpcodex::{
    app::App,
    config::Config,
    db::Clock,
    model::{
        actor::{Actor, Origin, Via},
        audit::Event,
        dashboard::{Overview, Severity},
        id::UserId,
    },
    ops::{self, user::FirstPassword},
    time::Time,
};

const NOW: Time = Time::from_secs(1_795_403_564);

struct House {
    app: App,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl House {
    fn with(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(NOW);
        let mut config = Config::default();
        config.storage.data_dir = folder.path().join("data");
        config.authentication.password.hashing.memory_kib = 8;
        let app = App::open(config, None, clock.clone()).unwrap();
        for name in names {
            let new = ops::user::New {
                username: (*name).to_owned(),
                email: format!("{name}@example.com"),
                ..ops::user::New::default()
            };
            let env = app.env();
            app.db
                .write_blocking(move |tx| {
                    ops::user::create(tx, &env, &root(), &new, &FirstPassword::Invite).map(drop)
                })
                .unwrap();
        }
        Self { app, clock, _folder: folder }
    }

    fn id(&self, name: &str) -> UserId {
        self.app.db.read(|r| ops::user::find(r, name)).unwrap().id
    }

    /// Somebody at an address is refused, or gets in.
    fn happened(&self, event: &'static str, user: Option<&str>, address: &str) {
        let mut event = Event::new(event);
        if let Some(name) = user {
            event = event.user(&self.id(name));
        }
        let origin = Origin { address: address.to_owned(), user_agent: String::new() };
        self.app
            .db
            .write_blocking(move |tx| ops::audit::record(tx, &Actor::anonymous(origin), &event))
            .unwrap();
    }

    fn overview(&self) -> Overview {
        self.app.db.read(|r| ops::dashboard::overview(r, &self.app.env, &root())).unwrap()
    }
}

fn root() -> Actor {
    Actor::operator("root", Via::Tui)
}

#[test]
fn minutes_are_counted_and_empty_ones_stand_there_too() {
    let house = House::with(&["alice"]);
    house.happened("session.open", Some("alice"), "192.0.2.1");
    house.happened("sign_in.wrong", Some("alice"), "192.0.2.1");
    house.clock.advance(Duration::from_secs(120));
    house.happened("sign_in.wrong", Some("alice"), "192.0.2.1");
    let found = house.overview();
    let shape: Vec<(u32, u32)> =
        found.minutes.iter().rev().take(4).map(|minute| (minute.good, minute.wrong)).collect();
    assert_eq!((found.minutes.len(), shape), (60, vec![(0, 1), (0, 0), (1, 1), (0, 0)]));
    house.clock.advance(Duration::from_secs(3_600));
    assert!(house.overview().minutes.iter().all(|minute| (minute.good, minute.wrong) == (0, 0)));
}

#[test]
fn one_address_that_tries_many_people_is_one_attack_and_names_nobody() {
    let names = ["ann", "bob", "cid", "dora", "eve"];
    let house = House::with(&names);
    for name in names {
        house.happened("sign_in.wrong", Some(name), "203.0.113.9");
    }
    house.happened("sign_in.wrong", None, "203.0.113.9");
    house.happened("sign_in.wrong", Some("ann"), "198.51.100.7");
    let notices = house.overview().notices;
    let (one, spray) = (&notices[0], &notices[1]);
    assert_eq!(one.words(), "wrong password");
    assert_eq!(one.user.as_ref().and_then(|(_, name)| name.as_deref()), Some("ann"));
    assert_eq!((spray.people, spray.times, spray.severity), (5, 6, Severity::High));
    assert_eq!(
        (spray.words().as_str(), spray.user.is_none()),
        ("wrong password: 5 people tried, 6 times", true)
    );
    let key = spray.first;
    house.happened("sign_in.wrong", Some("bob"), "203.0.113.9");
    let again = house.overview().notices;
    assert_eq!((again[0].first, again[0].times), (key, 7), "its id stays while more come");
}

#[test]
fn refusals_of_another_quarter_of_an_hour_are_other_news() {
    let house = House::with(&["ann"]);
    house.happened("sign_in.wrong", Some("ann"), "203.0.113.9");
    house.clock.advance(Duration::from_secs(16 * 60));
    house.happened("sign_in.wrong", Some("ann"), "203.0.113.9");
    let wrong = house.overview().notices.into_iter().filter(|one| one.event == "sign_in.wrong");
    assert_eq!(wrong.map(|one| one.times).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn what_happens_all_day_is_no_news() {
    let house = House::with(&["ann"]);
    let before = house.overview().notices.len();
    house.happened("session.open", Some("ann"), "203.0.113.9");
    house.happened("grant.create", Some("ann"), "203.0.113.9");
    house.happened("user.lock", Some("ann"), "203.0.113.9");
    let after = house.overview().notices;
    assert_eq!((after.len(), after[0].event.as_str()), (before + 1, "user.lock"));
}

#[test]
fn what_wants_attention_is_counted() {
    let house = House::with(&["ann", "bob"]);
    assert_eq!(house.overview().counts, ops_counts(0, 0));
    let id = house.id("bob");
    house.app.db.write_blocking(move |tx| ops::user::lock(tx, &root(), &id).map(drop)).unwrap();
    assert_eq!(house.overview().counts, ops_counts(1, 0));
    assert!(!house.overview().torn);
}

fn ops_counts(locked: u32, keys: u32) -> mcpcodex::model::dashboard::Counts {
    mcpcodex::model::dashboard::Counts { locked, keys, ..Default::default() }
}

#[test]
fn nobody_but_an_operator_looks() {
    let house = House::with(&["ann"]);
    let who = Actor::anonymous(Origin::default());
    let refused = house.app.db.read(|r| ops::dashboard::overview(r, &house.app.env, &who));
    assert!(refused.is_err());
}
