//! The story of each attempt to get a token, written in the transaction that decides: so that "why was this refused?" has
//! an answer. What may be in it is `model/trace`; what is told of it is `story`.

mod hint;
pub mod story;
mod token;

pub use self::token::{TokenAsk, at_token, unproved};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        client::Client,
        id::{ClientId, GrantId, TraceId, UserId},
        name::sanitise,
        trace::{self, Hop, Kind, Rule, Shown, State, Step, Trace},
    },
    ops::oauth::Refusal,
    store,
};

/// Stories that are kept; beyond it those of strangers go first, and of each sort the oldest.
pub const MOST: u32 = 20_000;
/// How many go at once.
const ROOM: u32 = 1_000;
/// How long they are kept.
pub const KEPT_DAYS: u64 = 30;
/// Tries to find a name that is free; with so many names the first is.
const TRIES: u32 = 8;

/// Begins the story of an attempt.
pub fn open(
    tx: &Write<'_>,
    who: &Actor,
    kind: Kind,
    pairs: &[(String, String)],
) -> Result<TraceId> {
    if store::trace::count(tx)? >= MOST {
        store::trace::drop_oldest(tx, ROOM)?;
    }
    let asked = trace::redacted(pairs);
    let named = pairs.iter().find(|(name, _)| name == "client_id");
    let known = match named {
        Some((_, id)) => store::client::by_id(tx, &ClientId::from_text(id.as_str()))?.is_some(),
        None => false,
    };
    let mut story = Trace {
        id: trace::fresh(),
        kind,
        state: State::Open,
        known,
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

/// Notes whose story it is, and what it became.
pub fn belongs(
    tx: &Write<'_>,
    id: Option<&TraceId>,
    user: Option<&UserId>,
    grant: Option<&GrantId>,
) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    store::trace::belongs(tx, id, user.map(UserId::as_str), grant.map(GrantId::as_str))
}

/// What a refusal is explained with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grounds<'a> {
    /// The rule, where the sentence alone does not tell it.
    pub rule: Option<Rule>,
    /// Who asked.
    pub client: Option<&'a Client>,
    /// What came in.
    pub pairs: &'a [(String, String)],
    /// What the rule was held against, where the sentence alone does not tell it.
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
    let rule = grounds.rule.unwrap_or_else(|| Rule::of(&refusal.description));
    let hint = match grounds.hint {
        Some(hint) => Some(hint.to_owned()),
        None => hint::of(tx, rule, grounds)?,
    };
    let what = refusal.to_string();
    let hop = Hop { at: tx.now, step: Step::Refused, what, rule: Some(rule), hint };
    store::trace::append(tx, id, &hop)?;
    Ok(Refusal::new(refusal.code, referred(&refusal.description, id)))
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

/// The whole story of an attempt that was refused at once.
pub fn alone(
    tx: &Write<'_>,
    who: &Actor,
    kind: Kind,
    refusal: Refusal,
    grounds: &Grounds<'_>,
) -> Result<Refusal> {
    let id = open(tx, who, kind, grounds.pairs)?;
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
