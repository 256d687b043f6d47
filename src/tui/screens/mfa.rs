//! The screen of second factors: who has none, how many have one, and what is required.
//! How it looks is in `mfa_view`; enrolling is `enroll`.

use super::{
    super::msg::{Query, Ticket},
    people::People,
};
use crate::model::coverage::Coverage;

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Mfa {
    /// The window.
    pub people: People,
    /// Whether people with a second factor are shown too.
    pub everyone: bool,
    /// The counts, once they came.
    pub coverage: Option<Coverage>,
    /// The question for the counts.
    pub coverage_ticket: Ticket,
}

impl Mfa {
    /// The question whose answer the list shows.
    pub fn query(&self) -> Query {
        let filter = self.people.search.text().to_owned();
        Query::Factors { filter, after: self.people.after(), lacking: !self.everyone }
    }

    /// Takes counts, unless they are asked for again already.
    pub fn take_coverage(&mut self, ticket: Ticket, coverage: Coverage) {
        if ticket == self.coverage_ticket {
            self.coverage = Some(coverage);
        }
    }
}
