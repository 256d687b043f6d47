//! The chain of audit events: each carries a keyed hash over itself and the hash before, so that a changed, removed,
//! inserted or moved event breaks it at that place.
//!
//! The key comes from the master key, so the database alone is not enough to make a whole chain of a broken one. Where it
//! begins and ends is sealed too, and noted outside of the database as an anchor: an older copy of the database, whole in
//! itself, ends before it.

use std::fmt;

use super::EventRow;
use crate::crypto::secret::{b64, equal, unb64};

/// A place in the chain: an event's number and hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The event; 0: before the first.
    pub id: i64,
    /// Its hash; empty before the first.
    pub hash: Vec<u8>,
}

/// `ID:HASH`, the hash in base64url.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, b64(&self.hash))
    }
}

impl Link {
    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, hash) = text.trim().split_once(':')?;
        let id = id.parse().ok().filter(|id| *id >= 0)?;
        Some(Self { id, hash: unb64(hash)? })
    }
}

/// Where the chain begins and ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// What the first event that is left follows.
    pub base: Link,
    /// The newest event.
    pub last: Link,
    /// The first event that was written to a chain whose ends had been tampered with.
    pub torn_at: Option<i64>,
}

impl Ends {
    /// What their seal covers.
    pub fn sealed_text(&self) -> Vec<u8> {
        let mut text = b"ends".to_vec();
        for link in [&self.base, &self.last] {
            text.extend(link.id.to_be_bytes());
            push(&mut text, Some(&link.hash));
        }
        text.extend(self.torn_at.unwrap_or_default().to_be_bytes());
        text
    }
}

/// What an event's hash covers. Every part says how long it is, so that no two events have one text.
pub fn hashed_text(before: &[u8], event: &EventRow) -> Vec<u8> {
    let mut text = b"event".to_vec();
    push(&mut text, Some(before));
    text.extend(event.id.to_be_bytes());
    text.extend(event.at.millis().to_be_bytes());
    let told = [&event.event, &event.actor, &event.via].map(|part| Some(part.as_str()));
    let about =
        [&event.user_id, &event.client_id, &event.session_id, &event.grant_id, &event.address];
    let parts = told.into_iter().chain(about.map(Option::as_deref)).chain([Some(&*event.detail)]);
    for part in parts {
        push(&mut text, part.map(str::as_bytes));
    }
    text
}

fn push(text: &mut Vec<u8>, part: Option<&[u8]>) {
    match part {
        None => text.push(0),
        Some(bytes) => {
            text.push(1);
            text.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            text.extend(bytes);
        }
    }
}

/// What is wrong with a chain, at the first place where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// This event was changed, or one before it was removed, inserted or moved.
    Event(i64),
    /// The record ends here and once went further.
    Cut(i64),
    /// This event was written after somebody had tampered with the chain's ends.
    Torn(i64),
    /// The ends are not sealed by this installation's key.
    Ends,
    /// The event that was noted elsewhere is another one now, or gone.
    Anchor(i64),
}

impl Flaw {
    /// The number of the first bad event, where it is one.
    pub fn id(&self) -> Option<i64> {
        match self {
            Self::Event(id) | Self::Torn(id) | Self::Anchor(id) => Some(*id),
            Self::Cut(id) => Some(id.saturating_add(1)),
            Self::Ends => None,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => write!(
                f,
                "event {id} is not what was written, or one just before it was removed, inserted or moved"
            ),
            Self::Cut(id) => write!(f, "the record ends with event {id} and once went further"),
            Self::Torn(id) => {
                write!(
                    f,
                    "before event {id} was written, somebody had removed or added events at the end"
                )
            }
            Self::Ends => {
                f.write_str("where the record begins and ends is not sealed by this master key")
            }
            Self::Anchor(id) => write!(
                f,
                "event {id} was noted outside of the database and is another one now, or gone: an older copy of the database was put back, or somebody wrote the record anew"
            ),
        }
    }
}

/// How far a check has come, event by event.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    ends: &'a Ends,
    anchors: &'a [Link],
    at: Link,
    /// How many events were found good.
    pub events: u64,
}

impl<'a> Walk<'a> {
    /// Begins before the first event that is left.
    pub fn new(ends: &'a Ends, anchors: &'a [Link]) -> Self {
        Self { ends, anchors, at: ends.base.clone(), events: 0 }
    }

    /// The event after which the next one is wanted.
    pub fn after(&self) -> i64 {
        self.at.id
    }

    /// Takes the next event with the hash that it carries.
    pub fn step(
        &mut self,
        event: &EventRow,
        carried: Option<&[u8]>,
        mac: impl Fn(&[u8]) -> [u8; 32],
    ) -> Result<(), Flaw> {
        let own = mac(&hashed_text(&self.at.hash, event));
        let whole = carried.is_some_and(|carried| equal(carried, &own));
        if !whole {
            return Err(Flaw::Event(event.id));
        }
        // Whoever writes a number there chooses one that no event has.
        if self.ends.torn_at.is_some_and(|at| at <= event.id) {
            return Err(Flaw::Torn(event.id));
        }
        if self.anchors.iter().any(|noted| noted.id == event.id && noted.hash != own) {
            return Err(Flaw::Anchor(event.id));
        }
        self.at = Link { id: event.id, hash: own.to_vec() };
        self.events += 1;
        Ok(())
    }

    /// Says whether the record ends where it should, once there is no further event.
    pub fn finish(&self) -> Result<(), Flaw> {
        if self.at != self.ends.last {
            return Err(Flaw::Cut(self.at.id));
        }
        if let Some(at) = self.ends.torn_at {
            return Err(Flaw::Torn(at));
        }
        match self.anchors.iter().find(|noted| noted.id > self.at.id) {
            Some(noted) => Err(Flaw::Anchor(noted.id)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn event(id: i64) -> EventRow {
        EventRow {
            id,
            at: Time::from_secs(7),
            event: "session.end".to_owned(),
            actor: "system".to_owned(),
            via: "cli".to_owned(),
            user_id: Some("u_1".to_owned()),
            client_id: None,
            session_id: None,
            grant_id: None,
            address: None,
            detail: "{}".to_owned(),
        }
    }

    #[test]
    fn no_two_events_have_one_text() {
        let one = hashed_text(b"", &event(1));
        let changed: [fn(&mut EventRow); 8] = [
            |row| row.id = 2,
            |row| row.at = Time::from_secs(8),
            |row| row.event = "session.endsystem".to_owned(),
            |row| (row.event, row.actor) = ("session.ends".to_owned(), "ystem".to_owned()),
            |row| (row.user_id, row.client_id) = (None, Some("u_1".to_owned())),
            |row| row.client_id = Some(String::new()),
            |row| row.address = Some("::1".to_owned()),
            |row| row.detail = "{ }".to_owned(),
        ];
        for change in changed {
            let mut other = event(1);
            change(&mut other);
            assert_ne!(hashed_text(b"", &other), one, "{other:?}");
        }
        assert_ne!(hashed_text(b"x", &event(1)), one);
    }

    #[test]
    fn link_is_read_as_it_was_written() {
        let link = Link { id: 1_042, hash: vec![1, 2, 250] };
        assert_eq!(Link::parse(&link.to_string()), Some(link));
        for bad in ["", "7", "x:AQ", "-1:AQ", "7:!"] {
            assert_eq!(Link::parse(bad), None, "{bad}");
        }
    }
}
