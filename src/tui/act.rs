//! What each action does to the state.
//! Nothing happens to the database here: a change becomes a question, and its yes becomes a wish.

use super::{
    action::{Action, Command, Motion, Tab},
    app::{App, Overlay},
    confirm::{Confirm, Word},
    layout,
    list::Keyed,
    msg::Effect,
    palette::Palette,
    story,
    toast::Tone,
    widgets::help,
};
use crate::model::verb::Verb;

impl App {
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Show(tab) => self.show(tab),
            Action::Move(motion) => self.step(motion),
            Action::Open => self.open(),
            Action::Back => self.back(),
            Action::Filter => self.search_mut().open(),
            Action::Reload => self.reload(),
            Action::SessionsOfUser => self.sessions_of_user(),
            Action::UserOfSession => self.user_of_session(),
            Action::Why => self.why(),
            Action::Run(verb) => self.run(verb),
            Action::Enroll => self.enroll_selected(),
            Action::Everyone => self.everyone(),
            Action::Copy => self.copy(),
            Action::CopyUri => self.copy_uri(),
            Action::Veil => self.look(|sight| sight.veiled = !sight.veiled),
            Action::Full => self.full(),
            Action::Invert => self.look(|sight| sight.inverted = !sight.inverted),
            Action::Anew => self.anew(),
            Action::Help => self.overlay = Some(Overlay::Help(0)),
            Action::Palette => self.overlay = Some(Overlay::Palette(Palette::default())),
            Action::Redraw => self.effects.push(Effect::Repaint),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Quit => self.effects.push(Effect::Quit),
            Action::Yes => self.agree(),
            Action::Press => self.press(),
            Action::NextButton => {
                if let Some(Overlay::Confirm(question)) = &mut self.overlay {
                    question.armed = !question.armed;
                }
            }
            Action::No => self.decline(),
            Action::Accept => self.accept(),
            Action::Cancel => self.cancel(),
        }
    }

    fn show(&mut self, tab: Tab) {
        self.finding = None;
        self.ahead.clear();
        self.tab = tab;
        // The number means everybody; only `gs` narrows to one person.
        let narrowed = tab == Tab::Sessions && self.sessions.of.take().is_some();
        let fresh = narrowed || !self.wait().loaded();
        self.ask(fresh);
    }

    fn step(&mut self, motion: Motion) {
        let (width, height) = self.size;
        let page = layout::page(self.tab, width, height);
        match &mut self.overlay {
            Some(Overlay::Help(top)) => *top = help::scroll(*top, motion, page),
            Some(Overlay::Story(open)) => open.scroll(motion, page),
            Some(Overlay::Palette(palette)) => palette.step(motion),
            Some(Overlay::Confirm(_) | Overlay::Enroll(_) | Overlay::Handed(_)) => {}
            None => self.step_rows(motion, page),
        }
    }

    fn open(&mut self) {
        if self.tab == Tab::Messages {
            let ticket = self.ticket();
            let query = self.messages.open(ticket);
            self.effects.extend(query.map(|query| Effect::Ask(ticket, query)));
        } else {
            self.shelf_mut(self.tab).set_page(true);
        }
    }

    /// One step up: from the page to the list, from the filter to all, from one person's sessions to everybody's.
    fn back(&mut self) {
        self.refused = None;
        if self.close_page() {
            return;
        }
        if self.search_mut().clear() {
            self.filtered();
        } else if self.tab == Tab::Sessions && self.sessions.of.take().is_some() {
            self.ask(true);
        }
    }

    fn reload(&mut self) {
        if let Some(question) = self.refused.take() {
            // What was agreed to a while ago is asked again: the world may have moved on.
            let word = question.word.map(|word| Word { typed: String::new(), ..word });
            self.overlay = Some(Overlay::Confirm(Confirm { armed: false, word, ..question }));
        }
        self.ask(false);
    }

    fn sessions_of_user(&mut self) {
        let Some(row) = self.users.people.list.selected() else { return };
        self.sessions.of = Some((row.key(), row.title()));
        self.sessions.rows.search.clear();
        self.sessions.rows.page = false;
        self.tab = Tab::Sessions;
        self.ask(true);
    }

    fn user_of_session(&mut self) {
        let Some(row) = self.sessions.rows.list.selected() else { return };
        let (id, name) = (row.session.user_id.clone(), row.username.clone());
        self.tab = Tab::Users;
        self.users.people.page = false;
        self.users.people.search.set(name);
        self.users.people.look_for(id);
        self.ask(true);
    }

    fn run(&mut self, verb: Verb) {
        match self.question(verb) {
            Ok(question) => {
                self.toast = None;
                self.overlay = Some(Overlay::Confirm(question));
            }
            Err(why) => self.say(Tone::Bad, why),
        }
    }

    /// Tells what happened to the selected row.
    fn why(&mut self) {
        let id = match self.tab {
            Tab::Users | Tab::Mfa => self.person().0.map(|row| row.user.id.to_string()),
            Tab::Sessions => {
                self.sessions.rows.list.selected().map(|row| row.session.id.to_string())
            }
            Tab::Audit => self.audit.list.selected().map(|row| row.id.to_string()),
            Tab::Clients | Tab::Keys | Tab::Messages => {
                self.say(Tone::Bad, "go to a person, a session or an attempt for that: 1 2 8");
                return;
            }
        };
        if let Some(id) = id {
            self.look_up(id);
        }
    }

    fn agree(&mut self) {
        if let Some(Overlay::Confirm(question)) = self.overlay.take() {
            self.refused = None;
            self.effects.push(Effect::Do(question.change.clone()));
            self.running = Some(question);
        }
    }

    fn decline(&mut self) {
        self.overlay = None;
        self.say(Tone::Plain, "nothing was changed");
    }

    fn press(&mut self) {
        match &self.overlay {
            Some(Overlay::Confirm(Confirm { word: Some(word), .. })) if !word.is_typed() => {
                let wanted = word.wanted.clone();
                self.say(
                    Tone::Bad,
                    format!("nothing is done before {wanted} is typed; Esc leaves"),
                );
            }
            Some(Overlay::Confirm(question)) if question.armed || question.word.is_some() => {
                self.agree();
            }
            _ => self.decline(),
        }
    }

    fn accept(&mut self) {
        if let Some(Overlay::Palette(palette)) = &self.overlay {
            let (command, empty) = (palette.command(), palette.line().0.trim().is_empty());
            let typed = palette.line().0.trim().to_owned();
            self.overlay = None;
            match command {
                Some(Command { action, name: Some(name) }) => self.find(action, name),
                Some(Command { action, .. }) => self.act(action),
                None if empty => {}
                None if story::is_id(&typed) => self.look_up(typed),
                None => self.say(Tone::Bad, format!("no command \"{typed}\"; ? shows the keys")),
            }
        } else if self.is_enrolling() {
            self.submit();
        } else if self.search_mut().accept() {
            self.filtered();
        }
    }

    fn cancel(&mut self) {
        if self.keeps_secret() {
            return;
        }
        if self.overlay.take().is_none() && self.search_mut().cancel() {
            self.filtered();
        }
    }
}
