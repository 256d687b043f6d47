//! The console: what it does with messages, how it looks, and its work on a real database.

mod apps;
mod driver;
mod enroll;
mod factors;
mod keys;
mod keystrokes;
mod looks;
mod people;
mod plain;
mod programs;
mod screens;
mod sizes;
mod tmux;
mod update;
mod verbs;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use mcpcodex::{
    crypto::{jwt::Algorithm, totp::Settings},
    model::{
        audit::EventRow,
        client::{AuthMethod, Client, ClientOrigin, ClientState},
        coverage::{Coverage, Share},
        factor::Method,
        id::{ClientId, SessionId, TraceId, UserId},
        key::{KeyStanding, KeyState, ROTATED, Schedule, SigningKeyRow},
        redirect::RedirectUri,
        session::{Session, SessionRow},
        trace::{self, Hop, Rule, Step, Trace},
        user::{User, UserRow, UserState},
    },
    ops::coverage::Policy,
    time::Time,
    tui::{
        app::{App, Site},
        msg::{Detail, Effect, Msg, Problem, Query, Reply, Ticket},
        theme::Theme,
        view::{self, Look},
    },
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use unicode_width::UnicodeWidthStr as _;

/// 2026-11-23T03:12:44Z.
pub(crate) const NOW: Time = Time::from_secs(1_795_403_564);

pub(crate) fn ago(secs: u64) -> Time {
    NOW.minus(Duration::from_secs(secs))
}

pub(crate) fn site() -> Site {
    Site {
        title: "auth.example.com".to_owned(),
        version: "0.1.0".to_owned(),
        account: "root".to_owned(),
        access_lifetime: Duration::from_secs(900),
        policy: policy(),
        schedule: Schedule {
            rotate_after: Some(Duration::from_secs(90 * 86_400)),
            publish_ahead: Duration::from_secs(86_400),
        },
        scripted: false,
        key_prefix: "mcp_".to_owned(),
        key_scopes: vec!["read:models".to_owned(), "write:data".to_owned()],
        listen: Some("127.0.0.1:8420".to_owned()),
        schema: 17,
        read_only: false,
        mouse: true,
        log: None,
    }
}

/// What the shipped configuration says, as far as the console shows it.
pub(crate) fn policy() -> Policy {
    Policy {
        enabled: true,
        required_for: vec!["admin".to_owned(), "developer".to_owned()],
        grace: Duration::from_secs(3_600),
        offered: vec![Method::Totp, Method::Recovery],
        totp: Settings::default(),
    }
}

pub(crate) fn user(name: &str) -> UserRow {
    UserRow {
        user: User {
            id: UserId::from_text(format!("u_{name}")),
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            name: String::new(),
            roles: vec!["user".to_owned()],
            state: UserState::Active,
            created_at: ago(86_400 * 200),
            last_login_at: Some(ago(7_200)),
            password_changed_at: Some(ago(86_400 * 30)),
            mfa_grace_from: None,
        },
        methods: vec![Method::Totp],
        sessions: 1,
        recovery_codes: 8,
        api_keys: 0,
        paused_until: None,
    }
}

pub(crate) fn people() -> Vec<UserRow> {
    let mut mallory = user("mallory");
    mallory.user.name = String::from("Mallory Vega");
    mallory.user.roles = vec!["developer".to_owned(), "user".to_owned()];
    mallory.user.last_login_at = Some(ago(20));
    mallory.sessions = 3;
    mallory.api_keys = 2;
    let mut alice = user("alice");
    alice.user.name = String::from("Alice Liddell");
    alice.user.roles = vec!["admin".to_owned(), "user".to_owned()];
    let mut bob = user("bob");
    bob.user.state = UserState::Locked;
    bob.sessions = 0;
    bob.methods.clear();
    bob.user.last_login_at = Some(ago(86_400 * 12));
    let mut carol = user("carol");
    carol.user.state = UserState::Invited;
    carol.sessions = 0;
    carol.methods.clear();
    carol.user.last_login_at = None;
    carol.user.password_changed_at = None;
    let mut malik = user("malik.h");
    malik.user.name = String::from("Malik Haddad");
    malik.paused_until = Some(NOW.plus(Duration::from_secs(240)));
    vec![alice, bob, carol, malik, mallory]
}

/// People without a second factor.
pub(crate) fn lacking() -> Vec<UserRow> {
    let mut dev = user("dev");
    dev.user.roles = vec!["developer".to_owned()];
    dev.user.mfa_grace_from = Some(ago(1_800));
    let mut root = user("root2");
    root.user.roles = vec!["admin".to_owned(), "user".to_owned()];
    root.user.mfa_grace_from = Some(ago(86_400));
    let mut rows: Vec<UserRow> =
        people().into_iter().filter(|row| !row.mfa()).chain([dev, root]).collect();
    for row in &mut rows {
        row.methods.clear();
        row.recovery_codes = 0;
    }
    rows
}

pub(crate) fn coverage() -> Coverage {
    let share = |people, covered| Share { people, covered };
    Coverage {
        everyone: share(837, 619),
        roles: vec![
            ("admin".to_owned(), share(3, 2)),
            ("developer".to_owned(), share(41, 17)),
            ("user".to_owned(), share(800, 602)),
        ],
        methods: vec![
            (Method::Passkey, 0),
            (Method::Totp, 619),
            (Method::Sms, 0),
            (Method::Email, 0),
        ],
        out_of_codes: 3,
    }
}

pub(crate) fn session(id: &str, of: &str, seen: u64) -> SessionRow {
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
    SessionRow {
        session: Session {
            id: SessionId::from_text(format!("s_0193f2a1b7c87d12a3{id}")),
            user_id: UserId::from_text(format!("u_{of}")),
            remember_me: false,
            amr: vec!["pwd".to_owned(), "otp".to_owned(), "mfa".to_owned()],
            auth_time: ago(seen + 60),
            factor_at: Some(ago(seen + 60)),
            created_at: ago(seen + 60),
            last_seen_at: ago(seen),
            idle: Duration::from_secs(3_600),
            expires_at: ago(seen).plus(Duration::from_secs(28_800)),
            address: "198.51.100.23".to_owned(),
            user_agent: firefox.to_owned(),
            ended: None,
        },
        username: of.to_owned(),
        clients: Vec::new(),
    }
}

pub(crate) fn live() -> Vec<SessionRow> {
    let mut desktop = session("41aa", "mallory", 1_200);
    desktop.clients = vec!["Claude Desktop".to_owned(), "Notes".to_owned()];
    desktop.session.address = String::from("2001:db8::40");
    let mut cli = session("00b7", "alice", 2_700);
    cli.session.amr = vec!["pwd".to_owned()];
    cli.session.user_agent = String::from("curl/8.5.0");
    cli.session.remember_me = true;
    vec![session("9f3c", "mallory", 5), desktop, cli]
}

/// A signing key that was published so many days ago.
fn signing_key(kid: &str, state: KeyState, days: u64) -> KeyStanding {
    let day = |n: u64| ago(n * 86_400);
    let active = state != KeyState::Next;
    KeyStanding {
        key: SigningKeyRow {
            kid: format!("{kid}Zb7cVqLw3mXk9tJrHs1pFdYgNe5aUo8i2"),
            algorithm: Algorithm::ES256,
            public_jwk: serde_json::json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1B", "y": "x_FEzRu9m36H" }),
            state,
            created_at: day(days),
            activated_at: active.then(|| day(days.saturating_sub(1))),
            retired_at: None,
            verifies_until: None,
            longest: Duration::from_secs(3_600),
            retire_reason: None,
        },
        in_use: true,
        turns_at: None,
        ready_at: (state == KeyState::Next).then(|| day(days).plus(Duration::from_secs(86_400))),
        apps: 0,
    }
}

/// A key in every state: the signing one, its successor, one that is believed still and one that is history.
pub(crate) fn signing_keys() -> Vec<KeyStanding> {
    let turns = Some(NOW.plus(Duration::from_secs(6 * 86_400)));
    let mut next = signing_key("nExt27q1", KeyState::Next, 2);
    next.turns_at = turns;
    let mut active = signing_key("aCtv26q4", KeyState::Active, 85);
    (active.turns_at, active.apps) = (turns, 1_204);
    let mut retiring = signing_key("rEtg26q3", KeyState::Retired, 176);
    (retiring.key.retired_at, retiring.apps) = (Some(ago(2_400)), 37);
    retiring.key.verifies_until = Some(NOW.plus(Duration::from_secs(1_200)));
    let mut retired = signing_key("rEtd26q2", KeyState::Retired, 268);
    (retired.key.retired_at, retired.in_use) = (Some(ago(176 * 86_400)), false);
    retired.key.algorithm = Algorithm::EdDSA;
    retired.key.verifies_until =
        retired.key.retired_at.map(|at| at.plus(Duration::from_secs(3_600)));
    for old in [&mut retiring, &mut retired] {
        old.key.retire_reason = Some(ROTATED.to_owned());
    }
    vec![next, active, retiring, retired]
}

/// An app that waits, one that an operator entered, one known by its document and one that was switched off.
pub(crate) fn clients() -> Vec<Client> {
    let client = |id: &str, name: &str, uris: &[&str], origin, state, days: u64| Client {
        redirect_uris: uris.iter().map(|uri| RedirectUri::from_text((*uri).to_owned())).collect(),
        origin,
        state,
        ..Client::new(ClientId::from_text(id), name.to_owned(), ago(days * 86_400))
    };
    let mut notebook = client(
        "c_41ab",
        "Notebook for Researchers",
        &["https://notebook.example.com/callback"],
        ClientOrigin::Static,
        ClientState::Active,
        212,
    );
    notebook.auth_method = AuthMethod::Basic;
    notebook.client_uri = Some("https://notebook.example.com/".to_owned());
    notebook.last_used_at = Some(ago(180));
    vec![
        client(
            "c_rzpiuSwYo6CVQt2NCR8XRV",
            "Assistant \u{202e}for Everything",
            &["http://localhost:4711/callback", "cursor://anysphere.cursor-mcp/oauth/callback"],
            ClientOrigin::Dynamic,
            ClientState::Pending,
            0,
        ),
        notebook,
        client(
            "https://app.example.com/oauth/client.json",
            "Chat",
            &["https://app.example.com/callback", "http://127.0.0.1/callback"],
            ClientOrigin::Document,
            ClientState::Active,
            3,
        ),
        client(
            "c_off",
            "Spammer",
            &["https://spam.example/cb"],
            ClientOrigin::Dynamic,
            ClientState::Disabled,
            9,
        ),
    ]
}

/// An attempt that waits, and one that was refused for its address.
pub(crate) fn attempts() -> Vec<Trace> {
    let hop = |secs: u64, step: Step, what: &str| Hop {
        at: ago(secs),
        step,
        what: what.to_owned(),
        rule: None,
        hint: None,
    };
    let asked = |redirect: &str| {
        [
            ("client_id", "c_41ab"),
            ("redirect_uri", redirect),
            ("scope", "openid notes:read"),
            ("state", "(22 bytes)"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    };
    let open = Trace {
        id: TraceId::from_text("TMMM4444"),
        kind: trace::Kind::Authorize,
        state: trace::State::Open,
        proved: true,
        client: Some("c_41ab".to_owned()),
        user: None,
        grant: None,
        address: "198.51.100.23".to_owned(),
        user_agent: "Firefox/127.0 Linux".to_owned(),
        asked: asked("http://127.0.0.1:33418/"),
        hops: vec![hop(30, Step::Taken, "scopes: openid notes:read"), hop(30, Step::SignIn, "")],
        created_at: ago(30),
    };
    let refused = Trace {
        id: TraceId::from_text("T7K29QXM"),
        state: trace::State::Refused,
        asked: asked("http://127.0.0.1:33418/callback"),
        hops: vec![Hop {
            rule: Some(Rule::RedirectUnknown),
            hint: Some(
                "registered: http://127.0.0.1/ https://vscode.dev/redirect · nearest: http://127.0.0.1/ (the path differs)"
                    .to_owned(),
            ),
            ..hop(7_300, Step::Refused, "an error page was shown; the app was told nothing")
        }],
        created_at: ago(7_300),
        ..open.clone()
    };
    vec![open, refused]
}

/// Keys as a person would name them: `/mal<Enter>Ly`.
pub(crate) fn keys(script: &str) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        let named = [
            ("<Enter>", KeyCode::Enter, KeyModifiers::NONE),
            ("<Esc>", KeyCode::Esc, KeyModifiers::NONE),
            ("<Tab>", KeyCode::Tab, KeyModifiers::NONE),
            ("<Down>", KeyCode::Down, KeyModifiers::NONE),
            ("<C-c>", KeyCode::Char('c'), KeyModifiers::CONTROL),
            ("<C-z>", KeyCode::Char('z'), KeyModifiers::CONTROL),
            ("<C-f>", KeyCode::Char('f'), KeyModifiers::CONTROL),
            ("<C-u>", KeyCode::Char('u'), KeyModifiers::CONTROL),
        ];
        let found = named.into_iter().find(|(name, ..)| rest.starts_with(name));
        let (length, code, modifiers) = match found {
            Some((name, code, modifiers)) => (name.len(), code, modifiers),
            None => (c.len_utf8(), KeyCode::Char(c), KeyModifiers::NONE),
        };
        keys.push(KeyEvent::new(code, modifiers));
        rest = &rest[length..];
    }
    keys
}

/// A console whose database is the test.
pub(crate) struct Stage {
    pub(crate) app: App,
    /// What it wished for and nobody has answered.
    pub(crate) wishes: Vec<Effect>,
}

impl Stage {
    /// A console of this size that has asked its first question.
    pub(crate) fn open(width: u16, height: u16) -> Self {
        let mut stage = Self::at_the_dashboard(width, height);
        stage.wishes.clear();
        stage.press("2");
        stage
    }

    /// A console of this size as it opens.
    pub(crate) fn at_the_dashboard(width: u16, height: u16) -> Self {
        let mut app = App::new(site(), NOW, (width, height));
        let wishes = app.start();
        Self { app, wishes }
    }

    /// A console that shows these people.
    pub(crate) fn with_people(width: u16, height: u16, rows: Vec<UserRow>) -> Self {
        let mut stage = Self::open(width, height);
        stage.answer_users(rows);
        stage
    }

    /// A console that shows who has no second factor.
    pub(crate) fn with_factors(width: u16, height: u16, rows: Vec<UserRow>) -> Self {
        let mut stage = Self::with_people(width, height, people());
        stage.press("6");
        stage.answer(
            |query| matches!(query, Query::Coverage),
            Ok(Reply::Coverage(Box::new(coverage()))),
        );
        stage.answer(|query| matches!(query, Query::Factors { .. }), Ok(Reply::Users(rows)));
        stage
    }

    /// A console that shows these sessions.
    pub(crate) fn with_sessions(width: u16, height: u16, rows: Vec<SessionRow>) -> Self {
        let mut stage = Self::with_people(width, height, people());
        stage.press("3");
        stage.answer(|query| matches!(query, Query::Sessions(_)), Ok(Reply::Sessions(rows)));
        stage
    }

    /// A console that shows these clients.
    pub(crate) fn with_clients(width: u16, height: u16, rows: Vec<Client>) -> Self {
        let mut stage = Self::with_people(width, height, people());
        stage.press("5");
        stage.answer(|query| matches!(query, Query::Clients), Ok(Reply::Clients(rows)));
        stage
    }

    /// A console that shows these signing keys.
    pub(crate) fn with_keys(width: u16, height: u16, rows: Vec<KeyStanding>) -> Self {
        let mut stage = Self::with_people(width, height, people());
        stage.press("7");
        stage.answer(|query| matches!(query, Query::Keys), Ok(Reply::Keys(rows)));
        stage
    }

    /// A console that shows these attempts.
    pub(crate) fn with_attempts(width: u16, height: u16, rows: Vec<Trace>) -> Self {
        let mut stage = Self::with_people(width, height, people());
        stage.press("8<Tab>");
        stage.answer(|query| matches!(query, Query::Attempts), Ok(Reply::Attempts(rows)));
        stage
    }

    pub(crate) fn send(&mut self, msg: Msg) {
        let wishes = self.app.update(msg);
        self.wishes.extend(wishes);
    }

    /// Presses keys one at a time.
    pub(crate) fn press(&mut self, script: &str) {
        for key in keys(script) {
            self.send(Msg::Keys(vec![key]));
        }
    }

    /// The newest question of a kind that waits.
    pub(crate) fn asked(&self, kind: impl Fn(&Query) -> bool) -> Option<(Ticket, Query)> {
        self.wishes.iter().rev().find_map(|wish| match wish {
            Effect::Ask(ticket, query) if kind(query) => Some((*ticket, query.clone())),
            Effect::Ask(..)
            | Effect::Do(_)
            | Effect::Enroll(..)
            | Effect::Copy(_)
            | Effect::Suspend
            | Effect::Mouse(_)
            | Effect::Repaint
            | Effect::Quit => None,
        })
    }

    /// Answers the newest question of a kind.
    pub(crate) fn answer(&mut self, kind: impl Fn(&Query) -> bool, reply: Result<Reply, Problem>) {
        let (ticket, _) = self.asked(kind).expect("nothing was asked");
        self.wishes.retain(|wish| !matches!(wish, Effect::Ask(other, _) if *other == ticket));
        self.send(Msg::Answer { ticket, now: NOW, reply });
    }

    pub(crate) fn answer_users(&mut self, rows: Vec<UserRow>) {
        self.answer(|query| matches!(query, Query::Users { .. }), Ok(Reply::Users(rows)));
        self.answer_detail();
    }

    fn answer_detail(&mut self) {
        let is_detail = |query: &Query| matches!(query, Query::Detail(_));
        if let Some((_, Query::Detail(user))) = self.asked(is_detail) {
            let sessions = live().into_iter().filter(|row| row.session.user_id == user).collect();
            let event = |event: &str, actor: &str, secs| EventRow {
                id: 1,
                at: ago(secs),
                event: event.to_owned(),
                actor: actor.to_owned(),
                via: "http".to_owned(),
                user_id: None,
                client_id: None,
                session_id: None,
                grant_id: None,
                address: None,
                detail: "{}".to_owned(),
            };
            let events =
                vec![event("session.open", "mallory", 20), event("user.unlock", "root", 7_300)];
            let (keys, apps) = (Vec::new(), Vec::new());
            let detail = Detail { user, sessions, keys, apps, events };
            self.answer(is_detail, Ok(Reply::Detail(Box::new(detail))));
        }
    }

    pub(crate) fn changes(&self) -> Vec<&Effect> {
        self.wishes.iter().filter(|wish| matches!(wish, Effect::Do(_))).collect()
    }

    pub(crate) fn screen(&self, width: u16, height: u16) -> String {
        text(&self.paint(width, height, Theme::Dark))
    }

    pub(crate) fn paint(&self, width: u16, height: u16, theme: Theme) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let look = Look { theme, ascii: false };
        terminal.draw(|frame| view::draw(&self.app, frame, look)).unwrap();
        terminal.backend().buffer().clone()
    }
}

/// A buffer's rows as text; the cell that a wide character covers is no text.
pub(crate) fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width).map(|row| {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = cell.symbol().width().max(1);
            }
            covered -= 1;
        }
        format!("{}\n", line.trim_end())
    });
    rows.collect()
}
