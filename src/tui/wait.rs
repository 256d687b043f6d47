//! What a list has asked the database, and how that went. Its rows are in `list`.

use super::msg::{Problem, Ticket};

/// A question that may be under way.
#[derive(Clone, Debug)]
pub struct Wait {
    /// The question whose answer is waited for.
    waiting: Option<Ticket>,
    /// The next rows are others, not the same ones again.
    fresh: bool,
    loaded: bool,
    /// Something changed while an answer was under way.
    again: bool,
    trouble: Option<Problem>,
}

impl Default for Wait {
    fn default() -> Self {
        Self { waiting: None, fresh: true, loaded: false, again: false, trouble: None }
    }
}

impl Wait {
    /// Notes that rows were asked for; `fresh` when they will be others than those shown.
    pub fn asked(&mut self, ticket: Ticket, fresh: bool) {
        self.waiting = Some(ticket);
        self.fresh |= fresh;
    }

    /// Says that the next rows are others, though nothing is asked for them.
    pub fn begin_anew(&mut self) {
        self.fresh = true;
    }

    /// Whether the same rows may be asked for again now. While an answer is under way it is noted instead: a database
    /// that changes all the time must not make every answer come too late.
    pub fn may_ask(&mut self) -> bool {
        self.again |= self.waiting.is_some();
        self.waiting.is_none()
    }

    /// Whether rows must be asked for once more, since something changed meanwhile.
    pub fn must_ask_again(&mut self) -> bool {
        self.waiting.is_none() && std::mem::take(&mut self.again)
    }

    /// Whether an answer is to the newest question.
    pub fn expects(&self, ticket: Ticket) -> bool {
        self.waiting == Some(ticket)
    }

    /// Notes that the answer came.
    pub fn answered(&mut self) {
        self.waiting = None;
        self.trouble = None;
    }

    /// Notes that rows are shown; answers whether they are others than before.
    pub fn take_fresh(&mut self) -> bool {
        self.loaded = true;
        std::mem::take(&mut self.fresh)
    }

    /// Takes a refusal instead of rows; what is shown stays.
    pub fn fail(&mut self, problem: Problem) {
        self.waiting = None;
        self.trouble = Some(problem);
    }

    /// Whether rows ever came.
    pub fn loaded(&self) -> bool {
        self.loaded
    }

    /// Whether the rows shown are about to be replaced by others.
    pub fn changing(&self) -> bool {
        self.waiting.is_some() && self.fresh
    }

    /// Why the newest question was not answered.
    pub fn trouble(&self) -> Option<&Problem> {
        self.trouble.as_ref()
    }
}
