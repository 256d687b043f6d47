//! The steps of signing in: password, second factor, recovery code; and the password once more, to confirm.
//! Which step comes next is decided in `ops`.

use askama::Template;

use super::{
    parts::{Form, Label, Medium, ProviderButton, Sending, Shell, Way},
    passkey::PasskeyForm,
};

/// `/login`: fields `username`, `password`, `remember_me`.
#[derive(Clone, Default, Template)]
#[template(path = "login.html", config = "assets/askama.toml")]
pub struct Login {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to.
    pub form: Form,
    /// The app that waits for this sign-in, if any.
    pub client: Option<Label>,
    /// What to put into the user name field: what was typed before, or a `login_hint`.
    pub username: String,
    /// Whether the box "keep me signed in" is shown.
    pub can_remember: bool,
    /// Whether it is ticked.
    pub remember: bool,
    /// One neutral sentence; the same for an unknown user and a wrong password.
    pub error: Option<String>,
    /// When to try again: "Try again in 30 seconds."
    pub wait: Option<String>,
    /// Good news from the step before: "Your password was changed. Sign in with it."
    pub notice: Option<String>,
    /// The form of the script; without it no passkey is offered.
    pub passkey: Option<PasskeyForm>,
    /// Where someone goes who has lost their password; without it no link is shown.
    pub forgot: Option<String>,
    /// The providers that people may sign in at instead.
    pub providers: Vec<ProviderButton>,
}

/// `/login/confirm`: field `password`.
#[derive(Clone, Default, Template)]
#[template(path = "confirm.html", config = "assets/askama.toml")]
pub struct Confirm {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to; where to go on to travels in its hidden fields.
    pub form: Form,
    /// The form of the script; without it no passkey is asked for.
    pub passkey: Option<PasskeyForm>,
    /// Who is signed in; carried in a field that is out of sight but not `hidden`, for password managers.
    pub username: String,
    /// One neutral sentence.
    pub error: Option<String>,
    /// When to try again.
    pub wait: Option<String>,
    /// The providers at which the person may sign in anew instead.
    pub providers: Vec<ProviderButton>,
}

/// `/mfa` with an authenticator app: fields `code` and `trust_device`, hidden `method=totp`.
#[derive(Clone, Default, Template)]
#[template(path = "mfa.html", config = "assets/askama.toml")]
pub struct Mfa {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to; the page adds `method=totp` itself.
    pub form: Form,
    /// The app that waits for this sign-in, if any.
    pub client: Option<Label>,
    /// Who is signing in.
    pub username: Label,
    /// How many digits a code has, for the hint.
    pub digits: u32,
    /// One neutral sentence.
    pub error: Option<String>,
    /// When to try again.
    pub wait: Option<String>,
    /// For how many days this browser can be trusted; without it no such box is shown.
    pub trust_days: Option<u32>,
    /// The other ways on.
    pub ways: Vec<Way>,
}

/// `/mfa` with a code that is sent: a button that sends it, then fields `code` and `trust_device`.
#[derive(Clone, Default, Template)]
#[template(path = "mfa_message.html", config = "assets/askama.toml")]
pub struct MfaMessage {
    /// The frame.
    pub shell: Shell,
    /// Where the code is posted to; the page adds `method` itself.
    pub form: Form,
    /// What sends a code; the page adds `method` itself.
    pub send: Form,
    /// How it comes.
    pub medium: Medium,
    /// The app that waits for this sign-in, if any.
    pub client: Option<Label>,
    /// Who is signing in.
    pub username: Label,
    /// Where the code goes, as much of it as may be shown.
    pub to: String,
    /// How far the newest code has come; none before one was asked for.
    pub sending: Option<Sending>,
    /// One neutral sentence.
    pub error: Option<String>,
    /// When to try again.
    pub wait: Option<String>,
    /// For how many days this browser can be trusted; without it no such box is shown.
    pub trust_days: Option<u32>,
    /// The other ways on; they stand first when the code does not arrive.
    pub ways: Vec<Way>,
}

impl MfaMessage {
    /// Whether the code may never come.
    pub(super) fn is_stuck(&self) -> bool {
        self.sending.is_some_and(Sending::is_stuck)
    }
}

/// `/mfa` with a recovery code: field `code`, hidden `method=recovery`.
#[derive(Clone, Default, Template)]
#[template(path = "recovery.html", config = "assets/askama.toml")]
pub struct Recovery {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to; the page adds `method=recovery` itself.
    pub form: Form,
    /// The app that waits for this sign-in, if any.
    pub client: Option<Label>,
    /// Who is signing in.
    pub username: Label,
    /// One neutral sentence, with the tries left.
    pub error: Option<String>,
    /// When to try again.
    pub wait: Option<String>,
    /// The other ways on.
    pub ways: Vec<Way>,
}
