//! A provider's tokens, sealed beside the session that they came with: kept, renewed before they end, given back.

use std::time::Duration;

use super::Entry;
use crate::{
    crypto::secret::Hashed,
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        ending,
        id::SessionId,
        provider::{Kept, Tokens},
    },
    ops::{
        audit,
        env::Env,
        login::{Finished, Step},
        session,
    },
    store::{self, provider_token::Holder},
    time::Time,
};

/// How long one attempt to renew or give back may take before another may try.
const CLAIM: Duration = Duration::from_secs(60);
/// After an attempt that failed for now.
const PAUSE: Duration = Duration::from_secs(30);
/// After this a sign-in that never became a session is given up.
const ABANDONED: Duration = Duration::from_secs(3_600);
/// How many rows are given back in one go.
const AT_ONCE: u32 = 16;

fn place(id: &str) -> String {
    format!("provider_tokens:tokens:{id}")
}

/// Keeps what came with a sign-in, for its session or for the sign-in as long as it is on its way.
pub(super) fn keep(
    tx: &Write<'_>,
    env: &Env,
    entry: &Entry<'_>,
    finished: &Finished,
) -> Result<()> {
    // A name that sorts by time, as all ids here.
    let id = SessionId::new().as_str().replacen("s_", "pt_", 1);
    let kept = Kept {
        id,
        provider: entry.provider.name.to_owned(),
        issuer: entry.provider.issuer.to_owned(),
        subject: entry.identity.subject.clone(),
        sid: entry.identity.sid.clone(),
        refreshable: entry.tokens.refresh.is_some(),
        expires_at: entry.tokens.expires_at,
        is_held: true,
        busy_until: Time::default(),
    };
    let sealed = env.keys.vault.seal(&place(&kept.id), &entry.tokens.to_bytes())?;
    match (&finished.step, &finished.token) {
        (Step::In(entered), _) => {
            store::provider_token::insert(tx, Holder::Session(&entered.session.id), &kept, &sealed)
        }
        (Step::Next(_), Some(token)) => {
            let sign_in = Hashed::of(token.expose());
            store::provider_token::insert(tx, Holder::SignIn(&sign_in), &kept, &sealed)
        }
        (Step::Next(_) | Step::Wrong(_) | Step::Gone, _) => Ok(()),
    }
}

/// What is kept for a session; none when it did not begin at a provider.
pub fn of_session(r: &Read<'_>, session: &SessionId) -> Result<Option<Kept>> {
    store::provider_token::of_session(r, session)
}

/// The tokens themselves, opened.
pub fn open(r: &Read<'_>, env: &Env, kept: &Kept) -> Result<Option<Tokens>> {
    let Some(sealed) = store::provider_token::sealed(r, &kept.id)? else { return Ok(None) };
    let opened = env.keys.vault.open(&place(&kept.id), &sealed)?;
    Ok(Tokens::from_bytes(&opened))
}

/// A row that this task alone works on.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where the tokens come from.
    pub kept: Kept,
    /// The tokens.
    pub tokens: Tokens,
    until: Time,
}

/// Takes the tokens of a session to renew them, if they are due and nobody else is at it.
pub fn claim_due(tx: &Write<'_>, env: &Env, session: &SessionId) -> Result<Option<Claim>> {
    match store::provider_token::of_session(tx, session)? {
        Some(kept) if kept.is_due(tx.now) => claim(tx, env, kept),
        Some(_) | None => Ok(None),
    }
}

/// Takes the tokens of a session that is over, to give them back.
pub fn claim_ended(tx: &Write<'_>, env: &Env, session: &SessionId) -> Result<Option<Claim>> {
    let over = store::session::by_id(tx, session)?.is_none_or(|one| one.check(tx.now).is_err());
    match store::provider_token::of_session(tx, session)? {
        Some(kept) if over => claim(tx, env, kept),
        Some(_) | None => Ok(None),
    }
}

/// Takes tokens that are to be given back, a few at a time.
pub fn claim_all_ended(tx: &Write<'_>, env: &Env) -> Result<Vec<Claim>> {
    let abandoned = tx.now.minus(ABANDONED);
    let mut claims = Vec::new();
    for kept in store::provider_token::to_give_back(tx, abandoned, AT_ONCE)? {
        claims.extend(claim(tx, env, kept)?);
    }
    Ok(claims)
}

/// Whether there is something for [`claim_all_ended`].
pub fn has_ended(r: &Read<'_>) -> Result<bool> {
    Ok(!store::provider_token::to_give_back(r, r.now.minus(ABANDONED), 1)?.is_empty())
}

fn claim(tx: &Write<'_>, env: &Env, kept: Kept) -> Result<Option<Claim>> {
    let until = tx.now.plus(CLAIM);
    if !store::provider_token::claim(tx, &kept.id, until)? {
        return Ok(None);
    }
    let tokens = open(tx, env, &kept)?;
    Ok(tokens.map(|tokens| Claim { kept, tokens, until }))
}

/// Keeps renewed tokens. False when the claim was lost to somebody else meanwhile.
pub fn renewed(tx: &Write<'_>, env: &Env, claim: &Claim, new: &Tokens) -> Result<bool> {
    let id = claim.kept.id.as_str();
    let sealed = env.keys.vault.seal(&place(id), &new.to_bytes())?;
    let more = new.refresh.is_some();
    store::provider_token::renew(tx, (id, claim.until), &sealed, more, new.expires_at)
}

/// It failed for now: another try comes later, and the session goes on.
pub fn later(tx: &Write<'_>, claim: &Claim) -> Result<()> {
    store::provider_token::rest(tx, &claim.kept.id, tx.now.plus(PAUSE))
}

/// The provider takes the tokens back: the session that stands by them is over.
pub fn ended(tx: &Write<'_>, claim: &Claim, session: &SessionId) -> Result<bool> {
    store::provider_token::wipe(tx, &claim.kept.id)?;
    session::end_one(tx, &Actor::system(), session, ending::PROVIDER)
}

/// The tokens were given back, or nothing more can be done about them.
pub fn given_back(tx: &Write<'_>, claim: &Claim, told: bool) -> Result<()> {
    if !store::provider_token::wipe(tx, &claim.kept.id)? {
        return Ok(());
    }
    let event = Event::new("provider.tokens_revoked")
        .with("provider", claim.kept.provider.as_str())
        .with("subject", claim.kept.subject.as_str())
        .with("told", told);
    audit::record(tx, &Actor::system(), &event)
}
