//! `/authorize` and `/consent` as a browser sees them.

use super::caller::{Answer, Caller, browser_cookie, encode};
use crate::ops::oauth::fixture::{CALLBACK, ask, claims, minted, params, query};

fn path(caller: &Caller, over: &[(&str, &str)]) -> String {
    format!("/authorize?{}", encode(&params(&caller.world.client, over)))
}

/// The value of a hidden field on a page.
fn hidden(page: &Answer, name: &str) -> String {
    let at = page
        .body
        .find(&format!("name=\"{name}\""))
        .unwrap_or_else(|| panic!("no {name}: {}", page.body));
    let rest = &page.body[at..];
    let value = rest.split_once("value=\"").unwrap().1;
    value.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn person_signs_in_allows_and_the_client_gets_a_code() {
    let caller = Caller::new();
    let first = caller.get(&path(&caller, &[]), &[("cookie", &browser_cookie())]).await;
    let login = first.location().to_owned();
    assert!(login.starts_with("/login?request=r_"), "{login}");

    let cookies = caller.cookies();
    let request = login.split_once('=').unwrap().1;
    let next = format!("/authorize/continue?request={request}");
    let page = caller.get(&next, &[("cookie", &cookies)]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("app.example.com"), "{}", page.body);
    for (name, value) in [("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")] {
        assert_eq!(page.header(name), Some(value));
    }
    let form = [
        ("csrf", hidden(&page, "csrf")),
        ("request", hidden(&page, "request")),
        ("decision", "allow".to_owned()),
        ("shown", hidden(&page, "shown")),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let form: Vec<_> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = caller.send("/consent", &[("cookie", &cookies)], &form).await;
    let url = answer.location();
    assert!(url.starts_with(CALLBACK), "{url}");
    assert_eq!(query(url, "iss").as_deref(), Some("http://localhost:8420"));
    let code = query(url, "code").unwrap();
    let tokens = minted(caller.world.exchange(ask(&code)));
    assert_eq!(claims(tokens.access_token.expose())["sub"], caller.world.user.as_str());

    // The second time nothing is asked.
    let again = caller.get(&path(&caller, &[]), &[("cookie", &cookies)]).await;
    assert!(query(again.location(), "code").is_some());
    // And the first answer cannot be sent again.
    let replay = caller.send("/consent", &[("cookie", &cookies)], &form).await;
    assert_eq!(replay.status, 400);
    assert!(replay.header("location").is_none());
}

#[tokio::test]
async fn request_by_post_counts_like_one_by_get() {
    let caller = Caller::new();
    let pairs = params(&caller.world.client, &[]);
    let form: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = caller.send("/authorize", &[("origin", "https://app.example.com")], &form).await;
    assert!(answer.location().starts_with("/login?request="));
    let split = caller.send("/authorize?scope=openid", &[], &form).await;
    assert_eq!(query(split.location(), "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn unsure_request_gets_a_page_with_advice_and_no_redirect() {
    let caller = Caller::new();
    for over in [("client_id", "c_dead"), ("redirect_uri", "https://evil.example/")] {
        let answer = caller.get(&path(&caller, &[over]), &[("cookie", &caller.cookies())]).await;
        assert_eq!(answer.status, 400);
        assert!(answer.header("location").is_none());
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
        assert!(answer.body.contains("Remove the connection"), "{}", answer.body);
        assert!(!answer.body.contains("evil.example"));
    }
}

#[tokio::test]
async fn consent_takes_no_word_from_the_form_but_the_decision() {
    let caller = Caller::new();
    let cookies = caller.cookies();
    let page = caller.get(&path(&caller, &[("scope", "openid")]), &[("cookie", &cookies)]).await;
    let (csrf, request) = (hidden(&page, "csrf"), hidden(&page, "request"));
    assert_eq!(csrf, caller.csrf());
    let shown = hidden(&page, "shown");
    let good = [
        ("csrf", csrf.as_str()),
        ("request", request.as_str()),
        ("shown", shown.as_str()),
        ("decision", "allow"),
    ];
    for unshown in
        [vec![good[0], good[1], good[3]], vec![good[0], good[1], ("shown", "x"), good[3]]]
    {
        let answer = caller.send("/consent", &[("cookie", &cookies)], &unshown).await;
        assert_eq!(answer.status, 400, "an answer to a question that was never shown: {unshown:?}");
    }
    for bad in [
        vec![("request", request.as_str()), ("decision", "allow")],
        vec![("csrf", "x"), ("request", &request), ("decision", "allow")],
    ] {
        let answer = caller.send("/consent", &[("cookie", &cookies)], &bad).await;
        assert_eq!(answer.status, 403, "{bad:?}");
    }
    for foreign in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let answer = caller.send("/consent", &[("cookie", &cookies), foreign], &good).await;
        assert_eq!(answer.status, 403, "{foreign:?}");
    }
    let odd = [good[0], good[1], good[2], ("decision", "maybe")];
    assert_eq!(caller.send("/consent", &[("cookie", &cookies)], &odd).await.status, 400);
    let mut more = good.to_vec();
    more.extend([
        ("scope", "openid email admin:users"),
        ("client_id", "c_other"),
        ("redirect_uri", "https://evil.example/"),
    ]);
    let answer = caller.send("/consent", &[("cookie", &cookies)], &more).await;
    let url = answer.location();
    assert!(url.starts_with(CALLBACK), "{url}");
    let tokens = minted(caller.world.exchange(ask(&query(url, "code").unwrap())));
    assert_eq!(tokens.scope, "openid");
}

#[tokio::test]
async fn answer_without_a_session_leads_to_sign_in() {
    let caller = Caller::new();
    let page = caller.get(&path(&caller, &[]), &[("cookie", &caller.cookies())]).await;
    let (csrf, request) = (hidden(&page, "csrf"), hidden(&page, "request"));
    let form = [("csrf", csrf.as_str()), ("request", request.as_str()), ("decision", "allow")];
    let answer = caller.send("/consent", &[("cookie", &browser_cookie())], &form).await;
    assert_eq!(answer.location(), format!("/login?request={request}"));
}

#[tokio::test]
async fn strict_cookie_that_a_browser_holds_back_is_asked_for_again_from_our_own_page() {
    let caller = Caller::with(
        |config| {
            config.authentication.session.security.same_site =
                mcpcodex::config::session::SameSite::Strict;
        },
        |_| {},
    );
    let headers = [("cookie", browser_cookie()), ("sec-fetch-site", "cross-site".to_owned())];
    let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    for over in [&[][..], &[("prompt", "none")]] {
        let answer = caller.get(&path(&caller, over), &headers).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains("/authorize/continue?request=r_"), "{}", answer.body);
    }
}

#[tokio::test]
async fn new_browser_gets_its_cookie_with_the_redirect() {
    let caller = Caller::new();
    let answer = caller.get(&path(&caller, &[]), &[]).await;
    assert!(answer.location().starts_with("/login"));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("mcpcodex_browser=") && cookie.contains("SameSite=Lax"), "{cookie}");
}
