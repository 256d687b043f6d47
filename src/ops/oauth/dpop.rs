//! When a proof of a key counts (RFC 9449 §4.3, §8): here, now, with our nonce, and once. What a proof is, is
//! `crypto::dpop`; what is bound to its key is decided where tokens are given and shown.

use std::{borrow::Cow, time::Duration};

use url::Url;

use super::{Code, Refusal, terms::Terms};
pub use crate::crypto::dpop::{ALGORITHMS, Proof};
use crate::{
    crypto::{
        dpop,
        secret::{b64, equal, sha256},
    },
    db::Write,
    error::Result,
    model::{client::Client, trace::Rule},
    ops::{
        env::Env,
        replay::{self, Kind},
    },
    time::Time,
};

/// How far a client's clock may be from ours, either way.
const SKEW: Duration = Duration::from_secs(300);
/// Seconds. A nonce is good in the window of time in which it was given and in the next.
const WINDOW: i64 = 150;

/// Where a proof is shown.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The endpoint's path below the issuer.
    pub path: &'a str,
    /// The access token that goes along, where one does.
    pub token: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// An endpoint where clients post.
    pub fn post(path: &'a str) -> Self {
        Self { method: "POST", path, token: None }
    }
}

/// Reads a proof, which proves nothing yet but that its key signed it. Costs a signature; asks no database.
pub fn read(text: &str) -> Result<Proof, Refusal> {
    dpop::read(text).map_err(|fault| wrong(Rule::DpopProof, fault.to_string()))
}

/// Takes what a client showed beside its credentials: a proof that counts, or none where none is needed.
pub fn admit(
    tx: &Write<'_>,
    env: &Env,
    client: &Client,
    proof: Option<&Proof>,
    place: Place<'_>,
) -> Result<Result<(), Refusal>> {
    match proof {
        Some(proof) => accept(tx, env, proof, place),
        None if client.dpop_bound => {
            let why = "this client must prove a key with each request (DPoP)";
            Ok(Err(wrong(Rule::DpopMissing, why)))
        }
        None => Ok(Ok(())),
    }
}

/// Whether a proof counts, and marks it as used if it does.
pub fn accept(
    tx: &Write<'_>,
    env: &Env,
    proof: &Proof,
    place: Place<'_>,
) -> Result<Result<(), Refusal>> {
    if let Err(refusal) = fits(env, proof, place, tx.now) {
        return Ok(Err(refusal));
    }
    let until = Time::from_secs(proof.iat).plus(SKEW).plus(Duration::from_secs(1));
    Ok(if replay::first_use(tx, Kind::DpopProof, &proof.jkt, &proof.jti, until)? {
        Ok(())
    } else {
        Err(wrong(Rule::DpopProof, "the DPoP proof was used before"))
    })
}

/// Everything but whether it was used before.
fn fits(env: &Env, proof: &Proof, place: Place<'_>, now: Time) -> Result<(), Refusal> {
    if proof.htm != place.method {
        return Err(wrong(Rule::DpopProof, "the DPoP proof was made for another method"));
    }
    if !same_address(&proof.htu, &format!("{}{}", Terms::of(env).issuer, place.path)) {
        return Err(wrong(Rule::DpopAddress, "the DPoP proof was made for another address"));
    }
    if let Some(token) = place.token {
        let hash = b64(&sha256(token.as_bytes()));
        if !proof.ath.as_ref().is_some_and(|ath| equal(ath.as_bytes(), hash.as_bytes())) {
            return Err(wrong(Rule::DpopProof, "the DPoP proof is not about this access token"));
        }
    }
    if now.secs().abs_diff(proof.iat) > SKEW.as_secs() {
        let why = "the DPoP proof is too old, or made in the future: check the clock";
        return Err(wrong(Rule::DpopClock, why));
    }
    match &proof.nonce {
        Some(given) if is_ours(env, given, now) => Ok(()),
        None if !env.config.authentication.tokens.dpop.require_nonce => Ok(()),
        Some(_) | None => Err(Refusal::new(
            Code::UseDpopNonce,
            Rule::Again,
            "the DPoP proof needs the nonce that came with this answer",
        )),
    }
}

fn wrong(rule: Rule, why: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::InvalidDpopProof, rule, why)
}

/// The nonce of this moment. Nothing of it is stored: it is a keyed hash of the time.
pub fn nonce(env: &Env, now: Time) -> String {
    in_window(env, window(now))
}

fn is_ours(env: &Env, given: &str, now: Time) -> bool {
    let this = window(now);
    [this, this.saturating_sub(1)]
        .iter()
        .any(|window| equal(given.as_bytes(), in_window(env, *window).as_bytes()))
}

fn window(now: Time) -> i64 {
    now.secs().div_euclid(WINDOW)
}

fn in_window(env: &Env, window: i64) -> String {
    b64(&env.keys.vault.mac("dpop nonce", &window.to_be_bytes()))
}

/// Compares as addresses: case of scheme and host and a default port do not count, and query and fragment are left out
/// (RFC 9449 §4.3). Ours is the configured one, whatever a request's `Host` says.
fn same_address(given: &str, ours: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok().filter(Url::has_host)?;
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    bare(given).is_some_and(|given| bare(ours).is_some_and(|ours| given == ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_what_does_not_count() {
        let ours = "https://as.example/token";
        for same in [
            "https://as.example/token",
            "HTTPS://AS.example:443/token",
            "https://as.example/token?x=1",
            "https://as.example/token#f",
            "https://as.example/x/../token",
        ] {
            assert!(same_address(same, ours), "{same}");
        }
        for other in [
            "http://as.example/token",
            "https://as.example:8443/token",
            "https://as.example/token/",
            "https://as.example/Token",
            "https://as.example.evil.example/token",
            "https://u@as.example/token",
            "https://evil.example/token",
            "//as.example/token",
            "/token",
            "",
        ] {
            assert!(!same_address(other, ours), "{other}");
        }
        assert!(same_address("http://localhost:8420/token", "http://localhost:8420/token"));
        assert!(!same_address("http://127.0.0.1:8420/token", "http://localhost:8420/token"));
    }
}
