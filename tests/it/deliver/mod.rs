//! Each carrier's requests, against servers that take nothing but what the vendor documents.

mod sendgrid;
mod smtp;
mod twilio;

use mcpcodex::{
    config::Config,
    crypto::secret::Plain,
    deliver::Carriers,
    model::message::{Carrier, Outcome, Outgoing},
};

use crate::support::{RUNTIME, START};

/// What `carrier` says to a message under this configuration.
fn send(config: &Config, carrier: Carrier, message: &Outgoing) -> Outcome {
    let (carriers, unfit) = Carriers::of(config);
    assert!(unfit.is_empty(), "{unfit:?}");
    let (_, transport) =
        carriers.iter().find(|(one, _)| *one == carrier).expect("it is configured");
    RUNTIME.block_on(transport.send(message, START))
}

/// A code to somebody.
fn message(recipient: &str) -> Outgoing {
    Outgoing {
        recipient: recipient.to_owned(),
        subject: "Ihr Code für auth.example.com".to_owned(),
        text: Plain::new("Your code: 493817 & nothing = else + ü\n".to_owned()),
        template: None,
        hide: vec![Plain::new("493817".to_owned())],
    }
}
