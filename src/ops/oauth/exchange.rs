//! A code becomes tokens, once (RFC 6749 §4.1.3, RFC 7636 §4.6).
//! Who the client is was found out before; the further life of its refresh token is `refresh`.

use std::fmt;

use super::{
    Code, Outcome, Refusal, policy, refresh_token, spelling,
    terms::Terms,
    token::{self, Holder, Subject},
};
use crate::{
    crypto::{
        pkce,
        secret::{Hashed, Plain},
    },
    db::Write,
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        authorization::AuthorizationCode,
        client::{Client, GrantType},
        ending,
        grant::{Grant, RefreshToken},
        id::GrantId,
        resource::Resource,
        scope::OFFLINE_ACCESS,
        trace::Rule,
    },
    ops::{
        audit,
        env::Env,
        key, notice,
        session::{self, SignedIn},
        trace,
    },
    store,
};

/// What a client sends with a code.
#[derive(Clone, Default)]
pub struct Ask {
    /// The code.
    pub code: Option<String>,
    /// The redirect URI of the authorization request.
    pub redirect_uri: Option<String>,
    /// What the challenge was made from.
    pub verifier: Option<String>,
    /// Resources, to narrow what the token is for.
    pub resources: Vec<String>,
    /// Thumbprint of the key that was proved with the request.
    pub jkt: Option<String>,
}

/// Without the code and what unlocks it.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("redirect_uri", &self.redirect_uri)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

const NOT_GOOD: &str = "the code is not, or no longer, good";

/// Exchanges a code. Whatever is wrong with the rest of the request, the code is spent.
pub fn exchange(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    ask: &Ask,
) -> Result<Outcome> {
    if !client.may(GrantType::AuthorizationCode) {
        let why = "this client may not use codes";
        return Ok(Outcome::refuse(Code::UnauthorizedClient, Rule::GrantNotAllowed, why));
    }
    let Some(code) = ask.code.as_deref() else {
        return Ok(Outcome::refuse(Code::InvalidRequest, Rule::Missing, "code is missing"));
    };
    let hash = Hashed::of(code);
    let Some(row) = store::authorization::code(tx, &hash)? else {
        return Ok(Outcome::refuse(Code::InvalidGrant, Rule::CodeUnknown, NOT_GOOD));
    };
    if row.spent || !store::authorization::spend_code(tx, &hash)? {
        return replayed(tx, env, who, client, &row);
    }
    let refusal = match fit(tx, env, client, &row, ask)? {
        Ok(fit) => return give(tx, env, who, &hash, &fit),
        Err(refusal) => refusal,
    };
    let event = Event::new("code.refused")
        .user(&row.user_id)
        .client(&client.id)
        .with("reason", refusal.to_string());
    audit::record(tx, who, &event)?;
    Ok(Outcome::Refused(refusal))
}

/// Everything that a good code brings together.
struct Fit<'a> {
    client: &'a Client,
    row: &'a AuthorizationCode,
    holder: SignedIn,
    resources: Vec<Resource>,
    ask: &'a Ask,
}

fn fit<'a>(
    tx: &Write<'_>,
    env: &Env,
    client: &'a Client,
    row: &'a AuthorizationCode,
    ask: &'a Ask,
) -> Result<Result<Fit<'a>, Refusal>> {
    let invalid = |rule, why| Ok(Err(Refusal::new(Code::InvalidGrant, rule, why)));
    if let Some((rule, why)) = judge(tx, client, row, ask) {
        return invalid(rule, why);
    }
    let found = session::by_id(tx, env, None, &row.session_id)?.ok();
    let Some(holder) = found.filter(|found| found.user.id == row.user_id) else {
        return invalid(Rule::SignInOver, "the sign-in behind the code is over");
    };
    let before = (row.resources.as_slice(), row.expires_at);
    let narrowed = policy::narrow_for(tx, client, &holder.user, before, &ask.resources)?;
    Ok(narrowed.map(|resources| Fit { client, row, holder, resources, ask }))
}

/// What the code was bound to must be there again.
fn judge(
    tx: &Write<'_>,
    client: &Client,
    row: &AuthorizationCode,
    ask: &Ask,
) -> Option<(Rule, &'static str)> {
    let fits = ask.verifier.as_deref().is_some_and(|it| pkce::verify(it, &row.code_challenge));
    if row.client_id != client.id {
        Some((Rule::CodeOfAnother, "the code was given to another client"))
    } else if tx.now >= row.expires_at {
        Some((Rule::CodeExpired, "the code has expired"))
    } else if ask.redirect_uri.as_deref() != Some(row.redirect_uri.as_str()) {
        Some((Rule::RedirectChanged, "redirect_uri is not that of the authorization request"))
    } else if row.jkt.is_some() && row.jkt != ask.jkt {
        Some((Rule::DpopBound, "the code is bound to a key that was not proved (dpop_jkt)"))
    } else if !fits {
        Some((Rule::Verifier, "code_verifier does not fit the code_challenge"))
    } else {
        None
    }
}

/// A second use: someone else may have had the code, so what it gave is taken back (RFC 6749 §4.1.2).
fn replayed(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    row: &AuthorizationCode,
) -> Result<Outcome> {
    let mut event = Event::new("code.replayed").user(&row.user_id).client(&client.id);
    if let Some(grant) = &row.grant_id {
        if store::grant::revoke(tx, grant, ending::CODE_REPLAYED)? {
            cut_off(tx, env, who, row)?;
        }
        event = event.grant(grant);
    }
    audit::record(tx, who, &event)?;
    Ok(Outcome::refuse(Code::InvalidGrant, Rule::CodeUsed, NOT_GOOD))
}

/// Whoever shows the code may not be the client that has it: the person is told of the one that loses its tokens.
fn cut_off(tx: &Write<'_>, env: &Env, who: &Actor, row: &AuthorizationCode) -> Result<()> {
    let Some(owner) = store::client::by_id(tx, &row.client_id)? else { return Ok(()) };
    notice::cut_off(tx, env, who, &row.user_id, &owner)
}

fn give(tx: &Write<'_>, env: &Env, who: &Actor, hash: &Hashed, fit: &Fit<'_>) -> Result<Outcome> {
    let (terms, row, client) = (Terms::of(env), fit.row, fit.client);
    let granted = policy::remaining(tx, client, &row.resources)?;
    let scopes = policy::for_person(&fit.holder.user, &granted, &row.scopes);
    let refreshable = client.may(GrantType::RefreshToken) || scopes.has(OFFLINE_ACCESS);
    let lifetime = if refreshable { terms.refresh_lifetime } else { key::longest(tx, env)? };
    let grant = Grant {
        id: GrantId::new(),
        client_id: client.id.clone(),
        user_id: row.user_id.clone(),
        session_id: Some(row.session_id.clone()),
        scopes,
        resources: row.resources.clone(),
        spelled: spelling::own(&granted, &fit.ask.resources, &row.spelled),
        nonce: row.nonce.clone(),
        amr: fit.holder.session.amr.clone(),
        auth_time: fit.holder.session.proved_at(),
        generation: u32::from(refreshable),
        created_at: tx.now,
        expires_at: tx.now.plus(lifetime),
        revoked: None,
        jkt: fit.ask.jkt.clone(),
        trace: row.trace.clone(),
    };
    store::grant::insert(tx, &grant)?;
    store::authorization::set_code_grant(tx, hash, &grant.id)?;
    trace::became(tx, &grant)?;
    let refresh = if refreshable { Some(first(tx, env, who, &grant)?) } else { None };
    store::client::set_last_used(tx, &client.id)?;
    let event = Event::new("grant.create")
        .user(&grant.user_id)
        .client(&client.id)
        .session(&row.session_id)
        .grant(&grant.id)
        .with("scopes", grant.scopes.to_string())
        .with("refresh", refreshable);
    audit::record(tx, who, &event)?;
    minted(tx, env, fit, &grant, refresh)
}

fn minted(
    tx: &Write<'_>,
    env: &Env,
    fit: &Fit<'_>,
    grant: &Grant,
    refresh: Option<Plain>,
) -> Result<Outcome> {
    // A token for one of several resources says nothing about the others.
    let scopes = policy::having(tx, fit.client, &fit.resources, &grant.scopes)?;
    let subject = Subject {
        client: fit.client,
        holder: Holder::Person { user: &fit.holder.user, grant },
        scopes: &scopes,
        resources: &fit.resources,
        spelled: &grant.spelled,
        nonce: grant.nonce.as_deref(),
        jkt: grant.jkt.as_deref(),
        act: None,
        until: None,
    };
    Ok(Outcome::Minted(Box::new(token::mint(tx, env, &subject, refresh)?)))
}

/// The first refresh token of a family.
pub(super) fn first(tx: &Write<'_>, env: &Env, who: &Actor, grant: &Grant) -> Result<Plain> {
    let terms = Terms::of(env);
    let token = RefreshToken {
        generation: grant.generation,
        issued_at: tx.now,
        expires_at: grant.expires_at.min(tx.now.plus(terms.refresh_idle)),
        spent_at: None,
        recovered_at: None,
        address: who.origin.address.clone(),
        user_agent: who.origin.user_agent.clone(),
    };
    store::grant::insert_token(tx, &grant.id, &token)?;
    refresh_token::write(&env.keys.vault, &grant.id, grant.generation)
        .ok_or_else(|| Error::internal("a grant's id is not one of ours"))
}
