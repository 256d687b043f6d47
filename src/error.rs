//! The one error of the core: what went wrong, what to do next, and nothing about HTTP or SQL.
//! Each face renders it: `http/error.rs` as a status code, `cli/output.rs` as an exit code.

use std::{error::Error as StdError, fmt, time::Duration};

/// The result of everything in the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of refusal an [`Error`] is; faces choose status and exit codes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The thing that was named does not exist.
    NotFound,
    /// It exists already, or its state does not allow the change.
    Conflict,
    /// The input cannot be right, whatever the state.
    Invalid,
    /// The actor may not do this.
    Denied,
    /// Too many tries or requests; [`Error::retry_after`] says when to come back.
    Limited,
    /// The database or the hashing permits are taken; nothing was changed.
    Busy,
    /// A fault of ours or of the machine; the cause goes to the log, never to the outside.
    Internal,
}

/// A refusal or a fault. `Display` says what failed and never repeats the source.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    next: Option<String>,
    field: Option<&'static str>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            next: None,
            field: None,
            retry_after: None,
            source: None,
        }
    }

    /// Refuses because `what` (for example `user`) named `name` does not exist.
    pub fn not_found(what: &str, name: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, format!("{what} \"{name}\" not found"))
    }

    /// Refuses because something is not there (any more), in a sentence of its own.
    pub fn absent(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// Refuses because of the state things are in.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Refuses an input; `field` is its name as the person knows it.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(Kind::Invalid, message) }
    }

    /// Refuses because the actor lacks the right.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(Kind::Denied, message)
    }

    /// Refuses until `retry_after` has passed.
    pub fn limited(message: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(Kind::Limited, message) }
    }

    /// Refuses because a shared means is taken for the moment; nothing was changed.
    pub fn busy(message: impl Into<String>) -> Self {
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(Kind::Busy, message) }
    }

    /// Reports a fault; `message` says what was being done.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// Says when it is worth trying again: for a fault that the machine may be rid of by then.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Adds what to do about it, as a command or a short sentence.
    #[must_use]
    pub fn with_next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The sort of refusal.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do next, when there is something to do.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The input that was refused.
    pub fn field(&self) -> Option<&'static str> {
        self.field
    }

    /// How long to wait before trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// A stable word for scripts, as printed under `--json`.
    pub fn code(&self) -> &'static str {
        match self.kind {
            Kind::NotFound => "not_found",
            Kind::Conflict => "conflict",
            Kind::Invalid => "invalid",
            Kind::Denied => "denied",
            Kind::Limited => "limited",
            Kind::Busy => "busy",
            Kind::Internal => "internal",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| -> &(dyn StdError + 'static) { source.as_ref() })
    }
}
