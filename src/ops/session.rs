//! Sessions: opened at the end of a sign-in, found again by cookie, ended one by one or all at once.
//! The cookie is a signed JWT that names a row, and the row decides at every request.

use serde_json::json;

use super::{audit, env::Env, oauth::backchannel, seen::Seen};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin, Principal},
        audit::Event,
        ending,
        id::{ClientId, SessionId, UserId},
        session::{Ended, Session, SessionRow, amr},
        user::{User, UserState},
    },
    store,
};

pub use crate::store::session::Slice;

/// `typ` of the cookie's JWT: nothing else is taken for a session, and it for nothing else (RFC 8725 §3.11).
pub const COOKIE_TYP: &str = "session+jwt";

/// A session and its owner, both good at this moment.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Its owner.
    pub user: User,
}

impl SignedIn {
    /// The asker that this session is.
    pub fn actor(&self, origin: Origin) -> Actor {
        Actor::person(self.user.id.clone(), self.session.id.clone(), origin)
    }
}

/// Why a cookie opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSession {
    /// It is not a cookie of ours.
    Foreign,
    /// No such session: deleted with its owner, or swept long after its end.
    Unknown,
    /// Its time was up.
    Over(Ended),
    /// Its owner may not sign in.
    OwnerShut,
}

impl NoSession {
    /// The reason as a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Foreign => "not signed by this server",
            Self::Unknown => "no such session",
            Self::Over(Ended::Idle) => "ended: nobody used it for the idle limit",
            Self::Over(Ended::Expired) => "ended: it reached its absolute limit",
            Self::Over(Ended::Revoked) => "ended: signed out or revoked",
            Self::OwnerShut => "its owner may not sign in",
        }
    }
}

/// What shutting someone out took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shut {
    /// Sessions ended.
    pub sessions: usize,
    /// Grants (refresh-token families) revoked.
    pub grants: usize,
}

/// The cookie that names a session.
pub fn cookie(env: &Env, session: &Session) -> Result<String> {
    let claims = json!({ "sid": session.id, "iat": session.created_at.secs() });
    env.keys.session.sign(COOKIE_TYP, &claims)
}

/// Opens a session at the end of a sign-in; always a new id (session fixation).
pub fn open(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    user: &User,
    amr: Vec<String>,
    remember_me: bool,
) -> Result<Session> {
    open_after(tx, env, origin, user, amr, remember_me, None)
}

/// [`open`] in the place of the session that the browser had before: that one takes no room of the new one's, and what
/// the same person granted in it goes along.
pub(super) fn open_after(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    user: &User,
    amr: Vec<String>,
    remember_me: bool,
    previous: Option<&SessionId>,
) -> Result<Session> {
    make_room(tx, env, user, previous)?;
    let (idle, absolute) = env.session_lifetimes().of(remember_me);
    let session = Session {
        id: SessionId::new(),
        user_id: user.id.clone(),
        remember_me,
        factor_at: amr.iter().any(|method| method == amr::MFA).then_some(tx.now),
        amr,
        auth_time: tx.now,
        created_at: tx.now,
        last_seen_at: tx.now,
        idle,
        expires_at: tx.now.plus(absolute),
        address: origin.address.clone(),
        user_agent: origin.user_agent.clone(),
        ended: None,
    };
    store::session::insert(tx, &session)?;
    store::user::set_last_login(tx, &user.id)?;
    let event = Event::new("session.open")
        .user(&user.id)
        .session(&session.id)
        .with("amr", session.amr.join(" "))
        .with("remember_me", remember_me);
    let who = Actor::person(user.id.clone(), session.id.clone(), origin.clone());
    audit::record(tx, &who, &event)?;
    if let Some(previous) = previous {
        replace(tx, origin, previous, &session)?;
    }
    Ok(session)
}

/// Ends the session that a browser had before it signed in anew; what the same person granted in it goes along.
fn replace(tx: &Write<'_>, origin: &Origin, previous: &SessionId, new: &Session) -> Result<()> {
    let before = store::session::by_id(tx, previous)?;
    if before.is_some_and(|before| before.user_id == new.user_id) {
        store::grant::move_to_session(tx, previous, &new.id)?;
    }
    end_one(tx, &Actor::anonymous(origin.clone()), previous, ending::SIGNED_IN_AGAIN).map(drop)
}

/// Ends the person's longest unused sessions until one more may be opened.
fn make_room(tx: &Write<'_>, env: &Env, user: &User, previous: Option<&SessionId>) -> Result<()> {
    let most = env.config.authentication.session.max_sessions;
    if most == 0 {
        return Ok(());
    }
    let keep = usize::try_from(most.saturating_sub(1)).unwrap_or(usize::MAX);
    let live = store::session::live(tx, Some(&user.id), u32::MAX)?;
    for row in live.iter().filter(|row| Some(&row.session.id) != previous).skip(keep) {
        end_one(tx, &Actor::system(), &row.session.id, ending::TOO_MANY)?;
    }
    Ok(())
}

/// Puts a session with more proof in the place of one: a new id, since its rights grow (session fixation); grants and
/// limits go along. The caller has checked the proof.
pub(super) fn raise(
    tx: &Write<'_>,
    who: &Actor,
    id: &SessionId,
    proved: &[&str],
) -> Result<Session> {
    let old = store::session::by_id(tx, id)?
        .ok_or_else(|| Error::internal("the session to be raised is gone"))?;
    let mut amr = old.amr.clone();
    amr.extend(
        proved
            .iter()
            .filter(|one| !old.amr.iter().any(|had| had == *one))
            .map(|one| (*one).to_owned()),
    );
    let factor_at = if proved.contains(&amr::MFA) { Some(tx.now) } else { old.factor_at };
    let new = Session { id: SessionId::new(), amr, factor_at, last_seen_at: tx.now, ..old };
    store::session::insert(tx, &new)?;
    store::grant::move_to_session(tx, id, &new.id)?;
    store::provider_token::move_to_session(tx, id, &new.id)?;
    store::session::end(tx, id, ending::RAISED)?;
    let event = Event::new("session.raise")
        .user(&new.user_id)
        .session(&new.id)
        .with("from", id.as_str())
        .with("amr", new.amr.join(" "));
    audit::record(tx, who, &event)?;
    Ok(new)
}

/// Passes for the operator, and for the person whom it concerns while they have proved recently, with every factor
/// they have, who they are: for acts that could cost them the account.
pub(super) fn permit_recent(r: &Read<'_>, env: &Env, who: &Actor, user: &UserId) -> Result<()> {
    permit(r, who, user)?;
    who.must_be_more_than_a_key()?;
    // Whoever knows the password of an account that waits for its owner's link must not make it theirs.
    super::factor::enrolment::refuse_without_link(r, who, user)?;
    if is_recent(r, env, who)? {
        return Ok(());
    }
    Err(Error::denied("this needs a sign-in of the last five minutes")
        .with_next("confirm that it is you at /login/confirm, then try again"))
}

/// Whether whoever asks has proved recently, with every factor they have, who they are. The operator always has.
pub fn is_recent(r: &Read<'_>, env: &Env, who: &Actor) -> Result<bool> {
    let (user, session) = match &who.principal {
        Principal::Person { user, session } => (user, session),
        Principal::ApiKey { .. } => return Ok(false),
        // Whoever administers answers with a token for the time that it lives.
        Principal::Program { administers, .. } => return Ok(*administers),
        Principal::Anonymous | Principal::Operator { .. } | Principal::System => return Ok(true),
    };
    let Some(session) = store::session::by_id(r, session)? else { return Ok(false) };
    // Factors that are switched off cannot be proved, and are none to ask for.
    let needs =
        env.config.authentication.mfa.enabled && !super::factor::enrolled(r, user)?.is_empty();
    let proved = session.mfa_verified() || !needs;
    Ok(session.is_recent(r.now) && proved)
}

/// Finds the session behind a cookie and marks it as used. What every request with a cookie does.
pub fn resume(
    r: &Read<'_>,
    env: &Env,
    seen: &Seen,
    cookie: &str,
) -> Result<Result<SignedIn, NoSession>> {
    let found = look(r, env, Some(seen), cookie)?;
    if let Ok(signed_in) = &found {
        seen.mark(&signed_in.session.id, r.now);
    }
    Ok(found)
}

/// Like [`resume`], without marking anything: for `auth validate`.
pub fn look(
    r: &Read<'_>,
    env: &Env,
    seen: Option<&Seen>,
    cookie: &str,
) -> Result<Result<SignedIn, NoSession>> {
    let Ok(claims) = env.keys.session.verify(cookie, COOKIE_TYP) else {
        return Ok(Err(NoSession::Foreign));
    };
    let Some(sid) = claims.get("sid").and_then(|sid| sid.as_str()) else {
        return Ok(Err(NoSession::Foreign));
    };
    by_id(r, env, seen, &SessionId::from_text(sid))
}

/// The session and its owner, if both are good now.
pub fn by_id(
    r: &Read<'_>,
    env: &Env,
    seen: Option<&Seen>,
    id: &SessionId,
) -> Result<Result<SignedIn, NoSession>> {
    let Some(mut session) = store::session::by_id(r, id)? else {
        return Ok(Err(NoSession::Unknown));
    };
    if let Some(mark) = seen.and_then(|seen| seen.last(id)) {
        session.last_seen_at = session.last_seen_at.max(mark);
    }
    if session.remember_me && !env.remember_me_allowed() {
        return Ok(Err(NoSession::Over(Ended::Revoked)));
    }
    if let Err(ended) = session.check(r.now) {
        return Ok(Err(NoSession::Over(ended)));
    }
    let Some(user) = store::user::by_id(r, &session.user_id)? else {
        return Ok(Err(NoSession::Unknown));
    };
    if user.state != UserState::Active {
        return Ok(Err(NoSession::OwnerShut));
    }
    Ok(Ok(SignedIn { session, user }))
}

/// Passes for the operator, and for the person whom it concerns while their session stands.
pub(super) fn permit(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<()> {
    who.must_be(user)?;
    stands(r, who)
}

/// Refuses a person whose session was ended, or who was shut out, after their request was let in: asked in the
/// transaction that acts, so that nothing happens any more once a revocation was answered. Idleness is no reason,
/// since the request itself is a use.
pub(super) fn stands(r: &Read<'_>, who: &Actor) -> Result<()> {
    if let Principal::Person { user, session } = &who.principal
        && is_over(r, user, session)?
    {
        return Err(Error::denied("your session has ended").with_next("sign in again at /login"));
    }
    Ok(())
}

/// Whether a person's session was ended or they were shut out.
pub(super) fn is_over(r: &Read<'_>, user: &UserId, session: &SessionId) -> Result<bool> {
    let session = store::session::by_id(r, session)?;
    let stands = session.is_some_and(|one| one.ended.is_none() && one.user_id == *user);
    let owner = store::user::by_id(r, user)?;
    Ok(!stands || owner.is_none_or(|owner| owner.state != UserState::Active))
}

/// Signs out: ends the session and what hangs on it, but not what was granted for use while away.
pub fn logout(tx: &Write<'_>, who: &Actor) -> Result<bool> {
    let Principal::Person { session, .. } = &who.principal else {
        return Err(Error::denied("nobody is signed in here"));
    };
    end_one(tx, who, session, ending::LOGOUT)
}

/// Ends a session and what is bound to it; false when it was over before.
pub(super) fn end_one(tx: &Write<'_>, who: &Actor, id: &SessionId, reason: &str) -> Result<bool> {
    let Some(session) = store::session::by_id(tx, id)? else { return Ok(false) };
    if !session.may_live(tx.now) || !store::session::end(tx, id, reason)? {
        return Ok(false);
    }
    backchannel::session_ended(tx, id)?;
    revoke_bound_grants(tx, id, reason)?;
    let event = Event::new("session.end").user(&session.user_id).session(id).with("reason", reason);
    audit::record(tx, who, &event)?;
    Ok(true)
}

/// Grants without `offline_access` live and die with their session (OpenID Connect Core §11).
fn revoke_bound_grants(tx: &Write<'_>, id: &SessionId, reason: &str) -> Result<usize> {
    store::grant::revoke_of_session(tx, id, reason, true)
}

/// Ends the named sessions; answers how many were alive.
pub fn revoke(tx: &Write<'_>, who: &Actor, ids: &[SessionId]) -> Result<usize> {
    stands(tx, who)?;
    let mut ended = 0;
    for id in ids {
        let Some(session) = store::session::by_id(tx, id)? else {
            return Err(Error::not_found("session", id).with_next("mcpcodex session list"));
        };
        who.must_be(&session.user_id)?;
        spare(tx, who, &session.user_id)?;
        if end_one(tx, who, id, ending::REVOKED)? {
            // Whoever ends a session from elsewhere wants its apps gone too.
            store::grant::revoke_of_session(tx, id, ending::SESSION, false)?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Refuses API keys that would end what administrators have open.
fn spare(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<()> {
    match store::user::by_id(r, user)? {
        Some(user) => super::user::protect(who, &user.roles),
        None => Ok(()),
    }
}

/// Ends every session of a person and revokes every grant.
pub fn revoke_of_user(tx: &Write<'_>, who: &Actor, user: &UserId) -> Result<Shut> {
    permit(tx, who, user)?;
    spare(tx, who, user)?;
    shut(tx, who, user, None, ending::ALL_SESSIONS)
}

/// Ends every session of the person but the one they are in, and every grant of the others.
pub fn revoke_others(tx: &Write<'_>, who: &Actor, user: &UserId) -> Result<Shut> {
    permit(tx, who, user)?;
    let Principal::Person { session, .. } = &who.principal else {
        return revoke_of_user(tx, who, user);
    };
    end(tx, who, user, (Some(session), Some(session)), ending::ELSEWHERE)
}

/// Ends what a person has open, on the way to something larger (lock, disable, new password). The session in which they
/// do it may go on, but no app does: whoever had that session open as well could have let in theirs.
pub(super) fn shut(
    tx: &Write<'_>,
    who: &Actor,
    user: &UserId,
    except: Option<&SessionId>,
    reason: &str,
) -> Result<Shut> {
    end(tx, who, user, (except, None), reason)
}

/// Ends a person's sessions but one, and everything they gave but what they gave in one.
fn end(
    tx: &Write<'_>,
    who: &Actor,
    user: &UserId,
    (except, spared): (Option<&SessionId>, Option<&SessionId>),
    reason: &str,
) -> Result<Shut> {
    let ended = end_all_of(tx, who, user, except, reason)?;
    let grants = store::grant::revoke_of_user(tx, user, spared, reason)?;
    store::sign_in::delete_of(tx, user)?;
    store::device::distrust(tx, user)?;
    if grants > 0 {
        let event =
            Event::new("grant.revoke").user(user).with("reason", reason).with("grants", grants);
        audit::record(tx, who, &event)?;
    }
    Ok(Shut { sessions: ended.len(), grants })
}

/// Ends a person's sessions but `except`, each with its audit row; answers which. Their grants are left as they are.
pub(super) fn end_all_of(
    tx: &Write<'_>,
    who: &Actor,
    user: &UserId,
    except: Option<&SessionId>,
    reason: &str,
) -> Result<Vec<SessionId>> {
    let ended = store::session::end_of_user(tx, user, except, reason)?;
    for id in &ended {
        backchannel::session_ended(tx, id)?;
        let event = Event::new("session.end").user(user).session(id).with("reason", reason);
        audit::record(tx, who, &event)?;
    }
    Ok(ended)
}

/// Revokes everything a client was given; answers how many grants.
pub fn revoke_of_client(tx: &Write<'_>, who: &Actor, client: &ClientId) -> Result<usize> {
    who.must_operate()?;
    take_back(tx, who, client, ending::OF_CLIENT)
}

/// Revokes everything a client was given, on the way to something larger.
pub(super) fn take_back(
    tx: &Write<'_>,
    who: &Actor,
    client: &ClientId,
    reason: &str,
) -> Result<usize> {
    let grants = store::grant::revoke_of_client(tx, client, reason)?;
    let event =
        Event::new("grant.revoke").client(client).with("reason", reason).with("grants", grants);
    audit::record(tx, who, &event)?;
    Ok(grants)
}

/// Ends every session, every sign-in under way and every grant there is.
pub fn revoke_everything(tx: &Write<'_>, who: &Actor) -> Result<Shut> {
    who.must_operate()?;
    who.must_be_more_than_a_key()?;
    backchannel::all_end(tx)?;
    let sessions = store::session::end_all(tx, ending::EVERYTHING)?;
    let grants = store::grant::revoke_all(tx, ending::EVERYTHING)?;
    store::sign_in::delete_all(tx)?;
    let event = Event::new("session.end_all").with("sessions", sessions).with("grants", grants);
    audit::record(tx, who, &event)?;
    Ok(Shut { sessions, grants })
}

/// Live sessions of a person, or of everyone, the last used first.
pub fn list(
    r: &Read<'_>,
    who: &Actor,
    user: Option<&UserId>,
    limit: u32,
) -> Result<Vec<SessionRow>> {
    match user {
        Some(user) => who.must_be(user)?,
        None => who.must_operate()?,
    }
    store::session::live(r, user, limit)
}

/// A slice of the live sessions, the last opened first.
pub fn slice(r: &Read<'_>, who: &Actor, slice: &Slice) -> Result<Vec<SessionRow>> {
    match &slice.user {
        Some(user) => who.must_be(user)?,
        None => who.must_operate()?,
    }
    store::session::slice(r, slice)
}

/// A live session with what goes beside. Whoever may not see it is told that there is none.
pub fn show(r: &Read<'_>, who: &Actor, id: &SessionId) -> Result<SessionRow> {
    let found = store::session::live_one(r, id)?;
    let found = found.filter(|row| who.must_be(&row.session.user_id).is_ok());
    found.ok_or_else(|| Error::not_found("session", id).with_next("mcpcodex session list"))
}

/// How many sessions live.
pub fn count(r: &Read<'_>, who: &Actor) -> Result<u32> {
    who.must_operate()?;
    store::session::count_live(r)
}
