//! From keys to actions: which place a key goes to, chords, text fields, pastes that look like keys.
//! Which key means what is in `keymap`; what an action does is in `act`.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::{
    action::Action,
    app::{App, Overlay},
    key::{self, Key},
    keymap::{self, Found, Place},
    layout::Room,
    toast::Tone,
};

/// So many characters at once, outside of a field, were not typed.
const TYPED_AT_ONCE: usize = 8;

impl App {
    pub(super) fn keys(&mut self, keys: Vec<KeyEvent>) {
        let printable =
            keys.iter().copied().filter_map(Key::of).filter(|key| key.is_printable()).count();
        if printable > TYPED_AT_ONCE && !self.in_field() && !self.site.scripted {
            self.say(Tone::Bad, format!("{printable} keys at once look like a paste: ignored"));
            return;
        }
        for key in keys {
            self.key(key);
        }
    }

    pub(super) fn paste(&mut self, pasted: &str) {
        if let Some(Overlay::Palette(palette)) = &mut self.overlay {
            palette.paste(pasted);
        } else if let Some(Overlay::Form(form)) = &mut self.overlay {
            form.paste(pasted);
        } else if self.is_enrolling() {
            pasted.chars().take(16).for_each(|c| self.digit(c));
        } else if self.overlay.is_none() && self.search().is_open() {
            // A whole key is recognised before any of it reaches the field.
            if self.recognise(pasted.lines().next().unwrap_or_default()) {
                return;
            }
            if self.search_mut().paste(pasted) {
                self.filtered();
            }
        } else {
            self.say(Tone::Plain, "pasted text ignored: open a field first, / or :");
        }
    }

    fn in_field(&self) -> bool {
        matches!(
            self.places(),
            [Place::Field | Place::Palette | Place::Enroll | Place::Name | Place::Form]
        )
    }

    fn key(&mut self, event: KeyEvent) {
        if event.kind == KeyEventKind::Release {
            return;
        }
        let Some(key) = Key::of(event) else { return };
        let prefix = self.prefix.take();
        let found = keymap::find(self.places(), prefix, key);
        if matches!(found, Found::Action(Action::Back | Action::Cancel | Action::No)) {
            self.ahead.clear();
            self.finding = None;
        }
        let waiting = self.finding.is_some() || !self.ahead.is_empty();
        if waiting && found != Found::Action(Action::Quit) {
            // The keys behind one that waits are meant for what it will show.
            self.ahead.push(event);
            return;
        }
        // A message that waits for a key has been seen now.
        let held_yes = found == Found::Action(Action::Yes) && event.kind == KeyEventKind::Repeat;
        let seen = self.toast.as_ref().is_some_and(|toast| toast.until.is_none());
        if seen && found != Found::Nothing {
            self.toast = None;
        }
        match found {
            Found::Action(action) if self.must_wait(action) => self.ahead.push(event),
            Found::Action(action) if self.may(action) && !held_yes => self.act(action),
            Found::Prefix(key) => self.prefix = Some(key),
            Found::Nothing if self.in_field() => self.edit(key),
            Found::Action(_) | Found::Nothing => {}
        }
    }

    /// On one line there is no room for a question, so none is asked and none answered.
    fn may(&self, action: Action) -> bool {
        self.room() != Room::Line
            || matches!(
                action,
                Action::Quit
                    | Action::Suspend
                    | Action::Redraw
                    | Action::Move(_)
                    | Action::Show(_)
                    | Action::Beside
                    | Action::Verify
                    | Action::Pause
                    | Action::Cancel
                    | Action::No
                    | Action::Back
                    | Action::Reload
            )
    }

    fn must_wait(&self, action: Action) -> bool {
        self.changing()
            && self.overlay.is_none()
            && matches!(
                action,
                Action::Run(_)
                    | Action::Open
                    | Action::Enroll
                    | Action::Why
                    | Action::SessionsOfUser
                    | Action::UserOfSession
                    | Action::KeysOfUser
                    | Action::EventsOfUser
                    | Action::Copy
            )
    }

    /// Gives the keys that waited for rows to the row they can only have meant.
    pub(super) fn replay(&mut self) {
        if self.ahead.is_empty() || self.waits() {
            return;
        }
        let keys = std::mem::take(&mut self.ahead);
        let rows = if self.overlay.is_some() { 1 } else { self.rows() };
        match rows {
            1 => keys.into_iter().for_each(|key| self.key(key)),
            0 => self.say(Tone::Bad, "nothing matches: the keys behind it were ignored"),
            n => self.say(
                Tone::Bad,
                format!("{n} rows match: choose one; the keys behind it were ignored"),
            ),
        }
    }

    fn waits(&self) -> bool {
        self.finding.is_some() || self.changing()
    }

    fn changing(&self) -> bool {
        self.wait().changing()
    }

    fn edit(&mut self, key: Key) {
        let Some(request) = key::edit(key) else { return };
        if self.is_enrolling() {
            self.edit_code(request);
        } else if let Some(Overlay::Palette(palette)) = &mut self.overlay {
            palette.edit(request);
        } else if let Some(Overlay::Confirm(question)) = &mut self.overlay {
            question.word.iter_mut().for_each(|word| word.edit(request));
        } else if let Some(Overlay::Form(form)) = &mut self.overlay {
            form.edit(request);
        } else if self.search_mut().edit(request) {
            self.filtered();
        }
    }
}
