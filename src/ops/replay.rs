//! Signed statements count once: client assertions, `DPoP` proofs and identity assertions bring an identifier (`jti`)
//! that must not come back while the statement could still be believed.

use std::time::Duration;

use crate::{crypto::secret::Hashed, db::Write, error::Result, store, time::Time};

/// What kind of statement an identifier belongs to: those of one kind mean nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client's proof of itself (RFC 7523 §3).
    ClientAssertion,
    /// A proof that a key is held (RFC 9449 §4.3).
    DpopProof,
    /// An identity assertion of a trusted issuer (ID-JAG).
    IdentityAssertion,
    /// A provider's notice that somebody signed out there (Back-Channel Logout 1.0 §2.6).
    LogoutToken,
}

/// No statement is believed for longer than this, so nothing is remembered for longer.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// Whether this is the first use of `jti` by `issuer` (a client, a key's thumbprint, an issuer's URL). It is remembered
/// until `until`, which must be no earlier than the end of the statement's own life.
pub fn first_use(tx: &Write<'_>, kind: Kind, issuer: &str, jti: &str, until: Time) -> Result<bool> {
    // Lengths first: no issuer and identifier can be cut differently to look like another pair.
    let text = format!("{kind:?} {} {issuer} {jti}", issuer.len());
    store::replay::spend(tx, &Hashed::of(&text), until.min(tx.now.plus(LONGEST)))
}
