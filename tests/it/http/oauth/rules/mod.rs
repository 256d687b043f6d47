//! Every rule by which an attempt is refused: a real request that breaks it, and the story that names the rule and what
//! mends it.

mod alone;
mod front;
mod others;
mod token;

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    db::Write,
    error::Result,
    model::{client::Client, trace::Rule},
    ops::client::{self, New},
};

use super::caller::{Answer, Caller, encode};
use crate::{
    ops::oauth::fixture::{CALLBACK, operator, params, query},
    support::RUNTIME,
};

/// The rules that were seen so far.
#[derive(Default)]
struct Seen(HashSet<&'static str>);

/// The reference in words of ours.
fn reference(text: &str) -> String {
    let (_, rest) = text
        .split_once("(reference ")
        .or_else(|| text.split_once("id=\"reference\">"))
        .unwrap_or_else(|| panic!("no reference: {text}"));
    rest.chars().take(9).collect()
}

impl Seen {
    /// The story behind this reference must name this rule and say what mends it.
    fn story(&mut self, caller: &Caller, reference: &str, rule: Rule) {
        self.told(&caller.world.story(reference), reference, rule);
    }

    fn told(&mut self, story: &mcpcodex::model::trace::story::Story, reference: &str, rule: Rule) {
        let hop = story.trace.as_ref().unwrap().refusal().unwrap().clone();
        assert_eq!(hop.rule, Some(rule), "{reference}: {hop:?}");
        let lines: Vec<String> = story.lines().into_iter().map(|line| line.words).collect();
        let refused = format!("{} ({})", rule.says(), rule.code());
        assert!(lines.contains(&refused), "{refused} is missing: {lines:#?}");
        assert!(lines.iter().any(|line| line == rule.fix()), "{lines:#?}");
        self.0.insert(rule.code());
    }

    /// A refusal in JSON, with its status.
    fn json(&mut self, caller: &Caller, answer: &Answer, status: u16, rule: Rule) {
        assert_eq!(answer.status.as_u16(), status, "{rule:?}: {}", answer.body);
        let told = answer.json()["error_description"].as_str().unwrap().to_owned();
        self.story(caller, &reference(&told), rule);
    }

    /// A refusal that goes back to the app by redirect.
    fn back(&mut self, caller: &Caller, answer: &Answer, rule: Rule) {
        let told = query(answer.location(), "error_description").unwrap();
        self.story(caller, &reference(&told), rule);
    }

    /// A refusal that a person reads, who is told what to do as well.
    fn page(&mut self, caller: &Caller, answer: &Answer, rule: Rule) {
        assert!(answer.status.is_client_error(), "{rule:?}: {}", answer.body);
        self.story(caller, &reference(&answer.body), rule);
    }
}

fn write<T: Send + 'static>(
    caller: &Caller,
    job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
) -> T {
    caller.world.db.write_blocking(job).unwrap()
}

fn post(caller: &Caller, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
    RUNTIME.block_on(caller.send(path, headers, form))
}

/// A form by a client that names itself.
fn named(caller: &Caller, path: &str, form: &[(&str, &str)]) -> Answer {
    let id = caller.world.client.id.to_string();
    let mut all = vec![("client_id", id.as_str())];
    all.extend(form);
    post(caller, path, &[], &all)
}

fn get(caller: &Caller, path: &str, cookies: &str) -> Answer {
    RUNTIME.block_on(caller.get(path, &[("cookie", cookies)]))
}

/// What a browser gets at `/authorize`.
fn authorize(caller: &Caller, cookies: &str, over: &[(&str, &str)]) -> Answer {
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, over)));
    get(caller, &path, cookies)
}

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&marker).unwrap_or_else(|| panic!("{}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

/// Answers the question on a page.
fn press(caller: &Caller, page: &Answer, decision: &str) -> Answer {
    let form = [
        ("csrf", hidden(page, "csrf")),
        ("request", hidden(page, "request")),
        ("shown", hidden(page, "shown")),
        ("decision", decision.to_owned()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    post(caller, "/consent", &[("cookie", &caller.cookies())], &form)
}

/// A client with a secret, and the header by which it proves itself.
fn confidential(caller: &Caller, name: &str, grants: &[&str]) -> (Client, String) {
    let new = New {
        name: name.to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        grant_types: grants.iter().map(|grant| (*grant).to_owned()).collect(),
        ..New::default()
    };
    let made = write(caller, move |tx| client::create(tx, &operator(), new));
    let pair = format!("{}:{}", made.client.id, made.secret.unwrap().expose());
    (made.client, format!("Basic {}", STANDARD.encode(pair)))
}

#[test]
fn every_error_page_of_the_protocol_has_a_reference() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let mut files: Vec<_> =
        std::fs::read_dir(root.join("oauth")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(root.join("pages/device.rs"));
    let mut pages = 0;
    for file in files {
        let code = std::fs::read_to_string(&file).unwrap();
        pages += code.matches("= ErrorPage {").count();
        assert!(!code.contains("reference: None"), "{}", file.display());
    }
    assert!(pages >= 5, "only {pages} pages were found");
}

#[test]
fn every_rule_is_named_with_what_mends_it_by_a_request_that_breaks_it() {
    let mut seen = Seen::default();
    front::requests(&mut seen);
    front::pages(&mut seen);
    front::people(&mut seen);
    front::pushed(&mut seen);
    token::clients(&mut seen);
    token::codes(&mut seen);
    token::refreshes(&mut seen);
    token::resources(&mut seen);
    token::keys(&mut seen);
    token::devices(&mut seen);
    alone::own_name(&mut seen);
    alone::exchanges(&mut seen);
    alone::assertions(&mut seen);
    alone::identities(&mut seen);
    others::registrations(&mut seen);
    others::documents(&mut seen);
    for (server, body, rule) in crate::http::provider::hostile::broken() {
        let id = reference(&body);
        let told =
            server.read(|r| mcpcodex::ops::trace::story::find(r, &crate::support::operator(), &id));
        seen.told(&told, &id, rule);
    }
    let told = Rule::ALL.iter().filter(|rule| rule.is_told());
    let missing: Vec<&str> =
        told.map(|rule| rule.code()).filter(|code| !seen.0.contains(code)).collect();
    assert!(missing.is_empty(), "no request here breaks {missing:#?}");
}
