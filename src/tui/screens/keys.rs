//! The screen of signing keys: which signs, which comes next, which are only believed still.
//! How it looks is in `keys_view`.

use super::{
    super::{list::Keyed, text},
    shelf::{self, Sift},
};
use crate::model::key::KeyStanding;

/// So much of a key's id tells it from others.
const NAME: usize = 8;

impl Keyed for KeyStanding {
    type Id = String;

    fn key(&self) -> String {
        self.key.kid.clone()
    }

    fn title(&self) -> String {
        format!("key {}", name(&self.key.kid))
    }
}

/// How a key's id begins.
pub fn name(kid: &str) -> String {
    text::clean(kid.get(..NAME).unwrap_or(kid), NAME)
}

impl Sift for KeyStanding {
    fn holds(&self, wanted: &str) -> bool {
        let key = &self.key;
        shelf::any(&[key.kid.as_str(), key.algorithm.as_str(), key.state.as_str()], wanted)
    }
}
