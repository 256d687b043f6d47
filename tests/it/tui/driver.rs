//! The console at work on a real database: keys in, what the database says afterwards, and how many keys it took.

use std::{path::Path, sync::Arc};

use mcpcodex::{
    app::App as Opened,
    config::Config,
    crypto::totp::{self, Settings},
    db::Clock,
    model::{
        actor::{Actor, Origin, Via},
        factor::Method,
        user::User,
    },
    ops::{self, password::Basis},
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
pub(crate) struct Driver {
    pub(crate) app: App,
    pub(crate) opened: Opened,
    pub(crate) who: Actor,
    pub(crate) clock: Clock,
    pub(crate) pressed: usize,
    /// What was offered to the terminal's clipboard.
    pub(crate) copied: Vec<String>,
    pub(crate) folder: TempDir,
}

pub(crate) fn open(folder: &Path, clock: &Clock) -> Opened {
    let mut config = Config::default();
    config.storage.data_dir = folder.join("data");
    config.authentication.password.hashing.memory_kib = 8;
    Opened::open(config, None, clock.clone()).unwrap()
}

impl Driver {
    pub(crate) fn with(names: &[&str]) -> Self {
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
        driver.press("2");
        driver.pressed = 0;
        driver
    }

    pub(crate) fn world(&self) -> World {
        World {
            db: self.opened.db.clone(),
            env: self.opened.env(),
            who: self.who.clone(),
            read_only: self.app.site.read_only,
        }
    }

    pub(crate) fn carry_out(&mut self, effects: Vec<Effect>) {
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
                Effect::Suspend | Effect::Mouse(_) | Effect::Repaint | Effect::Quit => continue,
            };
            let more = self.app.update(msg);
            self.carry_out(more);
        }
    }

    pub(crate) fn press(&mut self, script: &str) -> &mut Self {
        for key in keys(script) {
            self.pressed += 1;
            let effects = self.app.update(Msg::Keys(vec![key]));
            self.carry_out(effects);
        }
        self
    }

    pub(crate) fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        let look = Look { theme: Theme::Dark, ascii: false };
        terminal.draw(|frame| view::draw(&self.app, frame, look)).unwrap();
        text(terminal.backend().buffer())
    }

    pub(crate) fn see(&mut self, words: &str) -> &mut Self {
        let screen = self.screen();
        assert!(screen.contains(words), "no {words:?} in\n{screen}");
        self
    }

    pub(crate) fn user(&self, name: &str) -> User {
        self.opened.db.read(|r| ops::user::find(r, name)).unwrap()
    }

    pub(crate) fn sessions_of(&self, name: &str) -> usize {
        let id = self.user(name).id;
        self.opened.db.read(|r| ops::session::list(r, &self.who, Some(&id), 100)).unwrap().len()
    }

    pub(crate) fn last_event(&self) -> (String, String, String) {
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

/// Gives somebody a password, as if they had taken their invitation up.
pub(crate) fn join(opened: &Opened, name: &str) {
    let id = opened.db.read(|r| ops::user::find(r, name)).unwrap().id;
    let basis = opened.db.read(|r| Basis::of(r, &opened.env, &id)).unwrap();
    let chosen = ops::password::choose(&opened.env, &basis, "Amber-Kettle-41-Harbour").unwrap();
    let (env, who) = (opened.env(), Actor::operator("root", Via::Cli));
    opened
        .db
        .write_blocking(move |tx| ops::user::set_password(tx, &env, &who, &id, &chosen).map(drop))
        .unwrap();
}

impl Driver {
    /// Half a second later, in which somebody changed something.
    pub(crate) fn beat(&mut self) {
        let effects = self.app.update(Msg::Beat { now: self.opened.db.now(), changed: true });
        self.carry_out(effects);
    }

    pub(crate) fn factors_of(&self, name: &str) -> Vec<Method> {
        let id = self.user(name).id;
        self.opened.db.read(|r| ops::user::show(r, &self.who, &id)).unwrap().methods
    }
}
