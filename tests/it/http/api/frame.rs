//! What holds for every endpoint: refusals, unknown names, versions, limits, no page of another site.

use serde_json::{Value, json};

use super::{Program, refusal};
use crate::support::TestApp;

fn pointed(page: &crate::support::Page) -> Value {
    page.json()["errors"][0]["pointer"].clone()
}

#[test]
fn unknown_and_misplaced_members_are_refused_by_name() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let good = json!({"username": "ann", "email": "ann@example.com"});
    for (name, value) in [
        ("id", json!("u_1")),
        ("state", json!("active")),
        ("email_verified", json!(true)),
        ("owner", json!("root")),
        ("role", json!("admin")),
        ("roles", json!("admin")),
        ("roles", json!([1])),
        ("username", json!(5)),
        ("username", json!({"$ne": ""})),
        ("email", json!("nowhere")),
        ("roles", json!(["emperor"])),
        ("username", json!("")),
    ] {
        let mut body = good.clone();
        body[name] = value.clone();
        let page = admin.post("/api/v1/users", &body);
        assert_eq!(refusal(&page), (400, "invalid".to_owned()), "{body}");
        let pointer = pointed(&page);
        assert!(pointer.as_str().unwrap().starts_with(&format!("#/{name}")), "{body}: {pointer}");
    }
    let page = admin.post("/api/v1/users", &json!({"username": "ann"}));
    assert_eq!((refusal(&page).0, pointed(&page)), (400, json!("#/email")));
    assert_eq!(admin.get("/api/v1/users?q=ann").json()["items"], json!([]));
}

#[test]
fn what_is_no_json_object_is_refused_and_so_is_another_type() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let send = |kind: &str, body: &[u8]| {
        let mut browser = admin.browser.clone();
        let (name, value) = admin.shown.clone().unwrap();
        let asking = browser.ask("POST", "/api/v1/users").by_program().header(name, &value);
        asking.body(kind, body).send()
    };
    let good = br#"{"username":"ann","email":"ann@example.com"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        assert_eq!(
            refusal(&send(kind, good)),
            (415, "unsupported_media_type".to_owned()),
            "{kind}"
        );
    }
    let deep = "[".repeat(100_000);
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"{",
        b"{} {}",
        b"\xff\xfe",
        deep.as_bytes(),
        br#"{"username":"a","username":"b","email":"ann@example.com"}"#,
    ] {
        assert_eq!(
            refusal(&send("application/json", body)),
            (400, "invalid".to_owned()),
            "{body:?}"
        );
    }
    let large = format!("{{\"username\":\"{}\"}}", "a".repeat(3_000_000));
    assert_eq!(refusal(&send("application/json", large.as_bytes())), (413, "too_large".to_owned()));
    assert_eq!(send("application/json; charset=utf-8", good).status, 201);
}

#[test]
fn unknown_repeated_and_wrong_parameters_are_refused_by_name() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    for (query, name) in [
        ("users?filter=a", "filter"),
        ("users?limit=0", "limit"),
        ("users?limit=201", "limit"),
        ("users?limit=-1", "limit"),
        ("users?limit=1&limit=2", "limit"),
        ("users?q=a&q=b", "q"),
        ("users?state=gone", "state"),
        ("users?sort=password_hash", "sort"),
        ("users?cursor=AAAA", "cursor"),
        ("clients?origin=mars", "origin"),
        ("resources?q=a", "q"),
        ("audit-events?since=yesterday", "since"),
        ("audit-events/verify?head=1", "head"),
        ("signing-keys?limit=1", "limit"),
        ("stats?x=1", "x"),
        ("me?x=1", "x"),
    ] {
        let page = admin.get(&format!("/api/v1/{query}"));
        assert_eq!(refusal(&page), (400, "invalid".to_owned()), "{query}");
        assert_eq!(page.json()["errors"][0]["parameter"], json!(name), "{query}");
    }
    let page = admin.act("/api/v1/users/u_1/lock?force=1");
    assert_eq!(page.json()["errors"][0]["parameter"], "force");
    let page = admin.post("/api/v1/users/u_1/lock", &json!({"force": true}));
    assert_eq!(refusal(&page).0, 400);
}

#[test]
fn version_that_was_read_is_told_and_asked_for() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let place = format!("/api/v1/users/{}", server.user("ann").id);
    let first = admin.get(&place);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 16, "{tag}");
    let weak = format!("W/{tag}");
    for known in [tag.as_str(), weak.as_str(), "*", &format!("\"x\", {tag}")] {
        let page = admin.ask("GET", &place, &[("if-none-match", known)], None);
        assert_eq!((page.status, page.body.as_str()), (304, ""), "{known}");
        assert_eq!(page.header("etag"), tag);
    }
    let change = json!({"name": "Ann"});
    let edit = |tag: &str| admin.ask("PATCH", &place, &[("if-match", tag)], Some(&change));
    for other in ["\"x\"", weak.as_str()] {
        assert_eq!(refusal(&edit(other)), (412, "stale".to_owned()), "{other}");
    }
    let page = edit(&tag);
    assert_eq!(page.status, 200, "{page:?}");
    assert_ne!(page.header("etag"), tag);
    assert_eq!(page.header("etag"), admin.get(&place).header("etag"));
    assert_eq!(refusal(&edit(&tag)), (412, "stale".to_owned()));
    let lock = |tag: &str| admin.ask("POST", &format!("{place}/lock"), &[("if-match", tag)], None);
    assert_eq!(refusal(&lock(&tag)), (412, "stale".to_owned()));
    assert_eq!(lock("*").status, 200);
    assert_eq!(admin.ask("GET", &place, &[("if-none-match", &tag)], None).status, 200);
}

#[test]
fn of_ten_who_change_one_version_one_does() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let place = format!("/api/v1/users/{}", server.user("ann").id);
    let tag = admin.get(&place).header("etag").to_owned();
    let done = crate::support::race(10, |at| {
        let change = json!({"name": format!("Ann {at}")});
        admin.ask("PATCH", &place, &[("if-match", &tag)], Some(&change)).status
    });
    assert_eq!(done.iter().filter(|status| **status == 200).count(), 1, "{done:?}");
    assert_eq!(done.iter().filter(|status| **status == 412).count(), 9, "{done:?}");
}

#[test]
fn everything_that_goes_wrong_below_api_is_problem_details() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v2/users", 404),
        ("GET", "/api/v1/users/", 404),
        ("PUT", "/api/v1/users", 405),
        ("POST", "/api/openapi.json", 405),
        ("OPTIONS", "/api/v1/users", 405),
        ("TRACE", "/api/v1/users", 405),
        ("GET", "/api/v1/users/%ff", 404),
    ] {
        let page = admin.ask(method, path, &[], None);
        assert_eq!(refusal(&page).0, status, "{method} {path}");
    }
    assert!(admin.ask("PUT", "/api/v1/users", &[], None).header("allow").contains("POST"));
    let page = admin.ask("GET", "/api/v1/users", &[("host", "evil.example")], None);
    assert_eq!(refusal(&page), (421, "misdirected".to_owned()));
}

#[test]
fn database_that_does_not_answer_and_slow_requests_are_problem_details() {
    let server = TestApp::with(|config| {
        config.limits.request_timeout = std::time::Duration::from_millis(200);
    });
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    let (held, wait) = std::sync::mpsc::channel::<()>();
    let (started, began) = std::sync::mpsc::channel();
    let db = server.app.db.clone();
    let holder = std::thread::spawn(move || {
        db.write_blocking(move |_| {
            started.send(()).unwrap();
            let _ended = wait.recv();
            Ok(())
        })
    });
    began.recv().unwrap();
    let page = admin.act(&format!("/api/v1/users/{}/lock", ann.id));
    assert_eq!(refusal(&page), (408, "too_slow".to_owned()));
    drop(held);
    holder.join().unwrap().unwrap();
}

#[test]
fn no_page_of_another_site_reads_it_and_nothing_is_kept() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    for (method, path) in [
        ("GET", "/api/v1/users"),
        ("GET", "/api/openapi.json"),
        ("OPTIONS", "/api/v1/users"),
        ("GET", "/api/v1/none"),
    ] {
        let asked = [("origin", "https://evil.example"), ("access-control-request-method", "GET")];
        let page = admin.ask(method, path, &asked, None);
        let open = page.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(open, None, "{method} {path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
    let page = admin.ask("GET", "/api/v1/users", &[("accept-encoding", "gzip")], None);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.headers.get("content-encoding").is_none(), "a tag is one of these very bytes");
}

#[test]
fn document_is_openapi_3_1_and_names_each_path_that_answers() {
    let server = TestApp::new();
    let nobody = Program::nobody(&server);
    let page = nobody.get("/api/openapi.json");
    let document = page.json();
    assert_eq!(page.status, 200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let tag = page.header("etag").to_owned();
    assert_eq!(
        nobody.ask("GET", "/api/openapi.json", &[("if-none-match", &tag)], None).status,
        304
    );
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 40, "{}", paths.len());
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "two operations are called {id}");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            let real = path.replace("{id}", "x").replace("{kid}", "x");
            let answer = nobody.ask(&method.to_uppercase(), &real, &[], None);
            assert_eq!(refusal(&answer), (401, "unauthenticated".to_owned()), "{method} {path}");
        }
    }
    let text = document.to_string();
    for (at, _) in text.match_indices("#/components/schemas/") {
        let name: String =
            text[at + "#/components/schemas/".len()..].chars().take_while(|c| *c != '"').collect();
        assert!(document["components"]["schemas"].get(&name).is_some(), "{name} is not described");
    }
}
