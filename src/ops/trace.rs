//! The story of each attempt to get a token, written in the transaction that decides: so that "why was this refused?" has
//! an answer. What may be in it is `model/trace`; what is told of it is `story`.

mod hint;
mod room;
pub mod story;
mod token;
mod verdict;

pub use self::{
    room::MOST,
    token::{Brought, at_token, unproved},
};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Principal},
        client::Client,
        grant::Grant,
        id::{GrantId, TraceId, UserId},
        name::sanitise,
        trace::{self, Hop, Kind, Rule, Shown, State, Step, Trace},
    },
    ops::oauth::Refusal,
    store,
};

/// How long they are kept.
pub const KEPT_DAYS: u64 = 30;
/// Tries to find a name that is free; with so many names the first is.
const TRIES: u32 = 8;

/// Begins the story of an attempt. `proved`: whoever asks has proved to be a client of this server; to name one proves
/// nothing.
pub fn open(
    tx: &Write<'_>,
    who: &Actor,
    kind: Kind,
    pairs: &[(String, String)],
    proved: bool,
) -> Result<TraceId> {
    room::make(tx, kind, proved)?;
    let asked = trace::redacted(pairs);
    let named = pairs.iter().find(|(name, _)| name == "client_id");
    let mut story = Trace {
        id: trace::fresh(),
        kind,
        state: State::Open,
        proved,
        client: named.map(|(_, id)| sanitise(id, 200)),
        user: None,
        grant: None,
        address: sanitise(&who.origin.address, 64),
        user_agent: sanitise(&who.origin.user_agent, 200),
        asked,
        hops: Vec::new(),
        created_at: tx.now,
    };
    for _ in 0..TRIES {
        if store::trace::insert(tx, &story)? {
            return Ok(story.id);
        }
        story.id = trace::fresh();
    }
    Err(Error::internal("no name is left for the story of an attempt"))
}

/// Goes on with a story: where it was, and more about it in words of ours.
pub fn note(tx: &Write<'_>, id: Option<&TraceId>, step: Step, what: &str) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let hop = Hop { at: tx.now, step, what: what.to_owned(), rule: None, hint: None };
    store::trace::append(tx, id, &hop)
}

/// Notes whose story it is, and what it became: from now on it is no stranger's.
pub fn belongs(
    tx: &Write<'_>,
    id: Option<&TraceId>,
    user: Option<&UserId>,
    grant: Option<&GrantId>,
) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    store::trace::belongs(tx, id, user.map(UserId::as_str), grant.map(GrantId::as_str))?;
    room::proved(tx, id)
}

/// Notes that an attempt gave tokens.
pub fn became(tx: &Write<'_>, grant: &Grant) -> Result<()> {
    let id = grant.trace.as_ref();
    note(tx, id, Step::Exchanged, "")?;
    belongs(tx, id, Some(&grant.user_id), Some(&grant.id))
}

/// Tells what a client had pushed: the browser brings no more than a name for it. `proved` as in [`open`].
pub fn pushed(
    tx: &Write<'_>,
    id: Option<&TraceId>,
    pairs: &[(String, String)],
    proved: bool,
) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    store::trace::set_asked(tx, id, &trace::redacted(pairs))?;
    if proved { room::proved(tx, id) } else { Ok(()) }
}

/// What a refusal is explained with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grounds<'a> {
    /// Who asked.
    pub client: Option<&'a Client>,
    /// What came in.
    pub pairs: &'a [(String, String)],
    /// What the rule was held against, where that does not follow from the request.
    pub hint: Option<&'a str>,
}

/// Tells of a refusal in the story and gives it the story's name, so that whoever is refused can ask.
pub fn refuse(
    tx: &Write<'_>,
    id: Option<&TraceId>,
    refusal: Refusal,
    grounds: &Grounds<'_>,
) -> Result<Refusal> {
    let Some(id) = id else { return Ok(refusal) };
    let rule = refusal.rule;
    let hint = match grounds.hint {
        Some(hint) => Some(sanitise(hint, 400)),
        None => hint::of(tx, rule, grounds)?,
    };
    let what = refusal.to_string();
    let hop = Hop { at: tx.now, step: Step::Refused, what, rule: Some(rule), hint };
    store::trace::append(tx, id, &hop)?;
    Ok(Refusal { description: referred(&refusal.description, id).into(), ..refusal })
}

/// Tells of an attempt that ended with a page of ours.
pub fn refuse_page(tx: &Write<'_>, id: &TraceId, rule: Rule, grounds: &Grounds<'_>) -> Result<()> {
    let hint = match grounds.hint {
        Some(hint) => Some(sanitise(hint, 400)),
        None => hint::of(tx, rule, grounds)?,
    };
    let what = "an error page was shown; the app was told nothing".to_owned();
    store::trace::append(
        tx,
        id,
        &Hop { at: tx.now, step: Step::Refused, what, rule: Some(rule), hint },
    )
}

/// Tells of a page of ours at the end of a request, under its own story as long as that is kept, else under a new one.
pub fn page(
    tx: &Write<'_>,
    who: &Actor,
    kind: Kind,
    story: Option<&TraceId>,
    rule: Rule,
) -> Result<TraceId> {
    let id = match story {
        Some(story) if store::trace::exists(tx, story)? => story.clone(),
        Some(_) | None => open(tx, who, kind, &[], false)?,
    };
    if let Principal::Person { user, .. } = &who.principal {
        belongs(tx, Some(&id), Some(user), None)?;
    }
    refuse_page(tx, &id, rule, &Grounds::default())?;
    Ok(id)
}

/// The whole story of an attempt that was refused at once. The client of the grounds is one that was known again.
pub fn alone(
    tx: &Write<'_>,
    who: &Actor,
    kind: Kind,
    refusal: Refusal,
    grounds: &Grounds<'_>,
) -> Result<Refusal> {
    if !refusal.rule.is_told() {
        return Ok(refusal);
    }
    let proved = grounds.client.is_some_and(|client| !client.is_public());
    let id = open(tx, who, kind, grounds.pairs, proved)?;
    refuse(tx, Some(&id), refusal, grounds)
}

/// A sentence with the name under which its story is told. ASCII, as RFC 6749 §5.2 wants it.
pub fn referred(sentence: &str, id: &TraceId) -> String {
    format!("{sentence} (reference {})", Shown(id))
}

/// The newest attempts; with `refused`, only those that were refused.
pub fn newest(r: &Read<'_>, who: &Actor, refused: bool, limit: u32) -> Result<Vec<Trace>> {
    who.must_operate()?;
    store::trace::newest(r, refused, limit)
}
