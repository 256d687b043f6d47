//! Apps known by a document: what is kept of it, how many there may be, and when they are forgotten.

use std::time::Duration;

use mcpcodex::{
    config::authentication::Approval,
    model::{
        client::{ClientOrigin, ClientState},
        document::{DocumentUrl, Flaw},
        fetch::{Fault, Fetched},
        id::ClientId,
    },
    ops::{
        client,
        document::{self, Need, Problem},
    },
    store,
};
use serde_json::{Value, json};

use crate::support::{TestApp, operator};

fn url(n: usize) -> DocumentUrl {
    DocumentUrl::parse(&format!("https://app.example.com/client/{n}")).unwrap()
}

fn says(url: &DocumentUrl, name: &str) -> Value {
    let uris = ["https://app.example.com/callback"];
    json!({ "client_id": url.as_str(), "client_name": name, "redirect_uris": uris })
}

fn body(document: &Value) -> Fetched {
    let bytes = document.to_string().into_bytes();
    Fetched::Body { bytes, etag: Some("\"a\"".to_owned()), fresh: Some(Duration::from_secs(600)) }
}

fn keep(server: &TestApp, url: &DocumentUrl, fetched: Fetched) -> Result<(), Problem> {
    let (env, url) = (server.app.env(), url.clone());
    server.write(move |tx| document::keep(tx, &env, &operator(), &url, &fetched))
}

fn need(server: &TestApp, id: &str) -> Need {
    server.read(|r| document::need(r, &server.app.env, id))
}

fn id(url: &DocumentUrl) -> ClientId {
    ClientId::from_text(url.as_str())
}

#[test]
fn only_urls_need_anything() {
    let server = TestApp::new();
    for other in ["c_1", "mcpcodex-demo", "", "made up", "urn:x"] {
        assert_eq!(need(&server, other), Need::Nothing, "{other}");
    }
    let refused = need(&server, "http://app.example.com/client");
    assert_eq!(refused, Need::Refused(Problem::Fault(Fault::Url("is not https"))));
    let Need::Fetch(fetch) = need(&server, url(1).as_str()) else { panic!("it is new") };
    assert!(!fetch.known && !fetch.stale && fetch.etag.is_none());
}

#[test]
fn document_is_kept_once_and_what_an_operator_decided_stays() {
    let server = TestApp::new();
    let url = url(1);
    keep(&server, &url, body(&says(&url, "One"))).unwrap();
    assert_eq!(need(&server, url.as_str()), Need::Nothing);
    let change = client::Change { strict_refresh: Some(true), ..client::Change::default() };
    let own = id(&url);
    server.write(move |tx| client::edit(tx, &operator(), &own, change));
    server.advance(601);
    let Need::Fetch(fetch) = need(&server, url.as_str()) else { panic!("it is stale") };
    assert!(fetch.known && fetch.stale);
    assert_eq!(fetch.etag.as_deref(), Some("\"a\""));
    let before = server.events().len();
    // The same again changes nothing and leaves no trace but its date.
    keep(&server, &url, body(&says(&url, "One"))).unwrap();
    assert_eq!((need(&server, url.as_str()), server.events().len()), (Need::Nothing, before));
    keep(&server, &url, body(&says(&url, "Two"))).unwrap();
    let client = server.read(|r| store::client::by_id(r, &id(&url))).unwrap();
    assert_eq!((client.name.as_str(), client.strict_refresh), ("Two", true));
    assert_eq!(client.origin, ClientOrigin::Document);
    // Something that cannot be changes nothing either.
    let wrong = keep(&server, &url, body(&says(&self::url(2), "Three")));
    assert_eq!(wrong, Err(Problem::Flaw(Flaw::OtherId)));
    let client = server.read(|r| store::client::by_id(r, &id(&url))).unwrap();
    assert_eq!(client.name, "Two");
}

#[test]
fn client_of_another_origin_is_never_overwritten() {
    let server = TestApp::new();
    let url = url(1);
    let own = id(&url);
    server.write(move |tx| {
        let client = mcpcodex::model::client::Client::new(own, "Made here".to_owned(), tx.now);
        store::client::insert(tx, &client, None)
    });
    assert_eq!(need(&server, url.as_str()), Need::Nothing);
    assert_eq!(keep(&server, &url, body(&says(&url, "Mine"))), Err(Problem::Taken));
    let client = server.read(|r| store::client::by_id(r, &id(&url))).unwrap();
    assert_eq!((client.name.as_str(), client.origin), ("Made here", ClientOrigin::Static));
}

#[test]
fn new_app_waits_for_an_administrator_where_that_is_wanted() {
    let server =
        TestApp::with(|config| config.authentication.clients.approval = Approval::FirstSeen);
    let url = url(1);
    keep(&server, &url, body(&says(&url, "One"))).unwrap();
    let client = server.read(|r| store::client::by_id(r, &id(&url))).unwrap();
    assert_eq!(client.state, ClientState::Pending);
}

#[test]
fn there_are_only_so_many_apps_that_came_by_themselves() {
    let server = TestApp::with(|config| config.authentication.clients.most = 3);
    for n in 0..3 {
        keep(&server, &url(n), body(&says(&url(n), "App"))).unwrap();
    }
    let rush = keep(&server, &url(3), body(&says(&url(3), "App")));
    assert!(matches!(rush, Err(Problem::Fault(Fault::Busy(_)))), "{rush:?}");
    // One that nobody uses makes room, and none that somebody does.
    server.advance(61);
    keep(&server, &url(3), body(&says(&url(3), "App"))).unwrap();
    let there = |n| server.read(|r| store::client::by_id(r, &id(&url(n)))).is_some();
    let used: Vec<_> = (0..4).filter(|n| there(*n)).map(|n| id(&url(n))).collect();
    assert_eq!(used.len(), 3);
    server.write(move |tx| used.iter().try_for_each(|id| store::registration::approve(tx, id)));
    server.advance(61);
    assert_eq!(need(&server, url(4).as_str()), Need::Refused(Problem::Full));
    assert_eq!(keep(&server, &url(4), body(&says(&url(4), "App"))), Err(Problem::Full));
    // Those that are known go on as before.
    keep(&server, &url(3), body(&says(&url(3), "Other name"))).unwrap();
}

#[test]
fn app_that_nobody_uses_is_forgotten_and_one_that_was_switched_off_is_not() {
    let server = TestApp::new();
    for n in 0..3 {
        keep(&server, &url(n), body(&says(&url(n), "App"))).unwrap();
    }
    let off = id(&url(1));
    server.write(move |tx| client::disable(tx, &operator(), &off));
    let sweep = |server: &TestApp| {
        let env = server.app.env();
        server.write(move |tx| client::newcomer::sweep(tx, &env))
    };
    server.advance(29 * 86_400);
    assert_eq!(sweep(&server), 0);
    let used = id(&url(2));
    server.write(move |tx| store::client::set_last_used(tx, &used));
    server.advance(2 * 86_400);
    assert_eq!(sweep(&server), 1);
    let there = |n| server.read(|r| store::client::by_id(r, &id(&url(n)))).is_some();
    assert_eq!([there(0), there(1), there(2)], [false, true, true]);
    server.advance(31 * 86_400);
    assert_eq!(sweep(&server), 1);
    assert_eq!([there(1), there(2)], [true, false]);
}
