//! Passkeys: how they come into force, what their use proves, and how they go.

mod device;
mod life;
mod refusals;
mod steps;

use std::cell::RefCell;

use mcpcodex::{
    crypto::secret::Hashed,
    error::{Error, Result},
    model::{
        actor::Actor,
        id::SessionId,
        passkey::{Passkey, Place, Proof, Refusal},
        user::User,
    },
    ops::{
        self,
        passkey::{Ceremony, Checked, Given, Registered},
    },
};

use crate::support::{
    TestApp,
    authenticator::{Authenticator, Device, Page, Soft},
    origin,
};

fn browser() -> Hashed {
    Hashed::of("a browser")
}

fn here() -> Place {
    Place::of_browser(&browser())
}

/// One device of each sort, by name.
type Devices = [(&'static str, Box<dyn Authenticator>); 2];

/// Both, each new.
fn devices() -> Devices {
    [("own", Box::new(Device::default())), ("soft", Box::new(Soft::default()))]
}

/// Someone in a session of theirs.
struct Person {
    user: User,
    session: RefCell<SessionId>,
}

impl Person {
    fn new(server: &TestApp, name: &str) -> Self {
        let user = server.user(name);
        let session = RefCell::new(server.session_of(&user, false).0.id);
        Self { user, session }
    }

    /// Signs in again, with all factors there are.
    fn come_back(&self, server: &TestApp) {
        let (env, user) = (server.app.env(), self.user.clone());
        let session = server.write(move |tx| {
            let amr = ["pwd", "otp", "mfa"].map(str::to_owned).to_vec();
            ops::session::open(tx, &env, &origin(), &user, amr, false)
        });
        self.session.replace(session.id);
    }

    fn session(&self) -> SessionId {
        self.session.borrow().clone()
    }

    fn actor(&self) -> Actor {
        Actor::person(self.user.id.clone(), self.session(), origin())
    }

    /// Where a passkey is asked for in their session.
    fn place(&self) -> Place {
        Place::of_session(&browser(), &self.session())
    }

    fn begin(&self, server: &TestApp) -> Result<Ceremony> {
        let (env, who, user) = (server.app.env(), self.actor(), self.user.clone());
        server
            .app
            .db
            .write_blocking(move |tx| ops::passkey::register(tx, &env, &who, &user, &browser()))
    }

    fn end(&self, server: &TestApp, ceremony: &Ceremony, answer: &str) -> Registered {
        self.end_in(server, ceremony, answer, &browser()).unwrap()
    }

    fn end_in(
        &self,
        server: &TestApp,
        ceremony: &Ceremony,
        answer: &str,
        browser: &Hashed,
    ) -> Result<Registered> {
        let (env, who, id) = (server.app.env(), self.actor(), ceremony.id.clone());
        let (answer, browser) = (answer.to_owned(), browser.clone());
        let registered = server.app.db.write_blocking(move |tx| {
            let given = Given { ceremony: id.as_str(), answer: &answer };
            ops::passkey::registered(tx, &env, &who, &browser, &given, "")
        })?;
        if let Registered::Active(enrolled) = &registered {
            self.session.replace(enrolled.in_force.session.as_ref().unwrap().id.clone());
        }
        Ok(registered)
    }

    /// Registers a passkey on a device.
    fn register(&self, server: &TestApp, device: &mut (impl Authenticator + ?Sized)) -> Passkey {
        let ceremony = self.begin(server).unwrap();
        let answer = device.make(&Page::default(), &ceremony.options);
        match self.end(server, &ceremony, &answer) {
            Registered::Active(enrolled) => enrolled.passkey,
            Registered::Wrong(refusal) => panic!("{refusal:?}"),
        }
    }

    fn passkeys(&self, server: &TestApp) -> Vec<Passkey> {
        server.read(|r| ops::passkey::list(r, &self.actor(), &self.user.id))
    }
}

fn ask(server: &TestApp, place: &Place, user: Option<&User>) -> Option<Ceremony> {
    let (env, place, user) = (server.app.env(), place.clone(), user.map(|user| user.id.clone()));
    server.write(move |tx| ops::passkey::ask(tx, &env, &place, user.as_ref()))
}

fn check(
    server: &TestApp,
    place: &Place,
    user: Option<&User>,
    ceremony: &Ceremony,
    answer: &str,
) -> Checked {
    let (env, place, user) = (server.app.env(), place.clone(), user.map(|user| user.id.clone()));
    let (id, answer) = (ceremony.id.clone(), answer.to_owned());
    server.write(move |tx| {
        let given = Given { ceremony: id.as_str(), answer: &answer };
        ops::passkey::check(tx, &env, &origin(), &place, user.as_ref(), &given)
    })
}

/// Signs in by passkey alone, from a page.
fn sign_in(server: &TestApp, device: &mut (impl Authenticator + ?Sized), page: &Page) -> Checked {
    let ceremony = ask(server, &here(), None).unwrap();
    let answer = device.answer(page, &ceremony.options);
    check(server, &here(), None, &ceremony, &answer)
}

fn proof(checked: Checked) -> Proof {
    match checked {
        Checked::Right(proof) => proof,
        Checked::Wrong(refusal) => panic!("{refusal:?}"),
    }
}

fn refusal(checked: &Checked) -> Refusal {
    match checked {
        Checked::Wrong(refusal) => *refusal,
        Checked::Right(proof) => panic!("{proof:?}"),
    }
}

fn refused(registered: Registered) -> Refusal {
    match registered {
        Registered::Wrong(refusal) => refusal,
        Registered::Active(enrolled) => panic!("{enrolled:?}"),
    }
}

fn kind(error: &Error) -> &'static str {
    error.code()
}
