//! Passkeys: the form that the script fills in, the page for a new one, and the list of those there are.
//! The script is `assets/static/passkey.js`; a page that holds no [`PasskeyForm`] loads none.

use askama::Template;

use super::{
    account::Section,
    parts::{Form, Label, Shell, Way},
};

/// The form with which a page asks the browser for a passkey. Without a script it stays hidden.
#[derive(Clone, Default)]
pub struct PasskeyForm {
    /// Where the answer goes.
    pub form: Form,
    /// Where the script gets its challenge.
    pub challenge: &'static str,
    /// Whether a new one is to be made.
    pub create: bool,
    /// Whether the browser may show passkeys below the field for the user name.
    pub autofill: bool,
}

impl PasskeyForm {
    /// Asks for the use of one.
    pub fn get(form: Form, challenge: &'static str) -> Self {
        Self { form, challenge, create: false, autofill: false }
    }

    /// Asks for a new one.
    pub fn create(form: Form, challenge: &'static str) -> Self {
        Self { form, challenge, create: true, autofill: false }
    }

    /// Lets the browser show passkeys below the field for the user name, too.
    #[must_use]
    pub fn with_autofill(self) -> Self {
        Self { autofill: true, ..self }
    }
}

/// `/mfa` with a passkey.
#[derive(Clone, Default, Template)]
#[template(path = "mfa_passkey.html", config = "assets/askama.toml")]
pub struct MfaPasskey {
    /// The frame.
    pub shell: Shell,
    /// The form of the script.
    pub passkey: PasskeyForm,
    /// The app that waits for this sign-in, if any.
    pub client: Option<Label>,
    /// Who is signing in.
    pub username: Label,
    /// One neutral sentence.
    pub error: Option<String>,
    /// For how many days this browser can be trusted; without it no such box is shown.
    pub trust_days: Option<u32>,
    /// The other ways on.
    pub ways: Vec<Way>,
}

/// `/mfa/enroll/passkey`: field `label`.
#[derive(Clone, Default, Template)]
#[template(path = "enrol_passkey.html", config = "assets/askama.toml")]
pub struct EnrolPasskey {
    /// The frame.
    pub shell: Shell,
    /// The form of the script.
    pub passkey: PasskeyForm,
    /// Why this is asked: "Your role needs a second factor."
    pub reason: Option<String>,
    /// The name that was typed before.
    pub label: String,
    /// What was wrong with the last try.
    pub error: Option<String>,
    /// The other ways on, or back.
    pub ways: Vec<Way>,
}

/// One passkey, as a line of words.
#[derive(Clone, Default)]
pub struct PasskeyLine {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub label: Label,
    /// "Added 3 November".
    pub added: String,
    /// "last used 4 November".
    pub used: String,
    /// Whether it is on other devices of its owner as well.
    pub synced: bool,
    /// What is to be known of a counter that went back.
    pub flagged: Option<String>,
    /// Gives it another name: field `label`.
    pub rename: Form,
    /// The address of the page that removes it.
    pub remove: String,
}

/// `/account/passkeys`.
#[derive(Clone, Default, Template)]
#[template(path = "passkeys.html", config = "assets/askama.toml")]
pub struct Passkeys {
    /// The frame.
    pub shell: Shell,
    /// Something that has just been done.
    pub notice: Option<String>,
    /// The person's passkeys.
    pub passkeys: Vec<PasskeyLine>,
    /// The address of the page for a new one; without it none is offered.
    pub add: Option<String>,
}

/// `/account/passkeys/remove`.
#[derive(Clone, Default, Template)]
#[template(path = "remove_passkey.html", config = "assets/askama.toml")]
pub struct RemovePasskey {
    /// The frame.
    pub shell: Shell,
    /// Removes it.
    pub form: Form,
    /// What its owner calls it.
    pub label: Label,
    /// The address that keeps it.
    pub stay: String,
}
