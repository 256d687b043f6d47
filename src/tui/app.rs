//! The state of the console and the one way it changes: a message in, wishes out, no input or output.
//! Keys are read in `input`, actions carried out in `act`; drawing is for `view`.

use std::time::Duration;

use crossterm::event::KeyEvent;

pub use super::msg::Server;
use super::{
    action::{Action, Tab},
    confirm::{self, Confirm},
    enroll::Enroll,
    form::Form,
    handed::Handed,
    key::Key,
    layout::Room,
    log::Log,
    msg::{Change, Effect, Msg, Outcome, Problem, Query, Reply, Ticket},
    palette::Palette,
    screens::{
        apikeys::ApiKeys,
        audit::refused_first,
        dashboard::Dashboard,
        messages::Messages,
        mfa::Mfa,
        record::{Check, Record},
        sessions::Sessions,
        shelf::Sifted,
        users::Users,
    },
    secret::SHOWN,
    story::Open,
    toast::{STAY, Toast, Tone, report, sentence},
};
use crate::{
    model::{
        client::Client,
        key::{KeyStanding, Schedule},
        resource::Resource,
        trace::Trace,
        user::UserRow,
        verb::{Noun, Verb},
    },
    ops::coverage::Policy,
    time::Time,
};

/// What is known before anything is asked.
#[derive(Clone, Debug)]
pub struct Site {
    /// What this installation is called.
    pub title: String,
    /// The program's version.
    pub version: String,
    /// Who works at the console.
    pub account: String,
    /// How long an access token lives that an app has got already.
    pub access_lifetime: Duration,
    /// What the configuration says about second factors.
    pub policy: Policy,
    /// When signing keys take turns.
    pub schedule: Schedule,
    /// How API keys begin.
    pub key_prefix: String,
    /// What API keys may do.
    pub key_scopes: Vec<String>,
    /// Where the server was last seen to listen.
    pub listen: Option<String>,
    /// How many migrations the database has had.
    pub schema: i64,
    /// Whether nothing can be changed here.
    pub read_only: bool,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// The log of the server in this process, if there is one.
    pub log: Option<Log>,
    /// Whether a script presses the keys, which types faster than a person may.
    pub scripted: bool,
}

/// What lies over the screen.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// A question.
    Confirm(Confirm),
    /// A form.
    Form(Box<Form>),
    /// Whether to leave, with the server in this process.
    Leave,
    /// The command line.
    Palette(Palette),
    /// The keys; with the first line that is shown.
    Help(usize),
    /// An authenticator app being enrolled.
    Enroll(Box<Enroll>),
    /// A one-time link.
    Handed(Box<Handed>),
    /// What happened to something.
    Story(Box<Open>),
}

/// The console.
#[derive(Debug)]
pub struct App {
    /// What was known before.
    pub site: Site,
    /// The present moment, as it came with the last message that had one.
    pub now: Time,
    /// The screen that is shown.
    pub tab: Tab,
    /// Whether a server serves the data folder.
    pub server: Server,
    /// Whether the rows are held still.
    pub paused: bool,
    /// The first screen.
    pub dashboard: Dashboard,
    /// The screen of people.
    pub users: Users,
    /// The screen of sessions.
    pub sessions: Sessions,
    /// The screen of API keys.
    pub apikeys: ApiKeys,
    /// The screen of clients.
    pub clients: Sifted<Client>,
    /// The screen of resources.
    pub resources: Sifted<Resource>,
    /// The screen of second factors.
    pub mfa: Mfa,
    /// The screen of signing keys.
    pub keys: Sifted<KeyStanding>,
    /// The screen of the audit record.
    pub record: Record,
    /// The screen of attempts.
    pub attempts: Sifted<Trace>,
    /// The screen of messages.
    pub messages: Messages,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// What happened last.
    pub toast: Option<Toast>,
    /// When a key was pressed last.
    pub(super) touched: Time,
    pub(super) size: (u16, u16),
    pub(super) prefix: Option<Key>,
    /// Keys that wait for the rows they are meant for.
    pub(super) ahead: Vec<KeyEvent>,
    /// The change under way.
    pub(super) running: Option<Confirm>,
    /// The change that the database was too busy for.
    pub(super) refused: Option<Confirm>,
    pub(super) effects: Vec<Effect>,
    ticket: u64,
    /// The question of the palette that is waited for.
    pub(super) finding: Option<Ticket>,
    /// The check of the audit record that is waited for.
    pub(super) verifying: Option<Ticket>,
    pub(super) dirty: bool,
}

impl App {
    /// A console that has not asked anything yet.
    pub fn new(known: Site, now: Time, size: (u16, u16)) -> Self {
        Self {
            site: known,
            now,
            tab: Tab::Dashboard,
            server: Server::Unknown,
            paused: false,
            dashboard: Dashboard::default(),
            users: Users::default(),
            sessions: Sessions::default(),
            apikeys: ApiKeys::default(),
            clients: Sifted::default(),
            resources: Sifted::default(),
            mfa: Mfa::default(),
            keys: Sifted::default(),
            record: Record::default(),
            attempts: Sifted::default(),
            messages: Messages::default(),
            overlay: None,
            toast: None,
            touched: now,
            size,
            prefix: None,
            ahead: Vec::new(),
            running: None,
            refused: None,
            effects: Vec::new(),
            ticket: 0,
            finding: None,
            verifying: None,
            dirty: true,
        }
    }

    /// The first wishes.
    pub fn start(&mut self) -> Vec<Effect> {
        self.ask(true);
        std::mem::take(&mut self.effects)
    }

    /// The first wishes of a console that begins at a screen, with a filter.
    pub fn start_at(&mut self, tab: Tab, wanted: String) -> Vec<Effect> {
        self.tab = tab;
        self.search_mut().set(wanted);
        self.ask(true);
        std::mem::take(&mut self.effects)
    }

    /// Takes a message; answers what should be done about it.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        // A beat alone changes nothing that is seen, most of the time.
        self.dirty |= !matches!(msg, Msg::Beat { .. });
        if matches!(msg, Msg::Keys(_) | Msg::Paste(_)) {
            self.touched = self.now;
        }
        match msg {
            Msg::Keys(keys) => self.keys(keys),
            Msg::Paste(pasted) => self.paste(&pasted),
            Msg::Resize(width, height) => self.size = (width, height),
            Msg::Beat { now, changed } => self.beat(now, changed),
            Msg::Answer { ticket, now, reply } => self.answer(ticket, now, reply),
            Msg::Done { change, now, outcome } => self.done(&change, now, outcome),
            Msg::Enrolled { ticket, now, given } => self.enrolled(ticket, now, given),
            Msg::Mouse(event) => self.mouse(event),
            Msg::Server(server) => self.server = server,
            Msg::Continued => self.effects.push(Effect::Repaint),
            Msg::Stop => self.effects.push(Effect::Quit),
        }
        self.settle();
        std::mem::take(&mut self.effects)
    }

    /// Whether anything that is seen may have changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// How much room there is.
    pub fn room(&self) -> Room {
        Room::of(self.size.0, self.size.1)
    }

    /// Whether a change is under way.
    pub fn is_working(&self) -> bool {
        self.running.is_some()
    }

    /// Why the newest question of the screen that is shown was not answered.
    pub fn trouble(&self) -> Option<&Problem> {
        self.wait().trouble()
    }

    /// The question about the selected row, or why it cannot be asked.
    pub fn question(&self, verb: Verb) -> Result<Confirm, String> {
        if let Some(running) = &self.running {
            return Err(still_at(running));
        }
        if self.site.read_only {
            return Err(READ_ONLY.to_owned());
        }
        let gone = self.shelf(self.tab).gone();
        self.about_selected(verb).unwrap_or_else(|| {
            Err(gone.map_or_else(
                || "no row is selected".to_owned(),
                |gone| format!("{gone} is gone from this list: move to another row first"),
            ))
        })
    }

    /// The question about the selected row, where there is one.
    fn about_selected(&self, verb: Verb) -> Option<Result<Confirm, String>> {
        let access = self.site.access_lifetime;
        match self.tab {
            // What is selected on the first screen is no person yet: who is meant is looked up first.
            Tab::Dashboard | Tab::Audit | Tab::Attempts | Tab::Messages => {
                Some(Err(confirm::elsewhere(verb)))
            }
            Tab::ApiKeys => {
                let row = self.apikeys.rows.list.selected()?;
                Some(confirm::apikeys::about(verb, row))
            }
            Tab::Resources => {
                let row = self.resources.list.selected()?;
                Some(confirm::apikeys::about_resource(verb, row))
            }
            Tab::Clients => {
                let row = self.clients.list.selected()?;
                Some(confirm::clients::about(verb, row))
            }
            Tab::Keys => {
                let (row, schedule) = (self.keys.list.selected()?, &self.site.schedule);
                Some(confirm::keys::about(verb, row, self.keys.all(), schedule, self.now))
            }
            Tab::Users | Tab::Mfa => {
                let row = self.person().0?;
                Some(confirm::about_user(verb, row, access))
            }
            Tab::Sessions => {
                let row = self.sessions.rows.list.selected()?;
                let alive = self.sessions.alive_of(&row.session.user_id);
                Some(confirm::about_session(verb, row, alive, access))
            }
        }
    }

    /// Whether a verb would be refused here, for hints.
    pub fn refuses(&self, verb: Verb) -> bool {
        match (self.tab, verb.spec().noun) {
            _ if self.site.read_only => true,
            (Tab::Dashboard, Noun::User) => self.dashboard.person().is_none(),
            _ if super::act::needs_form(verb) => {
                verb == Verb::ApiKeyEdit && self.apikeys.rows.list.selected().is_none()
            }
            _ => self.question(verb).is_err(),
        }
    }

    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let until = (tone != Tone::Bad).then(|| self.now.plus(STAY));
        self.toast = Some(Toast { text: text.into(), tone, until });
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.ticket += 1;
        Ticket(self.ticket)
    }

    fn beat(&mut self, now: Time, changed: bool) {
        // Sessions end and words like "5 m" grow old without anybody writing.
        let minute = now.secs().div_euclid(60) != self.now.secs().div_euclid(60);
        // A code is good for seconds, which are counted on the screen.
        let counts =
            matches!(self.overlay, Some(Overlay::Enroll(_))) && now.secs() != self.now.secs();
        self.now = now;
        if (changed || minute) && !self.paused {
            self.ask(false);
        }
        self.follow_log();
        self.dirty |= minute || counts;
        if now.since(self.touched) >= SHOWN {
            self.hide_secret();
        }
        if self.toast.as_ref().and_then(|toast| toast.until).is_some_and(|until| now >= until) {
            self.toast = None;
            self.dirty = true;
        }
    }

    fn answer(&mut self, ticket: Ticket, now: Time, reply: Result<Reply, Problem>) {
        self.now = self.now.max(now);
        let vanished = match reply {
            Ok(Reply::Users(rows)) if self.users.people.list.wait.expects(ticket) => {
                self.users.people.take(rows)
            }
            Ok(Reply::Users(rows)) if self.mfa.people.list.wait.expects(ticket) => {
                self.mfa.people.take(rows)
            }
            Ok(Reply::Sessions(rows)) if self.sessions.rows.list.wait.expects(ticket) => {
                self.sessions.rows.take(rows)
            }
            Ok(Reply::Clients(rows)) if self.clients.list.wait.expects(ticket) => {
                self.clients.take(rows)
            }
            Ok(Reply::Keys(rows)) if self.keys.list.wait.expects(ticket) => self.keys.take(rows),
            Ok(Reply::Attempts(rows)) if self.attempts.list.wait.expects(ticket) => {
                self.attempts.take(refused_first(rows))
            }
            Ok(Reply::Dashboard(overview)) if self.dashboard.rows.list.wait.expects(ticket) => {
                self.dashboard.take(*overview)
            }
            Ok(Reply::ApiKeys(rows)) if self.apikeys.rows.list.wait.expects(ticket) => {
                self.apikeys.rows.take(rows)
            }
            Ok(Reply::Resources(rows)) if self.resources.list.wait.expects(ticket) => {
                self.resources.take(rows)
            }
            Ok(Reply::Events(rows)) if self.record.rows.list.wait.expects(ticket) => {
                self.record.rows.take(rows)
            }
            Ok(Reply::Messages(rows)) if self.messages.rows.list.wait.expects(ticket) => {
                self.messages.rows.take(rows)
            }
            Err(problem) => {
                self.failed(ticket, problem);
                None
            }
            // What goes beside rows, or an answer to a question that nobody asks any more.
            Ok(reply) => {
                self.answer_beside(ticket, now, reply);
                None
            }
        };
        // What one ended oneself is expected to go; the frame of the list says it too.
        let expected = self.toast.as_ref().is_some_and(|toast| toast.tone == Tone::Good);
        if let (Some(title), false) = (vanished, expected) {
            self.say(Tone::Plain, format!("{title} is gone from this list"));
        }
        self.replay();
    }

    /// Takes what goes beside rows.
    fn answer_beside(&mut self, ticket: Ticket, now: Time, reply: Reply) {
        match reply {
            Reply::KeyUse(id, days) => self.apikeys.take_usage(ticket, id, days),
            Reply::FoundKey(id) => self.found_key(ticket, &id),
            Reply::Verified(checked) => self.record.checked = Check::Done(*checked, now),
            Reply::Story(found) => self.tell(ticket, &found),
            Reply::Message(id, text) => self.messages.take_body(ticket, id, text),
            Reply::Detail(detail) => {
                self.users.take_detail(ticket, *detail);
            }
            Reply::Coverage(coverage) => self.mfa.take_coverage(ticket, *coverage),
            Reply::Found(action, row) => self.found(ticket, action, &row),
            // Rows that nobody asks for any more.
            Reply::Users(_)
            | Reply::Clients(_)
            | Reply::Sessions(_)
            | Reply::Keys(_)
            | Reply::Attempts(_)
            | Reply::Dashboard(_)
            | Reply::ApiKeys(_)
            | Reply::Resources(_)
            | Reply::Events(_)
            | Reply::Messages(_) => {}
        }
    }

    fn found(&mut self, ticket: Ticket, action: Action, row: &UserRow) {
        if self.finding != Some(ticket) {
            return;
        }
        self.finding = None;
        let access = self.site.access_lifetime;
        let refused = match (&self.running, action) {
            (Some(running), _) => Some(still_at(running)),
            _ if self.site.read_only => Some(READ_ONLY.to_owned()),
            (None, Action::Run(verb)) => match confirm::about_user(verb, row, access) {
                Ok(question) => {
                    self.overlay = Some(Overlay::Confirm(question));
                    None
                }
                Err(why) => Some(why),
            },
            (None, _) => self.enroll(row).err(),
        };
        if let Some(why) = refused {
            self.ahead.clear();
            self.say(Tone::Bad, why);
        }
    }

    fn failed(&mut self, ticket: Ticket, problem: Problem) {
        // What was typed ahead was meant for an answer that will not come.
        self.ahead.clear();
        let asked = Tab::ALL.into_iter().find(|tab| self.shelf(*tab).wait().expects(ticket));
        if let Some(tab) = asked {
            self.shelf_mut(tab).wait_mut().fail(problem);
        } else if self.finding == Some(ticket) {
            self.finding = None;
            let text = sentence(&problem);
            self.say(Tone::Bad, text);
        } else if matches!(self.record.checked, Check::Running) && self.verifying == Some(ticket) {
            self.record.checked = Check::Failed(problem);
        }
    }

    fn done(&mut self, change: &Change, now: Time, outcome: Result<Outcome, Problem>) {
        self.now = self.now.max(now);
        let running = self.running.take().filter(|running| running.change == *change);
        match outcome {
            Ok(outcome) => {
                self.refused = None;
                let text = report(change, &outcome);
                self.say(Tone::Good, text);
                if let Some(link) = &outcome.link {
                    self.hand_over(change, link);
                }
                if let Some(made) = &outcome.key {
                    self.hand_over_key(made);
                }
            }
            Err(problem) if problem.busy => {
                self.refused = running;
                self.say(
                    Tone::Bad,
                    format!("{} · nothing was changed · r asks again", problem.text),
                );
            }
            Err(problem) => {
                let text = sentence(&problem);
                // What was typed is not lost: the form comes back and says what is wrong.
                if let Some(form) = running.and_then(|running| running.back)
                    && self.overlay.is_none()
                {
                    let trouble = Some(text.clone());
                    self.overlay = Some(Overlay::Form(Box::new(Form { trouble, ..*form })));
                }
                self.say(Tone::Bad, text);
            }
        }
        self.ask(false);
    }

    /// What follows from the state alone, after every message.
    fn settle(&mut self) {
        self.follow();
        if self.wait_mut().must_ask_again() {
            self.ask(false);
        }
        if self.tab == Tab::ApiKeys && !self.wait().changing() {
            let ticket = self.ticket();
            if let Some(query) = self.apikeys.usage_query(ticket) {
                self.effects.push(Effect::Ask(ticket, query));
            }
        }
        let beside = self.room() == Room::Wide || self.users.people.page;
        if self.tab == Tab::Users && beside && !self.wait().changing() {
            let ticket = self.ticket();
            if let Some(query) = self.users.detail_query(ticket) {
                self.effects.push(Effect::Ask(ticket, query));
            }
        }
    }

    pub(super) fn find(&mut self, action: Action, name: String) {
        let ticket = self.ticket();
        self.finding = Some(ticket);
        self.effects.push(Effect::Ask(ticket, Query::Find { action, name }));
    }
}

/// What is said where nothing may be changed.
pub(super) const READ_ONLY: &str = "this console only looks: it was opened with --read-only";

pub(super) fn still_at(running: &Confirm) -> String {
    format!("still at work: {}", running.title.trim_end_matches(" ?"))
}
