//! What each action does to the state.
//! Nothing happens to the database here: a change becomes a question, and its yes becomes a wish.

use super::{
    action::{Action, Command, Motion, Tab},
    app::{App, Overlay, READ_ONLY, still_at},
    confirm::{self, Confirm, Word},
    form::Form,
    layout,
    list::Keyed,
    msg::{Effect, Query, Target},
    palette::Palette,
    screens::record::Check,
    story,
    toast::Tone,
    widgets::help,
};
use crate::model::verb::{Noun, Verb};

/// Whether something must be typed before a verb can be asked about.
pub(super) fn needs_form(verb: Verb) -> bool {
    matches!(verb, Verb::UserCreate | Verb::ApiKeyCreate | Verb::ApiKeyEdit)
}

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
            Action::UserOfSession => self.user_of_row(),
            Action::KeysOfUser => self.keys_of_user(),
            Action::EventsOfUser => self.events_of_user(),
            Action::Beside => self.tab.beside().into_iter().for_each(|tab| self.show(tab)),
            Action::Pause => self.pause(),
            Action::Verify => self.verify(),
            Action::NextField => self.step_field(true),
            Action::PreviousField => self.step_field(false),
            Action::Toggle => self.toggle(),
            Action::Stored => self.stored(),
            Action::Log => self.show_log(),
            Action::Mouse => self.toggle_mouse(),
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
            Action::Quit => self.leave(),
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

    pub(super) fn show(&mut self, tab: Tab) {
        self.finding = None;
        self.ahead.clear();
        self.tab = tab;
        // The number means everybody; only `gs` narrows to one person.
        let narrowed = (tab == Tab::Sessions && self.sessions.of.take().is_some())
            || (tab == Tab::Audit && self.record.of.take().is_some());
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
            Some(
                Overlay::Confirm(_)
                | Overlay::Form(_)
                | Overlay::Leave
                | Overlay::Enroll(_)
                | Overlay::Handed(_),
            ) => {}
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
        } else if (self.tab == Tab::Sessions && self.sessions.of.take().is_some())
            || (self.tab == Tab::Audit && self.record.of.take().is_some())
        {
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

    /// Shows the person that the selected row is about.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other screen goes by sessions")]
    fn user_of_row(&mut self) {
        let found = match self.tab {
            Tab::Dashboard => {
                self.dashboard.person().map(|(id, name)| (id.clone(), name.to_owned()))
            }
            Tab::ApiKeys => {
                let row = self.apikeys.rows.list.selected();
                row.map(|row| (row.row.key.user_id.clone(), row.row.username.clone()))
            }
            _ => {
                let row = self.sessions.rows.list.selected();
                row.map(|row| (row.session.user_id.clone(), row.username.clone()))
            }
        };
        let Some((id, name)) = found else {
            self.say(Tone::Bad, "no row that names a person is selected");
            return;
        };
        self.tab = Tab::Users;
        self.users.people.page = false;
        self.users.people.search.set(name);
        self.users.people.look_for(id);
        self.ask(true);
    }

    fn keys_of_user(&mut self) {
        let Some(row) = self.users.people.list.selected() else { return };
        let name = row.user.username.clone();
        self.show(Tab::ApiKeys);
        self.search_mut().set(name);
        self.filtered();
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other screen shows people")]
    fn events_of_user(&mut self) {
        let of = match self.tab {
            Tab::Dashboard => {
                self.dashboard.person().map(|(id, name)| (id.clone(), name.to_owned()))
            }
            _ => self.users.people.list.selected().map(|row| (row.key(), row.title())),
        };
        let Some(of) = of else {
            self.say(Tone::Bad, "this event names no single person");
            return;
        };
        self.record.of = Some(of);
        self.record.rows.search.clear();
        self.record.rows.page = false;
        self.tab = Tab::Audit;
        self.ask(true);
    }

    fn pause(&mut self) {
        self.paused = !self.paused;
        if self.paused {
            self.say(Tone::Plain, "held still: p lets it go on");
        } else {
            self.toast = None;
            self.ask(false);
        }
    }

    /// Checks every event of the record.
    fn verify(&mut self) {
        let ticket = self.ticket();
        self.verifying = Some(ticket);
        self.record.checked = Check::Running;
        self.effects.push(Effect::Ask(ticket, Query::Verify));
    }

    fn step_field(&mut self, forward: bool) {
        if let Some(Overlay::Form(form)) = &mut self.overlay {
            form.step(forward);
        }
    }

    /// Turns what a question offers besides on or off.
    fn toggle(&mut self) {
        if let Some(Overlay::Confirm(question)) = &mut self.overlay
            && let (Some(option), Target::ApiKey { id, name, leaked: _ }) =
                (&question.option, &question.change.target)
        {
            let leaked = !option.on;
            let target = Target::ApiKey { id: id.clone(), name: name.clone(), leaked };
            let name = name.clone();
            *question = confirm::apikeys::rotate(&name, target, leaked);
        }
    }

    /// The form that a verb begins with.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a name is taken from one screen alone")]
    fn fill_in(&mut self, verb: Verb) -> Result<Form, String> {
        if self.site.read_only {
            return Err(READ_ONLY.to_owned());
        }
        if let Some(running) = &self.running {
            return Err(still_at(running));
        }
        match (verb, self.apikeys.rows.list.selected()) {
            (Verb::UserCreate, _) => Ok(Form::new_user()),
            (Verb::ApiKeyEdit, Some(row)) if self.tab == Tab::ApiKeys => {
                if row.state == "revoked" {
                    return Err(format!("{} is revoked", row.row.key.name));
                }
                Ok(Form::edit_key(row))
            }
            (Verb::ApiKeyEdit, _) => Err(confirm::elsewhere(verb)),
            _ => {
                // A filter by a person's name is whose key is meant.
                let owner = match self.tab {
                    Tab::Users => self.person().0.map(|row| row.user.username.clone()),
                    _ => None,
                };
                Ok(Form::new_key(&owner.unwrap_or_default(), &self.site.key_scopes))
            }
        }
    }

    fn run(&mut self, verb: Verb) {
        if needs_form(verb) {
            match self.fill_in(verb) {
                Ok(form) => {
                    self.toast = None;
                    self.overlay = Some(Overlay::Form(Box::new(form)));
                }
                Err(why) => self.say(Tone::Bad, why),
            }
            return;
        }
        if self.tab == Tab::Dashboard && verb.spec().noun == Noun::User {
            // The event names a person; how they stand now is asked before the question.
            match self.dashboard.person().map(|(id, _)| id.to_string()) {
                Some(id) => self.find(Action::Run(verb), id),
                None => self.say(Tone::Bad, "this event names no single person: choose another"),
            }
            return;
        }
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
            Tab::Dashboard => self.dashboard.rows.list.selected().map(|row| row.last.to_string()),
            Tab::Audit | Tab::Attempts => self.shelf(self.tab).id(),
            Tab::Clients | Tab::Resources | Tab::ApiKeys | Tab::Keys | Tab::Messages => {
                self.say(Tone::Bad, "go to a person, a session or an event for that: 2 3 8");
                return;
            }
        };
        if let Some(id) = id {
            self.look_up(id);
        }
    }

    /// Leaves; where a server would stop with the console, it is asked first.
    fn leave(&mut self) {
        if self.site.log.is_none() || matches!(self.overlay, Some(Overlay::Leave)) {
            self.effects.push(Effect::Quit);
        } else {
            self.overlay = Some(Overlay::Leave);
        }
    }

    fn agree(&mut self) {
        if matches!(self.overlay, Some(Overlay::Leave)) {
            self.effects.push(Effect::Quit);
            return;
        }
        if let Some(Overlay::Confirm(question)) = self.overlay.take() {
            if self.site.read_only {
                self.say(Tone::Bad, READ_ONLY);
                return;
            }
            self.refused = None;
            self.effects.push(Effect::Do(question.change.clone()));
            self.running = Some(question);
        }
    }

    fn decline(&mut self) {
        if let Some(Overlay::Confirm(Confirm { back: Some(form), .. })) = self.overlay.take() {
            self.overlay = Some(Overlay::Form(form));
            return;
        }
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
        } else if let Some(Overlay::Form(form)) = &mut self.overlay {
            if form.focus + 1 < form.fields.len() {
                form.step(true);
                return;
            }
            match form.question() {
                Ok(question) => self.overlay = Some(Overlay::Confirm(question)),
                Err((field, why)) => {
                    form.focus = field;
                    form.trouble = Some(why);
                }
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
        if matches!(self.overlay, Some(Overlay::Form(_))) {
            self.say(Tone::Plain, "nothing was changed");
        }
        if self.overlay.take().is_none() && self.search_mut().cancel() {
            self.filtered();
        }
    }
}
