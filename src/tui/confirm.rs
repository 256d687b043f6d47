//! The question before a change: what will happen, to whom, how many, and what of it is final.
//! It carries the ids it names, so that what is done is what was read; drawing it is for `widgets`.

use std::time::Duration;

pub mod apikeys;
pub mod clients;
pub mod keys;

use tui_input::InputRequest;

use super::{
    form::Form,
    msg::{Change, Target},
    text,
};
use crate::model::{
    session::SessionRow,
    user::{UserRow, UserState},
    verb::{Noun, Verb},
};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// What is done on yes.
    pub change: Change,
    /// The question itself.
    pub title: String,
    /// What will happen, one line each.
    pub steps: Vec<Step>,
    /// What should be known besides.
    pub note: Option<String>,
    /// Whether the focus is on the button that does it; it starts on the other.
    pub armed: bool,
    /// What must be typed to agree, where many are concerned.
    pub word: Option<Word>,
    /// What can be had besides, by a key of its own.
    pub option: Option<Choice>,
    /// The form that comes back on no.
    pub back: Option<Box<Form>>,
}

/// Something that a question offers besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What.
    pub what: &'static str,
    /// Whether it is wanted.
    pub on: bool,
}

impl Confirm {
    /// A question without anything besides.
    pub fn new(change: Change, title: impl Into<String>, steps: Vec<Step>) -> Self {
        Self {
            change,
            title: title.into(),
            steps,
            note: None,
            armed: false,
            word: None,
            option: None,
            back: None,
        }
    }
}

/// Where the rows of a verb are.
pub(super) fn elsewhere(verb: Verb) -> String {
    let (what, key) = match verb.spec().noun {
        Noun::User => ("person", "2"),
        Noun::Session => ("session", "3"),
        Noun::ApiKey | Noun::Agent => ("API keys", "4"),
        Noun::Client => ("clients", "5"),
        Noun::Resource => ("resources", "5 and Tab"),
        Noun::Key => ("signing keys", "7"),
    };
    format!("go to the {what} for that: {key}")
}

/// A name that must be typed to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The name.
    pub wanted: String,
    /// What was typed so far.
    pub typed: String,
}

impl Word {
    /// A name of which nothing was typed yet.
    pub fn new(wanted: impl Into<String>) -> Self {
        Self { wanted: wanted.into(), typed: String::new() }
    }

    /// Whether all of it was typed, and nothing else.
    pub fn is_typed(&self) -> bool {
        self.typed == self.wanted
    }

    /// Changes what was typed, at its end alone.
    pub(super) fn edit(&mut self, request: InputRequest) {
        // Every other request moves a cursor, which a word so short has no use for.
        if let InputRequest::InsertChar(c) = request {
            if self.typed.chars().count() < self.wanted.chars().count() + 8 {
                self.typed.push(c);
            }
        } else if request == InputRequest::DeletePrevChar {
            self.typed.pop();
        } else if matches!(request, InputRequest::DeleteLine | InputRequest::DeletePrevWord) {
            self.typed.clear();
        }
    }
}

/// A part of what will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub what: String,
    /// Whether it can be taken back.
    pub fate: Fate,
}

/// Whether something can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It cannot.
    Final,
    /// Another verb does.
    Undo(Verb),
    /// Nothing happens; it is only said.
    Said,
}

fn step(what: impl Into<String>, fate: Fate) -> Step {
    Step { what: what.into(), fate }
}

fn forever(what: impl Into<String>) -> Step {
    step(what, Fate::Final)
}

/// Asks about a person, or says why there is nothing to ask.
pub fn about_user(verb: Verb, row: &UserRow, access: Duration) -> Result<Confirm, String> {
    let name = text::clean(&row.user.username, 32);
    let mut word = None;
    let (title, steps) = match (verb, ()) {
        (Verb::UserLock, ()) => (format!("Lock out {name} ?"), lock(row, &name)?),
        (Verb::UserUnlock, ()) => (format!("Unlock {name} ?"), unlock(row, &name)?),
        (Verb::SessionRevokeOfUser, ()) => {
            (format!("End all sessions of {name} ?"), vec![end_sessions(row.sessions), tokens()])
        }
        (Verb::MfaReset, ()) => {
            (format!("Reset the second factors of {name} ?"), reset(row, &name)?)
        }
        (Verb::MfaLink, ()) => {
            (format!("Give {name} an enrolment link ?"), enroll_link(row, &name)?)
        }
        (Verb::UserInvite, ()) => (format!("Invite {name} again ?"), invite(row, &name)?),
        (Verb::UserResetLink, ()) => {
            (format!("Give {name} a password reset link ?"), reset_link(row, &name)?)
        }
        (Verb::UserDelete, ()) => {
            word = Some(Word::new(name.clone()));
            (format!("Delete {name} for good ?"), delete(row))
        }
        (Verb::SessionRevoke, ()) => return Err("choose a session for that: gs".to_owned()),
        _ => return Err(elsewhere(verb)),
    };
    let ends = steps.iter().any(|step| *step == tokens());
    let target = Target::User { id: row.user.id.clone(), name };
    let note = ends.then(|| outlive(access));
    Ok(Confirm { note, word, ..Confirm::new(Change { verb, target }, title, steps) })
}

fn delete(row: &UserRow) -> Vec<Step> {
    let mut steps = vec![forever("remove the account"), end_sessions(row.sessions), tokens()];
    if row.api_keys > 0 {
        let keys = text::count(usize_of(row.api_keys), "API key");
        steps.push(forever(format!("remove {keys}")));
    }
    steps.push(step("what the audit record says of them stays", Fate::Said));
    steps
}

fn lock(row: &UserRow, name: &str) -> Result<Vec<Step>, String> {
    match row.user.state {
        UserState::Locked => return Err(format!("{name} is locked already")),
        UserState::Disabled => {
            return Err(format!("{name} is disabled, which is more than locked"));
        }
        UserState::Active | UserState::Invited => {}
    }
    let mut steps = vec![
        step("block sign-in", Fate::Undo(Verb::UserUnlock)),
        end_sessions(row.sessions),
        tokens(),
    ];
    if row.api_keys > 0 {
        let keys = text::count(usize_of(row.api_keys), "API key");
        steps.push(step(format!("stop {keys} from working"), Fate::Undo(Verb::UserUnlock)));
    }
    Ok(steps)
}

fn unlock(row: &UserRow, name: &str) -> Result<Vec<Step>, String> {
    if row.user.state == UserState::Disabled {
        return Err(format!("{name} is disabled, not locked"));
    }
    let mut steps = vec![forever("forget wrong passwords and codes")];
    if row.user.state == UserState::Locked {
        steps.insert(0, step("allow sign-in again", Fate::Undo(Verb::UserLock)));
        steps.push(step("sessions that were ended stay ended", Fate::Said));
    }
    Ok(steps)
}

/// Whoever never chose a password, or whose account is put away, has nothing to do with a link.
fn must_have_joined(row: &UserRow, name: &str) -> Result<(), String> {
    match row.user.state {
        UserState::Invited => Err(format!("{name} has no password yet: I gives an invitation")),
        UserState::Disabled => Err(format!("{name} is disabled")),
        UserState::Active | UserState::Locked => Ok(()),
    }
}

fn reset(row: &UserRow, name: &str) -> Result<Vec<Step>, String> {
    must_have_joined(row, name)?;
    let mut steps = Vec::new();
    if row.mfa() {
        let methods: Vec<&str> = row.methods.iter().copied().map(text::method).collect();
        steps.push(forever(format!("remove every second factor: {}", methods.join(", "))));
    }
    if row.recovery_codes > 0 {
        let codes = text::count(usize_of(row.recovery_codes), "recovery code");
        steps.push(forever(format!("end {codes}")));
    }
    if row.mfa() {
        steps.extend([end_sessions(row.sessions), tokens()]);
    }
    steps.push(step("show a link to enrol anew, once", Fate::Said));
    steps.push(step("nothing can be enrolled but behind that link", Fate::Said));
    Ok(steps)
}

fn enroll_link(row: &UserRow, name: &str) -> Result<Vec<Step>, String> {
    must_have_joined(row, name)?;
    Ok(vec![
        step("show a link to enrol a second factor, once", Fate::Said),
        forever("end the enrolment link from before, if there is one"),
    ])
}

fn invite(row: &UserRow, name: &str) -> Result<Vec<Step>, String> {
    if row.user.state != UserState::Invited {
        return Err(format!("{name} has a password already: P gives a reset link"));
    }
    Ok(vec![
        step("show a link to choose the first password, once", Fate::Said),
        forever("end the invitation from before"),
    ])
}

fn reset_link(row: &UserRow, name: &str) -> Result<Vec<Step>, String> {
    must_have_joined(row, name)?;
    Ok(vec![
        step("show a link to choose a new password, once", Fate::Said),
        forever("end the reset link from before, if there is one"),
        step("the old password stays until the link is used", Fate::Said),
    ])
}

/// Asks about a session; `alive` is how many its owner has, as far as they are shown.
pub fn about_session(
    verb: Verb,
    row: &SessionRow,
    alive: usize,
    access: Duration,
) -> Result<Confirm, String> {
    let name = text::clean(&row.username, 32);
    let session = &row.session;
    let (title, steps, target) = match (verb, ()) {
        (Verb::SessionRevoke, ()) => {
            let agent = text::clean(&text::agent(&session.user_agent), 24);
            let from = text::clean(&session.address, 24);
            let id = text::short_id(session.id.as_str());
            let mut steps = vec![forever(format!("end {id}  {agent}  {from}"))];
            if !row.clients.is_empty() {
                let apps = text::clean(&row.clients.join(", "), 30);
                steps.push(forever(format!("revoke what it gave to {apps}")));
            }
            let target = Target::Session { id: session.id.clone(), name: name.clone() };
            (format!("End this session of {name} ?"), steps, target)
        }
        (Verb::SessionRevokeOfUser, ()) => {
            let alive = u32::try_from(alive).unwrap_or(u32::MAX);
            let steps = vec![end_sessions(alive), tokens()];
            let target = Target::User { id: session.user_id.clone(), name: name.clone() };
            (format!("End all sessions of {name} ?"), steps, target)
        }
        (verb, ()) if verb.spec().noun == Noun::User => {
            return Err("go to the person for that: gu".to_owned());
        }
        _ => return Err(elsewhere(verb)),
    };
    let note = Some(outlive(access));
    Ok(Confirm { note, ..Confirm::new(Change { verb, target }, title, steps) })
}

fn tokens() -> Step {
    forever("revoke the refresh tokens of every app")
}

fn end_sessions(alive: u32) -> Step {
    forever(match alive {
        0 => "end every session (none is open now)".to_owned(),
        n => format!("end {}", text::count(usize_of(n), "session")),
    })
}

/// A signed token speaks for itself to whoever does not ask us; that must be known before one relies on the end.
fn outlive(access: Duration) -> String {
    let access = text::brief(access);
    format!(
        "Apps that check access tokens without asking this server may accept them {access} longer."
    )
}

fn usize_of(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
