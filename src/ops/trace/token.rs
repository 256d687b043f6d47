//! What the token endpoint adds to the story of a code or a connection, or the story of its own that it begins when what
//! came is known to nobody.

use super::{Grounds, belongs, note, open, refuse};
use crate::{
    crypto::secret::Hashed,
    db::Write,
    error::Result,
    model::{
        actor::Actor,
        authorization::AuthorizationCode,
        client::{AuthMethod, Client},
        grant::Grant,
        id::{ClientId, TraceId},
        trace::{Kind, Rule, Step},
        user::UserState,
    },
    ops::{
        client::Presented,
        env::Env,
        oauth::{Outcome, Refusal, refresh_token},
    },
    store,
};

/// Answers that refuse nothing: the client is to come again.
const NO_REFUSALS: [&str; 3] = ["authorization_pending", "slow_down", "use_dpop_nonce"];

/// What came to the token endpoint.
#[derive(Clone, Copy)]
pub struct TokenAsk<'a> {
    /// The code, if one came.
    pub code: Option<&'a str>,
    /// The refresh token, if one came.
    pub refresh: Option<&'a str>,
    /// Every parameter.
    pub pairs: &'a [(String, String)],
}

/// What is known of what came.
#[derive(Default)]
struct Known {
    code: Option<AuthorizationCode>,
    grant: Option<Grant>,
}

impl Known {
    fn of(tx: &Write<'_>, env: &Env, ask: &TokenAsk<'_>) -> Result<Self> {
        let code = match ask.code {
            Some(code) => store::authorization::code(tx, &Hashed::of(code))?,
            None => None,
        };
        let read = ask.refresh.and_then(|text| refresh_token::read(&env.keys.vault, text));
        let grant = match read {
            Some((id, _)) => store::grant::by_id(tx, &id)?,
            None => None,
        };
        Ok(Self { code, grant })
    }

    fn trace(&self) -> Option<&TraceId> {
        let of_code = self.code.as_ref().and_then(|code| code.trace.as_ref());
        of_code.or_else(|| self.grant.as_ref().and_then(|grant| grant.trace.as_ref()))
    }
}

/// Tells how the exchange ended; a refusal comes back with the name of its story.
pub fn at_token(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: Option<&Client>,
    ask: &TokenAsk<'_>,
    outcome: Outcome,
) -> Result<Outcome> {
    let refusal = match outcome {
        Outcome::Minted(minted) => {
            if ask.code.is_some() {
                exchanged(tx, env, ask)?;
            }
            return Ok(Outcome::Minted(minted));
        }
        Outcome::Assertion(unsigned) => return Ok(Outcome::Assertion(unsigned)),
        Outcome::Refused(refusal) if NO_REFUSALS.contains(&refusal.code.as_str()) => {
            return Ok(Outcome::Refused(refusal));
        }
        Outcome::Refused(refusal) => refusal,
    };
    let known = Known::of(tx, env, ask)?;
    let (rule, hint) = match client {
        Some(client) => explained(tx, &known, client, ask, &refusal)?,
        None => (None, None),
    };
    let id = match known.trace() {
        Some(id) => id.clone(),
        None => open(tx, who, Kind::Token, ask.pairs)?,
    };
    let grounds = Grounds { rule, client, pairs: ask.pairs, hint: hint.as_deref() };
    refuse(tx, Some(&id), refusal, &grounds).map(Outcome::Refused)
}

fn exchanged(tx: &Write<'_>, env: &Env, ask: &TokenAsk<'_>) -> Result<()> {
    let known = Known::of(tx, env, ask)?;
    let trace = known.trace();
    note(tx, trace, Step::Exchanged, "")?;
    let code = known.code.as_ref();
    belongs(tx, trace, code.map(|code| &code.user_id), code.and_then(|code| code.grant_id.as_ref()))
}

type Explained = (Option<Rule>, Option<String>);

/// The rule behind a sentence that deliberately tells the app less.
fn explained(
    tx: &Write<'_>,
    known: &Known,
    client: &Client,
    ask: &TokenAsk<'_>,
    refusal: &Refusal,
) -> Result<Explained> {
    if Rule::of(&refusal.description) != Rule::Other {
        return Ok((None, None));
    }
    if ask.code.is_some() {
        let used = known.code.as_ref().is_some_and(|code| code.spent);
        return Ok((Some(if used { Rule::CodeUsed } else { Rule::CodeUnknown }), None));
    }
    if ask.refresh.is_none() {
        return Ok((None, None));
    }
    let Some(grant) = &known.grant else { return Ok((Some(Rule::RefreshUnknown), None)) };
    if grant.client_id != client.id {
        let hint = format!("the token belongs to {}, {} showed it", grant.client_id, client.id);
        return Ok((Some(Rule::RefreshOfAnother), Some(hint)));
    }
    if let Some((at, why)) = &grant.revoked {
        let rule =
            if why == "refresh token replayed" { Rule::RefreshUsed } else { Rule::RefreshEnded };
        return Ok((Some(rule), Some(format!("ended {at}: {why}"))));
    }
    let user = store::user::by_id(tx, &grant.user_id)?;
    Ok(match user {
        Some(user) if user.state == UserState::Active => (Some(Rule::SignInOver), None),
        Some(user) => {
            (Some(Rule::PersonShut), Some(format!("{} is {}", user.username, user.state.as_str())))
        }
        None => (Some(Rule::PersonShut), None),
    })
}

/// Where a secret should have come.
fn misplaced(client: &Client) -> &'static str {
    if client.auth_method == AuthMethod::Basic {
        "the secret came in the form, and the client is registered with client_secret_basic"
    } else {
        "the secret came in the Authorization header, and the client is registered with client_secret_post"
    }
}

/// Tells of a client that did not prove who it is, under the story of what it brought if that is known.
pub fn unproved(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    shown: &Presented,
    ask: &TokenAsk<'_>,
    refusal: Refusal,
) -> Result<(Refusal, TraceId)> {
    let known = Known::of(tx, env, ask)?;
    let named = shown.readings.first().map(|(id, _)| id.as_str()).unwrap_or_default();
    let id = if let Some(id) = known.trace() {
        id.clone()
    } else {
        let mut pairs = ask.pairs.to_vec();
        if !pairs.iter().any(|(name, _)| name == "client_id") {
            pairs.push(("client_id".to_owned(), named.to_owned()));
        }
        open(tx, who, Kind::Token, &pairs)?
    };
    let mut found = None;
    for (id, _) in &shown.readings {
        if let Some(client) = store::client::by_id(tx, &ClientId::from_text(id.as_str()))? {
            found = Some(client);
            break;
        }
    }
    let secret = shown
        .readings
        .iter()
        .any(|(_, secret)| secret.as_ref().is_some_and(|s| !s.expose().is_empty()));
    let (rule, hint) = match &found {
        None => (Rule::UnknownClient, None),
        Some(client) if !client.is_active() => (Rule::ClientShut, None),
        Some(client) if client.auth_method == AuthMethod::PrivateKeyJwt => (
            Rule::ClientUnproved,
            Some("its signed statement is missing, wrong, or was used before"),
        ),
        Some(client) if client.is_public() && secret => {
            (Rule::ClientUnproved, Some("the client is public, and a secret came"))
        }
        Some(client) if secret && !client.shows_secret_by(shown.way()) => {
            (Rule::ClientUnproved, Some(misplaced(client)))
        }
        Some(_) if secret => {
            (Rule::ClientUnproved, Some("the secret that came is not the client's"))
        }
        Some(_) => (Rule::ClientUnproved, Some("the client has a secret, and none came")),
    };
    let paused = Rule::of(&refusal.description) == Rule::ClientPaused;
    let rule = if paused { Rule::ClientPaused } else { rule };
    let grounds = Grounds { rule: Some(rule), client: found.as_ref(), pairs: ask.pairs, hint };
    Ok((refuse(tx, Some(&id), refusal, &grounds)?, id))
}
