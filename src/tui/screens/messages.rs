//! The screen of messages: what was sent, by whom it is carried, what the carrier said.
//! What a message says is not shown, but for those that nobody carries. How it looks is in `messages_view`.

use super::{
    super::{
        list::Keyed,
        msg::{Query, Ticket},
        secret::Secret,
        text,
    },
    shelf::{self, Shelf as _, Sift, Sifted},
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

impl Sift for MessageRow {
    fn holds(&self, wanted: &str) -> bool {
        let words = [
            self.recipient.as_str(),
            kind(self.kind),
            self.kind.as_str(),
            self.carrier.as_str(),
            self.state.as_str(),
            self.vendor_answer.as_deref().unwrap_or_default(),
        ];
        shelf::any(&words, wanted)
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// The rows.
    pub rows: Sifted<MessageRow>,
    /// What the opened message says, if nobody carried it away.
    pub body: Option<(MessageId, Option<Secret>)>,
    body_ticket: Ticket,
}

impl Messages {
    /// Opens the selected message; answers what must be asked for that.
    pub fn open(&mut self, ticket: Ticket) -> Option<Query> {
        let row = self.rows.list.selected()?;
        let query = (row.carrier == Carrier::Console).then(|| Query::Message(row.id.clone()));
        self.rows.page = true;
        self.body = None;
        self.body_ticket = ticket;
        query
    }

    /// Goes back to the list, and forgets what the message says; answers whether one was open.
    pub fn close(&mut self) -> bool {
        self.body = None;
        self.rows.set_page(false)
    }

    /// Takes what a message says, unless another is open by now.
    pub fn take_body(&mut self, ticket: Ticket, id: MessageId, body: Option<Secret>) {
        if ticket == self.body_ticket && self.rows.page {
            self.body = Some((id, body));
        }
    }

    /// What a message says, if it was asked for.
    pub fn body(&self, id: &MessageId) -> Option<Option<&Secret>> {
        let (of, body) = self.body.as_ref()?;
        (of == id).then_some(body.as_ref())
    }
}
