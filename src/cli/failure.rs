//! Why a command did not do its work: the words, the machine's words, and the exit code.
//! The codes are promised to scripts; `mcpcodex help exit-codes` lists them.

use std::io;

use clap::error::ErrorKind;
use serde_json::{Value, json};

use super::{dry::Plan, output::put};
use crate::{
    config::Problems,
    error::{Error, Kind},
    ops::password::Refused,
};

/// What a command ends with.
pub type Done = Result<(), Failure>;

/// Why a command did not do its work.
#[derive(Debug)]
pub enum Failure {
    /// The core refused or failed.
    Core(Error),
    /// The command cannot be understood, or lacks something that may not be asked for.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        next: Option<String>,
    },
    /// clap's refusal.
    Arguments(clap::Error),
    /// The configuration cannot be used.
    Config(Problems),
    /// A password was refused, for each of these reasons.
    Password(Vec<String>),
    /// Everything was said on stdout already; only the code is left.
    Said(u8),
    /// The person pressed Ctrl-C or said no.
    Cancelled,
    /// Nobody reads our output any more.
    Pipe,
    /// It was only tried out: this would have happened. Not a failure, but the end of the command all the same.
    Planned(Plan),
}

/// `config check` found problems.
pub const FOUND_PROBLEMS: u8 = 6;
/// `auth validate`: well formed, not valid.
pub const NOT_VALID: u8 = 8;

impl Failure {
    /// The command lacks or mistakes something.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), next: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_next(self, next: impl Into<String>) -> Self {
        match self {
            Self::Usage { message, .. } => Self::Usage { message, next: Some(next.into()) },
            Self::Core(error) => Self::Core(error.with_next(next)),
            other @ (Self::Arguments(_)
            | Self::Config(_)
            | Self::Password(_)
            | Self::Said(_)
            | Self::Cancelled
            | Self::Planned(_)
            | Self::Pipe) => other,
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Core(error) => match error.kind() {
                Kind::Internal | Kind::Limited => 1,
                Kind::Invalid => 2,
                Kind::NotFound => 3,
                Kind::Denied => 4,
                Kind::Conflict => 5,
                Kind::Busy => 7,
            },
            Self::Usage { .. } | Self::Arguments(_) | Self::Config(_) | Self::Password(_) => 2,
            Self::Said(code) => *code,
            Self::Cancelled => 130,
            Self::Pipe | Self::Planned(_) => 0,
        }
    }

    /// What went wrong, in words.
    pub fn message(&self) -> String {
        match self {
            Self::Core(error) => error.to_string(),
            Self::Usage { message, .. } => message.clone(),
            Self::Arguments(error)
                if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
            {
                "say which: a command is missing".to_owned()
            }
            Self::Arguments(error) => {
                let text = error.render().to_string();
                let first = text.split("\n\n").next().unwrap_or_default().trim();
                first.strip_prefix("error: ").unwrap_or(first).to_owned()
            }
            Self::Config(problems) => problems.to_string(),
            Self::Password(reasons) => format!("the password is refused: {}", reasons.join("; ")),
            Self::Cancelled => "cancelled; nothing was changed".to_owned(),
            Self::Said(_) | Self::Pipe | Self::Planned(_) => String::new(),
        }
    }

    /// What went wrong, as a line for people. On a page these words stand at their field; here they must name it.
    pub fn line(&self) -> String {
        let field = if let Self::Core(error) = self { error.field() } else { None };
        let label = match field {
            Some("username") => "user name: ",
            Some("email") => "e-mail address: ",
            Some(_) | None => "",
        };
        format!("{label}{}", self.message())
    }

    /// What to do about it.
    pub fn next(&self) -> Option<String> {
        match self {
            Self::Core(error) => error.next().map(str::to_owned),
            Self::Usage { next, .. } => next.clone(),
            Self::Arguments(_) => Some("mcpcodex help".to_owned()),
            Self::Config(_) => Some("mcpcodex config check".to_owned()),
            Self::Password(_) | Self::Said(_) | Self::Cancelled | Self::Pipe | Self::Planned(_) => {
                None
            }
        }
    }

    /// Whether there is nothing left to say.
    pub fn is_said(&self) -> bool {
        matches!(self, Self::Said(_) | Self::Pipe | Self::Planned(_))
    }

    /// The document on stderr under `--json`.
    pub fn document(&self) -> Value {
        let code = match self {
            Self::Core(error) => error.code(),
            Self::Usage { .. } | Self::Arguments(_) => "usage",
            Self::Config(_) => "config",
            Self::Password(_) => "invalid",
            Self::Cancelled => "cancelled",
            Self::Said(_) | Self::Pipe | Self::Planned(_) => "failed",
        };
        let mut error = json!({ "code": code, "message": self.message(), "next": self.next() });
        match self {
            Self::Config(problems) => put(&mut error, "problems", json!(problems)),
            Self::Password(reasons) => put(&mut error, "reasons", json!(reasons)),
            Self::Core(cause) => {
                if let Some(field) = cause.field() {
                    put(&mut error, "field", json!(field));
                }
            }
            Self::Usage { .. }
            | Self::Arguments(_)
            | Self::Said(_)
            | Self::Cancelled
            | Self::Planned(_)
            | Self::Pipe => {}
        }
        json!({ "error": error })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Config(problems)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unfit(reasons) => {
                Self::Password(reasons.iter().map(ToString::to_string).collect())
            }
            Refused::Failed(error) => Self::Core(error),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the rest are faults of the machine")]
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Pipe,
            io::ErrorKind::Interrupted => Self::Cancelled,
            _ => Self::Core(
                Error::internal(format!("input or output failed: {}", error.kind()))
                    .with_source(error),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_refusal_has_its_promised_exit_code() {
        let code = |error: Error| Failure::from(error).exit_code();
        assert_eq!(code(Error::internal("x")), 1);
        assert_eq!(code(Error::invalid("f", "x")), 2);
        assert_eq!(code(Error::not_found("user", "x")), 3);
        assert_eq!(code(Error::denied("x")), 4);
        assert_eq!(code(Error::conflict("x")), 5);
        assert_eq!(code(Error::busy("x")), 7);
        assert_eq!(Failure::usage("x").exit_code(), 2);
        assert_eq!(Failure::Cancelled.exit_code(), 130);
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit_code(), 0);
    }
}
