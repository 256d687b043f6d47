//! Setting up a second factor: the authenticator app, then the recovery codes.
//! Secrets and codes are made in `crypto` and checked in `ops`.

use askama::Template;

use super::{
    parts::{Form, Label, Shell},
    svg::Svg,
};

/// Leave to set the second factor up another day.
#[derive(Clone, Default)]
pub struct Later {
    /// Where "later" posts to.
    pub form: Form,
    /// Until when that is possible: "You can put this off until 30 November."
    pub until: String,
}

/// Enrolment of an authenticator app: field `code`.
#[derive(Clone, Default, Template)]
#[template(path = "enrol_totp.html", config = "assets/askama.toml")]
pub struct EnrolTotp {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to.
    pub form: Form,
    /// Why this is asked: "Administrators sign in with a second factor."
    pub reason: Option<String>,
    /// The QR code of the `otpauth` URI, from [`super::qr_svg`].
    pub qr: Svg,
    /// The secret in base32; shown in groups of four.
    pub secret: String,
    /// The name the app will show for this server.
    pub issuer: String,
    /// The name the app will show for the account.
    pub account: Label,
    /// How many digits a code has.
    pub digits: u32,
    /// What was wrong with the last code.
    pub error: Option<String>,
    /// The way to put it off, while the grace period lasts.
    pub later: Option<Later>,
}

impl EnrolTotp {
    pub(super) fn grouped(&self) -> String {
        let mut out = String::with_capacity(self.secret.len() + self.secret.len() / 4);
        for (at, c) in self.secret.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                out.push(' ');
            }
            out.push(c);
        }
        out
    }
}

/// The recovery codes, shown once.
#[derive(Clone, Default, Template)]
#[template(path = "recovery_codes.html", config = "assets/askama.toml")]
pub struct RecoveryCodes {
    /// The frame.
    pub shell: Shell,
    /// Where "I have stored them" posts to.
    pub form: Form,
    /// Whose codes these are, so that a printed sheet can be told from another.
    pub account: Label,
    /// The codes.
    pub codes: Vec<String>,
    /// True when older codes have just stopped working.
    pub replaced: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_grouped_in_fours_without_a_trailing_space() {
        let page = EnrolTotp { secret: String::from("ABCDEFGHIJ"), ..EnrolTotp::default() };
        assert_eq!(page.grouped(), "ABCD EFGH IJ");
    }
}
