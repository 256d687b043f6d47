//! What differs from screen to screen: where its keys go, which rows it shows, what it asks.
//! Every `match` on the screen that is about its state stands here.

use super::{
    action::{Motion, Tab},
    app::{App, Overlay},
    enroll::Stage,
    keymap::Place,
    layout,
    list::Keyed,
    msg::{Effect, Query},
    search::Search,
    wait::Wait,
};
use crate::model::user::UserRow;

impl App {
    /// Whether the selected row fills the screen.
    pub fn page(&self) -> bool {
        match self.tab {
            Tab::Users => self.users.page,
            Tab::Sessions => self.sessions.page,
            Tab::Clients => self.clients.page,
            Tab::Keys => self.keys.page,
            Tab::Messages => self.messages.page,
            Tab::Mfa | Tab::Audit => false,
        }
    }

    /// Goes back to the list; answers whether a row filled the screen.
    pub(super) fn close_page(&mut self) -> bool {
        match self.tab {
            Tab::Users => std::mem::take(&mut self.users.page),
            Tab::Sessions => std::mem::take(&mut self.sessions.page),
            Tab::Clients => std::mem::take(&mut self.clients.page),
            Tab::Keys => std::mem::take(&mut self.keys.page),
            Tab::Messages => self.messages.close(),
            Tab::Mfa | Tab::Audit => false,
        }
    }

    /// Where keys go now.
    pub fn places(&self) -> &'static [Place] {
        match (&self.overlay, self.search().is_open(), self.tab) {
            (Some(Overlay::Confirm(question)), ..) if question.word.is_some() => &[Place::Name],
            (Some(Overlay::Confirm(_)), ..) => &[Place::Confirm],
            (Some(Overlay::Palette(_)), ..) => &[Place::Palette],
            (Some(Overlay::Help(_)), ..) => &[Place::Help],
            (Some(Overlay::Story(_)), ..) => &[Place::Story],
            (Some(Overlay::Handed(_)), ..) => &[Place::Handed],
            (Some(Overlay::Enroll(enroll)), ..) => match enroll.stage {
                Stage::Scan(_) => &[Place::Enroll],
                Stage::Begun | Stage::Refused(_) | Stage::Codes(_) => &[Place::Codes],
            },
            (None, true, _) => &[Place::Field],
            (None, false, Tab::Users) => &[Place::Users, Place::Screen],
            (None, false, Tab::Sessions) => &[Place::Sessions, Place::Screen],
            (None, false, Tab::Mfa) => &[Place::Mfa, Place::Screen],
            (None, false, Tab::Clients) => &[Place::Clients, Place::Screen],
            (None, false, Tab::Keys) => &[Place::Keys, Place::Screen],
            (None, false, Tab::Audit) => &[Place::Audit, Place::Screen],
            (None, false, Tab::Messages) => &[Place::Messages, Place::Screen],
        }
    }

    /// The filter of the screen that is shown.
    pub fn search(&self) -> &Search {
        match self.tab {
            Tab::Users => &self.users.people.search,
            Tab::Sessions => &self.sessions.search,
            Tab::Mfa => &self.mfa.people.search,
            Tab::Clients => &self.clients.search,
            Tab::Keys => &self.keys.search,
            Tab::Audit => &self.audit.search,
            Tab::Messages => &self.messages.search,
        }
    }

    pub(super) fn search_mut(&mut self) -> &mut Search {
        match self.tab {
            Tab::Users => &mut self.users.people.search,
            Tab::Sessions => &mut self.sessions.search,
            Tab::Mfa => &mut self.mfa.people.search,
            Tab::Clients => &mut self.clients.search,
            Tab::Keys => &mut self.keys.search,
            Tab::Audit => &mut self.audit.search,
            Tab::Messages => &mut self.messages.search,
        }
    }

    /// How the newest question of the screen that is shown went.
    pub fn wait(&self) -> &Wait {
        match self.tab {
            Tab::Users => &self.users.people.list.wait,
            Tab::Sessions => &self.sessions.list.wait,
            Tab::Mfa => &self.mfa.people.list.wait,
            Tab::Clients => &self.clients.list.wait,
            Tab::Keys => &self.keys.list.wait,
            Tab::Audit => &self.audit.list.wait,
            Tab::Messages => &self.messages.list.wait,
        }
    }

    pub(super) fn wait_mut(&mut self) -> &mut Wait {
        match self.tab {
            Tab::Users => &mut self.users.people.list.wait,
            Tab::Sessions => &mut self.sessions.list.wait,
            Tab::Mfa => &mut self.mfa.people.list.wait,
            Tab::Clients => &mut self.clients.list.wait,
            Tab::Keys => &mut self.keys.list.wait,
            Tab::Audit => &mut self.audit.list.wait,
            Tab::Messages => &mut self.messages.list.wait,
        }
    }

    /// How the questions of every screen went.
    pub(super) fn waits_mut(&mut self) -> [&mut Wait; 7] {
        [
            &mut self.users.people.list.wait,
            &mut self.sessions.list.wait,
            &mut self.mfa.people.list.wait,
            &mut self.clients.list.wait,
            &mut self.keys.list.wait,
            &mut self.audit.list.wait,
            &mut self.messages.list.wait,
        ]
    }

    /// How many rows the screen shows.
    pub(super) fn rows(&self) -> usize {
        match self.tab {
            Tab::Users => self.users.people.list.rows().len(),
            Tab::Sessions => self.sessions.list.rows().len(),
            Tab::Mfa => self.mfa.people.list.rows().len(),
            Tab::Clients => self.clients.list.rows().len(),
            Tab::Keys => self.keys.list.rows().len(),
            Tab::Audit => self.audit.list.rows().len(),
            Tab::Messages => self.messages.list.rows().len(),
        }
    }

    /// The person of the selected row, and who vanished while they were selected.
    pub(super) fn person(&self) -> (Option<&UserRow>, Option<&str>) {
        let people = match self.tab {
            Tab::Users => &self.users.people,
            Tab::Mfa => &self.mfa.people,
            Tab::Sessions | Tab::Clients | Tab::Keys | Tab::Audit | Tab::Messages => {
                return (None, None);
            }
        };
        (people.list.selected(), people.list.gone())
    }

    /// Asks for the rows of the screen that is shown; `fresh` when they will be others.
    pub(super) fn ask(&mut self, fresh: bool) {
        if fresh || self.wait_mut().may_ask() {
            self.ask_now(fresh);
        }
    }

    pub(super) fn ask_now(&mut self, fresh: bool) {
        let ticket = self.ticket();
        self.wait_mut().asked(ticket, fresh);
        let query = match self.tab {
            Tab::Users => {
                self.users.refresh_detail();
                self.users.query()
            }
            Tab::Sessions => self.sessions.query(),
            Tab::Mfa => self.mfa.query(),
            Tab::Clients => Query::Clients,
            Tab::Keys => Query::Keys,
            Tab::Audit => Query::Attempts,
            Tab::Messages => Query::Messages,
        };
        self.effects.push(Effect::Ask(ticket, query));
        if self.tab == Tab::Mfa {
            let (ticket, now) = (self.ticket(), self.now);
            let counts = self.mfa.coverage_query(ticket, now);
            self.effects.extend(counts.map(|query| Effect::Ask(ticket, query)));
        }
    }

    /// Follows a filter that has become another.
    pub(super) fn filtered(&mut self) {
        match self.tab {
            Tab::Users => {
                self.users.people.rewind();
                self.ask(true);
            }
            Tab::Mfa => {
                self.mfa.people.rewind();
                self.ask(true);
            }
            Tab::Sessions => self.sessions.sift_anew(),
            Tab::Clients => self.clients.sift_anew(),
            Tab::Keys => self.keys.sift_anew(),
            Tab::Audit => self.audit.sift_anew(),
            Tab::Messages => self.messages.sift_anew(),
        }
    }

    /// Moves the selection; asks for the window in which it goes on.
    pub(super) fn step_rows(&mut self, motion: Motion, page: usize) {
        let window = match self.tab {
            Tab::Users => self.users.people.step(motion, page),
            Tab::Mfa => self.mfa.people.step(motion, page),
            Tab::Sessions => {
                self.sessions.list.step(motion, page);
                false
            }
            Tab::Clients => {
                self.clients.list.step(motion, page);
                false
            }
            Tab::Keys => {
                self.keys.list.step(motion, page);
                false
            }
            Tab::Audit => {
                self.audit.list.step(motion, page);
                false
            }
            Tab::Messages => {
                // What is read belongs to the row that was opened.
                self.messages.close();
                self.messages.list.step(motion, page);
                false
            }
        };
        if window {
            self.ask_now(false);
        }
    }

    /// Keeps every selection in sight.
    pub(super) fn follow(&mut self) {
        let (width, height) = self.size;
        self.users.people.list.follow(layout::page(Tab::Users, width, height));
        self.sessions.list.follow(layout::page(Tab::Sessions, width, height));
        self.mfa.people.list.follow(layout::page(Tab::Mfa, width, height));
        self.clients.list.follow(layout::page(Tab::Clients, width, height));
        self.keys.list.follow(layout::page(Tab::Keys, width, height));
        self.audit.list.follow(layout::page(Tab::Audit, width, height));
        self.messages.list.follow(layout::page(Tab::Messages, width, height));
    }

    /// The name of the selected row, for the breadcrumb.
    pub fn crumb(&self) -> Option<String> {
        match (&self.overlay, self.tab) {
            (Some(Overlay::Enroll(enroll)), _) => Some(format!("enrol {}", enroll.name)),
            (_, Tab::Users | Tab::Mfa) => self.person().0.map(Keyed::title),
            (_, Tab::Clients | Tab::Keys | Tab::Audit | Tab::Messages) => None,
            (_, Tab::Sessions) => self.sessions.of.as_ref().map(|(_, name)| name.clone()),
        }
    }
}
