//! A message as a carrier gets it, and as it is sealed until then.

use std::fmt;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::{
    crypto::secret::Plain,
    error::{Error, Result},
};

/// A carrier's own template, and what goes into it.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    /// Its id at the carrier.
    pub id: String,
    /// What it is filled with.
    pub data: Map<String, Value>,
}

/// Without the data: a code stands in it.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A message as a carrier gets it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Phone number or address.
    pub recipient: String,
    /// The subject of a mail; empty for SMS.
    pub subject: String,
    /// What it says.
    pub text: Plain,
    /// The carrier's template instead of the text.
    pub template: Option<Template>,
    /// What must not be read in what the carrier answers: the code, the link.
    pub hide: Vec<Plain>,
}

impl Outgoing {
    /// Refuses what would end a header or a field and begin another one.
    pub fn check(&self) -> Result<()> {
        let template = self.template.as_ref().map_or("", |template| template.id.as_str());
        let header = |text: &str| text.chars().any(char::is_control);
        if self.recipient.is_empty()
            || [self.recipient.as_str(), self.subject.as_str(), template].into_iter().any(header)
        {
            return Err(Error::invalid("message", "recipient and subject must be one line each"));
        }
        if self.text.expose().contains(['\0', '\r']) {
            return Err(Error::invalid("message", "the text holds characters that no mail has"));
        }
        Ok(())
    }

    /// All but the recipient, as it is sealed.
    pub fn pack(&self) -> Zeroizing<Vec<u8>> {
        let hide: Vec<&str> = self.hide.iter().map(Plain::expose).collect();
        let template = self.template.as_ref().map(|t| json!({ "id": t.id, "data": t.data }));
        let body = json!({
            "subject": self.subject, "text": self.text.expose(), "template": template, "hide": hide,
        });
        Zeroizing::new(body.to_string().into_bytes())
    }

    /// Reads what [`Outgoing::pack`] wrote.
    pub fn unpack(recipient: String, packed: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(packed).ok()?;
        let plain = |value: &Value| value.as_str().map(|text| Plain::new(text.to_owned()));
        let template = match body.get("template")?.as_object() {
            Some(template) => Some(Template {
                id: template.get("id")?.as_str()?.to_owned(),
                data: template.get("data")?.as_object()?.clone(),
            }),
            None => None,
        };
        Some(Self {
            recipient,
            subject: body.get("subject")?.as_str()?.to_owned(),
            text: plain(body.get("text")?)?,
            template,
            hide: body.get("hide")?.as_array()?.iter().filter_map(plain).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_packed_and_read_back_and_never_printed() {
        let message = Outgoing {
            recipient: "a@example.com".to_owned(),
            subject: "Your code".to_owned(),
            text: Plain::new("It is 493817.\n".to_owned()),
            template: Some(Template {
                id: "d-1".to_owned(),
                data: [("code".to_owned(), json!("493817"))].into_iter().collect(),
            }),
            hide: vec![Plain::new("493817".to_owned())],
        };
        let back = Outgoing::unpack(message.recipient.clone(), &message.pack()).unwrap();
        assert_eq!(back.text.expose(), message.text.expose());
        assert_eq!((&back.subject, &back.template), (&message.subject, &message.template));
        assert_eq!(back.hide.first().map(Plain::expose), Some("493817"));
        assert!(!format!("{message:?}").contains("493817"));
        assert!(Outgoing::unpack(String::new(), b"{}").is_none());
    }

    #[test]
    fn line_breaks_in_recipient_subject_or_template_are_refused() {
        let good = Outgoing {
            recipient: "a@example.com".to_owned(),
            subject: "Hello".to_owned(),
            text: Plain::new("two\nlines".to_owned()),
            template: None,
            hide: Vec::new(),
        };
        assert!(good.check().is_ok());
        for bad in ["a\r\nBcc: b@example.com", "a\nb", "a\0b", "a\u{85}b"] {
            let text = bad.to_owned();
            assert!(Outgoing { recipient: text.clone(), ..good.clone() }.check().is_err());
            assert!(Outgoing { subject: text.clone(), ..good.clone() }.check().is_err());
            let template = Some(Template { id: text, data: Map::new() });
            assert!(Outgoing { template, ..good.clone() }.check().is_err());
        }
        let text = Plain::new("end\r\n.\r\nMAIL FROM:<x>".to_owned());
        assert!(Outgoing { text, ..good.clone() }.check().is_err());
        assert!(Outgoing { recipient: String::new(), ..good }.check().is_err());
    }
}
