//! What a copy of the database means: when one was made last, and what must not come back to life with an old one.
//! Making and swapping the files is for `db`.

use std::collections::BTreeSet;

use crate::{
    crypto::seal::Vault,
    db::{Read, Write},
    error::Result,
    model::{actor::Actor, audit::Event},
    ops::{audit, session},
    store,
    time::Time,
};

const LAST: &str = "backed_up_at";

/// Notes that a copy was made.
pub fn note(tx: &Write<'_>, who: &Actor, file: &str, bytes: u64) -> Result<()> {
    who.must_operate()?;
    store::meta::set(tx, LAST, &tx.now.millis().to_string())?;
    audit::record(tx, who, &Event::new("db.backup").with("file", file).with("bytes", bytes))
}

/// When the last copy was made by `db backup`, as far as this database knows.
pub fn last(r: &Read<'_>) -> Result<Option<Time>> {
    let text = store::meta::get(r, LAST)?;
    Ok(text.and_then(|text| text.parse().ok()).map(Time::from_millis))
}

/// Whether this master key opens what is sealed in the database. One that was never used fits every key.
pub fn fits(r: &Read<'_>, vault: &Vault) -> Result<bool> {
    super::setup::fits(r, vault)
}

/// Someone or something that is shut out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShutOut {
    /// `user`, `client`, `agent` or `api_key`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl ShutOut {
    /// The command that shuts it out again.
    pub fn command(&self) -> String {
        match self.kind {
            "user" => format!("mcpcodex user lock {}", self.id),
            "client" => format!("mcpcodex client disable {}", self.id),
            "agent" => format!("mcpcodex agent disable {}", self.id),
            _ => format!("mcpcodex apikey revoke {}", self.id),
        }
    }
}

/// Everyone and everything that is shut out now.
pub fn shut_out(r: &Read<'_>, who: &Actor) -> Result<BTreeSet<ShutOut>> {
    who.must_operate()?;
    let found = store::shut::all(r)?;
    Ok(found.into_iter().map(|(kind, id, name)| ShutOut { kind, id, name }).collect())
}

/// What a restore ended, and whom it let in again.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Sessions that ended.
    pub sessions: usize,
    /// Grants that ended, with their refresh tokens.
    pub grants: usize,
    /// Who was shut out before and is not any more.
    pub revived: Vec<ShutOut>,
}

/// Makes an old copy fit to be used: whatever was signed in, given or promised when it was made is void, since it may have
/// been ended, spent or told since. Accounts, clients and API keys stay as they were then; `before` is who was shut out
/// in the database that it replaces.
pub fn restored(
    tx: &Write<'_>,
    who: &Actor,
    file: &str,
    before: &BTreeSet<ShutOut>,
) -> Result<Restored> {
    who.must_operate()?;
    let shut = session::revoke_everything(tx, who)?;
    store::shut::void_promises(tx)?;
    let now = shut_out(tx, who)?;
    let mut revived = Vec::new();
    for one in before.difference(&now) {
        if store::shut::is_there(tx, one.kind, &one.id)? {
            revived.push(one.clone());
        }
    }
    let event = Event::new("db.restore")
        .with("file", file)
        .with("sessions", shut.sessions)
        .with("grants", shut.grants)
        .with("revived", revived.len());
    audit::record(tx, who, &event)?;
    Ok(Restored { sessions: shut.sessions, grants: shut.grants, revived })
}
