//! The screen of attempts: which apps tried to get a token, and why they were refused; those first.
//! How it looks is in `audit_view`.

use super::{
    super::{list::Keyed, text},
    shelf::{self, Sift, Sifted},
};
use crate::model::{
    id::TraceId,
    trace::{Shown, State, Trace},
};

/// How many attempts are held at most, the newest.
pub const WINDOW: usize = 300;

impl Keyed for Trace {
    type Id = TraceId;

    fn key(&self) -> TraceId {
        self.id.clone()
    }

    fn title(&self) -> String {
        text::clean(&format!("attempt {}", Shown(&self.id)), 32)
    }
}

impl Sift for Trace {
    fn holds(&self, wanted: &str) -> bool {
        let shown = Shown(&self.id).to_string();
        let rule = self.refusal().and_then(|hop| hop.rule).map_or("", |rule| rule.code());
        let words = [
            shown.as_str(),
            self.id.as_str(),
            self.client.as_deref().unwrap_or_default(),
            self.state.as_str(),
            self.kind.as_str(),
            self.address.as_str(),
            self.asked("redirect_uri").unwrap_or_default(),
            rule,
        ];
        shelf::any(&words, wanted)
    }
}

/// Puts refused attempts first; each half stays in its order.
pub fn refused_first(mut rows: Vec<Trace>) -> Vec<Trace> {
    rows.sort_by_key(|row| row.state != State::Refused);
    rows
}

/// How many of all attempts were refused.
pub fn refused(attempts: &Sifted<Trace>) -> usize {
    attempts.all().iter().filter(|row| row.state == State::Refused).count()
}
