//! Everything that can happen to the console, and everything it can want: the two ends of `update`.
//! Wishes are carried out by `worker` and `terminal`.

use crossterm::event::{KeyEvent, MouseEvent};

use super::{
    action::Action,
    enroll::{Given, Wanted},
    form::{Limits, NewKey, NewUser},
    secret::Secret,
};
use crate::{
    crypto::jwt::Algorithm,
    error::{Error, Kind},
    model::{
        apikey::{ApiKey, DayOfUse, KeyRow},
        audit::EventRow,
        client::Client,
        coverage::Coverage,
        dashboard::Overview,
        id::{AgentId, ApiKeyId, ClientId, MessageId, ResourceId, SessionId, UserId},
        key::KeyStanding,
        message::MessageRow,
        resource::Resource,
        session::SessionRow,
        trace::{Trace, story::Story},
        user::UserRow,
        verb::Verb,
    },
    ops::{
        apikey::standing::Standing, audit::chain::Checked, link::Printed,
        oauth::connected::Connected,
    },
    time::Time,
};

/// Names a question, so that an answer that comes too late is known as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Keys that arrived together.
    Keys(Vec<KeyEvent>),
    /// Text that was pasted.
    Paste(String),
    /// The terminal has this size now.
    Resize(u16, u16),
    /// Time passed; perhaps somebody changed the database.
    Beat {
        /// The present moment.
        now: Time,
        /// Whether anything was committed since the last beat.
        changed: bool,
    },
    /// An answer.
    Answer {
        /// To which question.
        ticket: Ticket,
        /// Of which moment.
        now: Time,
        /// What was found.
        reply: Result<Reply, Problem>,
    },
    /// A change was made, or refused.
    Done {
        /// Which.
        change: Change,
        /// When.
        now: Time,
        /// What it did.
        outcome: Result<Outcome, Problem>,
    },
    /// An enrolment went on, or was refused.
    Enrolled {
        /// Which wish this answers.
        ticket: Ticket,
        /// When.
        now: Time,
        /// What came of it.
        given: Result<Given, Problem>,
    },
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Whether a server serves the data folder.
    Server(Server),
    /// The process was stopped and goes on.
    Continued,
    /// Somebody wants the process to end.
    Stop,
}

/// Whether a server serves the data folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Server {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// This process does, perhaps it is known since when.
    Running {
        /// Its number.
        pid: u32,
        /// When it began.
        since: Option<Time>,
    },
    /// None does.
    Stopped,
}

/// Something that `update` wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the database.
    Ask(Ticket, Query),
    /// Change the database.
    Do(Change),
    /// Go on with an enrolment.
    Enroll(Ticket, Wanted),
    /// Offer a text to the terminal's clipboard.
    Copy(Secret),
    /// Stop the process until the shell continues it.
    Suspend,
    /// Take the mouse, or let the terminal have it.
    Mouse(bool),
    /// Forget what the terminal shows and paint it anew.
    Repaint,
    /// Leave.
    Quit,
}

/// A question to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A window of people.
    Users {
        /// Only those that hold this.
        filter: String,
        /// Only those behind this user name.
        after: Option<String>,
    },
    /// What goes beside one person.
    Detail(UserId),
    /// Live sessions, of one person or of all.
    Sessions(Option<UserId>),
    /// A window of people by their second factors.
    Factors {
        /// Only those that hold this.
        filter: String,
        /// Only those behind this user name.
        after: Option<String>,
        /// Only those without a second factor.
        lacking: bool,
    },
    /// How many people have a second factor.
    Coverage,
    /// The clients.
    Clients,
    /// The signing keys.
    Keys,
    /// The newest attempts to get a token.
    Attempts,
    /// What happened to whatever has this id.
    Story(String),
    /// The newest messages.
    Messages,
    /// What a message says that nobody carries.
    Message(MessageId),
    /// What goes on and what wants attention.
    Dashboard,
    /// API keys and how they stand.
    ApiKeys,
    /// How one key was used, by the day.
    KeyUse(ApiKeyId),
    /// Which key a text is.
    FindKey(Secret),
    /// The resources.
    Resources,
    /// The newest events of the audit record, about one person or all.
    Events(Option<UserId>),
    /// Whether the audit record is whole.
    Verify,
    /// The person meant by a palette line.
    Find {
        /// What is to be done to them.
        action: Action,
        /// As typed.
        name: String,
    },
}

/// An answer of the database.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To [`Query::Users`] and [`Query::Factors`].
    Users(Vec<UserRow>),
    /// To [`Query::Detail`].
    Detail(Box<Detail>),
    /// To [`Query::Sessions`].
    Sessions(Vec<SessionRow>),
    /// To [`Query::Coverage`].
    Coverage(Box<Coverage>),
    /// To [`Query::Clients`].
    Clients(Vec<Client>),
    /// To [`Query::Keys`].
    Keys(Vec<KeyStanding>),
    /// To [`Query::Attempts`].
    Attempts(Vec<Trace>),
    /// To [`Query::Story`].
    Story(Box<Story>),
    /// To [`Query::Messages`].
    Messages(Vec<MessageRow>),
    /// To [`Query::Message`]; nothing when it is of no use any more.
    Message(MessageId, Option<Secret>),
    /// To [`Query::Dashboard`].
    Dashboard(Box<Overview>),
    /// To [`Query::ApiKeys`].
    ApiKeys(Vec<Standing>),
    /// To [`Query::KeyUse`].
    KeyUse(ApiKeyId, Vec<DayOfUse>),
    /// To [`Query::FindKey`].
    FoundKey(ApiKeyId),
    /// To [`Query::Resources`].
    Resources(Vec<Resource>),
    /// To [`Query::Events`].
    Events(Vec<EventRow>),
    /// To [`Query::Verify`].
    Verified(Box<Checked>),
    /// To [`Query::Find`].
    Found(Action, Box<UserRow>),
}

/// What is shown beside one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Whose.
    pub user: UserId,
    /// Their newest sessions.
    pub sessions: Vec<SessionRow>,
    /// Their API keys.
    pub keys: Vec<KeyRow>,
    /// The apps that hold something of them.
    pub apps: Vec<Connected>,
    /// What happened to them last.
    pub events: Vec<EventRow>,
}

/// A change that was agreed to: exactly what the dialog showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub verb: Verb,
    /// To whom or to what.
    pub target: Target,
}

/// What a change is made to, by id; the name is for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A person.
    User {
        /// Who.
        id: UserId,
        /// Their user name, fit for the screen.
        name: String,
    },
    /// A session.
    Session {
        /// Which.
        id: SessionId,
        /// Its owner's user name, fit for the screen.
        name: String,
    },
    /// A client.
    Client {
        /// Which.
        id: ClientId,
        /// Its name, fit for the screen.
        name: String,
    },
    /// An API key.
    ApiKey {
        /// Which.
        id: ApiKeyId,
        /// What its owner calls it, fit for the screen.
        name: String,
        /// It is in wrong hands: what is put in its place ends it now.
        leaked: bool,
    },
    /// What an API key is called and how often it may be used.
    Limits {
        /// Which.
        id: ApiKeyId,
        /// What its owner called it, fit for the screen.
        name: String,
        /// What it is to be.
        limits: Limits,
    },
    /// An API key that is not there yet.
    NewKey(Box<NewKey>),
    /// An account that is not there yet.
    NewUser(Box<NewUser>),
    /// An agent.
    Agent {
        /// Which.
        id: AgentId,
        /// Its name, fit for the screen.
        name: String,
    },
    /// A resource.
    Resource {
        /// Which.
        id: ResourceId,
        /// Its name, fit for the screen.
        name: String,
    },
    /// A signing key.
    Key {
        /// Which; for a new one, the one that it will follow.
        kid: String,
        /// What it signs with.
        algorithm: Algorithm,
        /// How its id begins.
        name: String,
    },
}

impl Target {
    /// What to call it.
    pub fn name(&self) -> &str {
        match self {
            Self::NewKey(new) => &new.name,
            Self::NewUser(new) => &new.username,
            Self::User { name, .. }
            | Self::Session { name, .. }
            | Self::Client { name, .. }
            | Self::ApiKey { name, .. }
            | Self::Limits { name, .. }
            | Self::Agent { name, .. }
            | Self::Resource { name, .. }
            | Self::Key { name, .. } => name,
        }
    }
}

/// What a change took away and what it gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Sessions that ended.
    pub sessions: usize,
    /// Refresh-token families that were revoked.
    pub grants: usize,
    /// Second factors that were removed.
    pub factors: usize,
    /// Clients that were registered for it alone and are switched off.
    pub clients: usize,
    /// A link to hand on.
    pub link: Option<Printed>,
    /// A key that was made.
    pub key: Option<Box<MadeKey>>,
}

/// An API key that was just made: the only moment its text exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeKey {
    /// Its text.
    pub text: Secret,
    /// Its row.
    pub key: ApiKey,
    /// Whose it is.
    pub owner: String,
    /// The key in whose place it came, and when that ends.
    pub before: Option<(ApiKeyId, Option<Time>)>,
}

/// A refusal or a fault, fit for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What failed.
    pub text: String,
    /// What to do.
    pub next: Option<String>,
    /// Whether trying again may help at once.
    pub busy: bool,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self {
            text: error.to_string(),
            next: error.next().map(str::to_owned),
            busy: error.kind() == Kind::Busy,
        }
    }
}
