//! The console at work on a real database: keys in, what the database says afterwards, and how many keys it took.

use std::{
    path::Path,
    sync::{Arc, mpsc::channel},
    time::Duration,
};

use mcpcodex::{
    app::App as Opened,
    config::Config,
    crypto::{
        secret::Plain,
        totp::{self, Settings},
    },
    db::Clock,
    model::{
        actor::{Actor, Origin, Via},
        client::{Client, ClientState},
        factor::Method,
        id::ClientId,
        key::KeyState,
        message::{Carrier, Kind, Outgoing},
        registration::Metadata,
        user::{User, UserState},
    },
    ops::{self, factor::Which, outbox::Message, password::Basis},
    store,
    time::Time,
    tui::{
        app::{App, Site},
        msg::{Effect, Msg, Problem},
        theme::Theme,
        view::{self, Look},
        worker::{self, World},
    },
};
use ratatui::{Terminal, backend::TestBackend};
use tempfile::TempDir;

use super::{NOW, keys, site, text};

/// A console over a database in a folder of its own.
struct Driver {
    app: App,
    opened: Opened,
    who: Actor,
    clock: Clock,
    pressed: usize,
    /// What was offered to the terminal's clipboard.
    copied: Vec<String>,
    folder: TempDir,
}

pub(crate) fn open(folder: &Path, clock: &Clock) -> Opened {
    let mut config = Config::default();
    config.storage.data_dir = folder.join("data");
    config.authentication.password.hashing.memory_kib = 8;
    Opened::open(config, None, clock.clone()).unwrap()
}

impl Driver {
    fn with(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(NOW);
        let opened = open(folder.path(), &clock);
        let who = Actor::operator("root", Via::Tui);
        for name in names {
            add(&opened, name);
        }
        let policy = ops::coverage::policy(&opened.env);
        let mut app = App::new(Site { policy, ..site() }, NOW, (100, 30));
        let first = app.start();
        let mut driver = Self { app, opened, who, clock, pressed: 0, copied: Vec::new(), folder };
        driver.carry_out(first);
        driver
    }

    fn world(&self) -> World {
        World { db: self.opened.db.clone(), env: self.opened.env(), who: self.who.clone() }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let msg = match effect {
                Effect::Ask(ticket, query) => match worker::answer(&self.world(), &query) {
                    Ok((now, reply)) => Msg::Answer { ticket, now, reply: Ok(reply) },
                    Err(error) => {
                        Msg::Answer { ticket, now: NOW, reply: Err(Problem::from(error)) }
                    }
                },
                Effect::Do(change) => {
                    let outcome = worker::carry_out(&self.world(), &change);
                    Msg::Done {
                        change,
                        now: self.opened.db.now(),
                        outcome: outcome.map_err(Problem::from),
                    }
                }
                Effect::Enroll(ticket, wanted) => {
                    let given = worker::enroll(&self.world(), &wanted).map_err(Problem::from);
                    Msg::Enrolled { ticket, now: self.opened.db.now(), given }
                }
                Effect::Copy(text) => {
                    self.copied.push(text.expose().to_owned());
                    continue;
                }
                Effect::Suspend | Effect::Repaint | Effect::Quit => continue,
            };
            let more = self.app.update(msg);
            self.carry_out(more);
        }
    }

    fn press(&mut self, script: &str) -> &mut Self {
        for key in keys(script) {
            self.pressed += 1;
            let effects = self.app.update(Msg::Keys(vec![key]));
            self.carry_out(effects);
        }
        self
    }

    fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        let look = Look { theme: Theme::Colour, ascii: false };
        terminal.draw(|frame| view::draw(&self.app, frame, look)).unwrap();
        text(terminal.backend().buffer())
    }

    fn see(&mut self, words: &str) -> &mut Self {
        let screen = self.screen();
        assert!(screen.contains(words), "no {words:?} in\n{screen}");
        self
    }

    fn user(&self, name: &str) -> User {
        self.opened.db.read(|r| ops::user::find(r, name)).unwrap()
    }

    fn sessions_of(&self, name: &str) -> usize {
        let id = self.user(name).id;
        self.opened.db.read(|r| ops::session::list(r, &self.who, Some(&id), 100)).unwrap().len()
    }

    fn last_event(&self) -> (String, String, String) {
        let events = self.opened.db.read(|r| ops::audit::newest(r, &self.who, None, 1)).unwrap();
        let event = events.into_iter().next().unwrap();
        (event.event, event.actor, event.via)
    }
}

pub(crate) fn add(opened: &Opened, name: &str) {
    let who = Actor::operator("root", Via::Cli);
    let new = ops::user::New {
        username: name.to_owned(),
        email: format!("{name}@example.com"),
        name: format!("{name} of the tests"),
        ..ops::user::New::default()
    };
    let env = Arc::clone(&opened.env);
    opened
        .db
        .write_blocking(move |tx| {
            ops::user::create(tx, &env, &who, &new, &ops::user::FirstPassword::Invite).map(drop)
        })
        .unwrap();
}

pub(crate) fn sign_in(opened: &Opened, name: &str) {
    let name = name.to_owned();
    let env = Arc::clone(&opened.env);
    let origin = Origin {
        address: "198.51.100.23".to_owned(),
        user_agent: "Firefox/127.0 Linux".to_owned(),
    };
    opened
        .db
        .write_blocking(move |tx| {
            let user = ops::user::find(tx, &name)?;
            ops::session::open(tx, &env, &origin, &user, vec!["pwd".to_owned()], false).map(drop)
        })
        .unwrap();
}

#[test]
fn locking_out_an_attacker_takes_seven_keys_from_the_list() {
    let mut driver = Driver::with(&["alice", "bob", "mallory"]);
    sign_in(&driver.opened, "mallory");
    driver.press("/mal<Enter>L").see("Lock out mallory ?").see("end 1 session");
    assert_eq!(driver.user("mallory").state, UserState::Invited, "the question alone does nothing");
    driver.press("y").see("✓ locked out mallory · 1 session ended");
    assert_eq!(driver.pressed, 7);
    assert_eq!(driver.user("mallory").state, UserState::Locked);
    assert_eq!(driver.sessions_of("mallory"), 0);
    let event = ("user.lock".to_owned(), "root".to_owned(), "tui".to_owned());
    assert!(
        driver
            .opened
            .db
            .read(|r| ops::audit::newest(r, &driver.who, None, 5))
            .unwrap()
            .iter()
            .any(|row| { (row.event.clone(), row.actor.clone(), row.via.clone()) == event })
    );
}

#[test]
fn wrong_lock_is_undone_with_two_keys() {
    let mut driver = Driver::with(&["mallory"]);
    driver.press("Ly");
    assert_eq!(driver.user("mallory").state, UserState::Locked);
    driver.pressed = 0;
    driver.press("Uy").see("✓ unlocked mallory");
    assert_eq!(driver.pressed, 2);
    assert_eq!(driver.user("mallory").state, UserState::Invited);
    assert_eq!(driver.last_event().0, "user.unlock");
}

#[test]
fn all_sessions_of_a_person_end_with_two_keys_on_their_session() {
    let mut driver = Driver::with(&["alice", "bob"]);
    for name in ["alice", "bob", "bob"] {
        sign_in(&driver.opened, name);
    }
    driver.press("2/bob<Enter>").see("2 of 3 live");
    driver.pressed = 0;
    driver.press("X").see("end 2 sessions").press("y").see("✓ ended 2 sessions of bob");
    assert_eq!(driver.pressed, 2);
    assert_eq!((driver.sessions_of("bob"), driver.sessions_of("alice")), (0, 1));
}

#[test]
fn one_session_ends_and_the_others_live() {
    let mut driver = Driver::with(&["bob"]);
    sign_in(&driver.opened, "bob");
    driver.clock.advance(Duration::from_secs(60));
    sign_in(&driver.opened, "bob");
    driver
        .press("2")
        .see("2 live")
        .press("Ky")
        .see("✓ ended 1 session of bob")
        .see("is gone from this list");
    assert_eq!(driver.sessions_of("bob"), 1);
}

#[test]
fn palette_locks_by_a_part_of_the_name_that_one_person_has() {
    let mut driver = Driver::with(&["alice", "mallory", "malik"]);
    driver.press(":lock mallo<Enter>").see("Lock out mallory ?").press("y");
    assert_eq!(driver.user("mallory").state, UserState::Locked);
    driver.press(":lock mal<Enter>").see("more than one person matches").press("y");
    assert_eq!(driver.user("malik").state, UserState::Invited);
}

#[test]
fn change_made_elsewhere_is_shown_after_the_next_beat() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("2").see("Nobody is signed in.");
    sign_in(&driver.opened, "alice");
    let effects = driver.app.update(Msg::Beat { now: NOW, changed: true });
    driver.carry_out(effects);
    driver.see("1 live").see("198.51.100.23");
}

#[test]
fn session_that_ended_meanwhile_is_said_and_harms_nobody() {
    let mut driver = Driver::with(&["bob"]);
    sign_in(&driver.opened, "bob");
    driver.press("2K").see("End this session of bob ?");
    let (id, who) = (driver.user("bob").id, driver.who.clone());
    driver.opened.db.write_blocking(move |tx| ops::session::revoke_of_user(tx, &who, &id)).unwrap();
    driver.press("y").see("ended 0 sessions of bob");
}

#[test]
fn busy_database_keeps_nothing_and_r_asks_again() {
    let mut driver = Driver::with(&["mallory"]);
    let other = open(driver.folder.path(), &driver.clock);
    let (locked, is_locked) = channel();
    let (release, released) = channel::<()>();
    let holder = std::thread::spawn(move || {
        other.db.write_blocking(move |_| {
            locked.send(()).unwrap();
            // Ends when the sender goes.
            Ok(released.recv().is_err())
        })
    });
    is_locked.recv().unwrap();
    driver.press("Ly").see("nothing was changed · r asks again");
    drop(release);
    assert!(holder.join().unwrap().unwrap());
    assert_eq!(driver.user("mallory").state, UserState::Invited);
    driver.press("r").see("Lock out mallory ?").press("y").see("✓ locked out mallory");
    assert_eq!(driver.user("mallory").state, UserState::Locked);
}

/// Gives somebody a password, as if they had taken their invitation up.
fn join(opened: &Opened, name: &str) {
    let id = opened.db.read(|r| ops::user::find(r, name)).unwrap().id;
    let basis = opened.db.read(|r| Basis::of(r, &opened.env, &id)).unwrap();
    let chosen = ops::password::choose(&opened.env, &basis, "Amber-Kettle-41-Harbour").unwrap();
    let (env, who) = (opened.env(), Actor::operator("root", Via::Cli));
    opened
        .db
        .write_blocking(move |tx| ops::user::set_password(tx, &env, &who, &id, &chosen).map(drop))
        .unwrap();
}

/// The code that an authenticator app shows for the secret on the screen.
pub(crate) fn code_on(screen: &str, now: Time) -> String {
    let groups = |word: &&str| {
        word.len() == 4 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let secret: String = screen
        .lines()
        .filter(|line| line.split_whitespace().filter(groups).count() >= 4)
        .flat_map(|line| line.split_whitespace().filter(groups))
        .collect();
    let seed = totp::read_base32(&secret).expect("no secret on the screen");
    totp::code_at(&seed, &Settings::default(), now).unwrap().expose().to_owned()
}

impl Driver {
    /// Half a second later, in which somebody changed something.
    fn beat(&mut self) {
        let effects = self.app.update(Msg::Beat { now: self.opened.db.now(), changed: true });
        self.carry_out(effects);
    }

    fn factors_of(&self, name: &str) -> Vec<Method> {
        let id = self.user(name).id;
        self.opened.db.read(|r| ops::user::show(r, &self.who, &id)).unwrap().methods
    }
}

#[test]
fn lost_phone_costs_seven_keys_and_one_to_copy_the_link() {
    let mut driver = Driver::with(&["alice", "bob"]);
    join(&driver.opened, "alice");
    driver.press("6/ali<Enter><Enter>").see("Enrol alice");
    let code = code_on(&driver.screen(), NOW);
    driver.press(&code).see("Recovery codes of alice").press("c<Esc>1");
    assert_eq!(driver.factors_of("alice"), [Method::Totp]);
    sign_in(&driver.opened, "alice");
    (driver.pressed, driver.copied) = (0, Vec::new());
    driver.press("/ali<Enter>M").see("remove every second factor: app").see("end 1 session");
    assert_eq!(driver.factors_of("alice"), [Method::Totp], "the question alone does nothing");
    driver.press("y").see("Enrolment link for alice").see("removed 1 second factor of alice");
    assert_eq!(driver.pressed, 7);
    driver.press("c<Esc>");
    assert!(driver.copied[0].contains("/enroll?token="), "{:?}", driver.copied);
    assert_eq!((driver.factors_of("alice"), driver.sessions_of("alice")), (vec![], 0));
    driver.see("Users › alice");
}

#[test]
fn nothing_is_in_force_before_a_code_matches() {
    let mut driver = Driver::with(&["alice"]);
    join(&driver.opened, "alice");
    sign_in(&driver.opened, "alice");
    driver.press("6").see("Without a second factor   1").press("<Enter>").see("Step 1 of 2");
    let code = code_on(&driver.screen(), NOW);
    let wrong = if code == "000000" { "111111" } else { "000000" };
    driver.press(wrong).see("That is not the code");
    assert_eq!((driver.factors_of("alice"), driver.sessions_of("alice")), (vec![], 1));
    driver.press(&code).see("Recovery codes of alice");
    assert_eq!((driver.factors_of("alice"), driver.sessions_of("alice")), (vec![Method::Totp], 0));
    driver.press("c<Esc>").see("Everybody has a second factor");
    assert_eq!(driver.copied[0].lines().count(), 10);
    let events = driver.opened.db.read(|r| ops::audit::newest(r, &driver.who, None, 5)).unwrap();
    let enrolled = events.iter().find(|row| row.event == "factor.enroll").unwrap();
    assert_eq!((enrolled.actor.as_str(), enrolled.via.as_str()), ("root", "tui"));
}

#[test]
fn new_secret_makes_the_one_before_worthless() {
    let mut driver = Driver::with(&["alice"]);
    join(&driver.opened, "alice");
    driver.press("6<Enter>");
    let before = code_on(&driver.screen(), NOW);
    driver.press("w").see("Step 1 of 2");
    driver.press(&before).see("That is not the code");
    let code = code_on(&driver.screen(), NOW);
    driver.press(&code).see("Recovery codes of alice");
}

#[test]
fn each_link_is_the_one_that_its_verb_names() {
    let mut driver = Driver::with(&["alice", "bob"]);
    join(&driver.opened, "alice");
    driver.beat();
    for (keys, title, path) in [
        ("P", "Password reset link for alice", "/reset?token="),
        ("E", "Enrolment link for alice", "/enroll?token="),
        ("jI", "Invitation for bob", "/invite?token="),
    ] {
        driver.copied.clear();
        driver.press(keys).press("y").see(title).press("c<Esc>");
        assert!(driver.copied[0].contains(path), "{:?}", driver.copied);
    }
}

#[test]
fn palette_enrols_and_resets_by_name_from_any_screen() {
    let mut driver = Driver::with(&["alice", "bob"]);
    join(&driver.opened, "bob");
    driver.press("2:mfa enable bo<Enter>").see("Enrol bob").press("<Esc>");
    driver.press(":mfa reset bo<Enter>").see("Reset the second factors of bob ?").press("n");
    driver.press(":mfa link bob<Enter>y").see("Enrolment link for bob");
}

#[test]
fn factor_that_somebody_enrols_elsewhere_is_shown_after_the_next_beat() {
    let mut driver = Driver::with(&["alice", "bob"]);
    driver.press("6").see("Without a second factor   2 · 0 % have one");
    let (env, who, alice) = (driver.opened.env(), driver.who.clone(), driver.user("alice"));
    driver
        .opened
        .db
        .write_blocking(move |tx| {
            let started = ops::factor::enroll_as(tx, &env, &who, &alice, Which::New)?;
            ops::factor::confirm_unverified(tx, &env, &who, &alice.id, &started.id).map(drop)
        })
        .unwrap();
    driver.beat();
    driver.see("Without a second factor   1 · 50 % have one").see("alice is gone from this list");
}

#[test]
fn message_is_listed_with_its_state_and_read_only_where_nobody_carries_it() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("9").see("No message was sent yet.");
    let alice = driver.user("alice");
    let carried = |carrier: Carrier, kind: Kind, text: &str| Message {
        kind,
        carrier,
        outgoing: Outgoing {
            recipient: "alice@example.com".to_owned(),
            subject: "A subject".to_owned(),
            text: Plain::new(text.to_owned()),
            template: None,
            hide: Vec::new(),
        },
        user: Some(alice.id.clone()),
        lifetime: Duration::from_secs(600),
    };
    let (by_mail, offline) = (
        carried(Carrier::Smtp, Kind::EmailCode, "the code is 135790"),
        carried(Carrier::Console, Kind::Reset, "the link is https://auth.example.com/reset"),
    );
    let env = driver.opened.env();
    driver
        .opened
        .db
        .write_blocking(move |tx| {
            ops::outbox::queue(tx, &env, &by_mail)?;
            ops::outbox::queue(tx, &env, &offline)
        })
        .unwrap();
    driver.beat();
    driver.see("Messages   2").see("smtp").see("queued").press("/smtp<Enter><Enter>");
    driver.see("for its recipient alone");
    assert!(!driver.screen().contains("135790"), "{}", driver.screen());
    driver.press("<Esc><Esc>/console<Enter>");
    assert!(!driver.screen().contains("the link is"), "only when it is opened");
    driver.press("<Enter>").see("the link is https://auth.example.com/reset").press("<Esc>");
    assert!(!driver.screen().contains("the link is"));
}

impl Driver {
    /// States of the signing keys, newest first.
    fn key_states(&self) -> Vec<KeyState> {
        let keys = self.opened.db.read(|r| ops::key::list(r, &self.opened.env, &self.who)).unwrap();
        keys.into_iter().map(|row| row.key.state).collect()
    }
}

#[test]
fn signing_keys_take_turns_by_two_keys_each() {
    let mut driver = Driver::with(&[]);
    driver.press("7").see("ACTIVE").press("R").see("is staged: N stages one");
    driver.clock.advance(Duration::from_secs(60));
    driver.press("N").see("Stage the next RS256 key ?").press("y").see("✓ published a new key");
    assert_eq!(driver.key_states(), [KeyState::Next, KeyState::Active]);
    driver.press("R").see("not known well enough before");
    driver.clock.advance(Duration::from_secs(86_400));
    driver.beat();
    driver.press("R").see("sign ?").press("y").see("signs from now on");
    assert_eq!(driver.key_states(), [KeyState::Active, KeyState::Retired]);
    assert_eq!(driver.last_event().0, "key.rotate");
    driver.see("RETIRING").press("N").see("Stage the next").press("n");
}

#[test]
fn retiring_a_signing_key_wants_its_name_typed() {
    let mut driver = Driver::with(&[]);
    driver.press("7T").see("Take").see("refuse every token");
    let keys = driver.opened.db.read(|r| ops::key::list(r, &driver.opened.env, &driver.who));
    let name = keys.unwrap()[0].key.kid[..8].to_owned();
    driver.press("y<Enter>").see("nothing is done before");
    driver.press("<Esc>").see("nothing was changed");
    driver.press("Tyyyyyyyy<Enter>").see("nothing is done before").press("<Esc>");
    assert_eq!(driver.key_states(), [KeyState::Active]);
    driver.clock.advance(Duration::from_secs(60));
    driver.press("T").press(&name).press("<Enter>").see("its tokens are refused");
    assert_eq!(driver.key_states(), [KeyState::Active, KeyState::Retired]);
    assert_eq!(driver.last_event(), ("key.retire".to_owned(), "root".to_owned(), "tui".to_owned()));
}

#[test]
fn key_verbs_are_refused_where_no_keys_are_shown() {
    let mut driver = Driver::with(&["alice"]);
    driver.press(":key retire<Enter>").see("go to the signing keys for that: 7");
    driver.press("7:user lock<Enter>").see("go to the person for that");
}

#[test]
fn reference_typed_or_pasted_after_a_colon_tells_why() {
    let mut driver = Driver::with(&["alice"]);
    let env = Arc::clone(&driver.opened.env);
    let id = driver
        .opened
        .db
        .write_blocking(move |tx| {
            let who = Actor::anonymous(Origin::default());
            let pairs = [("client_id".to_owned(), "c_nobody\u{1b}[2J".to_owned())];
            let id =
                ops::trace::open(tx, &who, mcpcodex::model::trace::Kind::Authorize, &pairs, false)?;
            let browser = mcpcodex::crypto::secret::Hashed::of("x");
            ops::oauth::begin::begin(tx, &env, &who, &browser, &pairs, Some(&id))?;
            Ok(id)
        })
        .unwrap();
    let shown = mcpcodex::model::trace::Shown(&id).to_string();
    driver.press(":").app.update(Msg::Paste(shown.clone()));
    driver.press("<Enter>").see("no client of this id is known here").see("client.unknown");
    driver.see("c_nobody[2J").press("<Esc>").press("8").see(&shown).see("client.unknown");
    driver.press("<Enter>").see("What came in").press("<Esc>");
    driver.press(":T7K2-2222<Enter>").see("not found").see("30 days");
    sign_in(&driver.opened, "alice");
    driver.press("2").see("1 live").press("w").see("signed in, until");
    driver.press("<Esc>1w").see("What happened").see("user.create");
}

#[test]
fn app_that_waits_is_let_in_switched_off_and_let_in_again_by_two_keys_each() {
    let mut driver = Driver::with(&["alice"]);
    let (id, metadata) = waiting_app(&driver);
    driver.press("5").see("waiting 1").see("WAITS").see("A lets it in");
    driver.press("A").see("Let Assistant in ?").press("n").see("nothing was changed");
    assert_eq!(driver.client(&id).state, ClientState::Pending);
    driver.press("Ay").see("Assistant may be used");
    assert_eq!(driver.client(&id).state, ClientState::Active);
    let (event, ..) = driver.last_event();
    assert_eq!(event, "client.approve");
    driver.press("A").see("is in use already");
    driver.press("Dy").see("switched Assistant off");
    // What was switched off stays so when it comes again.
    let env = Arc::clone(&driver.opened.env);
    driver
        .opened
        .db
        .write_blocking(move |tx| {
            let who = Actor::anonymous(Origin::default());
            ops::registration::register(tx, &env, &who, &metadata, None)
        })
        .unwrap();
    assert_eq!(driver.client(&id).state, ClientState::Disabled);
    driver
        .press("D")
        .see("is off already")
        .press("A")
        .see("Switch Assistant on again ?")
        .press("y");
    assert_eq!(driver.client(&id).state, ClientState::Active);
    driver.press("<Enter>").see("cursor://anysphere.cursor-mcp/oauth/callback").press("<Esc>");
    driver.press(":user lock<Enter>").see("go to where that is shown");
    driver.press("/nothing-like-it<Enter>").see("holds “nothing-like-it”").press("<Esc>");
    driver.press("1:client disable<Enter>").see("go to the clients for that: 5");
}

/// An app that registered itself where an administrator agrees to each.
fn waiting_app(driver: &Driver) -> (ClientId, Metadata) {
    let metadata = serde_json::json!({
        "client_name": "Assistant",
        "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback"],
        "token_endpoint_auth_method": "none",
    });
    let metadata = Metadata::read(metadata.as_object().unwrap()).unwrap();
    let (env, given) = (Arc::clone(&driver.opened.env), metadata.clone());
    let id = driver
        .opened
        .db
        .write_blocking(move |tx| {
            let who = Actor::anonymous(Origin::default());
            let answer = ops::registration::register(tx, &env, &who, &given, None)?;
            let ops::registration::Answer::Registered(made) = answer else { panic!("{answer:?}") };
            let id = made.client.id;
            store::client::set_state(tx, &id, ClientState::Pending)?;
            Ok(id)
        })
        .unwrap();
    (id, metadata)
}

impl Driver {
    fn client(&self, id: &ClientId) -> Client {
        self.opened.db.read(|r| ops::client::find(r, &self.who, id.as_str())).unwrap()
    }
}
