//! What happens to secrets on the screen: enrolments go on, links are handed over, both are copied, hidden, closed.
//! What they hold is in `enroll` and `handed`.

use tui_input::InputRequest;

use super::{
    app::{App, Overlay, READ_ONLY, still_at},
    enroll::{Enroll, Given, Stage, Wanted},
    handed::Handed,
    layout::Room,
    list::Keyed,
    msg::{Change, Effect, MadeKey, Problem, Ticket},
    qr::Qr,
    secret::{Secret, Sight, Taken},
    text,
    toast::Tone,
};
use crate::{
    model::{
        factor::Method,
        user::{UserRow, UserState},
    },
    ops::link::Printed,
    time::Time,
};

/// What is true of OSC 52, and no more.
const SENT: &str = "sent to your terminal's clipboard; not every terminal takes it: paste to see";

impl App {
    pub(super) fn enroll_selected(&mut self) {
        let (row, gone) = self.person();
        let begun = match (row.cloned(), gone) {
            (Some(row), _) => self.enroll(&row),
            (None, Some(gone)) => {
                Err(format!("{gone} is gone from this list: move to another row first"))
            }
            (None, None) => Err("choose a person for that".to_owned()),
        };
        if let Err(why) = begun {
            self.say(Tone::Bad, why);
        }
    }

    /// Begins an enrolment, or says why not.
    pub(super) fn enroll(&mut self, row: &UserRow) -> Result<(), String> {
        if self.site.read_only {
            return Err(READ_ONLY.to_owned());
        }
        if let Some(running) = &self.running {
            return Err(still_at(running));
        }
        if !self.site.policy.offers(Method::Totp) {
            return Err("authenticator apps are switched off in the configuration".to_owned());
        }
        if row.user.state == UserState::Disabled {
            return Err(format!("{} is disabled", row.title()));
        }
        let (ticket, id) = (self.ticket(), row.user.id.clone());
        self.toast = None;
        self.effects.push(Effect::Enroll(ticket, Wanted::Begin(id.clone())));
        self.overlay = Some(Overlay::Enroll(Box::new(Enroll::new(id, row.title(), ticket))));
        Ok(())
    }

    pub(super) fn enrolled(&mut self, ticket: Ticket, now: Time, given: Result<Given, Problem>) {
        self.now = self.now.max(now);
        if let Some(Overlay::Enroll(enroll)) = &mut self.overlay
            && enroll.waiting == Some(ticket)
        {
            let right = matches!(given, Ok(Given::Right(_)));
            enroll.take(given);
            if right {
                let name = enroll.name.clone();
                self.say(Tone::Good, format!("{name} now signs in with a code from the app"));
                self.ask(false);
            }
        }
    }

    fn enrolling(&mut self) -> Option<&mut Enroll> {
        match &mut self.overlay {
            Some(Overlay::Enroll(enroll)) => Some(enroll),
            Some(
                Overlay::Confirm(_)
                | Overlay::Form(_)
                | Overlay::Leave
                | Overlay::Palette(_)
                | Overlay::Help(_)
                | Overlay::Story(_)
                | Overlay::Handed(_),
            )
            | None => None,
        }
    }

    pub(super) fn is_enrolling(&self) -> bool {
        matches!(&self.overlay, Some(Overlay::Enroll(_)))
    }

    pub(super) fn digit(&mut self, c: char) {
        let digits = self.site.policy.totp.digits;
        // What is typed blind in a window that is too small would be checked as soon as it is whole.
        if self.room() == Room::Line {
            return;
        }
        let code = self.enrolling().and_then(|enroll| enroll.digit(c, digits));
        self.prove(code);
    }

    pub(super) fn edit_code(&mut self, request: InputRequest) {
        if let InputRequest::InsertChar(c) = request {
            self.digit(c);
        } else if request == InputRequest::DeletePrevChar
            && let Some(enroll) = self.enrolling()
        {
            enroll.erase();
        }
    }

    /// Checks the code that is there.
    pub(super) fn submit(&mut self) {
        let digits = self.site.policy.totp.digits;
        let code = self.enrolling().and_then(|enroll| enroll.code(digits));
        self.prove(code);
    }

    fn prove(&mut self, code: Option<Secret>) {
        let ticket = self.ticket();
        if let (Some(code), Some(enroll)) = (code, self.enrolling()) {
            enroll.waiting = Some(ticket);
            let wanted = Wanted::Prove(enroll.user.clone(), code);
            self.effects.push(Effect::Enroll(ticket, wanted));
        }
    }

    /// Makes another secret for the same person; the one before opens nothing.
    pub(super) fn anew(&mut self) {
        let ticket = self.ticket();
        if let Some(enroll) = self.enrolling()
            && enroll.waiting.is_none()
        {
            let (id, name) = (enroll.user.clone(), enroll.name.clone());
            self.effects.push(Effect::Enroll(ticket, Wanted::Begin(id.clone())));
            self.overlay = Some(Overlay::Enroll(Box::new(Enroll::new(id, name, ticket))));
        }
    }

    /// Shows the link that a change gave.
    pub(super) fn hand_over(&mut self, change: &Change, link: &Printed) {
        self.search_mut().accept();
        let handed = Handed::new(change.verb, change.target.name(), link);
        self.overlay = Some(Overlay::Handed(Box::new(handed)));
    }

    /// Shows the key that a change made.
    pub(super) fn hand_over_key(&mut self, made: &MadeKey) {
        self.search_mut().accept();
        self.overlay = Some(Overlay::Handed(Box::new(Handed::key(made))));
    }

    pub(super) fn look(&mut self, change: fn(&mut Sight)) {
        match &mut self.overlay {
            Some(Overlay::Enroll(enroll)) => change(&mut enroll.sight),
            Some(Overlay::Handed(handed)) => change(&mut handed.sight),
            Some(
                Overlay::Confirm(_)
                | Overlay::Form(_)
                | Overlay::Leave
                | Overlay::Palette(_)
                | Overlay::Help(_)
                | Overlay::Story(_),
            )
            | None => {}
        }
    }

    pub(super) fn full(&mut self) {
        let (width, height) = self.size;
        let (qr, full) = match &self.overlay {
            Some(Overlay::Enroll(enroll)) => (enroll.qr(), enroll.sight.full),
            Some(Overlay::Handed(handed)) => (handed.qr(), handed.sight.full),
            Some(
                Overlay::Confirm(_)
                | Overlay::Form(_)
                | Overlay::Leave
                | Overlay::Palette(_)
                | Overlay::Help(_)
                | Overlay::Story(_),
            )
            | None => return,
        };
        match qr {
            _ if full => self.look(|sight| sight.full = false),
            Some(qr) if self.has_room_for(qr) => self.look(|sight| sight.full = true),
            Some(qr) => {
                let (columns, rows) = qr.cells(2);
                let needs = format!("the QR code needs a window of {columns}×{} cells", rows + 1);
                self.say(Tone::Bad, format!("{needs}; this one has {width}×{height}"));
            }
            None => self.say(Tone::Bad, "there is no QR code to show"),
        }
    }

    /// Whether a QR code fits into the whole window, but for the row of the code and the way back.
    pub fn has_room_for(&self, qr: &Qr) -> bool {
        qr.fit(self.size.0, self.size.1.saturating_sub(1)).is_some()
    }

    pub(super) fn copy(&mut self) {
        let text = match &mut self.overlay {
            Some(Overlay::Enroll(enroll)) => match &mut enroll.stage {
                Stage::Scan(scan) => scan.shown.as_ref().map(|(shown, _)| shown.typed.clone()),
                Stage::Codes(codes) => {
                    codes.taken = Taken::Yes;
                    codes.text()
                }
                Stage::Begun | Stage::Refused(_) => return,
            },
            Some(Overlay::Handed(handed)) => {
                handed.taken = Taken::Yes;
                handed.secret.as_ref().map(|(secret, _)| secret.clone())
            }
            Some(
                Overlay::Confirm(_)
                | Overlay::Form(_)
                | Overlay::Leave
                | Overlay::Palette(_)
                | Overlay::Help(_)
                | Overlay::Story(_),
            ) => return,
            None => {
                self.copy_id();
                return;
            }
        };
        self.offer(text);
    }

    /// Offers the id of the selected row.
    fn copy_id(&mut self) {
        let id = self.shelf(self.tab).id();
        match id {
            Some(id) => {
                let shown = text::clean(&id, 40);
                self.effects.push(Effect::Copy(Secret::new(id)));
                self.say(Tone::Plain, format!("{shown} {SENT}"));
            }
            None => self.say(Tone::Bad, "no row is selected"),
        }
    }

    /// Closes what was shown once: its reader has put it away.
    pub(super) fn stored(&mut self) {
        if matches!(self.overlay, Some(Overlay::Handed(_))) {
            self.overlay = None;
        }
    }

    pub(super) fn copy_uri(&mut self) {
        let shown = self.enrolling().and_then(|enroll| match &enroll.stage {
            Stage::Scan(scan) => scan.shown.as_ref().map(|(shown, _)| shown.uri.clone()),
            Stage::Begun | Stage::Refused(_) | Stage::Codes(_) => None,
        });
        self.offer(shown);
    }

    fn offer(&mut self, text: Option<Secret>) {
        match text {
            Some(text) => {
                self.effects.push(Effect::Copy(text));
                self.say(Tone::Plain, SENT);
            }
            None => self.say(Tone::Bad, "nothing is shown that could be copied"),
        }
    }

    /// Takes a secret off the screen at which nobody has pressed a key for long.
    pub(super) fn hide_secret(&mut self) {
        let hidden = match &mut self.overlay {
            Some(Overlay::Enroll(enroll)) => enroll.hide(),
            Some(Overlay::Handed(handed)) => handed.hide(),
            Some(
                Overlay::Confirm(_)
                | Overlay::Form(_)
                | Overlay::Leave
                | Overlay::Palette(_)
                | Overlay::Help(_)
                | Overlay::Story(_),
            )
            | None => false,
        };
        let read = self.tab == super::action::Tab::Messages
            && self.messages.body.is_some()
            && self.messages.close();
        self.dirty |= hidden || read;
    }

    /// Whether a secret that was not taken stays once more; it is said then that it will go.
    pub(super) fn keeps_secret(&mut self) -> bool {
        let (full, kept) = match &mut self.overlay {
            Some(Overlay::Enroll(enroll)) => {
                let full = std::mem::take(&mut enroll.sight.full);
                (full, !full && !enroll.let_go())
            }
            Some(Overlay::Handed(handed)) => {
                let full = std::mem::take(&mut handed.sight.full);
                (full, !full && !handed.let_go())
            }
            Some(
                Overlay::Confirm(_)
                | Overlay::Form(_)
                | Overlay::Leave
                | Overlay::Palette(_)
                | Overlay::Help(_)
                | Overlay::Story(_),
            )
            | None => {
                return false;
            }
        };
        if kept {
            self.say(
                Tone::Bad,
                "not copied: Esc again and it is gone; then a new one must be made",
            );
        }
        full || kept
    }

    pub(super) fn everyone(&mut self) {
        self.tab = super::action::Tab::Mfa;
        self.mfa.everyone = !self.mfa.everyone;
        self.mfa.people.rewind();
        self.ask(true);
    }
}
