//! The screen of messages: what was sent, by whom it is carried, what the carrier said.
//! What a message says is not shown, but for those that nobody carries. How it looks is in `messages_view`.

use super::super::{
    list::{Keyed, List},
    msg::{Query, Ticket},
    search::Search,
    secret::Secret,
    text,
};
use crate::model::{
    id::MessageId,
    message::{Carrier, Kind, MessageRow},
};

/// How many messages are held at most, the newest first.
pub const WINDOW: usize = 500;

impl Keyed for MessageRow {
    type Id = MessageId;

    fn key(&self) -> MessageId {
        self.id.clone()
    }

    fn title(&self) -> String {
        format!("{} to {}", kind(self.kind), text::clean(&self.recipient, 32))
    }
}

/// What a message is about, in words.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::SmsCode | Kind::EmailCode => "code",
        Kind::Reset => "password reset",
        Kind::Invite => "invitation",
        Kind::Enroll => "enrolment link",
        Kind::NewDevice => "new device",
        Kind::PasswordChanged => "password changed",
        Kind::FactorAdded => "factor added",
        Kind::FactorRemoved => "factor removed",
        Kind::ConnectionEnded => "app cut off",
        Kind::KeyDue => "API key due",
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// Those that pass the filter.
    pub list: List<MessageRow>,
    /// The filter.
    pub search: Search,
    /// Whether the selected message fills the screen.
    pub page: bool,
    /// What the opened message says, if nobody carried it away.
    pub body: Option<(MessageId, Option<Secret>)>,
    body_ticket: Ticket,
    all: Vec<MessageRow>,
}

impl Messages {
    /// Takes rows; answers which selected one vanished.
    pub fn take(&mut self, rows: Vec<MessageRow>) -> Option<String> {
        self.all = rows;
        let rows = self.sifted();
        self.list.take(rows)
    }

    /// Applies another filter to the rows that are here.
    pub fn sift_anew(&mut self) {
        self.list.wait.begin_anew();
        let rows = self.sifted();
        self.list.show(rows);
    }

    fn sifted(&self) -> Vec<MessageRow> {
        let wanted = self.search.text().to_lowercase();
        let passes = |row: &&MessageRow| {
            let words = [
                row.recipient.as_str(),
                kind(row.kind),
                row.kind.as_str(),
                row.carrier.as_str(),
                row.state.as_str(),
                row.vendor_answer.as_deref().unwrap_or_default(),
            ];
            wanted.is_empty() || words.into_iter().any(|word| word.to_lowercase().contains(&wanted))
        };
        self.all.iter().filter(passes).cloned().collect()
    }

    /// How many messages there are before the filter.
    pub fn total(&self) -> usize {
        self.all.len()
    }

    /// Opens the selected message; answers what must be asked for that.
    pub fn open(&mut self, ticket: Ticket) -> Option<Query> {
        let row = self.list.selected()?;
        self.page = true;
        self.body = None;
        self.body_ticket = ticket;
        (row.carrier == Carrier::Console).then(|| Query::Message(row.id.clone()))
    }

    /// Goes back to the list, and forgets what the message says; answers whether one was open.
    pub fn close(&mut self) -> bool {
        self.body = None;
        std::mem::take(&mut self.page)
    }

    /// Takes what a message says, unless another is open by now.
    pub fn take_body(&mut self, ticket: Ticket, id: MessageId, body: Option<Secret>) {
        if ticket == self.body_ticket && self.page {
            self.body = Some((id, body));
        }
    }

    /// What a message says, if it was asked for.
    pub fn body(&self, id: &MessageId) -> Option<Option<&Secret>> {
        let (of, body) = self.body.as_ref()?;
        (of == id).then_some(body.as_ref())
    }
}
