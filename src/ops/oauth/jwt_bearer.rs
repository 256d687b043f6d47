//! This server behind the provider of an enterprise: an identity assertion (ID-JAG) of a trusted issuer becomes an access
//! token, with no page and no question (RFC 7523 §2.1, Identity Assertion Authorization Grant §4.4).
//! What an assertion says is checked before the transaction ([`check`]); who is trusted, who the person is and that it is
//! the first use, within.

mod claims;

use std::fmt;

pub use self::claims::check;
use super::{
    Code, Outcome, Refusal, policy, spelling,
    token::{self, Holder, Subject},
};
use crate::{
    crypto::jwt,
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        assertion::{IssuerKeys, TrustedIssuer},
        audit::Event,
        client::{Client, GrantType},
        grant::Grant,
        id::GrantId,
        name::Email,
        resource::Resource,
        scope::{STANDARD, ScopeSet},
        session::{RECENT, amr},
        trace::Rule,
        user::{User, UserState},
    },
    ops::{
        audit,
        env::Env,
        key,
        replay::{self, Kind},
    },
    store,
    time::Time,
};

/// An assertion whose signature fits and whose claims can be true; nothing was spent yet.
#[derive(Clone, Debug)]
pub struct Proof {
    issuer: String,
    keys: IssuerKeys,
    subject: String,
    client_id: String,
    jti: String,
    until: Time,
    resources: Vec<String>,
    scope: Option<ScopeSet>,
    email: Option<String>,
    made: Time,
    /// When the person signed in there, if that was told.
    auth_time: Option<Time>,
    amr: Vec<String>,
}

/// Why an assertion proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its issuer is not trusted here.
    Issuer,
    /// Its issuer's keys cannot be had.
    Keys,
    /// Signature, form or key.
    Token(jwt::Refusal),
    /// A claim: what is wrong with it.
    Claim(&'static str),
}

impl From<jwt::Refusal> for Why {
    fn from(refusal: jwt::Refusal) -> Self {
        Self::Token(refusal)
    }
}

impl Why {
    /// The rule that says so.
    fn rule(&self) -> Rule {
        match self {
            Self::Issuer => Rule::AssertionIssuer,
            Self::Keys => Rule::AssertionKeys,
            Self::Token(_) | Self::Claim(_) => Rule::AssertionToken,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer => f.write_str("the issuer of the assertion is not trusted here"),
            Self::Keys => {
                f.write_str("the keys of the assertion's issuer cannot be had for the moment")
            }
            Self::Token(refusal) => refusal.fmt(f),
            Self::Claim(why) => f.write_str(why),
        }
    }
}

/// What a client sends.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What became of the assertion; none when there was none.
    pub proof: Option<Result<Proof, Why>>,
    /// What the token is to be good for; as asserted when absent.
    pub scope: Option<String>,
    /// What it is for; as asserted when absent, and never anything else.
    pub resources: Vec<String>,
    /// Thumbprint of the key that was proved with the request.
    pub jkt: Option<String>,
}

/// Gives an access token for an assertion, once, and nothing that outlives it by much: whoever the enterprise lets go must
/// be gone here soon.
pub fn give(tx: &Write<'_>, env: &Env, who: &Actor, client: &Client, ask: &Ask) -> Result<Outcome> {
    if let Some(refusal) = super::own_name(client, GrantType::JwtBearer) {
        return Ok(Outcome::Refused(refusal));
    }
    let proof = match &ask.proof {
        Some(Ok(proof)) => proof,
        Some(Err(why)) => {
            return refuse(
                tx,
                who,
                client,
                None,
                Refusal::new(Code::InvalidGrant, why.rule(), why.to_string()),
            );
        }
        None => {
            let why = "assertion is missing";
            return Ok(Outcome::refuse(Code::InvalidRequest, Rule::Missing, why));
        }
    };
    let fit = match fit(tx, env, client, proof, ask)? {
        Ok(fit) => fit,
        Err(refusal) => return refuse(tx, who, client, Some(proof), refusal),
    };
    let grant = grant(tx, env, client, (proof, ask), &fit)?;
    store::grant::insert(tx, &grant)?;
    store::client::set_last_used(tx, &client.id)?;
    let event = Event::new("grant.create")
        .user(&grant.user_id)
        .client(&client.id)
        .grant(&grant.id)
        .with("issuer", proof.issuer.as_str())
        .with("subject", proof.subject.as_str())
        .with("found_by", fit.found_by)
        .with("scopes", grant.scopes.to_string())
        .with("refresh", false);
    audit::record(tx, who, &event)?;
    let subject = Subject {
        client,
        holder: Holder::Person { user: &fit.user, grant: &grant },
        scopes: &grant.scopes,
        resources: &fit.resources,
        spelled: &grant.spelled,
        nonce: None,
        jkt: grant.jkt.as_deref(),
        act: None,
        until: None,
    };
    Ok(Outcome::Minted(Box::new(token::mint(tx, env, &subject, None)?)))
}

fn refuse(
    tx: &Write<'_>,
    who: &Actor,
    client: &Client,
    proof: Option<&Proof>,
    refusal: Refusal,
) -> Result<Outcome> {
    let mut event =
        Event::new("assertion.rejected").client(&client.id).with("reason", refusal.to_string());
    if let Some(proof) = proof {
        event = event.with("issuer", proof.issuer.as_str()).with("subject", proof.subject.as_str());
    }
    audit::record(tx, who, &event)?;
    Ok(Outcome::Refused(refusal))
}

struct Fit {
    user: User,
    found_by: &'static str,
    resources: Vec<Resource>,
    scopes: ScopeSet,
}

type Judged<T> = Result<Result<T, Refusal>>;

fn fit(tx: &Write<'_>, env: &Env, client: &Client, proof: &Proof, ask: &Ask) -> Judged<Fit> {
    let invalid = |rule, why: &'static str| Ok(Err(Refusal::new(Code::InvalidGrant, rule, why)));
    // Distrusted, or with other keys, since the signature was checked.
    let trusted = store::assertion::issuer(tx, &proof.issuer)?;
    let Some(trusted) = trusted.filter(|trusted| trusted.keys == proof.keys) else {
        return invalid(Rule::AssertionIssuer, "the issuer of the assertion is not trusted here");
    };
    // Before it is spent, so that nobody can use up what is somebody else's.
    if proof.client_id != client.id.as_str() {
        return invalid(Rule::AssertionClient, "the assertion was given to another client");
    }
    let kind = Kind::IdentityAssertion;
    if !replay::first_use(tx, kind, &proof.issuer, &proof.jti, proof.until)? {
        return invalid(Rule::AssertionUsed, "the assertion was used before");
    }
    let Some((user, found_by)) = person(tx, &trusted, proof)? else {
        let why = "the subject of the assertion is nobody who may sign in here";
        return invalid(Rule::AssertionPerson, why);
    };
    let proved = proof.amr.iter().any(|method| method == amr::MFA);
    if env.factor_required(&user) && !proved {
        let why = "this person must use a second factor, and the assertion names none";
        return invalid(Rule::AssertionFactor, why);
    }
    let targeted = target(tx, client, proof, ask)?;
    let resources = match targeted.and_then(|found| policy::open_to(&user, found)) {
        Ok(resources) => resources,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let scopes = scopes(tx, client, &user, &resources, proof, ask)?;
    // What takes a fresh second factor here takes one there, and a word of when it was.
    let fresh = proved && proof.auth_time.is_some_and(|at| tx.now.since(at) <= RECENT);
    let held_back =
        if fresh { ScopeSet::default() } else { policy::sensitive(&resources, &scopes) };
    let scopes = scopes.filter(|scope| !held_back.has(scope));
    if scopes.is_empty() && (ask.scope.is_some() || proof.scope.is_some()) {
        let why = "none of the scopes were asserted and can be had";
        return Ok(Err(Refusal::new(Code::InvalidScope, Rule::AssertionScope, why)));
    }
    Ok(Ok(Fit { user, found_by, resources, scopes }))
}

/// Who the subject is here: the person they were linked with, else, if the operator wants that of this issuer, whoever has
/// the verified address.
fn person(
    r: &Read<'_>,
    trusted: &TrustedIssuer,
    proof: &Proof,
) -> Result<Option<(User, &'static str)>> {
    let (user, found_by) = match store::assertion::linked(r, &proof.issuer, &proof.subject)? {
        Some(id) => (store::user::by_id(r, &id)?, "link"),
        None if trusted.by_email => {
            let key = proof.email.as_deref().and_then(Email::lookup_key);
            let user = key.map(|key| store::user::by_email_key(r, &key)).transpose()?.flatten();
            (user, "email")
        }
        None => (None, "link"),
    };
    Ok(user.filter(|user| user.state == UserState::Active).map(|user| (user, found_by)))
}

/// What the token is for: exactly what was asserted.
fn target(r: &Read<'_>, client: &Client, proof: &Proof, ask: &Ask) -> Judged<Vec<Resource>> {
    let asserted = match policy::resources(r, client, &proof.resources)? {
        Ok(asserted) => asserted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let asked = match policy::resources(r, client, &ask.resources)? {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let within = asked.iter().all(|one| asserted.iter().any(|other| other.uri == one.uri));
    Ok(if within {
        Ok(asserted)
    } else {
        let why = "the assertion was made for another resource";
        Err(Refusal::new(Code::InvalidTarget, Rule::AssertionTarget, why))
    })
}

/// What was asked for and asserted and may be had; as much as was asserted when nothing was asked for.
fn scopes(
    r: &Read<'_>,
    client: &Client,
    user: &User,
    resources: &[Resource],
    proof: &Proof,
    ask: &Ask,
) -> Result<ScopeSet> {
    let Ok(asked) = policy::asked(ask.scope.as_deref()) else { return Ok(ScopeSet::default()) };
    let wanted = match (&proof.scope, asked.is_empty()) {
        (Some(asserted), true) => asserted.clone(),
        (Some(asserted), false) => asked.filter(|scope| asserted.has(scope)),
        // Nothing was asserted: the ordinary ones of the resource, or those of them that are asked for.
        (None, true) => policy::scopes(r, client, resources, &ScopeSet::default())?,
        (None, false) => {
            let ordinary = policy::scopes(r, client, resources, &ScopeSet::default())?;
            asked.filter(|scope| ordinary.has(scope))
        }
    };
    let had = policy::having(r, client, resources, &wanted)?;
    let had = policy::for_person(user, resources, &had);
    // No ID token, nothing about the person, nothing for later.
    Ok(had.filter(|scope| !STANDARD.contains(&scope)))
}

fn grant(
    tx: &Write<'_>,
    env: &Env,
    client: &Client,
    (proof, ask): (&Proof, &Ask),
    fit: &Fit,
) -> Result<Grant> {
    Ok(Grant {
        id: GrantId::new(),
        client_id: client.id.clone(),
        user_id: fit.user.id.clone(),
        session_id: None,
        scopes: fit.scopes.clone(),
        resources: fit.resources.iter().map(|resource| resource.uri.clone()).collect(),
        spelled: spelling::own(&fit.resources, &ask.resources, &proof.resources),
        nonce: None,
        amr: proof.amr.clone(),
        auth_time: proof.auth_time.unwrap_or(proof.made),
        generation: 0,
        created_at: tx.now,
        expires_at: tx.now.plus(key::longest(tx, env)?),
        revoked: None,
        jkt: ask.jkt.clone(),
        trace: None,
    })
}
