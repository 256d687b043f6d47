//! The account pages: who I am here, how I sign in, where I am signed in, and what acts in my name.
//! The rows and what may be done with them come from `ops`.

use askama::Template;

use super::parts::{Form, Label, Shell};

/// Which of the account pages one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Name and address.
    #[default]
    Profile,
    /// Password and second factors.
    Security,
    /// Sessions and browsers.
    Sessions,
    /// Apps that were let in.
    Apps,
    /// API keys.
    Keys,
}

/// `/account`: field `name`.
#[derive(Clone, Default, Template)]
#[template(path = "account.html", config = "assets/askama.toml")]
pub struct Account {
    /// The frame.
    pub shell: Shell,
    /// Something that has just been done: "Your name was changed."
    pub notice: Option<String>,
    /// Changes the name.
    pub form: Form,
    /// The person's name as it stands in the field; may be empty.
    pub name: String,
    /// Their user name.
    pub username: Label,
    /// Their e-mail address.
    pub email: Label,
    /// Their roles.
    pub roles: Vec<String>,
    /// Since when the account exists.
    pub since: String,
    /// What was wrong with the name.
    pub error: Option<String>,
    /// Ends this session.
    pub sign_out: Form,
}

impl Account {
    /// The name, or the user name of someone who has given none.
    pub(super) fn title(&self) -> Label {
        let name = Label::new(&self.name);
        if name == Label::default() { self.username.clone() } else { name }
    }
}

/// One way to prove who one is.
#[derive(Clone, Debug, Default)]
pub struct Factor {
    /// "Authenticator app", or what its owner calls it.
    pub name: Label,
    /// "last used 3 November"; may be empty.
    pub detail: String,
    /// Whether it is one of the weak ones.
    pub weak: bool,
    /// Where it is removed.
    pub remove: String,
}

/// `/account/security`.
#[derive(Clone, Default, Template)]
#[template(path = "account_security.html", config = "assets/askama.toml")]
pub struct Security {
    /// The frame.
    pub shell: Shell,
    /// Something that has just been done.
    pub notice: Option<String>,
    /// About the password: "last changed on 3 November".
    pub password: String,
    /// How many passkeys there are; none where they are not offered.
    pub passkeys: Option<usize>,
    /// Whether one of them should go.
    pub passkey_flagged: bool,
    /// The other second factors.
    pub factors: Vec<Factor>,
    /// Whether another second factor can be set up.
    pub can_add: bool,
    /// Recovery codes not yet used; `None` without a second factor.
    pub recovery_codes_left: Option<u32>,
    /// Identities at providers that lead in here.
    pub identities: Vec<LinkedIdentity>,
    /// Providers that can be linked.
    pub providers: Vec<ProviderForm>,
}

/// An identity at a provider that leads into the account.
#[derive(Clone, Default)]
pub struct LinkedIdentity {
    /// The provider.
    pub name: Label,
    /// As whom, and when it was last used.
    pub detail: String,
    /// What removes it.
    pub remove: Form,
}

/// A provider that can be linked.
#[derive(Clone, Default)]
pub struct ProviderForm {
    /// What people know it by.
    pub label: String,
    /// What leads there.
    pub form: Form,
}

impl Security {
    /// Whether the password alone lets in.
    pub(super) fn is_bare(&self) -> bool {
        self.factors.is_empty() && self.passkeys.unwrap_or_default() == 0
    }

    /// Three or fewer: time to make new ones.
    pub(super) fn codes_are_few(&self) -> bool {
        self.recovery_codes_left.is_some_and(|left| left <= 3)
    }
}

/// `/account/security/remove`: is this one really to go?
#[derive(Clone, Default, Template)]
#[template(path = "remove_factor.html", config = "assets/askama.toml")]
pub struct RemoveFactor {
    /// The frame.
    pub shell: Shell,
    /// Removes it.
    pub form: Form,
    /// What it is called.
    pub name: Label,
    /// Whether it is the only second factor, so that the recovery codes go with it.
    pub is_last: bool,
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

/// A session other than the one that asks.
#[derive(Clone, Default)]
pub struct OtherSession {
    /// What is known of it.
    pub line: SessionLine,
    /// Ends it.
    pub end: Form,
}

/// A browser that someone has signed in with.
#[derive(Clone, Default)]
pub struct Device {
    /// "Firefox on Linux".
    pub name: Label,
    /// "last sign-in 3 November from 192.0.2.7".
    pub detail: String,
    /// Until when it stands for the second factor, if it does.
    pub trusted: Option<String>,
    /// Forgets it.
    pub forget: Form,
}

/// `/account/sessions`.
#[derive(Clone, Default, Template)]
#[template(path = "account_sessions.html", config = "assets/askama.toml")]
pub struct Sessions {
    /// The frame.
    pub shell: Shell,
    /// Something that has just been done.
    pub notice: Option<String>,
    /// The session this page was asked with.
    pub session: SessionLine,
    /// Ends it.
    pub sign_out: Form,
    /// The person's other live sessions.
    pub others: Vec<OtherSession>,
    /// Ends all of those.
    pub sign_out_others: Form,
    /// The browsers.
    pub devices: Vec<Device>,
    /// Ends the trust in all of them; without it no such button is shown.
    pub distrust: Option<Form>,
}

/// An app that holds something of the person.
#[derive(Clone, Default)]
pub struct ConnectedApp {
    /// Its name.
    pub name: Label,
    /// What it may do, a sentence each.
    pub scopes: Vec<String>,
    /// The servers it may do that at.
    pub resources: Vec<String>,
    /// "since 3 November · last used 5 November".
    pub detail: String,
    /// Takes everything back.
    pub disconnect: Form,
}

/// `/account/apps`.
#[derive(Clone, Default, Template)]
#[template(path = "account_apps.html", config = "assets/askama.toml")]
pub struct Apps {
    /// The frame.
    pub shell: Shell,
    /// Something that has just been done.
    pub notice: Option<String>,
    /// The apps.
    pub apps: Vec<ConnectedApp>,
}
