//! The keys of `authentication.api_keys`, each seen from where a program stands.

use mcpcodex::ops::{self, apikey::New};

use super::Flip;
use crate::support::{Page, TestApp, operator};

const DAY: u64 = 86_400;

pub(super) const FLIPS: &[Flip] = &[
    Flip("api_keys.enabled", "false", |s| made(s, "read:models"), "mcp_", "switched off"),
    Flip("api_keys.prefix", "\"acme_\"", |s| made(s, "read:models"), "mcp_", "acme_"),
    Flip("api_keys.length", "48", |s| made(s, "read:models").len().to_string(), "36", "52"),
    Flip(
        "api_keys.scopes",
        "[\"read:models\"]",
        |s| made(s, "write:models"),
        "mcp_",
        "is not one of",
    ),
    Flip("api_keys.rotation.auto_rotate", "true", |s| after(s, 91).0, "200", "401"),
    Flip("api_keys.rotation.rotation_period", "30", |s| after(s, 20).1, "not near", "2026-04-01"),
    Flip("api_keys.rotation.warning_period", "30", |s| after(s, 65).1, "not near", "2026-05-31"),
    Flip(
        "api_keys.rate_limiting.requests_per_minute",
        "600",
        |s| admitted(s, 10).1,
        "16 later",
        "20 later",
    ),
    Flip(
        "api_keys.rate_limiting.burst_size",
        "5",
        |s| admitted(s, 10).0,
        "20 at once",
        "5 at once",
    ),
];

/// Ann's new key, or why she gets none.
fn made(server: &TestApp, scope: &str) -> String {
    let (env, ann) = (server.app.env(), server.user("ann"));
    let new = New { name: "ci".to_owned(), scopes: vec![scope.to_owned()], ..New::default() };
    let made = server
        .app
        .db
        .write_blocking(move |tx| ops::apikey::create(tx, &env, &operator(), &ann, &new));
    match made {
        Ok(made) => made.text.expose().to_owned(),
        Err(error) => error.to_string(),
    }
}

fn call(server: &TestApp, key: &str) -> Page {
    server.browser().ask("GET", "/auth/api-key").by_program().header("x-api-key", key).send()
}

/// What a call is answered after so many days, and which day it is told.
fn after(server: &TestApp, days: u64) -> (String, String) {
    let key = made(server, "read:models");
    server.advance(days * DAY);
    let page = call(server, &key);
    let due = page.headers.get("x-api-key-rotation-due");
    let due = due.map_or("not near", |day| day.to_str().unwrap());
    (page.status.to_string(), due.to_owned())
}

/// How many calls are let in at once, and how many so many seconds later.
fn admitted(server: &TestApp, wait: u64) -> (String, String) {
    let key = made(server, "read:models");
    let count = || (0..40).filter(|_| call(server, &key).status == 200).count();
    let at_once = count();
    server.advance(wait);
    (format!("{at_once} at once"), format!("{} later", count()))
}
