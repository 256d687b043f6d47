//! People in a test server: made through the ops, signed in through the pages.

use mcpcodex::{
    crypto::totp,
    model::{session::Session, user::User},
    ops::{
        self,
        password::{Basis, Chosen},
        user::{FirstPassword, New},
    },
    time::Time,
};

use super::{Browser, Page, TestApp, operator, origin};

/// What everybody's password is unless the test says otherwise.
pub(crate) const PASSWORD: &str = "Quiet-Harbour_71 lantern";
/// Another that the policy takes.
pub(crate) const OTHER_PASSWORD: &str = "Velvet!Compass 38 orchard";

/// An authenticator app and the recovery codes on paper.
#[derive(Clone, Debug)]
pub(crate) struct Totp {
    /// The seed.
    pub(crate) seed: Vec<u8>,
    /// The seed as a person types it.
    pub(crate) base32: String,
    settings: totp::Settings,
    /// The recovery codes.
    pub(crate) recovery: Vec<String>,
}

impl Totp {
    /// From the key on an enrolment page.
    pub(crate) fn from_base32(text: &str, settings: totp::Settings) -> Self {
        let base32: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let seed = totp::read_base32(&base32).unwrap().to_vec();
        Self { seed, base32, settings, recovery: Vec::new() }
    }

    /// The code that the app shows at a moment.
    pub(crate) fn code_at(&self, at: Time) -> String {
        totp::code_at(&self.seed, &self.settings, at).unwrap().expose().to_owned()
    }
}

impl TestApp {
    /// Someone with the role `user`, and [`PASSWORD`].
    pub(crate) fn user(&self, name: &str) -> User {
        self.person(name, &["user"], PASSWORD)
    }

    /// Someone with the role `admin`, and [`PASSWORD`].
    pub(crate) fn admin(&self, name: &str) -> User {
        self.person(name, &["admin"], PASSWORD)
    }

    /// Someone.
    pub(crate) fn person(&self, name: &str, roles: &[&str], password: &str) -> User {
        let new = New {
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            name: String::new(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        let chosen = self.chosen(&Basis::new_user(&new.username, &new.email, ""), password);
        let env = self.app.env();
        self.write(move |tx| {
            let first = FirstPassword::Chosen(chosen);
            ops::user::create(tx, &env, &operator(), &new, &first)
        })
        .user
    }

    /// A password that passes the policy, hashed.
    pub(crate) fn chosen(&self, basis: &Basis, password: &str) -> Chosen {
        ops::password::choose(&self.app.env, basis, password).unwrap()
    }

    /// Changes someone's password as the operator does.
    pub(crate) fn set_password(&self, user: &User, password: &str) {
        let basis = self.read(|r| Basis::of(r, &self.app.env, &user.id));
        let chosen = self.chosen(&basis, password);
        let (env, id) = (self.app.env(), user.id.clone());
        // The history tells passwords apart by the moment they were set.
        self.advance(1);
        self.write(move |tx| ops::user::set_password(tx, &env, &operator(), &id, &chosen));
    }

    /// Gives someone an authenticator app; no code of it is spent yet.
    pub(crate) fn with_totp(&self, user: &User) -> Totp {
        let (env, user) = (self.app.env(), user.clone());
        let (secret, codes) = self.write(move |tx| {
            let enrolment = ops::factor::enroll(tx, &env, &user)?;
            let codes =
                ops::factor::confirm_unverified(tx, &env, &operator(), &user.id, &enrolment.id)?;
            Ok((enrolment.secret, codes))
        });
        let mut totp = Totp::from_base32(secret.expose(), self.app.env.totp_settings());
        totp.recovery = codes.iter().map(|code| code.expose().to_owned()).collect();
        totp
    }

    /// The code that an authenticator app shows now.
    pub(crate) fn code(&self, totp: &Totp) -> String {
        totp.code_at(self.clock.now())
    }

    /// A browser in which someone without a second factor has just signed in, through the pages.
    pub(crate) fn login(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.sign_in(name, PASSWORD);
        assert_eq!(page.status, 303, "{name} could not sign in: {page:?}");
        assert!(browser.session().is_some(), "{name} is not in yet: {page:?}");
        browser
    }

    /// A browser in which someone has just signed in with password and code, through the pages.
    pub(crate) fn login_with(&self, name: &str, totp: &Totp) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(name, PASSWORD);
        let page = browser.give_code(&self.code(totp));
        assert!(browser.session().is_some(), "{name} could not sign in: {page:?}");
        browser
    }

    /// Opens a session without any page, and gives back its row and its cookie.
    pub(crate) fn session_of(&self, user: &User, remember_me: bool) -> (Session, String) {
        let (env, user) = (self.app.env(), user.clone());
        let session = self.write(move |tx| {
            let amr = vec!["pwd".to_owned()];
            ops::session::open(tx, &env, &origin(), &user, amr, remember_me)
        });
        let cookie = ops::session::cookie(&self.app.env, &session).unwrap();
        (session, cookie)
    }
}

impl Browser {
    /// Opens the sign-in page and sends name and password; stops at the first answer.
    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Page {
        let page = self.open("/login");
        self.submit(&page, "/login", &[("username", name), ("password", password)])
    }

    /// Opens the page for the second factor and sends a code of the authenticator app.
    pub(crate) fn give_code(&mut self, code: &str) -> Page {
        let page = self.open("/mfa");
        self.submit(&page, "/mfa", &[("code", code)])
    }

    /// Opens the page for recovery codes and sends one.
    pub(crate) fn give_recovery_code(&mut self, code: &str) -> Page {
        let page = self.open("/mfa/recovery");
        self.submit(&page, "/mfa", &[("code", code)])
    }

    /// Whether `/account` is shown, that is, whether somebody is signed in here.
    pub(crate) fn is_in(&mut self) -> bool {
        let page = self.open("/account");
        match page.status {
            200 => true,
            303 if page.location().starts_with("/login") => false,
            _ => panic!("/account answers {page:?}"),
        }
    }
}
