//! Secrets on the screen: what is shown once, how long, and whether it was taken.
//! What they say is for `enroll` and `handed`; the terminal's clipboard is `clipboard`.

use std::time::Duration;

use crate::crypto::secret::{Plain, equal};

/// How long a secret stays on the screen while nobody presses a key.
pub const SHOWN: Duration = Duration::from_mins(2);

/// A secret on its way from one part of the console to another.
#[derive(Clone, Debug)]
pub struct Secret(Plain);

impl Secret {
    /// Takes charge of a secret.
    pub fn new(text: String) -> Self {
        Self(Plain::new(text))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<Plain> for Secret {
    fn from(plain: Plain) -> Self {
        Self(plain)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        equal(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for Secret {}

/// How a secret is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Covered by its reader, until they uncover it.
    pub veiled: bool,
    /// The QR code has the whole window.
    pub full: bool,
    /// The QR code is drawn the other way round.
    pub inverted: bool,
}

/// Whether what is shown once was taken, before it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// Not that we know.
    #[default]
    No,
    /// Not, and it was said that it will go.
    Warned,
    /// It was copied.
    Yes,
}

impl Taken {
    /// Whether it may go now; else the next time.
    pub fn let_go(&mut self) -> bool {
        let may = *self != Self::No;
        if !may {
            *self = Self::Warned;
        }
        may
    }
}
