//! Pages that choose a password: change, first administrator, invitation, and a new one for a lost one.
//! The rules and what breaks them come from `model`.

use askama::Template;

use super::parts::{Form, Label, Rules, Shell};

/// Change of password, asked for or forced: fields `username`, `password` (the current one), `new_password`.
#[derive(Clone, Default, Template)]
#[template(path = "change_password.html", config = "assets/askama.toml")]
pub struct ChangePassword {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to.
    pub form: Form,
    /// Whose password; carried in a field that is out of sight but not `hidden`, for password managers.
    pub username: String,
    /// True when the person cannot go on without it: the password has expired.
    pub expired: bool,
    /// False when the current password has just been proven and is not asked again.
    pub ask_current: bool,
    /// The rules.
    pub rules: Rules,
    /// What went wrong besides the rules: "The current password is not right."
    pub error: Option<String>,
    /// The way out, when there is one.
    pub cancel: Option<String>,
}

/// `/setup`, the first administrator: fields `username`, `email`, `name`, `new_password`.
#[derive(Clone, Default, Template)]
#[template(path = "setup.html", config = "assets/askama.toml")]
pub struct Setup {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to; the token travels in its hidden fields.
    pub form: Form,
    /// What was typed as user name.
    pub username: String,
    /// What was typed as e-mail address.
    pub email: String,
    /// What was typed as name.
    pub name: String,
    /// The rules.
    pub rules: Rules,
    /// What went wrong besides the rules.
    pub error: Option<String>,
}

/// `/invite`: field `new_password`.
#[derive(Clone, Default, Template)]
#[template(path = "invite.html", config = "assets/askama.toml")]
pub struct Invite {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to; the token travels in its hidden fields.
    pub form: Form,
    /// The user name that was given to the person.
    pub username: String,
    /// The person's name.
    pub name: Label,
    /// The rules.
    pub rules: Rules,
    /// What went wrong besides the rules.
    pub error: Option<String>,
}

/// `/reset`, first step: field `username`.
#[derive(Clone, Default, Template)]
#[template(path = "forgot.html", config = "assets/askama.toml")]
pub struct Forgot {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to; none where no mail can be sent, and only the operator can help.
    pub form: Option<Form>,
    /// The address of the login page.
    pub sign_in: String,
}

/// `/reset`, after the name was given: the same for every name.
#[derive(Clone, Default, Template)]
#[template(path = "reset_asked.html", config = "assets/askama.toml")]
pub struct ResetAsked {
    /// The frame.
    pub shell: Shell,
    /// How many minutes the link lasts.
    pub minutes: u64,
    /// The address of the login page.
    pub sign_in: String,
}

/// `/reset` behind its link: field `new_password`.
#[derive(Clone, Default, Template)]
#[template(path = "reset.html", config = "assets/askama.toml")]
pub struct ResetPassword {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to; the token travels in its hidden fields.
    pub form: Form,
    /// Whose password; carried in a field that is out of sight but not `hidden`, for password managers.
    pub username: String,
    /// The rules.
    pub rules: Rules,
    /// What went wrong besides the rules.
    pub error: Option<String>,
}
