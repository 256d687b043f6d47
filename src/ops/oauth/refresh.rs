//! A refresh token becomes new tokens (RFC 6749 §6): strict against thieves, kind to honest retries.
//! `model::grant::judge` tells one from the other; this file acts on it. Its price and its textbook setting are
//! weighed in `docs/decisions`.

use std::fmt;

use super::{
    Code, Outcome, Refusal, policy, refresh_token, spelling,
    terms::Terms,
    token::{self, Holder, Subject},
};
use crate::{
    db::Write,
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, GrantType},
        ending,
        grant::{Grant, RefreshToken, Verdict, judge},
        resource::Resource,
        scope::{OFFLINE_ACCESS, ScopeSet},
        trace::Rule,
        user::{User, UserState},
    },
    ops::{audit, env::Env, notice},
    store,
};

/// What a client sends with a refresh token.
#[derive(Clone, Default)]
pub struct Ask {
    /// The token.
    pub token: Option<String>,
    /// Scopes, to narrow the new access token; as granted when absent.
    pub scope: Option<String>,
    /// Resources, to narrow the new access token; as granted when absent.
    pub resources: Vec<String>,
    /// Thumbprint of the key that was proved with the request.
    pub jkt: Option<String>,
}

/// Without the token.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("scope", &self.scope)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

const NOT_GOOD: &str = "the refresh token is not, or no longer, good";

/// A family with the generation that was shown.
struct Shown<'a> {
    client: &'a Client,
    user: User,
    grant: Grant,
    token: RefreshToken,
}

/// What the new access token is to carry.
struct Wanted<'a> {
    scopes: ScopeSet,
    resources: Vec<Resource>,
    spelled: Vec<String>,
    jkt: Option<&'a str>,
}

/// Exchanges a refresh token.
pub fn refresh(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    ask: &Ask,
) -> Result<Outcome> {
    let shown = match find(tx, env, who, client, ask)? {
        Ok(shown) => shown,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let verdict = verdict(tx, env, who, &shown)?;
    let refusal = match verdict {
        Verdict::Rotate | Verdict::Again | Verdict::Recover => match wanted(tx, &shown, ask)? {
            Ok(wanted) => return give(tx, env, who, &shown, &wanted, verdict),
            Err(refusal) => refusal,
        },
        Verdict::Replayed => {
            store::grant::revoke(tx, &shown.grant.id, ending::REPLAYED)?;
            audit::record(tx, who, &shown.event("refresh.replayed"))?;
            notice::cut_off(tx, env, who, &shown.grant.user_id, client)?;
            return Ok(Outcome::refuse(Code::InvalidGrant, Rule::RefreshUsed, NOT_GOOD));
        }
        Verdict::Expired => {
            let why = "the refresh token has expired";
            Refusal::new(Code::InvalidGrant, Rule::RefreshExpired, why)
        }
        Verdict::Revoked => Refusal::new(Code::InvalidGrant, Rule::RefreshEnded, NOT_GOOD),
    };
    let event = shown.event("refresh.refused").with("reason", refusal.code.as_str());
    audit::record(tx, who, &event)?;
    Ok(Outcome::Refused(refusal))
}

fn give(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    shown: &Shown<'_>,
    wanted: &Wanted<'_>,
    verdict: Verdict,
) -> Result<Outcome> {
    if verdict != Verdict::Rotate {
        repeat(tx, env, who, shown, wanted, verdict)
    } else if keeps(env, shown.client) {
        keep(tx, env, who, shown, wanted)
    } else {
        rotate(tx, env, who, shown, wanted)
    }
}

/// Reads the token and finds what stands behind it. A token that this client does not own has no effect.
fn find<'a>(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &'a Client,
    ask: &Ask,
) -> Result<Result<Shown<'a>, Refusal>> {
    let invalid = |rule| Ok(Err(Refusal::new(Code::InvalidGrant, rule, NOT_GOOD)));
    let Some(text) = ask.token.as_deref() else {
        let why = "refresh_token is missing";
        return Ok(Err(Refusal::new(Code::InvalidRequest, Rule::Missing, why)));
    };
    let Some((id, generation)) = refresh_token::read(&env.keys.vault, text) else {
        return invalid(Rule::RefreshUnknown);
    };
    let Some(grant) = store::grant::by_id(tx, &id)? else {
        return invalid(Rule::RefreshForgotten);
    };
    if grant.client_id != client.id {
        let event =
            Event::new("refresh.wrong_client").user(&grant.user_id).grant(&id).client(&client.id);
        audit::record(tx, who, &event)?;
        return invalid(Rule::RefreshOfAnother);
    }
    if let Some(refusal) = keyless(&grant, ask) {
        let event = Event::new("refresh.wrong_key")
            .user(&grant.user_id)
            .grant(&id)
            .client(&client.id)
            .with("reason", refusal.code.as_str());
        audit::record(tx, who, &event)?;
        return Ok(Err(refusal));
    }
    let offline = grant.scopes.has(OFFLINE_ACCESS);
    if !client.may(GrantType::RefreshToken) && !offline {
        let why = "this client may not refresh";
        return Ok(Err(Refusal::new(Code::UnauthorizedClient, Rule::GrantNotAllowed, why)));
    }
    let user = store::user::by_id(tx, &grant.user_id)?;
    // What was ended was ended first, by whatever shut the person out.
    let ended = |rule| if grant.revoked.is_some() { Rule::RefreshEnded } else { rule };
    let Some(user) = user.filter(|user| user.state == UserState::Active) else {
        return invalid(ended(Rule::PersonShut));
    };
    // Ended by someone, not merely by time: an app at work must not depend on an open browser.
    if let (false, Some(session)) = (offline, &grant.session_id) {
        let over =
            store::session::by_id(tx, session)?.is_none_or(|session| session.ended.is_some());
        if over {
            return invalid(ended(Rule::SignInOver));
        }
    }
    // One of ours that was never given out here: the file is a copy from before it was.
    let Some(token) = store::grant::token(tx, &id, generation)? else {
        return invalid(ended(Rule::RefreshAhead));
    };
    Ok(Ok(Shown { client, user, grant, token }))
}

/// A family that was begun with a key goes on with that key alone, so that a stolen token is of no use (RFC 9449 §5).
fn keyless(grant: &Grant, ask: &Ask) -> Option<Refusal> {
    let bound = grant.jkt.as_deref()?;
    match ask.jkt.as_deref() {
        Some(proved) if proved == bound => None,
        Some(_) => {
            let why = "the token is bound to another key";
            Some(Refusal::new(Code::InvalidGrant, Rule::DpopBound, why))
        }
        None => {
            let why = "the token is bound to a key, which must be proved (DPoP)";
            Some(Refusal::new(Code::InvalidDpopProof, Rule::DpopBound, why))
        }
    }
}

fn verdict(tx: &Write<'_>, env: &Env, who: &Actor, shown: &Shown<'_>) -> Result<Verdict> {
    let (grant, token) = (&shown.grant, &shown.token);
    let successor = match token.spent_at {
        Some(_) => store::grant::token(tx, &grant.id, token.generation.saturating_add(1))?,
        None => None,
    };
    let origin = &who.origin;
    let same = |now: &str, then: &str| !now.is_empty() && now == then;
    let same_place =
        same(&origin.address, &token.address) || same(&origin.user_agent, &token.user_agent);
    let window = Terms::of(env).retry_window(shown.client);
    Ok(judge(grant, token, successor.as_ref(), same_place, window, tx.now))
}

/// What the new access token carries: what was granted and may still be had, or less if less is asked for.
fn wanted<'a>(
    tx: &Write<'_>,
    shown: &Shown<'_>,
    ask: &'a Ask,
) -> Result<Result<Wanted<'a>, Refusal>> {
    let granted = &shown.grant.scopes;
    let asked = match ask.scope.as_deref().filter(|scope| !scope.is_empty()) {
        None => granted.clone(),
        Some(text) => {
            let asked = ScopeSet::parse(text);
            if asked.is_empty() || !asked.is_subset(granted) {
                let why = "more scopes than were granted";
                return Ok(Err(Refusal::new(Code::InvalidScope, Rule::ScopeWider, why)));
            }
            asked
        }
    };
    let (client, user, grant) = (shown.client, &shown.user, &shown.grant);
    let before = (grant.resources.as_slice(), grant.created_at);
    let resources = match policy::narrow_for(tx, client, user, before, &ask.resources)? {
        Ok(resources) => resources,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let had = policy::having(tx, client, &resources, &asked)?;
    let scopes = policy::for_person(user, &resources, &had);
    if scopes.is_empty() && !asked.is_empty() {
        // Of the whole grant nothing is left, so that only a new one helps; or of the part that was asked for now.
        let code = if asked == *granted { Code::InvalidGrant } else { Code::InvalidScope };
        let why = "none of the scopes can be had any more";
        return Ok(Err(Refusal::new(code, Rule::ScopeOfPerson, why)));
    }
    let spelled = spelling::own(&resources, &ask.resources, &grant.spelled);
    Ok(Ok(Wanted { scopes, resources, spelled, jkt: ask.jkt.as_deref() }))
}

/// Without rotation a confidential client keeps its token; a public one must not (OAuth 2.1 §4.3.1).
fn keeps(env: &Env, client: &Client) -> bool {
    !Terms::of(env).rotation && !client.is_public()
}

fn keep(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    shown: &Shown<'_>,
    wanted: &Wanted<'_>,
) -> Result<Outcome> {
    let until = shown.grant.expires_at.min(tx.now.plus(Terms::of(env).refresh_idle));
    store::grant::extend_token(tx, &shown.grant.id, shown.token.generation, until)?;
    audit::record(tx, who, &shown.event("refresh.keep"))?;
    mint(tx, env, shown, wanted, shown.token.generation)
}

fn rotate(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    shown: &Shown<'_>,
    wanted: &Wanted<'_>,
) -> Result<Outcome> {
    let (grant, old) = (&shown.grant.id, shown.token.generation);
    // Both hold by the verdict; if one did not, two successors could live, so nothing at all must happen.
    if !store::grant::spend_token(tx, grant, old)? || !store::grant::advance(tx, grant, old)? {
        return Err(Error::internal("a refresh token's family is out of step"));
    }
    let next = RefreshToken {
        generation: old.saturating_add(1),
        issued_at: tx.now,
        expires_at: shown.grant.expires_at.min(tx.now.plus(Terms::of(env).refresh_idle)),
        spent_at: None,
        recovered_at: None,
        address: who.origin.address.clone(),
        user_agent: who.origin.user_agent.clone(),
    };
    store::grant::insert_token(tx, grant, &next)?;
    audit::record(tx, who, &shown.event("refresh.rotate"))?;
    mint(tx, env, shown, wanted, next.generation)
}

/// Gives the successor again. When that is spent too, whoever comes late walks the chain.
fn repeat(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    shown: &Shown<'_>,
    wanted: &Wanted<'_>,
    verdict: Verdict,
) -> Result<Outcome> {
    let event = if verdict == Verdict::Recover {
        if !store::grant::recover_token(tx, &shown.grant.id, shown.token.generation)? {
            return Err(Error::internal("a refresh token was recovered twice"));
        }
        "refresh.recover"
    } else {
        "refresh.again"
    };
    audit::record(tx, who, &shown.event(event))?;
    mint(tx, env, shown, wanted, shown.token.generation.saturating_add(1))
}

fn mint(
    tx: &Write<'_>,
    env: &Env,
    shown: &Shown<'_>,
    wanted: &Wanted<'_>,
    generation: u32,
) -> Result<Outcome> {
    store::client::set_last_used(tx, &shown.client.id)?;
    let refresh = refresh_token::write(&env.keys.vault, &shown.grant.id, generation);
    let subject = Subject {
        client: shown.client,
        holder: Holder::Person { user: &shown.user, grant: &shown.grant },
        scopes: &wanted.scopes,
        resources: &wanted.resources,
        spelled: &wanted.spelled,
        nonce: None,
        jkt: wanted.jkt,
        act: None,
        until: None,
    };
    Ok(Outcome::Minted(Box::new(token::mint(tx, env, &subject, refresh)?)))
}

impl Shown<'_> {
    fn event(&self, name: &'static str) -> Event {
        let event = Event::new(name)
            .user(&self.grant.user_id)
            .client(&self.grant.client_id)
            .grant(&self.grant.id)
            .with("generation", self.token.generation);
        match &self.grant.session_id {
            Some(session) => event.session(session),
            None => event,
        }
    }
}
