//! The screen of second factors: who has none, how many have one, and what is required.
//! How it looks is in `mfa_view`; enrolling is `enroll`.

use std::time::Duration;

use super::{
    super::msg::{Query, Ticket},
    people::People,
};
use crate::{model::coverage::Coverage, time::Time};

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Mfa {
    /// The window.
    pub people: People,
    /// Whether people with a second factor are shown too.
    pub everyone: bool,
    /// The counts, once they came.
    pub coverage: Option<Coverage>,
    coverage_ticket: Ticket,
    asked_at: Option<Time>,
}

/// With more people than this, counting them takes a good part of a second.
const MANY: u32 = 10_000;
/// How often so many are counted anew while somebody writes all the time.
const SELDOM: Duration = Duration::from_secs(10);

impl Mfa {
    /// The question whose answer the list shows.
    pub fn query(&self) -> Query {
        let filter = self.people.search.text().to_owned();
        Query::Factors { filter, after: self.people.after(), lacking: !self.everyone }
    }

    /// The question for the counts, when it is time for it.
    pub fn coverage_query(&mut self, ticket: Ticket, now: Time) -> Option<Query> {
        let many = self.coverage.as_ref().is_some_and(|known| known.everyone.people > MANY);
        if many && self.asked_at.is_some_and(|asked| now.since(asked) < SELDOM) {
            return None;
        }
        self.coverage_ticket = ticket;
        self.asked_at = Some(now);
        Some(Query::Coverage)
    }

    /// Takes counts, unless they are asked for again already.
    pub fn take_coverage(&mut self, ticket: Ticket, coverage: Coverage) {
        if ticket == self.coverage_ticket {
            self.coverage = Some(coverage);
        }
    }
}
