//! The message above the footer: what was done, or why it was not, in one line.

use std::time::Duration;

use super::{
    action::Action,
    keymap::{self, EVERY},
    msg::{Change, Outcome, Problem},
    text,
};
use crate::{model::verb::Verb, time::Time};

/// How long a message stays that nobody has to act on.
pub const STAY: Duration = Duration::from_secs(8);

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something was done.
    Good,
    /// Something to know.
    Plain,
    /// Something was not done.
    Bad,
}

/// A message above the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    /// When it goes by itself; none waits for a key.
    pub until: Option<Time>,
}

/// A problem in one line, for want of more room.
pub fn sentence(problem: &Problem) -> String {
    match &problem.next {
        Some(next) => format!("{} · {next}", problem.text),
        None => problem.text.clone(),
    }
}

/// What a change did, as it turned out and not as it was announced.
pub fn report(change: &Change, outcome: &Outcome) -> String {
    let name = change.target.name();
    let mut parts = vec![match change.verb {
        Verb::UserLock => format!("locked out {name}"),
        Verb::UserUnlock => format!("unlocked {name}"),
        Verb::SessionRevoke | Verb::SessionRevokeOfUser => {
            format!("ended {} of {name}", text::count(outcome.sessions, "session"))
        }
        Verb::MfaReset => {
            format!("removed {} of {name}", text::count(outcome.factors, "second factor"))
        }
        Verb::MfaLink => format!("made an enrolment link for {name}"),
        Verb::UserInvite => format!("made an invitation for {name}"),
        Verb::UserCreate => format!("made the account {name}"),
        Verb::UserDelete => format!("deleted {name}"),
        Verb::ApiKeyCreate => format!("made the API key {name}"),
        Verb::ApiKeyEdit => format!("changed {name}"),
        Verb::ApiKeyRotate => format!("rotated {name}"),
        Verb::ApiKeyRevoke => format!("revoked {name}"),
        Verb::AgentDisable => format!("no key of {name} works any more"),
        Verb::AgentEnable => format!("the keys of {name} work again"),
        Verb::ResourceDelete => format!("removed {name}"),
        Verb::UserResetLink => format!("made a password reset link for {name}"),
        Verb::ClientEnable => format!("{name} may be used"),
        Verb::ClientDisable => format!("switched {name} off"),
        Verb::KeyStage => "published a new key: it signs later".to_owned(),
        Verb::KeyRotate => format!("{name} signs from now on"),
        Verb::KeyRetire => format!("retired {name}: its tokens are refused"),
    }];
    if matches!(change.verb, Verb::UserLock | Verb::UserDelete)
        || (change.verb == Verb::MfaReset && outcome.sessions > 0)
    {
        parts.push(format!("{} ended", text::count(outcome.sessions, "session")));
    }
    if outcome.clients > 0 {
        parts.push(format!("{} switched off", text::count(outcome.clients, "app")));
    }
    if outcome.grants > 0 {
        parts.push(format!("{} lost their refresh tokens", text::count(outcome.grants, "app")));
    }
    let undo = change.verb.spec().undo.and_then(|verb| keymap::key_of(&EVERY, Action::Run(verb)));
    parts.extend(undo.map(|key| format!("undo: {key}")));
    parts.join(" · ")
}
