//! E-mail by a mail server (RFC 5321), from `SMTP_URL`: `smtps://` for TLS from the first byte, `smtp://` for STARTTLS.

use std::time::Duration;

use lettre::{
    Address, Message,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};
use tokio::time::timeout;
use url::{Host, Url};

use super::{CONNECT, WHOLE, sender};
use crate::{
    config::Config,
    crypto::secret,
    error::{Error, Result},
    model::message::{Outcome, Outgoing},
};

/// How long it may take until the server is ready for the text.
const PRELUDE: Duration = Duration::from_secs(8);

/// How the way to the server is kept from others' eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privacy {
    /// TLS from the first byte.
    Wrapped,
    /// STARTTLS, or nothing is sent.
    Upgraded,
    /// None: on this computer, or where the operator says so.
    Plain,
}

/// A mail server.
pub struct Smtp {
    host: String,
    port: u16,
    privacy: Privacy,
    credentials: Option<Credentials>,
    from: Mailbox,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = (&self.host, self.port, self.privacy);
        f.debug_tuple("Smtp").field(&place).finish()
    }
}

impl Smtp {
    /// Reads the credentials; `None` when one is missing.
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let (Some(url), Some(from)) = (&config.credentials.smtp_url, sender(config)?) else {
            return Ok(None);
        };
        let refuse = || {
            Error::invalid("SMTP_URL", "SMTP_URL does not name a mail server")
                .with_next("write it as smtps://user:password@mail.example.com:465")
        };
        let url = Url::parse(url.expose()).map_err(|_| refuse())?;
        let host = url.host_str().map(|host| host.trim_matches(['[', ']'])).ok_or_else(refuse)?;
        let privacy = privacy(&url);
        let usual = match privacy {
            Privacy::Wrapped => 465,
            Privacy::Upgraded => 587,
            Privacy::Plain => 25,
        };
        let credentials = (!url.username().is_empty()).then(|| {
            Credentials::new(decoded(url.username()), decoded(url.password().unwrap_or_default()))
        });
        let port = url.port().unwrap_or(usual);
        Ok(Some(Self { host: host.to_owned(), port, privacy, credentials, from }))
    }

    /// Two parts: until the server is ready for the text nothing can have been sent; after that, without an answer,
    /// nobody knows.
    pub(super) async fn send(&self, message: &Outgoing) -> Outcome {
        let (to, text) = match self.write(message) {
            Ok(written) => written,
            Err(error) => {
                return Outcome::Rejected { code: "refused".to_owned(), why: error.to_string() };
            }
        };
        let mut connection = match timeout(PRELUDE, self.prepare(to)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return refusal(&error),
            Err(_) => {
                return Outcome::Later { after: None, why: "not reached in time".to_owned() };
            }
        };
        let outcome = match timeout(WHOLE, connection.message(&text)).await {
            Ok(Ok(response)) => {
                let said = response.first_line().unwrap_or("accepted").to_owned();
                Outcome::Accepted { vendor_id: Some(said) }
            }
            Ok(Err(error)) if error.is_permanent() || error.is_transient() => refusal(&error),
            Ok(Err(_)) => Outcome::Unknown { why: "the connection broke".to_owned() },
            Err(_) => return Outcome::Unknown { why: "no answer in time".to_owned() },
        };
        // Out of politeness only: what matters was answered.
        drop(timeout(Duration::from_secs(1), connection.quit()).await);
        outcome
    }

    fn write(&self, message: &Outgoing) -> Result<(Address, Vec<u8>)> {
        let refuse = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::invalid("message", "this message cannot be written as a mail").with_source(error)
        };
        let to: Address = message.recipient.parse().map_err(|error| refuse(Box::new(error)))?;
        let domain = self.from.email.domain();
        let id = format!("<{}@{domain}>", secret::b64(&secret::random_bytes::<18>()));
        let written = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(message.subject.clone())
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .header(AutoSubmitted)
            .body(message.text.expose().to_owned())
            .map_err(|error| refuse(Box::new(error)))?;
        Ok((to, written.formatted()))
    }

    /// Everything up to the text.
    async fn prepare(&self, to: Address) -> Result<AsyncSmtpConnection, SmtpError> {
        let hello = ClientId::Domain(self.from.email.domain().to_owned());
        let tls = || TlsParameters::new(self.host.clone());
        let wrapped = if self.privacy == Privacy::Wrapped { Some(tls()?) } else { None };
        let place = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT), &hello, wrapped, None)
                .await?;
        if self.privacy == Privacy::Upgraded {
            connection.starttls(tls()?, &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        connection.command(Mail::new(Some(self.from.email.clone()), Vec::new())).await?;
        connection.command(Rcpt::new(to, Vec::new())).await?;
        connection.command(Data).await?;
        Ok(connection)
    }
}

/// Says that a machine wrote it, so that nobody's holiday notice answers (RFC 3834 §5).
#[derive(Clone, Debug)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// A password never travels in the open by accident: only this computer's own server is spoken to in the clear,
/// unless the URL says `?tls=none`.
fn privacy(url: &Url) -> Privacy {
    let here = match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let asked =
        |wanted: &str| url.query_pairs().any(|(name, value)| name == "tls" && value == wanted);
    match url.scheme() {
        "smtps" => Privacy::Wrapped,
        _ if asked("required") => Privacy::Upgraded,
        _ if here || asked("none") => Privacy::Plain,
        _ => Privacy::Upgraded,
    }
}

/// Percent-decoded. A plus is a plus here, which it is not in a form.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(text.as_bytes())
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

/// What an error before the text, or a plain answer after it, means.
fn refusal(error: &SmtpError) -> Outcome {
    let status = error.status().map(|code| code.to_string());
    let why =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    match status {
        Some(code) if error.is_permanent() => Outcome::Rejected { code, why },
        Some(code) => Outcome::Later { after: None, why: format!("{code}: {why}") },
        // Not reached, no TLS, no common way to sign in: nothing was sent, and the operator may put it right.
        None => Outcome::Later { after: None, why: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn smtp(url: &str) -> Smtp {
        let mut config = Config::default();
        config.credentials.smtp_url = Some(Secret::new(url));
        config.mail.from = Some("MCPCodex <auth@example.com>".to_owned());
        Smtp::of(&config).unwrap().unwrap()
    }

    #[test]
    fn way_to_the_server_is_private_unless_it_is_this_computer() {
        for (url, privacy, port) in [
            ("smtps://mail.example.com", Privacy::Wrapped, 465),
            ("smtp://mail.example.com", Privacy::Upgraded, 587),
            ("smtp://mail.example.com:2525", Privacy::Upgraded, 2525),
            ("smtp://localhost:1025", Privacy::Plain, 1025),
            ("smtp://127.0.0.1", Privacy::Plain, 25),
            ("smtp://[::1]", Privacy::Plain, 25),
            ("smtp://127.0.0.1:1?tls=required", Privacy::Upgraded, 1),
            ("smtp://10.0.0.5?tls=none", Privacy::Plain, 25),
            ("smtp://localhost.evil.example", Privacy::Upgraded, 587),
        ] {
            let smtp = smtp(url);
            assert_eq!((smtp.privacy, smtp.port), (privacy, port), "{url}");
        }
    }

    #[test]
    fn user_and_password_are_decoded_and_a_plus_stays() {
        let smtp = smtp("smtps://a%40b:p+q%2F%3D%26r=@mail.example.com");
        let expected = Credentials::new("a@b".to_owned(), "p+q/=&r=".to_owned());
        assert_eq!(smtp.credentials, Some(expected));
        assert!(!format!("{smtp:?}").contains("p+q"));
    }

    #[test]
    fn mail_is_written_in_ascii_with_one_recipient() {
        let message = Outgoing {
            recipient: "a@example.com".to_owned(),
            subject: "Ihr Code für Sie".to_owned(),
            text: secret::Plain::new("Schöne Grüße: 493817\n.\n".to_owned()),
            template: None,
            hide: Vec::new(),
        };
        let (to, text) = smtp("smtps://mail.example.com").write(&message).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(to.to_string(), "a@example.com");
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("\r\nTo: a@example.com\r\n"), "{text}");
        assert!(text.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{text}");
        let bad = Outgoing { recipient: "a@example.com, b@example.com".to_owned(), ..message };
        assert!(smtp("smtps://mail.example.com").write(&bad).is_err());
    }
}
