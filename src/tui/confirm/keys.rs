//! Questions about signing keys.

use super::{
    super::{
        msg::{Change, Target},
        screens::keys::name,
        text,
    },
    Confirm, Fate, Step, Word, forever, step,
};
use crate::{
    model::{
        key::{KeyStanding, KeyState, MOST_COUNTED, Schedule},
        verb::Verb,
    },
    time::Time,
};

/// Asks about a key among all there are, or says why there is nothing to ask.
pub fn about(
    verb: Verb,
    row: &KeyStanding,
    all: &[KeyStanding],
    schedule: &Schedule,
    now: Time,
) -> Result<Confirm, String> {
    match (verb, ()) {
        (Verb::KeyStage, ()) => stage(row, all, schedule, now),
        (Verb::KeyRotate, ()) => rotate(row, all, now),
        (Verb::KeyRetire, ()) => retire(row, all, now),
        _ => Err(super::elsewhere(verb)),
    }
}

/// The key of the same algorithm in a state.
fn other<'a>(
    row: &KeyStanding,
    all: &'a [KeyStanding],
    state: KeyState,
) -> Option<&'a KeyStanding> {
    all.iter().find(|one| one.key.algorithm == row.key.algorithm && one.key.state == state)
}

fn question(verb: Verb, row: &KeyStanding, title: String, steps: Vec<Step>) -> Confirm {
    let target = Target::Key {
        kid: row.key.kid.clone(),
        algorithm: row.key.algorithm,
        name: name(&row.key.kid),
    };
    Confirm::new(Change { verb, target }, title, steps)
}

fn stage(
    row: &KeyStanding,
    all: &[KeyStanding],
    schedule: &Schedule,
    now: Time,
) -> Result<Confirm, String> {
    let algorithm = row.key.algorithm;
    if let Some(next) = other(row, all, KeyState::Next) {
        return Err(format!("{} is staged already", name(&next.key.kid)));
    }
    let ready = text::moment(now.plus(schedule.publish_ahead));
    let signs =
        match other(row, all, KeyState::Active).and_then(|active| schedule.due_at(&active.key)) {
            Some(due) => {
                let from = text::moment(due.max(now.plus(schedule.publish_ahead)));
                format!("it signs from {from} on, or after R")
            }
            None => "it signs after R".to_owned(),
        };
    let steps = vec![
        step(format!("publish a new {algorithm} key"), Fate::Said),
        step(signs, Fate::Said),
        step(format!("R is safe from {ready} on"), Fate::Said),
    ];
    Ok(question(Verb::KeyStage, row, format!("Stage the next {algorithm} key ?"), steps))
}

fn rotate(row: &KeyStanding, all: &[KeyStanding], now: Time) -> Result<Confirm, String> {
    let Some(next) = other(row, all, KeyState::Next) else {
        return Err(format!("no {} key is staged: N stages one", row.key.algorithm));
    };
    if let Some(ready) = next.ready_at.filter(|ready| *ready > now) {
        let ready = text::moment(ready);
        return Err(format!(
            "not known well enough before {ready} · in need: mcpcodex key rotate --now"
        ));
    }
    let named = name(&next.key.kid);
    let mut steps = vec![forever(format!("{named} signs every new {} token", next.key.algorithm))];
    if let Some(active) = other(row, all, KeyState::Active) {
        let before = name(&active.key.kid);
        steps.push(forever(format!("{before} signs no more")));
        steps.push(step(format!("tokens of {before} stay good until they end"), Fate::Said));
    }
    let mut question = question(Verb::KeyRotate, next, format!("Let {named} sign ?"), steps);
    question.note = Some("No app and no person has to do anything.".to_owned());
    Ok(question)
}

fn retire(row: &KeyStanding, all: &[KeyStanding], now: Time) -> Result<Confirm, String> {
    let key = &row.key;
    let named = name(&key.kid);
    if !key.is_published(now) {
        return Err(format!("{named} is retired, and its tokens are refused already"));
    }
    let mut steps = Vec::new();
    if key.state == KeyState::Next {
        steps.push(forever(format!("drop {named}, which has signed nothing")));
    } else {
        steps.push(forever(format!("refuse every token that {named} signed")));
        let many = if row.apps > MOST_COUNTED { "more than " } else { "about " };
        let apps = usize::try_from(row.apps.min(MOST_COUNTED)).unwrap_or(0);
        let apps = text::count(apps, "app");
        steps.push(step(format!("{many}{apps} must refresh their tokens at once"), Fate::Said));
    }
    if key.state == KeyState::Active && row.in_use {
        let instead = other(row, all, KeyState::Next)
            .map_or_else(|| "a new key".to_owned(), |next| name(&next.key.kid));
        steps.push(forever(format!("{instead} signs in its place")));
    }
    let mut question = question(Verb::KeyRetire, row, format!("Take {named} out of use ?"), steps);
    let copies = "Who keeps a copy of the JWKS believes the key until fetching it again.";
    question.note = (key.state != KeyState::Next).then(|| copies.to_owned());
    question.word = Some(Word::new(named));
    Ok(question)
}
