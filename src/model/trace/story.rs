//! What is told to whoever asks about an id: an attempt, or the life of a connection or a sign-in, line by line.
//! Both faces of the operator show these lines; everything foreign in them is made harmless here.

use super::{Shown, State, Trace};
use crate::{
    model::{audit::EventRow, grant::Grant, name::sanitise, resource::ResourceUri},
    time::Time,
};

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Head,
    /// Something to read.
    Plain,
    /// Something to skip.
    Muted,
    /// What was refused, or why something ended.
    Bad,
    /// What to do.
    Fix,
}

/// A line: perhaps a label, words, and how they are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub label: String,
    /// What it says.
    pub words: String,
    /// How it is meant.
    pub tone: Tone,
}

/// An event with what is known besides of who caused it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What happened.
    pub event: EventRow,
    /// The program's own words, where they were kept.
    pub agent: Option<String>,
}

/// What is known about an id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    /// What was asked about: `T7K2-9QXM`, `grant g_…`.
    pub title: String,
    /// The attempt.
    pub trace: Option<Trace>,
    /// The connection.
    pub grant: Option<Grant>,
    /// What happened to it, in order.
    pub events: Vec<Told>,
    /// Whether there were more events before those.
    pub cut: bool,
    /// Why it ended, or that it goes on.
    pub verdict: Option<String>,
}

/// Foreign words of one line.
fn clean(text: &str, cells: usize) -> String {
    sanitise(text, cells)
}

fn line(label: &str, words: impl Into<String>, tone: Tone) -> Line {
    Line { label: label.to_owned(), words: words.into(), tone }
}

/// `2026-11-23 03:12:44Z`.
fn moment(time: Time) -> String {
    time.rfc3339().replacen('T', " ", 1)
}

impl Story {
    /// The story in lines.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(trace) = &self.trace {
            lines.extend(of_trace(trace));
        }
        if let Some(grant) = &self.grant {
            if !lines.is_empty() {
                lines.push(line("", "", Tone::Plain));
            }
            lines.extend(of_grant(grant));
        }
        if !self.events.is_empty() {
            lines.push(line("", "What happened", Tone::Head));
            if self.cut {
                lines.push(line("", "… earlier events are left out", Tone::Muted));
            }
            lines.extend(self.events.iter().map(of_event));
        }
        if let Some(verdict) = &self.verdict {
            lines.push(line("", "", Tone::Plain));
            lines.push(line("in short", clean(verdict, 400), Tone::Bad));
        }
        lines
    }
}

fn of_trace(trace: &Trace) -> Vec<Line> {
    let state = match trace.state {
        State::Open => "not finished",
        State::Done => "gave tokens",
        State::Refused => "refused",
    };
    let mut lines = vec![
        line(
            "attempt",
            format!("{} · {} · {state}", Shown(&trace.id), trace.kind.as_str()),
            Tone::Head,
        ),
        line("began", moment(trace.created_at), Tone::Plain),
    ];
    let from = [trace.address.as_str(), trace.user_agent.as_str()];
    let from: Vec<String> = from.iter().filter(|s| !s.is_empty()).map(|s| clean(s, 200)).collect();
    if !from.is_empty() {
        lines.push(line("from", from.join(" · "), Tone::Plain));
    }
    if let Some(hop) = trace.refusal() {
        let rule = hop.rule.unwrap_or(super::Rule::Other);
        lines.push(line("refused", format!("{} ({})", rule.says(), rule.code()), Tone::Bad));
        if !hop.what.is_empty() {
            lines.push(line("told", clean(&hop.what, 300), Tone::Plain));
        }
        if let Some(hint) = &hop.hint {
            lines.push(line("compared", clean(hint, 1_200), Tone::Plain));
        }
        lines.push(line("to mend", rule.fix(), Tone::Fix));
    }
    let ids = [("client", &trace.client), ("person", &trace.user), ("grant", &trace.grant)];
    for (label, id) in ids {
        if let Some(id) = id {
            lines.push(line(label, clean(id, 200), Tone::Plain));
        }
    }
    lines.push(line("", "What came in", Tone::Head));
    for (name, value) in &trace.asked {
        lines.push(line(&clean(name, 40), clean(value, 600), Tone::Plain));
    }
    lines.push(line("", "What was decided", Tone::Head));
    for hop in &trace.hops {
        let what = if hop.what.is_empty() { String::new() } else { format!(": {}", hop.what) };
        let tone = if hop.rule.is_some() { Tone::Bad } else { Tone::Plain };
        let words = clean(&format!("{}{what}", hop.step.says()), 400);
        lines.push(line(&moment(hop.at), words, tone));
    }
    lines
}

fn of_grant(grant: &Grant) -> Vec<Line> {
    let resources: Vec<&str> = grant.resources.iter().map(ResourceUri::as_str).collect();
    let mut lines = vec![
        line("grant", grant.id.to_string(), Tone::Head),
        line("client", clean(grant.client_id.as_str(), 200), Tone::Plain),
        line("person", clean(grant.user_id.as_str(), 200), Tone::Plain),
        line("scopes", clean(&grant.scopes.to_string(), 400), Tone::Plain),
    ];
    if !resources.is_empty() {
        lines.push(line("resources", clean(&resources.join(" "), 400), Tone::Plain));
    }
    let ends = format!("{} until {}", moment(grant.created_at), moment(grant.expires_at));
    lines.push(line("given", ends, Tone::Plain));
    lines
}

fn of_event(told: &Told) -> Line {
    let event = &told.event;
    let detail = serde_json::from_str::<serde_json::Value>(&event.detail).unwrap_or_default();
    let more = |name: &str| {
        detail.get(name).and_then(|value| match value {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        })
    };
    let mut words = says(&event.event).map_or_else(|| event.event.clone(), str::to_owned);
    if let Some(reason) = more("reason") {
        words = format!("{words}: {reason}");
    }
    if let Some(generation) = more("generation") {
        words = format!("{words} (token {generation})");
    }
    let place = [event.address.as_deref(), told.agent.as_deref()];
    let from: Vec<&str> = place.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    if !from.is_empty() {
        words = format!("{words} · from {}", from.join(" "));
    }
    if event.via != "http" {
        words = format!("{words} · by {} ({})", event.actor, event.via);
    }
    let tone = if ends(&event.event) { Tone::Bad } else { Tone::Plain };
    line(&moment(event.at), clean(&format!("{words} · {}", event.event), 400), tone)
}

/// An event in words, where its name alone says little.
pub fn says(event: &str) -> Option<&'static str> {
    Some(match event {
        "code.create" => "a code went to the app",
        "code.refused" => "the app's code was refused",
        "code.replayed" => "the app's code came a second time: what it gave was taken back",
        "grant.create" => "the app was connected and got its first tokens",
        "grant.revoke" => "the connection was taken back",
        "refresh.rotate" => "new tokens for the old one",
        "refresh.keep" => "a new access token; the refresh token stays",
        "refresh.again" => "a retry got the same new token again",
        "refresh.recover" => "the app had lost its new token and got it once more",
        "refresh.replayed" => "an old token came again: the connection was ended",
        "refresh.refused" => "a refresh was refused",
        "refresh.wrong_client" => "another client showed this token",
        "consent.allow" => "the person said yes",
        "consent.deny" => "the person said no",
        "consent.revoke" => "the person disconnected the app",
        "session.open" => "signed in",
        "session.raise" => "the sign-in went on under a new id",
        "session.end" => "the sign-in was ended",
        "session.end_all" => "every sign-in was ended",
        "token.revoke" => "the app gave its token back",
        "client.disable" => "the client was switched off",
        "client.enable" => "the client was switched on again",
        "client.edit" => "the client was changed",
        "client.delete" => "the client was deleted",
        "key.rotate" => "another key signs from now on; nothing ended by that",
        "key.retire" => {
            "a signing key was taken out of use: access tokens of it were refused from then on"
        }
        "user.lock" => "the person was locked out",
        "user.disable" => "the person was disabled",
        "password.set" => "a new password: everything else was ended",
        _ => return None,
    })
}

/// Whether an event ends something that somebody was signed in with.
pub fn ends(event: &str) -> bool {
    matches!(
        event,
        "code.replayed"
            | "grant.revoke"
            | "refresh.replayed"
            | "refresh.refused"
            | "consent.revoke"
            | "session.end"
            | "session.end_all"
            | "token.revoke"
            | "user.lock"
            | "user.disable"
            | "user.delete"
            | "password.set"
            | "password.reset"
            | "client.disable"
            | "client.delete"
    )
}
