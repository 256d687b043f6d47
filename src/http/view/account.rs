//! The account page: who I am here, how I sign in, where I am signed in.
//! The rows and what may be done with them come from `ops`.

use askama::Template;

use super::parts::{Form, Label, Link, Shell};

/// One way to prove who one is.
#[derive(Clone, Debug, Default)]
pub struct Factor {
    /// "Password", "Authenticator app".
    pub name: String,
    /// "changed on 3 November", "set up on 3 November"; may be empty.
    pub detail: String,
    /// What can be done about it: change, set up.
    pub action: Option<Link>,
}

/// One session, as a line of words.
#[derive(Clone, Debug, Default)]
pub struct SessionLine {
    /// The browser and system: "Firefox on Linux".
    pub device: Label,
    /// The address it came from.
    pub address: String,
    /// When it began.
    pub started: String,
    /// When it was last used.
    pub last_seen: String,
    /// When it ends by itself.
    pub expires: String,
}

/// `/account`.
#[derive(Clone, Default, Template)]
#[template(path = "account.html", config = "assets/askama.toml")]
pub struct Account {
    /// The frame.
    pub shell: Shell,
    /// Something that has just been done: "Your password was changed."
    pub notice: Option<String>,
    /// The person's name; may be empty.
    pub name: Label,
    /// Their user name.
    pub username: Label,
    /// Their e-mail address.
    pub email: Label,
    /// Their roles.
    pub roles: Vec<String>,
    /// How they sign in.
    pub factors: Vec<Factor>,
    /// Recovery codes not yet used; `None` without a second factor.
    pub recovery_codes_left: Option<u32>,
    /// Makes new recovery codes; without it no such button is shown.
    pub new_codes: Option<Form>,
    /// The session this page was asked with.
    pub session: SessionLine,
    /// Ends it.
    pub sign_out: Form,
    /// The person's other live sessions.
    pub others: Vec<SessionLine>,
    /// Ends all of those.
    pub sign_out_others: Form,
}

impl Account {
    /// The name, or the user name of someone who has given none.
    pub(super) fn title(&self) -> &Label {
        if self.name == Label::default() { &self.username } else { &self.name }
    }

    /// Three or fewer: time to make new ones.
    pub(super) fn codes_are_few(&self) -> bool {
        self.recovery_codes_left.is_some_and(|left| left <= 3)
    }
}
