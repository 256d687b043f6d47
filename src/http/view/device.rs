//! The pages on which a person lets a device in: the code, the question, and what came of it.
//! Which code is right and who may answer is decided in `ops::oauth::device`.

use askama::Template;

use super::{
    consent::{Resource, ScopeLine, Trust},
    parts::{Form, Label, Shell},
};

/// `/device`: one field, `user_code`.
#[derive(Clone, Default, Template)]
#[template(path = "device.html", config = "assets/askama.toml")]
pub struct DeviceCode {
    /// The frame.
    pub shell: Shell,
    /// Where the code posts to.
    pub form: Form,
    /// What stands in the field.
    pub code: String,
    /// Who is signed in.
    pub username: Label,
    /// What was wrong with the last code.
    pub error: Option<String>,
    /// When the next one counts.
    pub wait: Option<String>,
}

/// `/device` after a right code: buttons `decision` = `allow` or `deny`.
#[derive(Clone, Default, Template)]
#[template(path = "device_question.html", config = "assets/askama.toml")]
pub struct DeviceQuestion {
    /// The frame.
    pub shell: Shell,
    /// Where the decision posts to.
    pub form: Form,
    /// The name the client gives itself.
    pub client: Label,
    /// How far the name can be believed.
    pub trust: Trust,
    /// The code as the device shows it.
    pub code: String,
    /// The address the device asked from.
    pub address: String,
    /// What the device calls itself.
    pub agent: Label,
    /// When it asked.
    pub asked: String,
    /// The servers asked for; none when the device named none.
    pub resources: Vec<Resource>,
    /// The permissions, in any order; the page puts the sensitive ones first.
    pub scopes: Vec<ScopeLine>,
    /// Who is signed in.
    pub username: Label,
    /// Their e-mail address.
    pub email: Label,
}

/// `/device` after the answer.
#[derive(Clone, Default, Template)]
#[template(path = "device_done.html", config = "assets/askama.toml")]
pub struct DeviceDone {
    /// The frame.
    pub shell: Shell,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The name the client gives itself.
    pub client: Label,
}
