//! The pages of API keys: which there are, a new one, and its only showing.
//! Keys are made in `model` and kept in `ops`.

use askama::Template;

use super::{
    account::Section,
    parts::{Form, Label, Shell},
};

/// One key.
#[derive(Clone, Default)]
pub struct Key {
    /// What its owner calls it.
    pub name: Label,
    /// How it begins.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// "made 3 November · last used 5 November · ends 3 December".
    pub detail: String,
    /// Whether it has ended.
    pub is_over: bool,
    /// "Replace it by 3 December", when that is near or past.
    pub due: Option<String>,
    /// Puts another in its place, while there is none.
    pub rotate: Option<Form>,
    /// Takes it back.
    pub revoke: Form,
}

/// `/account/keys`.
#[derive(Clone, Default, Template)]
#[template(path = "account_keys.html", config = "assets/askama.toml")]
pub struct Keys {
    /// The frame.
    pub shell: Shell,
    /// Something that has just been done.
    pub notice: Option<String>,
    /// The keys, newest first.
    pub keys: Vec<Key>,
    /// Whether one can be made.
    pub can_make: bool,
}

/// A box to tick.
#[derive(Clone, Debug, Default)]
pub struct ScopeBox {
    /// The scope; its field is `scope_` and this.
    pub scope: String,
    /// Whether it is ticked.
    pub is_ticked: bool,
}

/// How long a key is to live.
#[derive(Clone, Debug, Default)]
pub struct Lifetime {
    /// What the form says.
    pub value: String,
    /// "90 days".
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// `/account/keys/new`: fields `label`, `scope_…`, `days`.
#[derive(Clone, Default, Template)]
#[template(path = "key_new.html", config = "assets/askama.toml")]
pub struct NewKey {
    /// The frame.
    pub shell: Shell,
    /// Makes it.
    pub form: Form,
    /// What was typed as its name.
    pub label: String,
    /// What it can be allowed.
    pub scopes: Vec<ScopeBox>,
    /// How long it can live.
    pub lifetimes: Vec<Lifetime>,
    /// What was wrong.
    pub error: Option<String>,
}

/// The key itself, for the only time.
#[derive(Clone, Default, Template)]
#[template(path = "key_made.html", config = "assets/askama.toml")]
pub struct MadeKey {
    /// The frame.
    pub shell: Shell,
    /// What its owner calls it.
    pub name: Label,
    /// How long the one before it works, when it replaces one.
    pub replaces: Option<String>,
    /// The key.
    pub key: String,
}
