//! A one-time link, shown once for the operator to hand on. How it looks is in `widgets::handed`.

use super::{
    qr::Qr,
    secret::{Secret, Sight, Taken},
};
use crate::{model::verb::Verb, ops::link::Printed, time::Time};

/// The overlay.
#[derive(Clone, Debug)]
pub struct Handed {
    /// What it is, and for whom.
    pub title: String,
    /// What happens behind it.
    pub purpose: &'static str,
    /// The link; none once it was on the screen for too long.
    pub link: Option<(Secret, Option<Qr>)>,
    /// When it ends.
    pub ends: Time,
    /// How it is looked at.
    pub sight: Sight,
    /// Whether it was taken.
    pub taken: Taken,
}

impl Handed {
    /// The link that an act gave for somebody.
    pub fn new(verb: Verb, name: &str, printed: &Printed) -> Self {
        let (title, purpose) = match verb {
            Verb::UserInvite => ("Invitation", "They choose their first password behind it."),
            Verb::UserResetLink => (
                "Password reset link",
                "They choose a new password behind it; a second factor is still asked for.",
            ),
            Verb::MfaReset
            | Verb::MfaLink
            | Verb::UserLock
            | Verb::UserUnlock
            | Verb::SessionRevoke
            | Verb::SessionRevokeOfUser
            | Verb::KeyStage
            | Verb::KeyRotate
            | Verb::KeyRetire
            | Verb::ClientEnable
            | Verb::ClientDisable => ("Enrolment link", "They enrol a second factor behind it."),
        };
        Self {
            title: format!("{title} for {name}"),
            purpose,
            link: Some((Secret::new(printed.url.clone()), Qr::new(&printed.url))),
            ends: printed.expires_at,
            sight: Sight::default(),
            taken: Taken::No,
        }
    }

    /// Takes the link off the screen for good; answers whether it was there.
    pub fn hide(&mut self) -> bool {
        self.sight.full = false;
        self.link.take().is_some()
    }

    /// The QR code, while it may be seen.
    pub fn qr(&self) -> Option<&Qr> {
        self.link.as_ref().filter(|_| !self.sight.veiled)?.1.as_ref()
    }

    /// Whether it may be closed now; it is said to go first.
    pub fn let_go(&mut self) -> bool {
        self.link.is_none() || self.taken.let_go()
    }
}
