//! Rules that join several keys, and advice about what is allowed but unwise or incomplete.
//! Rules of one key stand at the key.

use std::collections::BTreeMap;

use super::{
    Config,
    keys::Entry,
    source::{Setting, Values},
};

/// How much a piece of advice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Something will not work as the file says: `config check` exits with 6.
    Warning,
    /// It works; there is a better way.
    Note,
}

/// Something that should be known, though the server starts.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Advice {
    /// How much it matters.
    pub weight: Weight,
    /// The key that it is about.
    pub path: &'static str,
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub next: String,
}

/// Refuses what cannot be together.
pub fn refuse(_config: &Config, _values: &mut Values<'_>) {}

/// Says what is unwise or incomplete.
pub fn advise(_config: &Config) -> Vec<Advice> {
    Vec::new()
}

/// Which of the keys that were set have no effect yet.
pub fn not_active(
    _config: &Config,
    _settings: &BTreeMap<&'static str, Setting>,
    _table: &[Entry],
) -> Vec<&'static str> {
    Vec::new()
}
