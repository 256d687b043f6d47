//! The screen of people: a window of rows by name, and what goes beside the selected person.
//! How it looks is in `users_view`.

use super::{
    super::{
        list::Keyed,
        msg::{Detail, Query, Ticket},
    },
    people::People,
};
use crate::model::id::UserId;

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// The window.
    pub people: People,
    /// What goes beside the selected person, once it came.
    detail: Option<Detail>,
    detail_ticket: Ticket,
    detail_of: Option<UserId>,
}

impl Users {
    /// The question whose answer this screen shows.
    pub fn query(&self) -> Query {
        let filter = self.people.search.text().to_owned();
        Query::Users { filter, after: self.people.after() }
    }

    /// The question about the selected person, if it was not asked yet.
    pub fn detail_query(&mut self, ticket: Ticket) -> Option<Query> {
        let id = self.people.list.selected().map(Keyed::key)?;
        if self.detail_of.as_ref() == Some(&id) {
            return None;
        }
        self.detail_of = Some(id.clone());
        self.detail_ticket = ticket;
        Some(Query::Detail(id))
    }

    /// Lets the question about the selected person be asked again.
    pub fn refresh_detail(&mut self) {
        self.detail_of = None;
    }

    /// Takes what goes beside a person, unless somebody else is asked about by now.
    pub fn take_detail(&mut self, ticket: Ticket, detail: Detail) -> bool {
        let wanted = ticket == self.detail_ticket && self.detail_of.as_ref() == Some(&detail.user);
        if wanted {
            self.detail = Some(detail);
        }
        wanted
    }

    /// What goes beside this person, if it is there.
    pub fn detail(&self, id: &UserId) -> Option<&Detail> {
        self.detail.as_ref().filter(|detail| detail.user == *id)
    }
}
