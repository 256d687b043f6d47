//! What was found, a line for each step, and what to do about it.

use serde_json::{Value, json};

use crate::cli::output::{Out, put, safe};

/// As much of another side's words as is repeated.
const WORDS: usize = 240;

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it must be.
    Good,
    /// Some client may stumble over it.
    Odd,
    /// Clients fail here.
    Bad,
}

impl Verdict {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Odd => "warning",
            Self::Bad => "problem",
        }
    }

    fn sign(self) -> (&'static str, &'static str) {
        match self {
            Self::Good => ("✓", "32"),
            Self::Odd => ("!", "33"),
            Self::Bad => ("✗", "31"),
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub step: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was seen.
    pub saw: String,
    /// What to change, and where.
    pub fix: Vec<String>,
}

/// All of them, told while they come.
#[derive(Debug)]
pub struct Report {
    out: Option<Out>,
    /// So far.
    pub findings: Vec<Finding>,
}

impl Report {
    /// An empty one; `out` gets each finding at once.
    pub fn new(out: Option<Out>) -> Self {
        Self { out, findings: Vec::new() }
    }

    /// A step that went well.
    pub fn good(&mut self, step: &'static str, saw: impl AsRef<str>) {
        self.add(step, Verdict::Good, saw.as_ref(), &[]);
    }

    /// A step that some clients stumble over.
    pub fn odd(&mut self, step: &'static str, saw: impl AsRef<str>, fix: &[&str]) {
        self.add(step, Verdict::Odd, saw.as_ref(), fix);
    }

    /// A step at which clients fail.
    pub fn bad(&mut self, step: &'static str, saw: impl AsRef<str>, fix: &[&str]) {
        self.add(step, Verdict::Bad, saw.as_ref(), fix);
    }

    fn add(&mut self, step: &'static str, verdict: Verdict, saw: &str, fix: &[&str]) {
        let fix = fix.iter().map(|one| short(one)).collect();
        let finding = Finding { step, verdict, saw: short(saw), fix };
        if let Some(out) = &self.out {
            let (sign, color) = verdict.sign();
            let sign =
                if out.color { format!("\x1b[{color}m{sign}\x1b[0m") } else { sign.to_owned() };
            let mut text = format!("{sign} {step}: {}\n", safe(&finding.saw));
            for fix in &finding.fix {
                text = format!("{text}    {}\n", safe(fix));
            }
            // When stdout is gone the report is still made, for the exit code.
            drop(out.text(&text));
        }
        self.findings.push(finding);
    }

    /// Whether something is there at which clients fail.
    pub fn is_bad(&self) -> bool {
        self.findings.iter().any(|finding| finding.verdict == Verdict::Bad)
    }

    /// For programs.
    pub fn document(&self, url: &str) -> Value {
        let check = |finding: &Finding| {
            let mut check = json!({
                "step": finding.step,
                "verdict": finding.verdict.as_str(),
                "saw": finding.saw,
            });
            if !finding.fix.is_empty() {
                put(&mut check, "fix", json!(finding.fix));
            }
            check
        };
        let checks: Vec<Value> = self.findings.iter().map(check).collect();
        json!({ "url": url, "ok": !self.is_bad(), "checks": checks })
    }
}

/// Words on one line, cut, with nothing in them that acts on a terminal.
pub fn short(words: &str) -> String {
    let line = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    let cut: String = line.take(WORDS * 3).collect();
    if cut.chars().count() > WORDS * 2 {
        return cut.chars().take(WORDS * 2).chain(['…']).collect();
    }
    cut
}
