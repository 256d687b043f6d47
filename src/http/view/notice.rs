//! Pages that say one thing: an error, goodbye, done, go on.
//! The words of an error are chosen in `http/error.rs`.

use askama::Template;

use super::parts::{Form, Label, Link, Shell};

/// Any error that a person sees.
#[derive(Clone, Default, Template)]
#[template(path = "error.html", config = "assets/askama.toml")]
pub struct ErrorPage {
    /// The frame.
    pub shell: Shell,
    /// What happened, in a few words: "This sign-in has expired".
    pub title: String,
    /// What happened, in a sentence.
    pub what: String,
    /// What to do now; may be several sentences.
    pub next: String,
    /// A short id under which the log has the cause.
    pub reference: Option<String>,
    /// A way on.
    pub link: Option<Link>,
}

/// `/logout`, asked with a session.
#[derive(Clone, Default, Template)]
#[template(path = "logout.html", config = "assets/askama.toml")]
pub struct LogoutConfirm {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to.
    pub form: Form,
    /// Who is signed in.
    pub username: Label,
    /// The app that asks for it, if any.
    pub client: Option<Label>,
    /// Where "stay signed in" leads.
    pub stay: String,
}

/// After signing out.
#[derive(Clone, Default, Template)]
#[template(path = "signed_out.html", config = "assets/askama.toml")]
pub struct SignedOut {
    /// The frame.
    pub shell: Shell,
    /// The address of the login page.
    pub sign_in: String,
    /// The way back to the app that asked for it.
    pub back: Option<Link>,
}

/// `/setup` when there is nothing left to set up.
#[derive(Clone, Default, Template)]
#[template(path = "setup_done.html", config = "assets/askama.toml")]
pub struct SetupDone {
    /// The frame.
    pub shell: Shell,
    /// The administrator who was just made; `None` when it was done before.
    pub username: Option<Label>,
    /// The address of the login page.
    pub sign_in: String,
}

/// Sends the answer to an app by a form (OAuth 2.0 Form Post Response Mode): at once by a script, else by its button.
#[derive(Clone, Default, Template)]
#[template(path = "form_post.html", config = "assets/askama.toml")]
pub struct FormPost {
    /// The frame.
    pub shell: Shell,
    /// The app's own address.
    pub action: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

/// Sends the browser on from a page of ours, where a redirect would not do: after a navigation from
/// another site a `SameSite=Strict` cookie is held back, also across redirects, and comes with this one.
#[derive(Clone, Default, Template)]
#[template(path = "bounce.html", config = "assets/askama.toml")]
pub struct Bounce {
    /// The frame.
    pub shell: Shell,
    /// Where to; one of our own paths.
    pub to: String,
}
