//! The steps of signing in: password, second factor, recovery code.
//! Which step comes next is decided in `ops`.

use askama::Template;

use super::parts::{Form, Label, Shell};

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
}

/// `/mfa` with an authenticator app: field `code`, hidden `method=totp`.
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
    /// One neutral sentence, with the tries left.
    pub error: Option<String>,
    /// When to try again.
    pub wait: Option<String>,
    /// The address of the recovery code page; without it no link is shown.
    pub recovery: Option<String>,
    /// The address that begins again as someone else.
    pub restart: Option<String>,
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
    /// The address of the authenticator app page.
    pub back: Option<String>,
}
