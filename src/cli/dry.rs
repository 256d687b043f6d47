//! `--dry-run`: the act is judged and done for real in a transaction, and that transaction is rolled back. What it would
//! have recorded is told. One place for every command, so that none can forget it.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::{
    args::{Auth, Verb},
    config,
    failure::{Done, Failure},
    output::{Out, safe},
    setup,
};
use crate::{
    db::{Db, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::{EventRow, Filter},
    },
    ops::{self, env::Env},
};

/// How many events of an act are told.
const MOST: u32 = 200;

/// What would be asked before: the sentence of the dialog.
static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes a question that nobody is asked.
pub fn would_ask(question: &str) {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner).push(question.to_owned());
}

/// What would have happened.
#[derive(Debug, Default)]
pub struct Plan {
    sentences: Vec<String>,
    events: Vec<EventRow>,
}

impl Plan {
    /// One sentence, for what no event tells.
    pub fn of(sentence: impl Into<String>) -> Self {
        Self { sentences: vec![sentence.into()], events: Vec::new() }
    }

    /// Tells it.
    pub fn tell(&self, out: Out) -> Done {
        let asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if out.json() {
            return out.document(&json!({
                "schema": 1, "dry_run": true, "asks": asked, "would": self.sentences,
                "events": self.events.iter().map(document).collect::<Value>(),
            }));
        }
        let mut text = String::new();
        for question in &asked {
            text.extend(["would ask: ", safe(question).as_str(), "\n"]);
        }
        for sentence in &self.sentences {
            text.extend(["would ", safe(sentence).as_str(), "\n"]);
        }
        for event in &self.events {
            text.extend(["would do: ", safe(&told(event)).as_str(), "\n"]);
        }
        if text.is_empty() {
            text.push_str("would change nothing\n");
        }
        out.text(&text)?;
        out.note("Nothing was changed.");
        Ok(())
    }
}

fn document(event: &EventRow) -> Value {
    let detail = serde_json::from_str::<Value>(&event.detail);
    json!({
        "event": event.event, "user_id": event.user_id, "client_id": event.client_id,
        "session_id": event.session_id, "grant_id": event.grant_id,
        "detail": detail.unwrap_or(Value::Null),
    })
}

fn told(event: &EventRow) -> String {
    let about = [&event.user_id, &event.client_id, &event.session_id, &event.grant_id];
    let mut words = vec![event.event.clone()];
    words.extend(about.into_iter().flatten().cloned());
    if let Ok(Value::Object(detail)) = serde_json::from_str(&event.detail) {
        for (name, value) in detail {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            words.push(format!("{name}={text}"));
        }
    }
    words.join(" ")
}

/// Does the act and takes it back; its refusal is the real one.
pub fn rehearse<T: Send + 'static>(
    db: &Db,
    env: Arc<Env>,
    who: Actor,
    job: impl FnOnce(&Write<'_>, &Env, &Actor) -> Result<T> + Send + 'static,
) -> Result<Plan, Failure> {
    let seen = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&seen);
    let undone = db.write_blocking(move |tx| -> Result<()> {
        let before = ops::audit::last_id(tx, &who)?;
        job(tx, &env, &who)?;
        let events = ops::audit::since(tx, &who, &Filter::default(), before, MOST)?;
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
        // What is refused is rolled back.
        Err(Error::conflict("it was only tried out"))
    });
    let events = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (events, undone) {
        (Some(events), _) => Ok(Plan { sentences: Vec::new(), events }),
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => {
            Err(Error::internal("a change was kept that was only to be tried out").into())
        }
    }
}

/// Refuses what cannot be tried out: it acts on something else than rows, or in more than one step.
pub fn must_be_known(verb: Option<&Verb>, tui: bool) -> Done {
    let what = match verb {
        _ if tui => "the console",
        Some(Verb::Serve(_)) => "serve",
        Some(Verb::Token(_)) => "token",
        Some(Verb::Auth(Auth::Setup(setup::Verb::Oauth2(_)))) => "auth setup oauth2",
        Some(Verb::Doctor(args)) if args.acts() => "doctor",
        Some(Verb::Config(config::Verb::Init(_))) => "config init",
        Some(_) | None => return Ok(()),
    };
    Err(Failure::usage(format!("{what} cannot be tried out")).with_next("leave --dry-run off"))
}
