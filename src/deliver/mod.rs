//! Handing messages to carriers: one try, one outcome. The only place that names an HTTP or SMTP client.
//! When to try, how often, and what is remembered of it is `ops/outbox.rs`; nothing here touches the database.

pub mod answer;
pub mod sendgrid;
pub mod smtp;
pub mod twilio;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use self::{sendgrid::Sendgrid, smtp::Smtp, twilio::Twilio};
use crate::{
    config::Config,
    error::{Error, Result},
    model::message::{Carrier, Outcome, Outgoing},
    time::Time,
};

/// How long a carrier may take until it is connected to.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a whole request may take.
const WHOLE: Duration = Duration::from_secs(8);
/// The longest that one try can take, whatever the carrier does; [`Transport::send`] is over by then.
pub const LONGEST: Duration = Duration::from_secs(20);

/// A carrier that can be talked to.
#[derive(Debug)]
pub enum Transport {
    /// SMS by Twilio.
    Twilio(Twilio),
    /// E-mail by `SendGrid`.
    Sendgrid(Sendgrid),
    /// E-mail by a mail server.
    Smtp(Box<Smtp>),
    /// The log.
    Console,
}

impl Transport {
    /// Tries once. Always comes back within [`LONGEST`].
    pub async fn send(&self, message: &Outgoing, now: Time) -> Outcome {
        if let Err(error) = message.check() {
            return Outcome::Rejected { code: "refused".to_owned(), why: error.to_string() };
        }
        let sent = async {
            match self {
                Self::Twilio(twilio) => twilio.send(message, now).await,
                Self::Sendgrid(sendgrid) => sendgrid.send(message, now).await,
                Self::Smtp(smtp) => smtp.send(message).await,
                Self::Console => print(message),
            }
        };
        match tokio::time::timeout(LONGEST, sent).await {
            Ok(outcome) => answer::clean(outcome, &message.hide),
            Err(_) => Outcome::Unknown { why: "no answer in time".to_owned() },
        }
    }
}

/// The carrier for working offline is meant to be read, codes and all.
fn print(message: &Outgoing) -> Outcome {
    let (recipient, text) = (&message.recipient, message.text.expose());
    tracing::info!("message to {recipient}: {}{text}", subject(message));
    Outcome::Accepted { vendor_id: None }
}

fn subject(message: &Outgoing) -> String {
    if message.subject.is_empty() { String::new() } else { format!("{}\n", message.subject) }
}

/// Every carrier whose credentials are there.
#[derive(Clone, Debug)]
pub struct Carriers(BTreeMap<Carrier, Arc<Transport>>);

impl Carriers {
    /// Reads the credentials. What is there but cannot be used is told beside; the others carry on.
    pub fn of(config: &Config) -> (Self, Vec<Error>) {
        let mut all = BTreeMap::from([(Carrier::Console, Arc::new(Transport::Console))]);
        let mut unfit = Vec::new();
        let made = [
            (Carrier::Twilio, Twilio::of(config).map(|found| found.map(Transport::Twilio))),
            (Carrier::Sendgrid, Sendgrid::of(config).map(|found| found.map(Transport::Sendgrid))),
            (
                Carrier::Smtp,
                Smtp::of(config).map(|found| found.map(|smtp| Transport::Smtp(Box::new(smtp)))),
            ),
        ];
        for (carrier, transport) in made {
            match transport {
                Ok(Some(transport)) => drop(all.insert(carrier, Arc::new(transport))),
                Ok(None) => {}
                Err(error) => unfit.push(error),
            }
        }
        (Self(all), unfit)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = (Carrier, &Arc<Transport>)> {
        self.0.iter().map(|(carrier, transport)| (*carrier, transport))
    }
}

/// A client that talks to the vendor alone: no proxy from the environment, no redirects, no connection kept, so that
/// "not connected" means that nothing was sent.
fn client() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .user_agent(concat!("mcpcodex/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::internal("no HTTP client can be made").with_source(error))
}

/// `Name <a@example.com>`, taken apart.
fn sender(config: &Config) -> Result<Option<lettre::message::Mailbox>> {
    let Some(from) = &config.mail.from else { return Ok(None) };
    from.parse().map(Some).map_err(|error: lettre::address::AddressError| {
        Error::invalid("mail.from", "the sender is no address that mail can come from")
            .with_next("write it as MCPCodex <auth@example.com>")
            .with_source(error)
    })
}
