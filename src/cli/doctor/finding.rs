//! What the doctor finds: by name, how bad, and the command that mends it.

use serde_json::{Value, json};

use crate::cli::output::{Out, safe};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// It will be a problem.
    Warning,
    /// It is one.
    Problem,
}

impl Severity {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    fn sign(self) -> (&'static str, &'static str) {
        match self {
            Self::Note => ("·", "36"),
            Self::Warning => ("!", "33"),
            Self::Problem => ("✗", "31"),
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name, the same in every release: `db.wal`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is so.
    pub what: String,
    /// The command that mends it, or what to do where no command can.
    pub fix: String,
}

impl Finding {
    /// A finding.
    pub fn new(
        id: &'static str,
        severity: Severity,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { id, severity, what: what.into(), fix: fix.into() }
    }

    /// For programs.
    pub fn document(&self) -> Value {
        json!({ "id": self.id, "severity": self.severity.as_str(), "message": self.what, "fix": self.fix })
    }

    /// For people: two lines.
    pub fn text(&self, out: Out) -> String {
        let (sign, color) = self.severity.sign();
        let sign = if out.color { format!("\x1b[{color}m{sign}\x1b[0m") } else { sign.to_owned() };
        format!("{sign} {}: {}\n    {}\n", self.id, safe(&self.what), safe(&self.fix))
    }
}
