//! Nobody makes this server lead a browser to where a stranger wants it (RFC 9700 §4.11.2); who is known, and who answers
//! on this very computer, is told by redirect as ever.

use mcpcodex::{
    model::{id::ClientId, scope::ScopeSet},
    ops::client::newcomer,
    store,
};
use serde_json::json;

use super::caller::{Answer, Caller, browser_cookie, encode, request};
use crate::{
    ops::oauth::fixture::{CALLBACK, operator, params, query},
    support::html::attribute,
};

const LOCAL: &str = "http://127.0.0.1:3000/callback";
/// Each is a mistake that is found before anybody signs in, and what an app is told of it.
const MISTAKES: [(&str, &str, &str); 8] = [
    ("response_type", "token", "unsupported_response_type"),
    ("response_type", "", "invalid_request"),
    ("scope", "unheard-of", "invalid_scope"),
    ("resource", "https://unknown.example/", "invalid_target"),
    ("code_challenge", "", "invalid_request"),
    ("prompt", "none login", "invalid_request"),
    ("request", "e30.e30.", "request_not_supported"),
    ("claims", "{", "invalid_request"),
];

async fn register(caller: &Caller, uri: &str) -> ClientId {
    let metadata = json!({
        "client_name": "Tool", "redirect_uris": [uri], "token_endpoint_auth_method": "none",
    });
    let headers = [("content-type", "application/json")];
    let answer = caller.call(request("POST", "/register", &headers, metadata.to_string())).await;
    ClientId::from_text(answer.json()["client_id"].as_str().unwrap())
}

async fn ask(caller: &Caller, id: &ClientId, cookies: &str, over: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![("client_id", id.as_str())];
    pairs.extend_from_slice(over);
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, &pairs)));
    caller.get(&path, &[("cookie", cookies)]).await
}

/// Where the person may go on to by hand.
fn link(page: &Answer) -> Option<String> {
    assert_eq!(page.status, 400, "{}", page.body);
    assert!(page.header("location").is_none() && page.header("refresh").is_none());
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.body.contains("id=\"reference\""), "{}", page.body);
    let tag = page.body.split("<a ").find(|tag| tag.contains("id=\"link\""))?;
    attribute(tag.split('>').next().unwrap(), "href")
}

#[tokio::test]
async fn stranger_is_told_of_a_mistake_by_the_persons_own_hand_alone() {
    let caller = Caller::new();
    let id = register(&caller, CALLBACK).await;
    for cookies in [browser_cookie(), caller.cookies()] {
        for (name, value, code) in MISTAKES {
            let page = ask(&caller, &id, &cookies, &[(name, value)]).await;
            let back = link(&page).unwrap();
            assert!(back.starts_with(CALLBACK), "{back}");
            assert_eq!(query(&back, "error").as_deref(), Some(code), "{name}");
            assert_eq!(query(&back, "state").as_deref(), Some("st&te=1"));
            assert_eq!(query(&back, "iss").as_deref(), Some("http://localhost:8420"));
            for said in [code, "Back to app.example.com", "Nobody has verified this app"] {
                assert!(page.body.contains(said), "{said}: {}", page.body);
            }
        }
    }
    let form = [("response_type", "token"), ("response_mode", "form_post")];
    let page = ask(&caller, &id, &browser_cookie(), &form).await;
    assert_eq!(link(&page), None, "a link cannot tell what a form is to tell");
    // What is in order goes its way.
    let good = ask(&caller, &id, &browser_cookie(), &[]).await;
    assert!(good.location().starts_with("/login?request="));
}

#[tokio::test]
async fn pushed_request_that_went_wrong_since_leads_nowhere_either() {
    let caller = Caller::new();
    let id = register(&caller, CALLBACK).await;
    let pairs = params(&caller.world.client, &[("client_id", id.as_str()), ("resource", "")]);
    let form: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let pushed = caller.send("/par", &[], &form).await.json();
    let own = id.clone();
    let no_more = move |tx: &mcpcodex::db::Write<'_>| {
        let change = mcpcodex::ops::client::Change {
            grant_types: Some(vec!["urn:ietf:params:oauth:grant-type:device_code".to_owned()]),
            ..mcpcodex::ops::client::Change::default()
        };
        mcpcodex::ops::client::edit(tx, &operator(), &own, change).map(|_| ())
    };
    caller.world.db.write_blocking(no_more).unwrap();
    let uri = pushed["request_uri"].as_str().unwrap();
    let path =
        format!("/authorize?{}", encode(&[("client_id", id.as_str()), ("request_uri", uri)]));
    let page = caller.get(&path, &[("cookie", &browser_cookie())]).await;
    assert_eq!(query(&link(&page).unwrap(), "error").as_deref(), Some("unauthorized_client"));
}

#[tokio::test]
async fn app_of_a_scheme_of_its_own_is_opened_by_hand_as_well() {
    let caller = Caller::new();
    let uri = "cursor://anysphere.cursor-mcp/oauth/callback";
    let id = register(&caller, uri).await;
    let over = [("redirect_uri", uri), ("scope", "unheard-of")];
    let page = ask(&caller, &id, &browser_cookie(), &over).await;
    assert!(link(&page).unwrap().starts_with(uri));
}

#[tokio::test]
async fn who_is_known_and_who_answers_on_this_computer_is_told_by_redirect() {
    let caller = Caller::new();
    let (local, approved) = (register(&caller, LOCAL).await, register(&caller, CALLBACK).await);
    let own = approved.clone();
    caller.world.db.write_blocking(move |tx| store::registration::approve(tx, &own)).unwrap();
    let entered = caller.world.client.id.clone();
    for (id, uri) in
        [(local, "http://127.0.0.1:49152/callback"), (approved, CALLBACK), (entered, CALLBACK)]
    {
        for (name, value, code) in MISTAKES {
            let over = [("redirect_uri", uri), (name, value)];
            let answer = ask(&caller, &id, &browser_cookie(), &over).await;
            assert!(answer.location().starts_with(uri), "{}", answer.location());
            assert_eq!(query(answer.location(), "error").as_deref(), Some(code), "{name}");
        }
    }
}

#[tokio::test]
async fn silence_is_answered_by_redirect_once_somebody_here_let_the_app_in() {
    let caller = Caller::new();
    let id = register(&caller, CALLBACK).await;
    let silent = [("prompt", "none")];
    let page = ask(&caller, &id, &browser_cookie(), &silent).await;
    let back = link(&page).unwrap();
    assert_eq!(query(&back, "error").as_deref(), Some("login_required"));
    // It is answered: the same page is not there a second time, and nothing waits.
    let waiting = caller.world.db.read(|r| store::authorization::count_requests(r, true)).unwrap();
    assert_eq!(waiting, 0);
    // Signed in, a person has brought it here.
    let asked = ask(&caller, &id, &caller.cookies(), &silent).await;
    assert_eq!(query(asked.location(), "error").as_deref(), Some("consent_required"));
    let local = register(&caller, LOCAL).await;
    let here = [("prompt", "none"), ("redirect_uri", LOCAL)];
    let told = ask(&caller, &local, &browser_cookie(), &here).await;
    assert_eq!(query(told.location(), "error").as_deref(), Some("login_required"));
    let (user, own) = (caller.world.user.clone(), id.clone());
    let allow = ScopeSet::parse("openid");
    caller
        .world
        .db
        .write_blocking(move |tx| store::consent::put(tx, &user, &own, "", &allow))
        .unwrap();
    let told = ask(&caller, &id, &browser_cookie(), &silent).await;
    assert_eq!(query(told.location(), "error").as_deref(), Some("login_required"));
    // Its mistakes are still no reason to lead anybody away.
    let page = ask(&caller, &id, &browser_cookie(), &[("scope", "unheard-of")]).await;
    assert!(link(&page).is_some());
}

#[tokio::test]
async fn second_factor_that_nobody_can_have_here_leads_no_stranger_away() {
    let caller = Caller::with(|config| config.authentication.mfa.enabled = false, |_| {});
    let id = register(&caller, CALLBACK).await;
    let over = [("acr_values", mcpcodex::model::session::ACR_MFA)];
    let page = ask(&caller, &id, &browser_cookie(), &over).await;
    let code = Some("unmet_authentication_requirements");
    assert_eq!(query(&link(&page).unwrap(), "error").as_deref(), code);
    let told = ask(&caller, &id, &caller.cookies(), &over).await;
    assert_eq!(query(told.location(), "error").as_deref(), code);
    let known = ask(&caller, &caller.world.client.id.clone(), &browser_cookie(), &over).await;
    assert_eq!(query(known.location(), "error").as_deref(), code);
}

#[tokio::test]
async fn app_that_waits_is_approved_and_then_told_by_redirect() {
    let caller = Caller::with(
        |config| {
            config.authentication.clients.approval =
                mcpcodex::config::authentication::Approval::FirstSeen;
        },
        |_| {},
    );
    let id = register(&caller, CALLBACK).await;
    let waits = ask(&caller, &id, &browser_cookie(), &[("scope", "unheard-of")]).await;
    assert_eq!(waits.status, 403);
    let own = id.clone();
    caller
        .world
        .db
        .write_blocking(move |tx| newcomer::approve(tx, &operator(), &own).map(|_| ()))
        .unwrap();
    let told = ask(&caller, &id, &browser_cookie(), &[("scope", "unheard-of")]).await;
    assert_eq!(query(told.location(), "error").as_deref(), Some("invalid_scope"));
}
