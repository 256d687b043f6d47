//! `id_token_hint`: an ID token that comes back to say who is meant (OpenID Connect Core §3.1.2.1, RP-Initiated Logout
//! 1.0 §2). It must be one of ours to the letter; how old it is does not count.

use serde_json::Value;

use super::{terms::Terms, token::ID_TYP};
use crate::{
    crypto::jwt::Header,
    db::Read,
    error::Result,
    model::id::{ClientId, SessionId, UserId},
    ops::env::Env,
    store,
};

/// What an ID token of ours says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    /// The client it was given to.
    pub(super) client: ClientId,
    /// Whom it is about.
    pub(super) user: UserId,
    /// In which session.
    pub(super) session: Option<SessionId>,
}

/// Reads a hint; `None` for whatever is not an ID token of this server.
pub(super) fn read(r: &Read<'_>, env: &Env, text: &str) -> Result<Option<Hint>> {
    let Ok(header) = Header::read(text) else { return Ok(None) };
    let Some(kid) = header.kid else { return Ok(None) };
    // A key that is long retired, too: its ID tokens are no use any more but to say who was meant.
    let Some(row) = store::key::by_kid(r, &kid)? else { return Ok(None) };
    let key = env.keys.verifying_key(&kid, &row.public_jwk)?;
    let Ok((header, claims)) = key.verify(text) else { return Ok(None) };
    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    if header.typ.as_deref() != Some(ID_TYP) || claim("iss") != Some(Terms::of(env).issuer) {
        return Ok(None);
    }
    let (Some(client), Some(user)) = (claim("aud"), claim("sub")) else { return Ok(None) };
    Ok(Some(Hint {
        client: ClientId::from_text(client),
        user: UserId::from_text(user),
        session: claim("sid").map(SessionId::from_text),
    }))
}
