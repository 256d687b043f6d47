//! The demo app's pages: a small client that shows the code flow step by step.
//! The flow itself is run by the demo handlers against this server's public endpoints.

use askama::Template;

use super::parts::{Form, Label, Shell};

/// One of the demo people.
#[derive(Clone, Default)]
pub struct Person {
    /// User name to sign in with.
    pub username: String,
    /// The known password.
    pub password: String,
    /// Who that is: "administrator", "developer with a second factor".
    pub about: String,
    /// True for someone with an authenticator app, whose code the terminal shows.
    pub second_factor: bool,
    /// The code of this moment, when the page may show it.
    pub code: Option<String>,
}

/// `/demo`.
#[derive(Clone, Default, Template)]
#[template(path = "demo_start.html", config = "assets/askama.toml")]
pub struct DemoStart {
    /// The frame.
    pub shell: Shell,
    /// Starts the flow.
    pub sign_in: Form,
    /// Who can sign in.
    pub people: Vec<Person>,
    /// What went wrong in the last run, if it was refused.
    pub error: Option<String>,
}

/// Text to look at: a request, a response, decoded claims.
#[derive(Clone, Default)]
pub struct Block {
    /// What it is.
    pub label: String,
    /// The text, line breaks kept.
    pub text: String,
    /// True for what is opened only on demand, such as a raw token.
    pub folded: bool,
}

/// A button that goes on with the flow.
#[derive(Clone, Default)]
pub struct Action {
    /// The words on it.
    pub label: String,
    /// Where it posts to, and what it carries.
    pub form: Form,
    /// True for the one that is most likely wanted.
    pub primary: bool,
}

/// One step of the flow.
#[derive(Clone, Default)]
pub struct Step {
    /// Its number, from 1.
    pub number: u32,
    /// What happens.
    pub title: String,
    /// Why, in a sentence or two.
    pub explain: String,
    /// Parameters: name, value, one line of explanation.
    pub rows: Vec<(String, String, String)>,
    /// Texts to look at.
    pub blocks: Vec<Block>,
    /// Buttons that belong to this step.
    pub actions: Vec<Action>,
}

/// `/demo` after the flow has come back.
#[derive(Clone, Default, Template)]
#[template(path = "demo_result.html", config = "assets/askama.toml")]
pub struct DemoResult {
    /// The frame.
    pub shell: Shell,
    /// Who signed in.
    pub who: Label,
    /// Why there are no tokens; then nobody signed in.
    pub error: Option<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Buttons at the end: sign out, start again.
    pub actions: Vec<Action>,
}
