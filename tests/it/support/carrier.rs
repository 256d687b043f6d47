//! Somebody who carries messages: takes what waits in the outbox, as the server's own task does, and says how it went.

use std::{sync::mpsc, thread, time::Duration};

use mcpcodex::{
    config::{
        Config,
        mfa::{EmailProvider, SmsProvider},
    },
    model::{
        factor::Method,
        message::{Carrier, Outcome, Outgoing},
        user::User,
    },
    ops::{self, code::Binding},
};

use super::{TestApp, operator};

/// A configuration in which codes can be sent both ways, to nobody.
pub(crate) fn with_messages(config: &mut Config) {
    let providers = &mut config.authentication.mfa.providers;
    (providers.sms.enabled, providers.sms.provider) = (true, SmsProvider::Console);
    (providers.email.enabled, providers.email.provider) = (true, EmailProvider::Console);
}

/// The carrier has it.
pub(crate) fn accepted() -> Outcome {
    Outcome::Accepted { vendor_id: None }
}

/// The carrier does not take it.
pub(crate) fn rejected() -> Outcome {
    Outcome::Rejected { code: "21211".to_owned(), why: "no such number".to_owned() }
}

/// The code in a message.
pub(crate) fn code_in(message: &Outgoing) -> String {
    let words = message.text.expose().split(|c: char| !c.is_ascii_digit());
    words.into_iter().find(|word| word.len() == 6).unwrap().to_owned()
}

/// The path of our own that a message leads to.
pub(crate) fn link_in(message: &Outgoing) -> String {
    let text = message.text.expose();
    let rest = text.split_once("http://localhost:8420").unwrap().1;
    rest.split_whitespace().next().unwrap().to_owned()
}

impl TestApp {
    /// Takes everything that waits now; what it was.
    pub(crate) fn carry(&self, outcome: &Outcome) -> Vec<Outgoing> {
        let (env, outcome) = (self.app.env(), outcome.clone());
        self.write(move |tx| {
            let claimed = ops::outbox::claim(tx, &env, Carrier::Console, 100)?;
            claimed
                .into_iter()
                .map(|one| {
                    ops::outbox::settle(tx, &one.id, one.claim, &outcome)?;
                    Ok(one.outgoing)
                })
                .collect()
        })
    }

    /// Does `job` while everything that is queued meanwhile ends so; what it was.
    pub(crate) fn carrying<T>(
        &self,
        outcome: &Outcome,
        job: impl FnOnce() -> T,
    ) -> (T, Vec<Outgoing>) {
        // Its end is the end of the job, also by a panic.
        let (working, over) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let carrier = scope.spawn(move || {
                let mut carried = Vec::new();
                loop {
                    let last = over.recv_timeout(Duration::from_millis(5))
                        == Err(mpsc::RecvTimeoutError::Disconnected);
                    carried.extend(self.carry(outcome));
                    if last {
                        return carried;
                    }
                }
            });
            let done = {
                let _working = working;
                job()
            };
            (done, carrier.join().unwrap())
        })
    }

    /// Puts a number or an address of someone in force, as the operator does.
    pub(crate) fn with_contact(&self, user: &User, method: Method, value: &str) {
        let (env, id, value) = (self.app.env(), user.id.clone(), value.to_owned());
        self.write(move |tx| {
            let (who, binding) = (operator(), Binding::operator(&id));
            let begun = ops::contact::enroll(tx, &env, &who, &id, method, &value, &binding)?;
            ops::contact::confirm_unverified(tx, &env, &who, &id, &begun.contact.id)
        });
        self.carry(&accepted());
    }
}
