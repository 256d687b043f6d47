//! Setting up a second factor: which, then the authenticator app, number or address, then the recovery codes.
//! Secrets and codes are made in `crypto` and checked in `ops`.

use std::fmt::Write as _;

use askama::Template;

use super::{
    parts::{Form, Label, Medium, Sending, Shell, Way},
    svg::Svg,
};

/// One of the methods to choose from.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// Where it is set up.
    pub way: Way,
    /// What it is, in a sentence.
    pub about: String,
    /// Whether it is one of the weak ones.
    pub weak: bool,
}

/// Enrolment, first step: which method.
#[derive(Clone, Default, Template)]
#[template(path = "enrol_choice.html", config = "assets/askama.toml")]
pub struct EnrolChoice {
    /// The frame.
    pub shell: Shell,
    /// Why this is asked: "Your role needs a second factor."
    pub reason: Option<String>,
    /// The methods, the strongest first.
    pub offers: Vec<Offer>,
    /// The other ways on.
    pub ways: Vec<Way>,
}

/// Enrolment of a number or an address: field `phone` or `email`.
#[derive(Clone, Default, Template)]
#[template(path = "enrol_contact.html", config = "assets/askama.toml")]
pub struct EnrolContact {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to.
    pub form: Form,
    /// Which of the two.
    pub medium: Medium,
    /// Why this is asked.
    pub reason: Option<String>,
    /// What was typed before.
    pub value: String,
    /// What was wrong with it.
    pub error: Option<String>,
    /// When to try again.
    pub wait: Option<String>,
    /// The other ways on.
    pub ways: Vec<Way>,
}

/// Enrolment of a number or an address: field `code`.
#[derive(Clone, Default, Template)]
#[template(path = "enrol_code.html", config = "assets/askama.toml")]
pub struct EnrolCode {
    /// The frame.
    pub shell: Shell,
    /// Where it posts to.
    pub form: Form,
    /// What sends another code.
    pub again: Form,
    /// Which of the two.
    pub medium: Medium,
    /// Where the code went.
    pub to: String,
    /// How far it has come, right after it was sent.
    pub sending: Option<Sending>,
    /// What was wrong with the last code.
    pub error: Option<String>,
    /// The other ways on.
    pub ways: Vec<Way>,
}

impl EnrolCode {
    /// Whether the code may never come.
    pub(super) fn is_stuck(&self) -> bool {
        self.sending.is_some_and(Sending::is_stuck)
    }
}

/// `/enroll`: the link from the operator, before its owner signs in.
#[derive(Clone, Default, Template)]
#[template(path = "enrol_link.html", config = "assets/askama.toml")]
pub struct EnrolLink {
    /// The frame.
    pub shell: Shell,
    /// For whom it is.
    pub username: Label,
    /// The sign-in that it leads to.
    pub sign_in: String,
}

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
    /// The other ways on.
    pub ways: Vec<Way>,
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

impl RecoveryCodes {
    /// The codes as a file that needs no second request, since they are told only once.
    pub(super) fn file(&self) -> String {
        let text = self.shell.t("codes-file").with("account", &self.account);
        let mut address = String::from("data:text/plain;charset=utf-8,");
        let lines =
            format!("{}\n\n{}\n", text.with("host", &self.shell.host), self.codes.join("\n"));
        for byte in lines.bytes() {
            if byte.is_ascii_alphanumeric() || byte == b'-' {
                address.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                write!(address, "%{byte:02X}").ok();
            }
        }
        address
    }
}

/// `/mfa/codes` when there is nothing to show but the way to a new set.
#[derive(Clone, Default, Template)]
#[template(path = "new_codes.html", config = "assets/askama.toml")]
pub struct NewCodes {
    /// The frame.
    pub shell: Shell,
    /// Makes them.
    pub form: Form,
    /// How many of the old ones are left; none where they were never stored.
    pub left: Option<u32>,
    /// The way out, when there is one.
    pub cancel: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_grouped_in_fours_without_a_trailing_space() {
        let page = EnrolTotp { secret: String::from("ABCDEFGHIJ"), ..EnrolTotp::default() };
        assert_eq!(page.grouped(), "ABCD EFGH IJ");
    }

    #[test]
    fn file_of_codes_is_an_address_without_a_character_that_means_something_in_one() {
        let page = RecoveryCodes {
            account: Label::new("ann&#?\"@example.com"),
            codes: vec!["k3v0-9hxq".to_owned(), "k3v1-9hxq".to_owned()],
            ..RecoveryCodes::default()
        };
        let (head, body) =
            page.file().split_once(',').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(head, "data:text/plain;charset=utf-8");
        assert!(body.ends_with("k3v0-9hxq%0Ak3v1-9hxq%0A"), "{body}");
        assert!(
            body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'%'),
            "{body}"
        );
    }
}
