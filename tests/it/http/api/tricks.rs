//! Ways around: paths that look like others, methods in headers, SQL where words are wanted.

use serde_json::json;

use super::{Program, refusal};
use crate::support::{
    TestApp,
    rows::{NOTHING, Rows},
};

#[test]
fn no_spelling_of_a_path_and_no_header_leads_around_the_guard() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    let nobody = Program::nobody(&server);
    let before = Rows::of(&server.app.db);
    let lock = format!("/users/{}/lock", ann.id);
    for path in [
        format!("//api/v1{lock}"),
        format!("/api//v1{lock}"),
        format!("/api/v1/{lock}"),
        format!("/api%2fv1{lock}"),
        format!("/api/v1{}", lock.replace('/', "%2f")),
        format!("/x/../api/v1{lock}"),
        format!("/x/..;/api/v1{lock}"),
        format!("/api/v1/me/..{lock}"),
        format!("/api/v1/me/%2e%2e{lock}"),
        format!("/API/V1{lock}"),
        format!("/api/v1{lock}/"),
        format!("/api/v1{lock};x=1"),
        format!("/api/v1{lock}.json"),
        format!("/assets/../api/v1{lock}"),
        format!("/api/v1\\{lock}"),
    ] {
        for program in [&nobody, &admin] {
            let page = program.act(&path);
            assert!(matches!(page.status, 401 | 404), "{path}: {page:?}");
        }
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let page = admin.ask("GET", &format!("/api/v1{lock}"), &[(name, "POST")], None);
        assert_eq!(refusal(&page).0, 405, "{name}");
        let page =
            admin.ask("POST", &format!("/api/v1/users/{}", ann.id), &[(name, "DELETE")], None);
        assert_eq!(refusal(&page).0, 405, "{name}");
    }
    for name in ["x-original-url", "x-rewrite-url", "x-forwarded-prefix"] {
        let page = nobody.ask("GET", "/healthz", &[(name, "/api/v1/users")], None);
        assert_eq!(page.body, "ok\n");
        let page = nobody.ask("GET", "/api/v1/users", &[(name, "/healthz")], None);
        assert_eq!(refusal(&page).0, 401);
    }
    assert_eq!(before.since(&server.app.db), NOTHING);
}

#[test]
fn head_answers_as_get_does_without_a_body() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    for path in ["/api/v1/users", "/api/v1/stats", "/api/openapi.json"] {
        let (get, head) = (admin.get(path), admin.ask("HEAD", path, &[], None));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.headers.get("etag"), get.headers.get("etag"));
    }
    let page = Program::nobody(&server).ask("HEAD", "/api/v1/users", &[], None);
    assert_eq!(page.status, 401);
}

#[test]
fn sql_is_a_text_like_any_other() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    server.user("ann");
    let before = Rows::of(&server.app.db);
    let attacks = [
        "'",
        "''",
        "\"",
        "`",
        "\\",
        ";",
        "--",
        "/*",
        "%",
        "_",
        "%'",
        "?1",
        ":1",
        "$1",
        "@x",
        "0x41",
        "' or '1'='1",
        "' or 1=1--",
        "') or ('1'='1",
        "'; drop table users;--",
        "1; select 1",
        "' union select id, hash from api_keys--",
        "\" or \"\"=\"",
        "admin'--",
        "' and sleep(5)--",
        "' || (select hash from api_keys) || '",
        "1 and 1=1",
        "username; delete from users",
        "username desc",
        "u.password_hash",
        "(select 1)",
        "case when 1=1 then username end",
        "username,(select randomblob(1000000000))",
        "\0",
        "a\0b",
        "\u{fffd}",
        "\u{2019} or 1=1",
        "load_extension('x')",
        "'; attach database '/tmp/x' as y;--",
        "' collate nocase --",
    ];
    for attack in attacks {
        let text: String = form_urlencoded::byte_serialize(attack.as_bytes()).collect();
        for name in ["q", "role"] {
            let page = admin.get(&format!("/api/v1/users?{name}={text}"));
            assert_eq!(page.status, 200, "{name}={attack}: {page:?}");
            let found = page.json()["items"].as_array().unwrap().len();
            let own = ["root", "ann", "root@example.com", "ann@example.com"];
            let meant =
                if name == "q" { own.iter().filter(|own| own.contains(attack)).count() } else { 0 };
            assert!(found <= meant, "{name}={attack}: {found}");
        }
        for name in ["sort", "state", "cursor", "limit"] {
            let page = admin.get(&format!("/api/v1/users?{name}={text}"));
            assert_eq!(refusal(&page).0, 400, "{name}={attack}");
        }
        for list in
            ["sessions?user=", "sessions?client=", "api-keys?user=", "agents?owner=", "clients?q="]
        {
            let page = admin.get(&format!("/api/v1/{list}{text}"));
            assert_eq!(page.status, 200, "{list}{attack}: {page:?}");
        }
        for filter in ["user", "client", "address", "event"] {
            let page = admin.get(&format!("/api/v1/audit-events?{filter}={text}"));
            assert_eq!(
                (page.status, &page.json()["items"]),
                (200, &json!([])),
                "{filter}={attack}"
            );
        }
        let path: String = text.replace('+', "%20");
        for kind in [
            "users",
            "sessions",
            "api-keys",
            "agents",
            "clients",
            "resources",
            "signing-keys",
            "audit-events",
        ] {
            let page = admin.get(&format!("/api/v1/{kind}/{path}"));
            assert_eq!(refusal(&page).0, 404, "{kind}/{attack}");
        }
    }
    assert_eq!(before.since(&server.app.db), NOTHING);
}
