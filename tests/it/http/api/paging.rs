//! Lists by the page: nothing twice, nothing left out, the same cost far behind as at the beginning.

use std::collections::BTreeSet;

use mcpcodex::{
    model::id::UserId,
    ops::{
        self,
        user::{Last, Order, Slice},
    },
    time::Time,
};
use serde_json::{Value, json};

use super::{Program, refusal};
use crate::support::TestApp;

fn names(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap();
    items.iter().map(|item| item["username"].as_str().unwrap().to_owned()).collect()
}

/// Every name of a list, by the addresses that its pages tell.
fn walk(program: &Program, from: &str) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), Some(from.to_owned()));
    while let Some(path) = next {
        let page = program.get(&path);
        assert_eq!(page.status, 200, "{page:?}");
        let body = page.json();
        all.extend(names(&body));
        next = body["next"].as_str().map(str::to_owned);
        let link = page.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        assert_eq!(link, next.as_ref().map(|next| format!("<{next}>; rel=\"next\"")));
    }
    all
}

#[test]
fn every_order_shows_everyone_once() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    // In batches of the same moment, so that the id must tell them apart.
    for at in 0..23 {
        server.user(&format!("p{:02}", (at * 7) % 23));
        if at % 5 == 0 {
            server.advance(1);
        }
    }
    let by_name = walk(&admin, "/api/v1/users?limit=4");
    let mut sorted = by_name.clone();
    sorted.sort();
    assert_eq!((by_name.len(), &by_name), (24, &sorted));
    let mut down = walk(&admin, "/api/v1/users?limit=4&sort=-username");
    down.reverse();
    assert_eq!(down, by_name);
    let by_age = walk(&admin, "/api/v1/users?limit=4&sort=created_at");
    let mut newest = walk(&admin, "/api/v1/users?limit=5&sort=-created_at");
    newest.reverse();
    assert_eq!((by_age.len(), &by_age), (24, &newest));
    assert_eq!((by_age[0].as_str(), by_age[1].as_str()), ("root", "p00"));
    let found = walk(&admin, "/api/v1/users?limit=3&q=P1&state=active&role=user");
    assert_eq!(found.len(), 10, "{found:?}");
    assert!(names(&admin.get("/api/v1/users?role=admin").json()) == ["root"]);
}

#[test]
fn nobody_comes_twice_or_is_left_out_while_others_come_and_go() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let stays: Vec<_> = (0..20).map(|at| server.user(&format!("s{at:02}")).username).collect();
    let orders = ["username", "-username", "created_at", "-created_at"];
    for (round, order) in orders.into_iter().enumerate() {
        let (mut seen, mut at) = (Vec::new(), 0);
        let mut next = Some(format!("/api/v1/users?limit=3&sort={order}"));
        while let Some(path) = next {
            let body = admin.get(&path).json();
            let shown = names(&body);
            next = body["next"].as_str().map(str::to_owned);
            // The last of this page goes, if it is none of those who stay; others come before and behind.
            for name in ["a", "s05x", "z"] {
                server.user(&format!("{name}{round}x{at}"));
            }
            if let Some(last) = shown.last().filter(|last| !stays.contains(last) && *last != "root")
            {
                let id = server.read(|r| ops::user::find(r, last)).id;
                server.write(move |tx| {
                    ops::user::delete(tx, &crate::support::operator(), &id).map(drop)
                });
            }
            seen.extend(shown);
            at += 1;
            server.advance(1);
            assert!(at < 60, "the list has no end");
            if order.starts_with("created") && at > 30 {
                // Who comes later stands behind for ever.
                break;
            }
        }
        let once: BTreeSet<_> = seen.iter().collect();
        assert_eq!(once.len(), seen.len(), "{order}: somebody came twice");
        assert!(stays.iter().all(|name| once.contains(name)), "{order}: somebody was left out");
        server.write(|tx| tx.exec("delete from users where username like '%x%'", []).map(drop));
    }
}

#[test]
fn cursor_is_good_for_its_own_question_and_nothing_else() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    for at in 0..5 {
        server.user(&format!("p{at}"));
    }
    let body = admin.get("/api/v1/users?limit=2").json();
    let cursor = body["next_cursor"].as_str().unwrap();
    let with = |path: &str| admin.get(&format!("/api/v1/{path}cursor={cursor}"));
    assert_eq!(with("users?limit=4&").status, 200, "the size of a page may change");
    for other in [
        "users?q=p&",
        "users?sort=-username&",
        "users?state=active&",
        "clients?",
        "sessions?",
        "me/sessions?",
    ] {
        assert_eq!(refusal(&with(other)), (400, "invalid".to_owned()), "{other}");
    }
    for at in 0..cursor.len() {
        let mut forged = cursor.as_bytes().to_vec();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let page = admin.get(&format!("/api/v1/users?cursor={forged}"));
        assert_eq!(page.status, 400, "{at}");
    }
    let foreign = TestApp::new();
    let page = Program::admin(&foreign).get(&format!("/api/v1/users?cursor={cursor}"));
    assert_eq!(page.status, 400, "another server's cursor");
}

#[test]
fn page_far_behind_costs_what_the_first_does() {
    let server = TestApp::new();
    server.write(|tx| {
        for at in 0..10_000 {
            let (id, name) = (format!("u_{at:05}"), format!("p{at:05}"));
            tx.exec_one(
                "insert into users (id, username, username_key, username_skeleton, email, email_key, name, state,
                    created_at, updated_at) values (?1, ?2, ?2, ?2, ?2, ?2, '', 'active', ?3, ?3)",
                [id.clone(), name, at.to_string()],
            )?;
            tx.exec_one("insert into user_roles (user_id, role) values (?1, 'user')", [id])?;
        }
        Ok(())
    });
    let slice = |order, last| Slice { order, last, limit: 51, ..Slice::default() };
    let far = |order| match order {
        Order::Name => Last::Name("p09000".to_owned()),
        Order::NameDown => Last::Name("p00999".to_owned()),
        Order::Age => Last::Age(Time::from_millis(9_000), UserId::from_text("u_09000")),
        Order::AgeDown => Last::Age(Time::from_millis(999), UserId::from_text("u_00999")),
    };
    for order in [Order::Name, Order::NameDown, Order::Age, Order::AgeDown] {
        let took = |last: Option<Last>| {
            let asked = slice(order, last);
            let best = (0..5).map(|_| {
                let start = std::time::Instant::now();
                let rows =
                    server.read(|r| ops::user::slice(r, &crate::support::operator(), &asked));
                assert_eq!(rows.len(), 51);
                start.elapsed()
            });
            best.min().unwrap()
        };
        let (near, behind) = (took(None), took(Some(far(order))));
        assert!(
            behind < near * 4 + std::time::Duration::from_millis(2),
            "{order:?}: {near:?} and {behind:?}"
        );
    }
}

#[test]
fn other_lists_walk_to_their_end_too() {
    let server = TestApp::new();
    let root = server.admin("root");
    let admin = Program::of(&server, &root, super::ADMINISTER);
    for at in 0..7 {
        server.session_of(&root, false);
        super::key(&server, &root, &["read:models"]);
        admin.good(
            "POST",
            "/api/v1/agents",
            Some(&json!({"name": format!("agent{at}"), "owner": root.id})),
        );
        admin.good(
            "POST",
            "/api/v1/clients",
            Some(&json!({"name": format!("C{at}"), "redirect_uris": ["https://c.example/cb"]})),
        );
        admin.good(
            "POST",
            "/api/v1/resources",
            Some(&json!({"uri": format!("https://r{at}.example/mcp")})),
        );
    }
    for (list, id, least) in [
        ("sessions", "id", 3),
        ("api-keys", "id", 7),
        ("agents", "id", 7),
        ("clients", "client_id", 8),
        ("resources", "id", 7),
        ("audit-events", "id", 20),
        ("me/sessions", "id", 3),
        ("me/api-keys", "id", 7),
    ] {
        let (mut all, mut next) = (Vec::new(), Some(format!("/api/v1/{list}?limit=2")));
        while let Some(path) = next {
            let body = admin.good("GET", &path, None);
            let items = body["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            all.extend(items.iter().map(|item| item[id].to_string()));
            next = body["next"].as_str().map(str::to_owned);
        }
        let once: BTreeSet<_> = all.iter().collect();
        assert_eq!(once.len(), all.len(), "{list}");
        assert!(all.len() >= least, "{list}: {}", all.len());
    }
}
