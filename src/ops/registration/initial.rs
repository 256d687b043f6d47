//! Initial access tokens: handed out by the operator, for apps that register where not everyone may.

use std::time::Duration;

use crate::{
    crypto::secret::{Hashed, Plain, random_token},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor, audit::Event, id::RegistrationTokenId, name::DisplayName,
        registration::initial::InitialToken,
    },
    ops::audit,
    store,
};

/// A token to be.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// What the operator calls it.
    pub name: String,
    /// How long it lives; none: until it is taken back.
    pub lifetime: Option<Duration>,
    /// How many registrations it is good for; none: any number.
    pub most_uses: Option<u32>,
}

/// A token and the only sight of its text.
#[derive(Clone, Debug)]
pub struct Made {
    /// The token.
    pub token: InitialToken,
    /// What an app shows.
    pub text: Plain,
}

/// Makes one.
pub fn create(tx: &Write<'_>, who: &Actor, new: &New) -> Result<Made> {
    who.must_operate()?;
    let name = DisplayName::parse(&new.name)?;
    if name.as_str().is_empty() {
        return Err(Error::invalid("name", "a token needs a name, for example --name ci"));
    }
    if new.most_uses == Some(0) {
        return Err(Error::invalid("uses", "a token must be good for one registration at least"));
    }
    let text = random_token(32);
    let token = InitialToken {
        id: RegistrationTokenId::new(),
        name: name.as_str().to_owned(),
        most_uses: new.most_uses,
        uses: 0,
        created_at: tx.now,
        expires_at: new.lifetime.map(|lifetime| tx.now.plus(lifetime)),
        revoked_at: None,
        last_used_at: None,
    };
    store::registration::insert_token(tx, &token, &Hashed::of(text.expose()))?;
    let event = Event::new("registration_token.create")
        .with("id", token.id.as_str())
        .with("name", token.name.as_str());
    audit::record(tx, who, &event)?;
    Ok(Made { token, text })
}

/// Every one there is, newest first.
pub fn list(r: &Read<'_>, who: &Actor) -> Result<Vec<InitialToken>> {
    who.must_operate()?;
    store::registration::tokens(r)
}

/// Takes one back at once; what registered with it stays.
pub fn revoke(tx: &Write<'_>, who: &Actor, id: &RegistrationTokenId) -> Result<InitialToken> {
    who.must_operate()?;
    let token = store::registration::revoke_token(tx, id)?.ok_or_else(|| {
        Error::not_found("registration token", id).with_next("mcpcodex client token list")
    })?;
    let event = Event::new("registration_token.revoke")
        .with("id", token.id.as_str())
        .with("name", token.name.as_str());
    audit::record(tx, who, &event)?;
    Ok(token)
}
