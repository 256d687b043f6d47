//! What differs from screen to screen: where its keys go, which rows it shows, what it asks.
//! Every `match` on the screen that is about its state stands here.

use super::{
    action::{Motion, Tab},
    app::{App, Overlay},
    enroll::Stage,
    keymap::Place,
    layout,
    msg::{Effect, Query},
    screens::shelf::Shelf,
    search::Search,
    wait::Wait,
};
use crate::model::user::UserRow;

impl App {
    /// The list of a screen.
    pub fn shelf(&self, tab: Tab) -> &dyn Shelf {
        match tab {
            Tab::Dashboard => &self.dashboard.rows,
            Tab::Users => &self.users.people,
            Tab::Sessions => &self.sessions.rows,
            Tab::Mfa => &self.mfa.people,
            Tab::ApiKeys => &self.apikeys.rows,
            Tab::Clients => &self.clients,
            Tab::Resources => &self.resources,
            Tab::Keys => &self.keys,
            Tab::Audit => &self.record.rows,
            Tab::Attempts => &self.attempts,
            Tab::Messages => &self.messages.rows,
        }
    }

    pub(super) fn shelf_mut(&mut self, tab: Tab) -> &mut dyn Shelf {
        match tab {
            Tab::Dashboard => &mut self.dashboard.rows,
            Tab::Users => &mut self.users.people,
            Tab::Sessions => &mut self.sessions.rows,
            Tab::Mfa => &mut self.mfa.people,
            Tab::ApiKeys => &mut self.apikeys.rows,
            Tab::Clients => &mut self.clients,
            Tab::Resources => &mut self.resources,
            Tab::Keys => &mut self.keys,
            Tab::Audit => &mut self.record.rows,
            Tab::Attempts => &mut self.attempts,
            Tab::Messages => &mut self.messages.rows,
        }
    }

    /// Whether the selected row fills the screen.
    pub fn page(&self) -> bool {
        self.shelf(self.tab).page()
    }

    /// Goes back to the list; answers whether a row filled the screen.
    pub(super) fn close_page(&mut self) -> bool {
        // What is read belongs to the message that was opened.
        self.messages.body = None;
        self.shelf_mut(self.tab).set_page(false)
    }

    /// Where keys go now.
    pub fn places(&self) -> &'static [Place] {
        match (&self.overlay, self.search().is_open(), self.tab) {
            (Some(Overlay::Confirm(question)), ..) if question.word.is_some() => &[Place::Name],
            (Some(Overlay::Confirm(_)), ..) => &[Place::Confirm],
            (Some(Overlay::Form(_)), ..) => &[Place::Form],
            (Some(Overlay::Leave), ..) => &[Place::Leave],
            (Some(Overlay::Palette(_)), ..) => &[Place::Palette],
            (Some(Overlay::Help(_)), ..) => &[Place::Help],
            (Some(Overlay::Story(_)), ..) => &[Place::Story],
            (Some(Overlay::Handed(_)), ..) => &[Place::Handed],
            (Some(Overlay::Enroll(enroll)), ..) => match enroll.stage {
                Stage::Scan(_) => &[Place::Enroll],
                Stage::Begun | Stage::Refused(_) | Stage::Codes(_) => &[Place::Codes],
            },
            (None, true, _) => &[Place::Field],
            (None, false, Tab::Dashboard) => &[Place::Dashboard, Place::Screen],
            (None, false, Tab::ApiKeys) => &[Place::ApiKeys, Place::Screen],
            (None, false, Tab::Resources) => &[Place::Resources, Place::Screen],
            (None, false, Tab::Attempts) => &[Place::Attempts, Place::Screen],
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
        self.shelf(self.tab).search()
    }

    pub(super) fn search_mut(&mut self) -> &mut Search {
        self.shelf_mut(self.tab).search_mut()
    }

    /// How the newest question of the screen that is shown went.
    pub fn wait(&self) -> &Wait {
        self.shelf(self.tab).wait()
    }

    pub(super) fn wait_mut(&mut self) -> &mut Wait {
        self.shelf_mut(self.tab).wait_mut()
    }

    /// How many rows the screen shows.
    pub(super) fn rows(&self) -> usize {
        self.shelf(self.tab).count()
    }

    /// The person of the selected row, and who vanished while they were selected.
    pub(super) fn person(&self) -> (Option<&UserRow>, Option<&str>) {
        let people = match self.tab {
            Tab::Users => &self.users.people,
            Tab::Mfa => &self.mfa.people,
            Tab::Dashboard
            | Tab::Sessions
            | Tab::ApiKeys
            | Tab::Clients
            | Tab::Resources
            | Tab::Keys
            | Tab::Audit
            | Tab::Attempts
            | Tab::Messages => return (None, None),
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
            Tab::Dashboard => Query::Dashboard,
            Tab::ApiKeys => {
                self.apikeys.refresh_usage();
                Query::ApiKeys
            }
            Tab::Resources => Query::Resources,
            Tab::Audit => Query::Events(self.record.of.as_ref().map(|(id, _)| id.clone())),
            Tab::Attempts => Query::Attempts,
            Tab::Messages => Query::Messages,
        };
        self.effects.push(Effect::Ask(ticket, query));
        if matches!(self.tab, Tab::Mfa | Tab::Dashboard) {
            let (ticket, now) = (self.ticket(), self.now);
            let counts = self.mfa.coverage_query(ticket, now);
            self.effects.extend(counts.map(|query| Effect::Ask(ticket, query)));
        }
    }

    /// Follows a filter that has become another.
    pub(super) fn filtered(&mut self) {
        let typed = self.search().text().to_owned();
        if self.recognise(&typed) {
            return;
        }
        if self.shelf_mut(self.tab).refilter() {
            self.ask(true);
        }
    }

    /// Moves the selection; asks for the window in which it goes on.
    pub(super) fn step_rows(&mut self, motion: Motion, page: usize) {
        if self.tab == Tab::Messages {
            // What is read belongs to the row that was opened.
            self.close_page();
        }
        if self.shelf_mut(self.tab).step(motion, page) {
            self.ask_now(false);
        }
    }

    /// Keeps every selection in sight.
    pub(super) fn follow(&mut self) {
        let (width, height) = self.size;
        for tab in Tab::ALL {
            self.shelf_mut(tab).follow(layout::page(tab, width, height));
        }
    }

    /// The name of the selected row, for the breadcrumb.
    pub fn crumb(&self) -> Option<String> {
        match (&self.overlay, self.tab) {
            (Some(Overlay::Enroll(enroll)), _) => Some(format!("enrol {}", enroll.name)),
            (_, Tab::Users | Tab::Mfa | Tab::ApiKeys | Tab::Resources) => {
                self.shelf(self.tab).title()
            }
            (_, Tab::Audit) => self.record.of.as_ref().map(|(_, name)| name.clone()),
            (_, Tab::Dashboard | Tab::Clients | Tab::Keys | Tab::Attempts | Tab::Messages) => None,
            (_, Tab::Sessions) => self.sessions.of.as_ref().map(|(_, name)| name.clone()),
        }
    }
}
