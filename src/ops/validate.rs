//! What a token is, and whether it is good now: `auth validate`.
//! Each kind is read by the op that owns it; here they are told apart and described alike.

use serde_json::{Map, Value};

use super::{
    apikey,
    env::Env,
    key,
    oauth::{refresh_token, token},
    session, verify,
};
use crate::{
    crypto::jwt::{self, Check, Header},
    db::Read,
    error::Result,
    model::{
        actor::Actor,
        apikey::ApiKey,
        grant::{Verdict, judge},
        id::{AgentId, GrantId, SessionId},
        resource::ResourceUri,
        scope::ScopeSet,
        session::{Session, amr},
        user::UserState,
    },
    store,
    time::Time,
};

/// The kinds of token that this server gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The session cookie.
    Session,
    /// RFC 9068.
    AccessToken,
    /// RFC 6749 §1.5.
    RefreshToken,
    /// OpenID Connect Core §2.
    IdToken,
    /// An API key.
    ApiKey,
}

impl Kind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::IdToken => "id_token",
            Self::ApiKey => "api_key",
        }
    }
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Why it is not good now; none when it is.
    pub reason: Option<String>,
    /// Whose it is.
    pub subject: Option<String>,
    /// To which client it was given.
    pub client_id: Option<String>,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// Whether a second factor stands behind it.
    pub mfa: bool,
    /// The session it belongs to.
    pub session_id: Option<String>,
}

impl Finding {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            reason: None,
            subject: None,
            client_id: None,
            scopes: ScopeSet::default(),
            audience: Vec::new(),
            expires_at: None,
            mfa: false,
            session_id: None,
        }
    }

    fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// What is asked of the token beside being good.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// It must be for this audience.
    pub audience: Option<String>,
    /// It must have each of these scopes.
    pub scopes: Vec<String>,
}

/// Tells what `text` is; `None` when it is nothing that this server gives out.
pub fn validate(
    r: &Read<'_>,
    env: &Env,
    who: &Actor,
    text: &str,
    demand: &Demand,
) -> Result<Option<Finding>> {
    who.must_operate()?;
    let text = text.trim();
    let found = if text.starts_with(token::OPAQUE_PREFIX) {
        Some(access(r, env, text)?)
    } else if text.starts_with(refresh_token::PREFIX) {
        Some(refresh(r, env, text)?)
    } else if text.starts_with(&env.config.authentication.api_keys.prefix) {
        Some(api_key(r, env, text, demand)?)
    } else {
        match Header::read(text) {
            Ok(header) => jwt(r, env, text, &header, demand)?,
            Err(_) => None,
        }
    };
    Ok(found.map(|finding| judged(finding, demand)))
}

fn judged(finding: Finding, demand: &Demand) -> Finding {
    if finding.reason.is_some() {
        return finding;
    }
    if let Some(audience) = &demand.audience
        && !finding.audience.contains(audience)
    {
        return finding.because(format!("it is not for the audience {audience}"));
    }
    match demand.scopes.iter().find(|scope| !finding.scopes.has(scope)) {
        Some(scope) => {
            let reason = format!("it does not have the scope {scope}");
            finding.because(reason)
        }
        None => finding,
    }
}

/// A session or key as forward-auth would take it at the resource that is demanded.
fn at_resource(
    r: &Read<'_>,
    mut finding: Finding,
    demand: &Demand,
    judge: impl FnOnce(&verify::Demand) -> Result<verify::Verdict>,
) -> Result<Finding> {
    let Some(uri) = demand.audience.as_deref().and_then(|text| ResourceUri::parse(text).ok())
    else {
        return Ok(finding);
    };
    let Some(resource) = store::resource::by_uri(r, &uri)? else { return Ok(finding) };
    let scopes = ScopeSet::from_words(&demand.scopes);
    finding.audience.extend(demand.audience.clone());
    Ok(match judge(&verify::Demand { resource: Some(resource), scopes })? {
        Ok(identity) => Finding { scopes: identity.scopes, ..finding },
        Err(verify::Refusal::Lacking(scopes)) => {
            let first = demand.scopes.iter().find(|scope| !scopes.has(scope));
            let reason = first.map_or_else(
                || "it has no scope of that resource".to_owned(),
                |scope| format!("it does not have the scope {scope}"),
            );
            Finding { scopes, ..finding }.because(reason)
        }
        Err(refusal) => finding.because(refusal.reason()),
    })
}

fn api_key(r: &Read<'_>, env: &Env, text: &str, demand: &Demand) -> Result<Finding> {
    let describe = |key: &ApiKey| Finding {
        subject: Some(
            key.agent_id.as_ref().map_or(key.user_id.as_str(), AgentId::as_str).to_owned(),
        ),
        scopes: key.scopes.clone(),
        expires_at: key.ends_at(env.rotation()),
        ..Finding::new(Kind::ApiKey)
    };
    Ok(match apikey::inspect(r, env, text)? {
        Ok(good) => at_resource(r, describe(&good.key), demand, |at| verify::by_key(r, at, &good))?,
        Err((bad, key)) => {
            key.as_ref().map_or_else(|| Finding::new(Kind::ApiKey), describe).because(bad.reason())
        }
    })
}

fn refresh(r: &Read<'_>, env: &Env, text: &str) -> Result<Finding> {
    let mut finding = Finding::new(Kind::RefreshToken);
    let Some((id, generation)) = refresh_token::read(&env.keys.vault, text) else {
        return Ok(finding.because("not given out by this server"));
    };
    let (Some(grant), Some(token)) =
        (store::grant::by_id(r, &id)?, store::grant::token(r, &id, generation)?)
    else {
        return Ok(finding.because("its grant is gone"));
    };
    finding.subject = Some(grant.user_id.to_string());
    finding.client_id = Some(grant.client_id.to_string());
    finding.scopes = grant.scopes.clone();
    finding.expires_at = Some(token.expires_at);
    finding.mfa = grant.amr.iter().any(|method| method == amr::MFA);
    finding.session_id = grant.session_id.as_ref().map(ToString::to_string);
    let verdict = judge(&grant, &token, None, false, std::time::Duration::ZERO, r.now);
    let reason = match verdict {
        Verdict::Rotate => shut_reason(r, &grant)?,
        Verdict::Again | Verdict::Recover | Verdict::Replayed => {
            Some("used already: it was exchanged for its successor".to_owned())
        }
        Verdict::Expired => Some("expired".to_owned()),
        Verdict::Revoked => {
            let why = grant.revoked.as_ref().map(|(_, why)| why.as_str()).unwrap_or_default();
            Some(format!("revoked: {why}"))
        }
    };
    finding.reason = reason;
    Ok(finding)
}

fn shut_reason(r: &Read<'_>, grant: &crate::model::grant::Grant) -> Result<Option<String>> {
    let user = store::user::by_id(r, &grant.user_id)?;
    if user.is_none_or(|user| user.state != UserState::Active) {
        return Ok(Some("its owner may not sign in".to_owned()));
    }
    let client = store::client::by_id(r, &grant.client_id)?;
    Ok(client.is_none_or(|client| !client.is_active()).then(|| "its client is disabled".to_owned()))
}

fn jwt(
    r: &Read<'_>,
    env: &Env,
    text: &str,
    header: &Header,
    demand: &Demand,
) -> Result<Option<Finding>> {
    match header.typ.as_deref() {
        Some(session::COOKIE_TYP) => cookie(r, env, text, demand).map(Some),
        Some(token::ACCESS_TYP) => access(r, env, text).map(Some),
        Some("JWT") | None => id_token(r, env, text, header).map(Some),
        Some(_) => Ok(None),
    }
}

fn cookie(r: &Read<'_>, env: &Env, text: &str, demand: &Demand) -> Result<Finding> {
    let describe = |session: &Session| Finding {
        subject: Some(session.user_id.to_string()),
        expires_at: Some(session.ends_at()),
        mfa: session.mfa_verified(),
        session_id: Some(session.id.to_string()),
        ..Finding::new(Kind::Session)
    };
    Ok(match session::look(r, env, None, text)? {
        Ok(signed_in) => at_resource(r, describe(&signed_in.session), demand, |at| {
            Ok(verify::by_session(env, at, &signed_in, r.now))
        })?,
        Err(why) => {
            let claims = env.keys.session.verify(text, session::COOKIE_TYP).ok();
            let id = claims.as_ref().and_then(|claims| claims.get("sid")).and_then(Value::as_str);
            let row = match id {
                Some(id) => store::session::by_id(r, &SessionId::from_text(id))?,
                None => None,
            };
            row.as_ref().map_or_else(|| Finding::new(Kind::Session), describe).because(why.reason())
        }
    })
}

fn access(r: &Read<'_>, env: &Env, text: &str) -> Result<Finding> {
    match token::access(r, env, text)? {
        Ok(access) => {
            let mut finding = described(Kind::AccessToken, &access.claims);
            let session = access.person().and_then(|(_, grant)| grant.session_id.as_ref());
            finding.session_id = session.map(ToString::to_string);
            finding.scopes = access.scopes;
            Ok(finding)
        }
        Err(refusal) => {
            // Expired stands for revoked too, since a client is told no more; the operator is.
            let claims = readable_claims(r, env, text)?;
            let mut finding = described(Kind::AccessToken, &claims);
            let grant = claims.get("gid").and_then(Value::as_str).map(GrantId::from_text);
            let grant = grant.map(|id| store::grant::by_id(r, &id)).transpose()?.flatten();
            let ended = finding.expires_at.is_some_and(|end| end <= r.now);
            finding.reason = Some(match grant.and_then(|grant| grant.revoked) {
                Some((_, why)) if refusal == jwt::Refusal::Expired && !ended => {
                    format!("revoked: {why}")
                }
                _ if refusal == jwt::Refusal::Expired && !ended => "revoked".to_owned(),
                _ => refusal.to_string(),
            });
            Ok(finding)
        }
    }
}

fn id_token(r: &Read<'_>, env: &Env, text: &str, header: &Header) -> Result<Finding> {
    let finding = Finding::new(Kind::IdToken);
    let key = header.kid.as_deref().map(|kid| key::verifier(r, env, kid)).transpose()?.flatten();
    let Some(key) = key else {
        return Ok(finding.because(jwt::Refusal::UnknownKey.to_string()));
    };
    let (header, claims) = match key.verify(text) {
        Ok(read) => read,
        Err(refusal) => return Ok(finding.because(refusal.to_string())),
    };
    let check =
        Check { issuer: &env.site.issuer, audience: None, typ: "JWT", now: r.now, leeway_secs: 0 };
    let verdict = check.apply(&header, &claims);
    let mut finding = claims.as_object().map_or(finding, |claims| described(Kind::IdToken, claims));
    finding.client_id = finding.audience.first().cloned();
    finding.reason = verdict.err().map(|refusal| refusal.to_string());
    Ok(finding)
}

/// The claims of a token whose signature holds, whatever else is wrong with it.
fn readable_claims(r: &Read<'_>, env: &Env, text: &str) -> Result<Map<String, Value>> {
    if text.starts_with(token::OPAQUE_PREFIX) {
        return Ok(token::read_opaque(r, text)?.unwrap_or_default());
    }
    let Ok(header) = Header::read(text) else { return Ok(Map::new()) };
    let key = header.kid.as_deref().map(|kid| key::verifier(r, env, kid)).transpose()?.flatten();
    let claims = key.and_then(|key| key.verify(text).ok()).map(|(_, claims)| claims);
    Ok(claims.and_then(|claims| claims.as_object().cloned()).unwrap_or_default())
}

fn described(kind: Kind, claims: &Map<String, Value>) -> Finding {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let methods = claims.get("amr").and_then(Value::as_array);
    Finding {
        subject: text("sub"),
        client_id: text("client_id"),
        scopes: text("scope").map(|scope| ScopeSet::parse(&scope)).unwrap_or_default(),
        audience,
        expires_at: claims.get("exp").and_then(Value::as_i64).map(Time::from_secs),
        mfa: methods.is_some_and(|all| all.iter().any(|method| method == amr::MFA)),
        session_id: text("sid"),
        ..Finding::new(kind)
    }
}
