//! Enrolling an authenticator app at the console: a QR code, its first code, the recovery codes.
//! Nothing is in force before a code matches. How it looks is in `widgets::enroll`.

use super::{
    msg::{Problem, Ticket},
    qr::Qr,
    secret::{Secret, Sight, Taken},
};
use crate::{crypto::secret::Plain, model::id::UserId, ops::factor};

/// Something that the flow wants from the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A new secret for a person.
    Begin(UserId),
    /// What a code proves.
    Prove(UserId, Secret),
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Given {
    /// A secret that waits for its first code.
    Begun(Box<Shown>),
    /// The code was right: these are the recovery codes.
    Right(Vec<Plain>),
    /// The code was not the one that the app shows.
    Wrong,
}

/// A secret as an app takes it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// `otpauth://…`.
    pub uri: Secret,
    /// The same for typing, in groups.
    pub typed: Secret,
    /// The account's label.
    pub account: String,
    /// The issuer's label.
    pub issuer: String,
}

impl From<factor::Enrolment> for Shown {
    fn from(started: factor::Enrolment) -> Self {
        let letters: Vec<char> = started.secret.expose().chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        Self {
            uri: started.uri.into(),
            typed: Secret::new(groups.join(" ")),
            account: started.account,
            issuer: started.issuer,
        }
    }
}

/// The overlay.
#[derive(Clone, Debug)]
pub struct Enroll {
    /// Whose.
    pub user: UserId,
    /// Their user name, fit for the screen.
    pub name: String,
    /// How far it is.
    pub stage: Stage,
    /// How the secret is looked at.
    pub sight: Sight,
    /// What is waited for.
    pub waiting: Option<Ticket>,
}

/// How far an enrolment is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// A secret is being made.
    Begun,
    /// No secret could be made.
    Refused(Problem),
    /// The secret is shown and a code waited for.
    Scan(Scan),
    /// The factor is in force and its recovery codes are shown.
    Codes(Codes),
}

/// The secret, and the code that is typed.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The secret; none once it was on the screen for too long.
    pub shown: Option<(Shown, Option<Qr>)>,
    /// For which account.
    pub account: String,
    /// Under which name.
    pub issuer: String,
    /// The digits so far.
    pub code: String,
    /// What is to be said about the last code.
    pub notice: Option<String>,
}

/// The recovery codes.
#[derive(Clone, Debug)]
pub struct Codes {
    /// The codes, none when those from before still count; nothing once they were on the screen for too long.
    pub shown: Option<Vec<Plain>>,
    /// Whether they were taken.
    pub taken: Taken,
}

impl Codes {
    /// All of them, a line each.
    pub fn text(&self) -> Option<Secret> {
        let shown = self.shown.as_ref().filter(|codes| !codes.is_empty())?;
        let codes: Vec<&str> = shown.iter().map(Plain::expose).collect();
        Some(Secret::new(codes.join("\n")))
    }
}

impl Enroll {
    /// A flow that has asked for its secret.
    pub fn new(user: UserId, name: String, ticket: Ticket) -> Self {
        let sight = Sight::default();
        Self { user, name, stage: Stage::Begun, sight, waiting: Some(ticket) }
    }

    /// Takes what was waited for.
    pub fn take(&mut self, given: Result<Given, Problem>) {
        self.waiting = None;
        match given {
            Ok(Given::Begun(shown)) => {
                let qr = Qr::new(shown.uri.expose());
                let (account, issuer) = (shown.account.clone(), shown.issuer.clone());
                let shown = Some((*shown, qr));
                self.stage =
                    Stage::Scan(Scan { shown, account, issuer, code: String::new(), notice: None });
            }
            Ok(Given::Right(codes)) => {
                self.sight = Sight::default();
                self.stage = Stage::Codes(Codes { shown: Some(codes), taken: Taken::No });
            }
            Ok(Given::Wrong) => self.notice(
                "That is not the code that the app shows now. Check both clocks, then type the next one.",
            ),
            Err(problem) => match &mut self.stage {
                Stage::Begun | Stage::Refused(_) => self.stage = Stage::Refused(problem),
                Stage::Scan(_) | Stage::Codes(_) => {
                    let text = super::toast::sentence(&problem);
                    self.notice(&text);
                }
            },
        }
    }

    fn notice(&mut self, text: &str) {
        if let Stage::Scan(scan) = &mut self.stage {
            scan.code.clear();
            scan.notice = Some(text.to_owned());
        }
    }

    /// Takes a digit; answers the code when it has all of them.
    pub fn digit(&mut self, c: char, digits: u8) -> Option<Secret> {
        let Stage::Scan(scan) = &mut self.stage else { return None };
        if self.waiting.is_some() || !c.is_ascii_digit() || scan.code.len() >= usize::from(digits) {
            return None;
        }
        scan.code.push(c);
        scan.notice = None;
        self.code(digits)
    }

    /// The code, if it has all its digits and none is being checked.
    pub fn code(&self, digits: u8) -> Option<Secret> {
        match &self.stage {
            Stage::Scan(scan)
                if scan.code.len() == usize::from(digits) && self.waiting.is_none() =>
            {
                Some(Secret::new(scan.code.clone()))
            }
            Stage::Scan(_) | Stage::Begun | Stage::Refused(_) | Stage::Codes(_) => None,
        }
    }

    /// Takes the last digit back.
    pub fn erase(&mut self) {
        if let (Stage::Scan(scan), None) = (&mut self.stage, self.waiting) {
            scan.code.pop();
        }
    }

    /// Takes the secret off the screen for good; answers whether one was there.
    pub fn hide(&mut self) -> bool {
        self.sight.full = false;
        match &mut self.stage {
            Stage::Scan(scan) => scan.shown.take().is_some(),
            Stage::Codes(codes) => codes.shown.take().is_some(),
            Stage::Begun | Stage::Refused(_) => false,
        }
    }

    /// The QR code, while it may be seen.
    pub fn qr(&self) -> Option<&Qr> {
        match &self.stage {
            Stage::Scan(scan) if !self.sight.veiled => scan.shown.as_ref()?.1.as_ref(),
            Stage::Scan(_) | Stage::Begun | Stage::Refused(_) | Stage::Codes(_) => None,
        }
    }

    /// Whether it may be closed now; what is shown once is said to go first.
    pub fn let_go(&mut self) -> bool {
        match &mut self.stage {
            Stage::Codes(codes) => {
                codes.shown.as_ref().is_none_or(Vec::is_empty) || codes.taken.let_go()
            }
            Stage::Begun | Stage::Refused(_) | Stage::Scan(_) => true,
        }
    }
}
