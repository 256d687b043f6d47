//! Answers by form: whatever the client sent stays text, and the page may do nothing but send it.

use super::caller::{Answer, Caller, encode};
use crate::{
    ops::oauth::fixture::{CALLBACK, ask, minted, params},
    support::html::{Form, forms},
};

async fn asked(caller: &Caller, over: &[(&str, &str)]) -> Answer {
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, over)));
    caller.get(&path, &[("cookie", &caller.cookies())]).await
}

/// The one form of the page, which goes to the client.
fn answered(page: &Answer) -> Form {
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.header("location").is_none());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    let mut all = forms(&page.body);
    let form = all.pop().unwrap();
    assert!(all.is_empty(), "{}", page.body);
    assert_eq!(form.action, CALLBACK);
    assert_eq!(form.value("iss"), Some("http://localhost:8420"));
    assert!(form.value("csrf").is_none(), "nothing of ours goes to the client");
    form
}

#[tokio::test]
async fn code_travels_in_a_form() {
    let caller = Caller::new();
    caller.world.code(&[]);
    let form = answered(&asked(&caller, &[("response_mode", "form_post")]).await);
    assert_eq!(form.value("state"), Some("st&te=1"));
    assert_eq!(form.fields.len(), 3, "{form:?}");
    minted(caller.world.exchange(ask(form.value("code").unwrap())));
    let plain = asked(&caller, &[("response_mode", "query")]).await;
    assert!(plain.location().starts_with(CALLBACK));
}

#[tokio::test]
async fn refusals_travel_in_a_form_too() {
    let caller = Caller::new();
    let mode = ("response_mode", "form_post");
    for (over, expected) in [
        (("scope", "unheard-of"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("prompt", "none"), "consent_required"),
    ] {
        let form = answered(&asked(&caller, &[mode, over]).await);
        assert_eq!(form.value("error"), Some(expected));
        assert_eq!(form.value("state"), Some("st&te=1"));
        assert!(form.value("code").is_none());
    }
}

#[tokio::test]
async fn hostile_state_stays_text() {
    let caller = Caller::new();
    caller.world.code(&[]);
    for state in [
        "\"><script>alert(1)</script>",
        "'\"` onfocus=alert(1) autofocus x=",
        "</form><form action=https://evil.example>",
        "&quot;&#34;&lt;",
        "{{7*7}}\u{202e}\u{e4}\u{1f600}",
        " leading and trailing ",
    ] {
        let page = asked(&caller, &[("response_mode", "form_post"), ("state", state)]).await;
        assert_eq!(answered(&page).value("state"), Some(state));
        assert_eq!(page.body.matches("<script").count(), 1, "{}", page.body);
    }
}

#[tokio::test]
async fn state_that_a_form_would_change_and_modes_that_are_not_spoken_are_refused_by_redirect() {
    let caller = Caller::new();
    let long = "x".repeat(65_536);
    for (mode, state) in [
        ("form_post", "a\r\nb"),
        ("form_post", "a\nb"),
        ("form_post", "a\u{0}b"),
        ("fragment", "plain"),
        ("jwt", "plain"),
        ("form_post.jwt", "plain"),
        ("web_message", "plain"),
        ("FORM_POST", "plain"),
    ] {
        let answer = asked(&caller, &[("response_mode", mode), ("state", state)]).await;
        let url = answer.location();
        assert!(
            url.starts_with(CALLBACK) && url.contains("error=invalid_request"),
            "{mode}: {url}"
        );
        assert!(!url.contains(['\r', '\n', '#']), "{url}");
    }
    let over = [("response_mode", "form_post"), ("state", long.as_str())];
    let pairs = params(&caller.world.client, &over);
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = caller.send("/authorize", &[("cookie", &caller.cookies())], &pairs).await;
    let form = answered(&answer);
    assert_eq!(form.value("error"), Some("invalid_request"));
    assert!(form.value("state").is_none() && answer.body.len() < 10_000);
}

#[tokio::test]
async fn form_goes_to_the_web_only() {
    let caller =
        Caller::with(|_| {}, |new| new.redirect_uris.push("com.example.app:/cb".to_owned()));
    let over = [("response_mode", "form_post"), ("redirect_uri", "com.example.app:/cb")];
    let answer = asked(&caller, &over).await;
    assert!(answer.location().starts_with("com.example.app:/cb?error=invalid_request"));
}
