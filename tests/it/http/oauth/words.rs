//! What others wrote, on every page and in every header where it turns up: text, and never markup, header or script.

use serde_json::json;

use super::caller::{Answer, Caller, browser_cookie, encode, request};
use crate::{
    ops::oauth::fixture::{CALLBACK, params, query},
    support::html::{attribute, forms},
};

const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)' autofocus x='",
    "</title></textarea><svg onload=alert(1)>",
    "javascript:alert(1)//",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\u{202e}\u{2066}moc.live\u{0}\u{1b}[31m",
];

/// Nothing on the page is markup that came from outside.
fn tame(what: &str, page: &Answer) {
    let body = &page.body;
    for markup in ["<script>alert", "<img src=x", "<svg onload", "onfocus='alert", "</title></text"]
    {
        assert!(!body.contains(markup), "{what}: {markup}: {body}");
    }
    for (at, _) in body.match_indices("href=\"") {
        assert!(!body[at..].starts_with("href=\"javascript:"), "{what}: {body}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
}

async fn authorize(caller: &Caller, over: &[(&str, &str)], cookies: &str) -> Answer {
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, over)));
    caller.get(&path, &[("cookie", cookies)]).await
}

#[tokio::test]
async fn login_hint_fills_the_field_and_nothing_else() {
    let caller = Caller::new();
    for hint in HOSTILE {
        let begun = authorize(&caller, &[("login_hint", hint)], &browser_cookie()).await;
        let login = begun.location().to_owned();
        assert!(!login.contains("alert"), "{login}");
        if hint.contains(char::is_control) {
            assert_eq!(query(&login, "error").as_deref(), Some("invalid_request"), "{login}");
            continue;
        }
        let page = caller.get(&login, &[("cookie", &browser_cookie())]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        tame(hint, &page);
        let form = forms(&page.body).into_iter().find(|form| form.action == "/login").unwrap();
        let shown =
            page.body.split("<input").find(|tag| tag.contains("name=\"username\"")).unwrap();
        let shown = attribute(shown.split('>').next().unwrap(), "value").unwrap_or_default();
        assert!(shown.is_empty() || shown == hint || !hint.is_ascii(), "{hint}: {shown}");
        drop(form);
    }
    for control in ["ann\u{0}", "\u{1b}[31mann", "ann\r\n", "a\tb", "ann\u{7f}", "\u{85}ann"] {
        let begun = authorize(&caller, &[("login_hint", control)], &browser_cookie()).await;
        let told = query(begun.location(), "error");
        assert_eq!(told.as_deref(), Some("invalid_request"), "{control:?}");
    }
    let long = "x".repeat(5_000);
    let begun = authorize(&caller, &[("login_hint", &long)], &browser_cookie()).await;
    let page = caller.get(begun.location(), &[("cookie", &browser_cookie())]).await;
    assert!(!page.body.contains(&long), "a hint of any length is shown");
}

#[tokio::test]
async fn wish_for_a_language_is_echoed_nowhere() {
    let caller = Caller::new();
    let long = "de-".repeat(10_000);
    let more = ["de\r\nset-cookie: x=1", "de\u{0}", "../../etc/passwd", &long];
    for wish in HOSTILE.into_iter().chain(more) {
        let answer = authorize(&caller, &[("ui_locales", wish)], &browser_cookie()).await;
        assert_eq!(answer.status, 303, "{wish:.40}");
        let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
        for cookie in cookies {
            let cookie = cookie.to_str().unwrap();
            assert!(!cookie.contains("alert") && cookie.len() < 500, "{cookie}");
            assert!(!cookie.starts_with("x=1"));
        }
        let over = [("ui_locales", wish), ("redirect_uri", "https://evil.example/")];
        let page = authorize(&caller, &over, &browser_cookie()).await;
        assert_eq!(page.status, 400, "{wish:.40}");
        tame(wish, &page);
        assert!(!page.body.contains(wish), "{wish:.40}");
    }
}

/// RFC 6749 §4.1.2.1 and §5.2: what an error description may be made of.
fn plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) && text.len() <= 400
}

#[tokio::test]
async fn descriptions_of_errors_are_plain_wherever_they_stand() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let long = "x\"\\\r\n".repeat(2_000);
    for hostile in HOSTILE.into_iter().chain(["a\r\nset-cookie: x=1", "\"\\", &long]) {
        for name in ["scope", "resource", "prompt", "response_type", "max_age", "claims", "nonce"] {
            let answer = authorize(&caller, &[(name, hostile)], &browser_cookie()).await;
            assert_eq!(answer.status, 303, "{name}: {hostile:.40}");
            let Some(told) = query(answer.location(), "error_description") else { continue };
            assert!(plain(&told), "{name}: {told}");
            assert!(answer.header("set-cookie").is_none_or(|cookie| !cookie.starts_with("x=1")));
        }
        for (path, form) in [
            ("/token", vec![("grant_type", hostile), ("client_id", id.as_str())]),
            ("/token", vec![("grant_type", "refresh_token"), ("client_id", hostile)]),
            (
                "/token",
                vec![
                    ("grant_type", "refresh_token"),
                    ("client_id", &id),
                    ("refresh_token", "x"),
                    ("scope", hostile),
                    ("resource", hostile),
                ],
            ),
            ("/par", vec![("client_id", &id), ("redirect_uri", hostile)]),
            ("/device_authorization", vec![("client_id", hostile), ("scope", hostile)]),
            ("/userinfo", vec![("access_token", hostile)]),
        ] {
            let answer = caller.send(path, &[], &form).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.body);
            let told = answer.json()["error_description"].as_str().unwrap_or_default().to_owned();
            assert!(plain(&told), "{path}: {told}");
            if let Some(challenge) = answer.header("www-authenticate") {
                assert!(challenge.len() < 1_000 && challenge.is_ascii(), "{path}: {challenge}");
                assert!(!challenge.contains("alert"), "{path}: {challenge}");
            }
        }
        let body = json!({ "redirect_uris": [hostile], "client_name": hostile }).to_string();
        let headers = [("content-type", "application/json")];
        let answer = caller.call(request("POST", "/register", &headers, body)).await;
        let told = answer.json()["error_description"].as_str().unwrap_or_default().to_owned();
        assert!(plain(&told), "/register: {told}");
    }
}

async fn register(caller: &Caller, name: &str) -> Option<String> {
    let metadata = json!({
        "client_name": name, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "grant_types": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
        ],
    });
    let headers = [("content-type", "application/json")];
    let answer = caller.call(request("POST", "/register", &headers, metadata.to_string())).await;
    if answer.status == 400 {
        return None;
    }
    assert_eq!(answer.status, 201, "{}", answer.body);
    Some(answer.json()["client_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn name_of_an_app_is_text_on_every_page_that_shows_it() {
    let caller = Caller::new();
    let cookies = caller.cookies();
    let mut shown = 0;
    for name in HOSTILE {
        let Some(id) = register(&caller, name).await else { continue };
        shown += 1;
        let over = [("client_id", id.as_str())];
        let consent = authorize(&caller, &over, &cookies).await;
        assert_eq!(consent.status, 200, "{}", consent.body);
        tame(name, &consent);
        let wrong = [over[0], ("redirect_uri", "https://evil.example/")];
        let error = authorize(&caller, &wrong, &cookies).await;
        assert_eq!(error.status, 400);
        tame(name, &error);
        caller.world.code(&over);

        let form = [("client_id", id.as_str()), ("scope", "openid")];
        let device = caller.send("/device_authorization", &[], &form).await;
        assert_eq!(device.status, 200, "{}", device.body);
        let csrf = caller.csrf();
        let code = device.json()["user_code"].as_str().unwrap().to_owned();
        let form = [("csrf", csrf.as_str()), ("user_code", code.as_str())];
        let page = caller.send("/device", &[("cookie", &cookies)], &form).await;
        assert_eq!(page.status, 200, "{}", page.body);
        tame(name, &page);
        assert!(page.body.contains("id=\"place\""), "where the device is: {}", page.body);
        assert!(page.body.contains("192.0.2.1") || page.body.contains("id=\"place\""));
        let logout = caller.get(&format!("/logout?client_id={id}"), &[("cookie", &cookies)]).await;
        tame(name, &logout);
    }
    assert!(shown >= 4, "{shown} of the names were taken at all");
    for path in ["/account/apps", "/account", "/account/sessions", "/account/security"] {
        let page = caller.get(path, &[("cookie", &cookies)]).await;
        assert_eq!(page.status, 200, "{path}");
        tame(path, &page);
    }
}

#[tokio::test]
async fn name_of_a_person_is_text_on_every_page_that_shows_it() {
    for hostile in HOSTILE {
        let caller = Caller::new();
        let (id, name) = (caller.world.user.to_string(), hostile.to_owned());
        let rename = move |tx: &mcpcodex::db::Write<'_>| {
            tx.exec("update users set name = ?2, username = ?2 where id = ?1", [id, name])
        };
        caller.world.db.write_blocking(rename).unwrap();
        let cookies = caller.cookies();
        for path in ["/account", "/account/sessions", "/account/apps", "/device", "/logout"] {
            let page = caller.get(path, &[("cookie", &cookies)]).await;
            assert_eq!(page.status, 200, "{path}");
            tame(path, &page);
        }
        let consent = authorize(&caller, &[], &cookies).await;
        assert_eq!(consent.status, 200);
        tame(hostile, &consent);
    }
}
