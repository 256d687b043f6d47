//! What is shown once for the operator to hand on: a one-time link, or the text of an API key. How it looks is in
//! `widgets::handed`.

use super::{
    msg::MadeKey,
    qr::Qr,
    secret::{Secret, Sight, Taken},
    text,
};
use crate::{model::verb::Verb, ops::link::Printed};

/// The overlay.
#[derive(Clone, Debug)]
pub struct Handed {
    /// What it is, and for whom.
    pub title: String,
    /// `link` or `key`.
    pub noun: &'static str,
    /// What should be known of it.
    pub said: Vec<String>,
    /// What whoever has it can do.
    pub warning: &'static str,
    /// The secret, and as a QR code; none once it was on the screen for too long.
    pub secret: Option<(Secret, Option<Qr>)>,
    /// How it is looked at.
    pub sight: Sight,
    /// Whether it was taken.
    pub taken: Taken,
}

impl Handed {
    /// The link that an act gave for somebody.
    pub fn new(verb: Verb, name: &str, printed: &Printed) -> Self {
        let (title, purpose) = match (verb, ()) {
            (Verb::UserInvite | Verb::UserCreate, ()) => {
                ("Invitation", "They choose their first password behind it.")
            }
            (Verb::UserResetLink, ()) => (
                "Password reset link",
                "They choose a new password behind it; a second factor is still asked for.",
            ),
            _ => ("Enrolment link", "They enrol a second factor behind it."),
        };
        let ends = text::moment(printed.expires_at);
        let ends = ends.get(..16).unwrap_or(&ends);
        Self {
            title: format!("{title} for {name}"),
            noun: "link",
            said: vec![purpose.to_owned(), format!("It works once, until {ends} UTC.")],
            warning: "It works for whoever has it. It is shown once and goes after 2 minutes without a key.",
            secret: Some((Secret::new(printed.url.clone()), Qr::new(&printed.url))),
            sight: Sight::default(),
            taken: Taken::No,
        }
    }

    /// The text of a key that was made.
    pub fn key(made: &MadeKey) -> Self {
        let key = &made.key;
        let end = key.expires_at.map_or_else(|| "never".to_owned(), text::moment);
        let mut said = vec![
            format!("{} of {}, for {}", key.id, text::clean(&made.owner, 40), key.scopes),
            format!("It ends: {end}"),
        ];
        said.extend(made.before.as_ref().map(|(before, until)| match until {
            Some(until) => format!("{before} works until {}.", text::moment(*until)),
            None => format!("{before} has ended: whatever used it needs this one."),
        }));
        Self {
            title: format!("API key {}", text::clean(&key.name, 32)),
            noun: "key",
            said,
            warning: "Only its hash is kept: it is shown this once, and goes after 2 minutes without a key press.",
            secret: Some((made.text.clone(), None)),
            sight: Sight::default(),
            taken: Taken::No,
        }
    }

    /// Takes the secret off the screen for good; answers whether it was there.
    pub fn hide(&mut self) -> bool {
        self.sight.full = false;
        self.secret.take().is_some()
    }

    /// The QR code, while it may be seen.
    pub fn qr(&self) -> Option<&Qr> {
        self.secret.as_ref().filter(|_| !self.sight.veiled)?.1.as_ref()
    }

    /// Whether it may be closed now; it is said to go first.
    pub fn let_go(&mut self) -> bool {
        self.secret.is_none() || self.taken.let_go()
    }
}
