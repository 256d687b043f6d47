//! Exchanging a token for one that is good elsewhere (RFC 8693): which scope becomes which, and who acts for whom.
//! Who may exchange what is a table of the operator's; `ops/oauth/token_exchange` asks it.

use std::fmt;

use serde_json::{Value, json};

use super::{
    id::ClientId,
    resource::ResourceUri,
    scope::{STANDARD, ScopeSet, is_scope},
};
use crate::{
    error::{Error, Result},
    time::Time,
};

/// As many hands may a token go through. Each must be shown in the next token, and a longer chain is a circle.
pub const MOST_ACTORS: usize = 5;

/// Whoever has `have` for the one resource may have `give` for the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// A scope of the token that is shown.
    pub have: String,
    /// The scope of the new token.
    pub give: String,
}

impl Passage {
    /// Reads `HAVE=GIVE`, or one scope that both resources know by the same name.
    pub fn parse(text: &str) -> Result<Self> {
        let (have, give) = text.split_once('=').unwrap_or((text, text));
        let refuse = |why: String| Err(Error::invalid("scope", why));
        if let Some(bad) = [have, give].into_iter().find(|word| !is_scope(word)) {
            return refuse(format!("\"{bad}\" cannot be a scope"));
        }
        if STANDARD.contains(&give) {
            return refuse(format!("{give} is about the person and is never passed on"));
        }
        Ok(Self { have: have.to_owned(), give: give.to_owned() })
    }
}

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.have == self.give {
            f.write_str(&self.have)
        } else {
            write!(f, "{}={}", self.have, self.give)
        }
    }
}

/// What an operator allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangePolicy {
    /// Who may exchange.
    pub client_id: ClientId,
    /// Tokens for this resource, which is the client's own.
    pub from: ResourceUri,
    /// Into tokens for this one.
    pub to: ResourceUri,
    /// With these scopes at most.
    pub scopes: Vec<Passage>,
    /// Since when.
    pub created_at: Time,
}

impl ExchangePolicy {
    /// The scopes that somebody with `held` can get: never one that does not follow from one they have.
    pub fn pass(&self, held: &ScopeSet) -> ScopeSet {
        let passed = self.scopes.iter().filter(|passage| held.has(&passage.have));
        ScopeSet::from_words(passed.map(|passage| &passage.give))
    }
}

/// The `act` claim (RFC 8693 §4.1) of a token in which this client acts; whoever acted before it stands inside. `None`
/// when the chain would get too long.
pub fn acting(client: &ClientId, before: Option<&Value>) -> Option<Value> {
    let mut depth: usize = 1;
    let mut inner = before;
    while let Some(act) = inner {
        depth = depth.saturating_add(1);
        if depth > MOST_ACTORS {
            return None;
        }
        inner = act.get("act");
    }
    let mut act = json!({ "sub": client.as_str(), "client_id": client.as_str() });
    if let (Some(before), Some(members)) = (before, act.as_object_mut()) {
        members.insert("act".to_owned(), before.clone());
    }
    Some(act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_follows_from_a_scope_that_is_held_passes() {
        let policy = ExchangePolicy {
            client_id: ClientId::from_text("c_1"),
            from: ResourceUri::from_text("https://a.example".to_owned()),
            to: ResourceUri::from_text("https://b.example".to_owned()),
            scopes: ["read", "notes:read=db:read", "notes:write=db:write"]
                .map(|text| Passage::parse(text).unwrap())
                .to_vec(),
            created_at: Time::default(),
        };
        let pass = |held: &str| policy.pass(&ScopeSet::parse(held)).to_string();
        assert_eq!(pass("read notes:read openid"), "read db:read");
        assert_eq!(pass("notes:write"), "db:write");
        assert_eq!(pass("db:read db:write openid"), "");
    }

    #[test]
    fn passage_is_read_and_what_is_about_the_person_never_passes() {
        assert_eq!(Passage::parse("a=b").unwrap().to_string(), "a=b");
        assert_eq!(Passage::parse("a").unwrap().to_string(), "a");
        for bad in ["", "=", "a=", "=b", "a b", "openid", "x=offline_access", "x=email"] {
            assert!(Passage::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn actors_are_nested_and_the_sixth_is_one_too_many() {
        let mut act: Option<Value> = None;
        for n in 1..=MOST_ACTORS {
            act = acting(&ClientId::from_text(format!("c_{n}")), act.as_ref());
            assert_eq!(act.as_ref().unwrap()["sub"], format!("c_{n}"));
        }
        let act = act.unwrap();
        assert_eq!(act["act"]["act"]["act"]["act"]["sub"], "c_1");
        assert!(acting(&ClientId::from_text("c_6"), Some(&act)).is_none());
    }
}
