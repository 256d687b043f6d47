//! The way to a provider and back: what is kept of a request, and unlocking it with the answer.

use super::{Provider, Why, find, own, own_callback, primary_is_self};
use crate::{
    config::providers::PRIMARY,
    crypto::{
        pkce,
        secret::{Hashed, Plain, b64, random_token},
    },
    db::Write,
    error::{Error, Result},
    model::provider::{FLOW_LIFETIME, Flow, Purpose},
    ops::{env::Env, login::Arrival},
    store::{self, provider_flow::Locked},
};

/// Requests that wait for an answer, over all browsers; the oldest make room.
const MOST: u32 = 20_000;

/// What is asked of a provider.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which; none for the first one, which may be this server itself.
    pub provider: Option<String>,
    /// Where the answer goes; none for our own callback.
    pub redirect_uri: Option<String>,
    /// In which browser, and what comes after.
    pub arrival: Arrival,
    /// What for.
    pub purpose: Purpose,
}

/// A request that waits for its answer.
#[derive(Clone, Debug)]
pub struct Began {
    /// What the provider gets and gives back: 32 random bytes.
    pub state: Plain,
    /// What its ID token must carry.
    pub nonce: Plain,
    /// The challenge of a verifier that is kept here, S256.
    pub challenge: String,
    /// What is kept.
    pub flow: Flow,
}

impl Began {
    /// The parameters of the authorization request (Core §3.1.2.1, RFC 7636 §4.3).
    pub fn parameters<'b>(
        &'b self,
        scopes: &[String],
    ) -> Vec<(&'static str, std::borrow::Cow<'b, str>)> {
        let mut all: Vec<(&'static str, std::borrow::Cow<'b, str>)> = vec![
            ("response_type", "code".into()),
            ("client_id", self.flow.client_id.as_str().into()),
            ("redirect_uri", self.flow.redirect_uri.as_str().into()),
            ("scope", scopes.join(" ").into()),
            ("state", self.state.expose().into()),
            ("nonce", self.nonce.expose().into()),
            ("code_challenge", self.challenge.as_str().into()),
            ("code_challenge_method", "S256".into()),
        ];
        if self.wants_anew() {
            all.push(("prompt", "login".into()));
        }
        all
    }

    /// Whether the person must sign in there anew, however lately they did.
    fn wants_anew(&self) -> bool {
        wants_anew(&self.flow)
    }
}

/// Whether a flow must bring a sign-in of now.
pub(super) fn wants_anew(flow: &Flow) -> bool {
    flow.strength == crate::model::sign_in::Strength::Fresh
}

/// Keeps a request. Refuses a provider that is not there, and a redirect URI that is not registered.
pub fn begin(tx: &Write<'_>, env: &Env, asked: &Asked) -> Result<Began> {
    let name = asked.provider.as_deref().unwrap_or(PRIMARY);
    let to_self = name == PRIMARY && primary_is_self(env);
    let provider = find(env, Some(name));
    let (issuer, client_id, callback) = match &provider {
        Some(Provider { issuer, client_id, redirect_uri, .. }) => {
            (*issuer, *client_id, redirect_uri.clone())
        }
        None if to_self => {
            own::ensure(tx, env)?;
            let primary = &env.config.authentication.primary;
            (env.site.issuer.as_str(), primary.client_id.as_str(), own_callback(env))
        }
        None => return Err(Why::Off.error()),
    };
    let redirect_uri = match &asked.redirect_uri {
        None => callback,
        Some(wanted) if *wanted == callback => callback,
        Some(wanted) if own::is_registered(tx, env, wanted)? => wanted.clone(),
        Some(_) => return Err(unregistered()),
    };
    let session = asked.arrival.visitor.previous.clone();
    if asked.purpose == Purpose::Link && session.is_none() {
        return Err(Error::denied("nobody is signed in here"));
    }
    let flow = Flow {
        provider: name.to_owned(),
        issuer: issuer.to_owned(),
        client_id: client_id.to_owned(),
        redirect_uri,
        purpose: asked.purpose,
        session,
        return_to: asked.arrival.return_to.clone(),
        remember_me: asked.arrival.remember_me,
        strength: asked.arrival.strength,
        created_at: tx.now,
        expires_at: tx.now.plus(FLOW_LIFETIME),
    };
    keep(tx, env, &asked.arrival.visitor.browser, flow)
}

/// The refusal of an address that nobody registered.
pub(super) fn unregistered() -> Error {
    Error::invalid("redirect_uri", "this redirect URI is not registered")
        .with_next("leave it out, or register it: mcpcodex client edit CLIENT --redirect-uri URI")
}

fn keep(tx: &Write<'_>, env: &Env, browser: &Hashed, flow: Flow) -> Result<Began> {
    if store::provider_flow::count(tx)? >= MOST {
        store::provider_flow::thin_out(tx, MOST / 20)?;
    }
    let (state, nonce, verifier) = (random_token(32), random_token(32), random_token(32));
    let hash = Hashed::of(state.expose());
    let sealed = env.keys.vault.seal(&place(&hash), verifier.expose().as_bytes())?;
    let locked = Locked { verifier: sealed, nonce: Hashed::of(nonce.expose()) };
    store::provider_flow::insert(tx, &hash, browser, &flow, &locked)?;
    let challenge = pkce::challenge_s256(verifier.expose());
    Ok(Began { state, nonce, challenge, flow })
}

fn place(state: &Hashed) -> String {
    format!("provider_flows:verifier:{}", b64(state.as_bytes()))
}

/// A request that its answer has unlocked: nobody else has it.
#[derive(Debug)]
pub struct Taken {
    /// What was asked.
    pub flow: Flow,
    /// The verifier of its challenge.
    pub verifier: Plain,
    /// The nonce that its ID token must carry, hashed.
    pub nonce: Hashed,
}

/// Unlocks a request with what came to the callback of `provider`, in this browser. Taken it is, whatever comes of it.
pub fn take(
    tx: &Write<'_>,
    env: &Env,
    browser: &Hashed,
    (provider, state, iss): (&str, &str, Option<&str>),
) -> Result<Result<Taken, (String, Why)>> {
    let hash = Hashed::of(state);
    let Some((flow, locked)) = store::provider_flow::take(tx, &hash, browser)? else {
        return Ok(Err((provider.to_owned(), Why::State)));
    };
    let refuse = |why| Ok(Err((flow.provider.clone(), why)));
    if flow.provider != provider {
        return refuse(Why::Mixed("it came to the callback of another provider"));
    }
    let stands = match find(env, Some(provider)) {
        Some(now) => now.issuer == flow.issuer && now.client_id == flow.client_id,
        None => provider == PRIMARY && primary_is_self(env) && flow.issuer == env.site.issuer,
    };
    if !stands {
        return refuse(Why::Off);
    }
    // RFC 9207 §2.4: compared as strings, also when no iss was promised.
    if iss.is_some_and(|iss| iss != flow.issuer) {
        return refuse(Why::Mixed("its iss is not the issuer that was asked"));
    }
    let opened = env.keys.vault.open(&place(&hash), &locked.verifier)?;
    let verifier = String::from_utf8(opened.to_vec()).map_err(|error| {
        Error::internal("a verifier is no text").with_source(error.utf8_error())
    })?;
    Ok(Ok(Taken { flow, verifier: Plain::new(verifier), nonce: locked.nonce }))
}
