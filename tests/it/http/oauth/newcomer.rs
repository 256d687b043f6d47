//! Clients that came by themselves, as the person in the browser meets them.

use mcpcodex::{
    config::authentication::Approval,
    model::{client::Client, id::ClientId, scope::ScopeSet},
    ops::client::{self, newcomer},
    store,
};
use serde_json::json;

use super::caller::{Answer, Caller, browser_cookie, encode, request};
use crate::ops::oauth::fixture::{CALLBACK, MCP, operator, params, query};

const LOCAL: &str = "http://127.0.0.1:9/cb";

fn first_seen() -> Caller {
    Caller::with(|config| config.authentication.clients.approval = Approval::FirstSeen, |_| {})
}

async fn register(caller: &Caller, name: &str, uri: &str) -> ClientId {
    let metadata = json!({
        "client_name": name, "redirect_uris": [uri], "token_endpoint_auth_method": "none",
    });
    let headers = [("content-type", "application/json")];
    let answer = caller.call(request("POST", "/register", &headers, metadata.to_string())).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    ClientId::from_text(answer.json()["client_id"].as_str().unwrap())
}

/// What the browser gets at `/authorize`, signed in or not.
async fn authorize(caller: &Caller, id: &ClientId, cookies: &str, over: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![("client_id", id.as_str())];
    pairs.extend_from_slice(over);
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, &pairs)));
    caller.get(&path, &[("cookie", cookies)]).await
}

fn get(caller: &Caller, id: &ClientId) -> Client {
    caller.world.db.read(|r| client::find(r, &operator(), id.as_str())).unwrap()
}

fn hidden(page: &Answer, name: &str) -> String {
    let rest = page.body.split_once(&format!("name=\"{name}\"")).unwrap().1;
    rest.split_once("value=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

async fn press(caller: &Caller, page: &Answer, decision: &str) -> Answer {
    let form = [
        ("csrf", hidden(page, "csrf")),
        ("request", hidden(page, "request")),
        ("shown", hidden(page, "shown")),
        ("decision", decision.to_owned()),
    ];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    caller.send("/consent", &[("cookie", &caller.cookies())], &form).await
}

#[tokio::test]
async fn app_that_waits_for_an_administrator_says_so_and_gives_nothing() {
    let caller = first_seen();
    let id = register(&caller, "<b>Bank</b> & Co", CALLBACK).await;
    for cookies in [browser_cookie(), caller.cookies()] {
        for over in [&[][..], &[("prompt", "none")], &[("scope", "made-up")]] {
            let page = authorize(&caller, &id, &cookies, over).await;
            assert_eq!(page.status, 403, "{}", page.body);
            assert!(page.header("location").is_none());
            for said in ["&lt;b&gt;Bank", "app.example.com", id.as_str(), "client approve"] {
                let plain = page.body.replace("&#60;", "&lt;").replace("&#62;", "&gt;");
                assert!(plain.contains(said), "{said}: {}", page.body);
            }
            assert!(!page.body.contains("<b>Bank"));
        }
    }
    let elsewhere = [("redirect_uri", "https://evil.example/")];
    assert_eq!(authorize(&caller, &id, &caller.cookies(), &elsewhere).await.status, 400);
    let form = [("grant_type", "refresh_token"), ("client_id", id.as_str())];
    assert_eq!(caller.send("/token", &[], &form).await.refusal(401), "invalid_client");
    // Nothing is kept of such requests: a flood of them costs nobody a row.
    let waiting = caller.world.db.read(|r| store::authorization::count_requests(r, true)).unwrap();
    assert_eq!(waiting, 0);
}

#[tokio::test]
async fn approved_app_is_asked_about_like_any_other_and_denied_one_is_off() {
    let caller = first_seen();
    let (one, other) =
        (register(&caller, "One", CALLBACK).await, register(&caller, "Other", CALLBACK).await);
    let id = one.clone();
    let db = &caller.world.db;
    db.write_blocking(move |tx| newcomer::approve(tx, &operator(), &id).map(|_| ())).unwrap();
    let id = other.clone();
    db.write_blocking(move |tx| newcomer::deny(tx, &operator(), &id).map(|_| ())).unwrap();
    let page = authorize(&caller, &one, &caller.cookies(), &[]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Allowed by an administrator") && !page.body.contains("caution"));
    let off = authorize(&caller, &other, &caller.cookies(), &[]).await;
    assert_eq!(off.status, 400);
    assert!(off.body.contains("switched off"), "{}", off.body);
    // Registered again it is the same one, and as off as before.
    assert_eq!(register(&caller, "Other", CALLBACK).await, other);
    let off = authorize(&caller, &other, &caller.cookies(), &[]).await;
    assert_eq!(off.status, 400);
    let id = one.clone();
    let twice = db.write_blocking(move |tx| newcomer::approve(tx, &operator(), &id).map(|_| ()));
    assert!(twice.is_err());
    let events = caller.world.events();
    for event in ["client.register", "client.approve", "client.deny"] {
        assert!(events.iter().any(|own| own == event), "{event}: {events:?}");
    }
}

#[tokio::test]
async fn consent_shows_who_asks_where_the_answer_goes_and_for_what() {
    let caller = Caller::new();
    let id = register(&caller, "Claude <script>", LOCAL).await;
    let over = [
        ("redirect_uri", "http://127.0.0.1:4711/cb"),
        ("resource", MCP),
        ("scope", "openid read:models admin:models"),
    ];
    let page = authorize(&caller, &id, &caller.cookies(), &over).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for said in [
        "Not verified",
        "Registered itself today",
        "an app on this computer",
        "Allow this only if you have just started",
        "Models",
        MCP,
        "Do read:models",
        "Nobody here has checked this app",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("<script>") && !page.body.contains("Verified app"));
    // What administers is nothing that a stranger can ask for.
    assert!(!page.body.contains("admin:models"));
    assert!(!page.body.contains("id=\"client_host\""));
    caller.world.pass(86_400);
    let id = register(&caller, "Claude <script>", LOCAL).await;
    let fresh = crate::ops::oauth::fixture::sign_in(
        &caller.world.db,
        &caller.world.env,
        &caller.world.user,
    );
    let session = mcpcodex::ops::session::cookie(&caller.app.env, &fresh.session).unwrap();
    let name = &caller.app.env.config.authentication.session.cookie_name;
    let cookies = format!("{name}={session}; {}", browser_cookie());
    let page = authorize(&caller, &id, &cookies, &over).await;
    assert!(!page.body.contains("itself today") && page.body.contains("Registered itself"));
}

#[tokio::test]
async fn each_client_is_asked_about_for_itself_and_only_new_scopes_are_marked() {
    let caller = Caller::new();
    let one = register(&caller, "One", CALLBACK).await;
    let page = authorize(&caller, &one, &caller.cookies(), &[("scope", "openid")]).await;
    assert!(!page.body.contains(">New<"), "{}", page.body);
    let url = press(&caller, &page, "allow").await;
    assert!(query(url.location(), "code").is_some());
    let again = authorize(&caller, &one, &caller.cookies(), &[("scope", "openid")]).await;
    assert!(query(again.location(), "code").is_some());
    // More than before is asked about, and marked.
    let more = [("scope", "openid email")];
    let page = authorize(&caller, &one, &caller.cookies(), &more).await;
    assert_eq!((page.status.as_u16(), page.body.matches(">New<").count()), (200, 1));
    // So is another resource, and another client in the same session, whatever it is called.
    let elsewhere = [("scope", "openid"), ("resource", MCP)];
    assert_eq!(authorize(&caller, &one, &caller.cookies(), &elsewhere).await.status, 200);
    let other = register(&caller, "One", "https://app.example.com/callback?keep=1&more").await;
    let over =
        [("scope", "openid"), ("redirect_uri", "https://app.example.com/callback?keep=1&more")];
    let page = authorize(&caller, &other, &caller.cookies(), &over).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let silent = [over[0], over[1], ("prompt", "none")];
    let refused = authorize(&caller, &other, &caller.cookies(), &silent).await;
    assert_eq!(query(refused.location(), "error").as_deref(), Some("consent_required"));
    let denied = press(&caller, &page, "deny").await;
    assert_eq!(query(denied.location(), "error").as_deref(), Some("access_denied"));
    assert_eq!(authorize(&caller, &other, &caller.cookies(), &over).await.status, 200);
}

#[tokio::test]
async fn answer_to_the_question_about_one_client_is_none_for_another() {
    let caller = Caller::new();
    let (one, other) =
        (register(&caller, "One", CALLBACK).await, register(&caller, "Other", CALLBACK).await);
    let harmless = authorize(&caller, &one, &caller.cookies(), &[]).await;
    let evil = authorize(&caller, &other, &caller.cookies(), &[]).await;
    let form = [
        ("csrf", hidden(&harmless, "csrf")),
        ("request", hidden(&evil, "request")),
        ("shown", hidden(&harmless, "shown")),
        ("decision", "allow".to_owned()),
        ("client_id", other.to_string()),
    ];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = caller.send("/consent", &[("cookie", &caller.cookies())], &form).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let user = caller.world.user.clone();
    let allowed = caller.world.db.read(|r| store::consent::get(r, &user, &other, "")).unwrap();
    assert_eq!(allowed, ScopeSet::default());
}

#[tokio::test]
async fn deleted_client_is_told_at_token_and_its_people_at_authorize() {
    let caller = Caller::new();
    let id = register(&caller, "Tool", CALLBACK).await;
    let gone = id.clone();
    caller.world.db.write_blocking(move |tx| client::delete(tx, &operator(), &gone)).unwrap();
    let form =
        [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", "x")];
    assert_eq!(caller.send("/token", &[], &form).await.refusal(401), "invalid_client");
    let page = authorize(&caller, &id, &caller.cookies(), &[]).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("Remove the connection"), "{}", page.body);
    // Which the app does, and is known again.
    assert_eq!(register(&caller, "Tool", CALLBACK).await, id);
    assert_eq!(get(&caller, &id).name, "Tool");
}
