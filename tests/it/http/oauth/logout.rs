//! `/logout` as apps use it: who must be asked, and where nobody is sent.

use mcpcodex::{config::session::SameSite, ops::client, store};

use super::caller::{Answer, Caller, browser_cookie, encode};
use crate::{
    ops::oauth::fixture::{ask, minted, operator, sign_in},
    support::html::{Form, attribute, forms},
};

const BACK: &str = "https://app.example.com/bye?keep=1";

fn caller() -> Caller {
    caller_with(SameSite::Lax)
}

fn caller_with(same_site: SameSite) -> Caller {
    Caller::with(
        |config| config.authentication.session.security.same_site = same_site,
        |new| new.post_logout_redirect_uris = vec![BACK.to_owned(), "myapp://bye".to_owned()],
    )
}

fn hint(caller: &Caller) -> String {
    let code = caller.world.code(&[]);
    minted(caller.world.exchange(ask(&code))).id_token.unwrap().expose().to_owned()
}

async fn asked(caller: &Caller, cookies: &str, pairs: &[(&str, &str)]) -> Answer {
    caller.get(&format!("/logout?{}", encode(pairs)), &[("cookie", cookies)]).await
}

/// Whether the person is still signed in.
async fn is_in(caller: &Caller) -> bool {
    caller.get("/auth/session", &[("cookie", &caller.cookies())]).await.status == 200
}

fn question(page: &Answer) -> Form {
    assert_eq!(page.status, 200, "{}", page.body);
    let form = forms(&page.body).pop().unwrap_or_else(|| panic!("no question: {}", page.body));
    assert_eq!(form.action, "/logout");
    form
}

async fn say_yes(caller: &Caller, form: &Form) -> Answer {
    let fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    caller.send("/logout", &[("cookie", &caller.cookies())], &fields).await
}

/// Where the page goes on to by itself.
fn next(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.body);
    let link = page.body.split("<a ").find(|tag| tag.contains("id=\"continue\"")).unwrap();
    attribute(link.split('>').next().unwrap(), "href").unwrap()
}

#[tokio::test]
async fn id_token_of_this_very_session_signs_out_without_a_question() {
    let caller = caller();
    let hint = hint(&caller);
    let pairs = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BACK),
        ("state", "a&b=\u{e4} c"),
    ];
    let answer = asked(&caller, &caller.cookies(), &pairs).await;
    assert_eq!(answer.location(), format!("{BACK}&state=a%26b%3D%C3%A4+c"));
    let cleared: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert!(
        cleared.iter().any(|cookie| cookie.to_str().unwrap().contains("Max-Age=0")),
        "{cleared:?}"
    );
    assert!(!is_in(&caller).await);
    // Once more, with nobody to sign out: back to the app all the same.
    let again = asked(&caller, &caller.cookies(), &pairs).await;
    assert!(again.location().starts_with(BACK));
}

#[tokio::test]
async fn without_a_way_back_a_page_says_goodbye() {
    let caller = caller();
    let hint = hint(&caller);
    let page = asked(&caller, &caller.cookies(), &[("id_token_hint", &hint)]).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("You are signed out") && !page.body.contains(&hint));
    assert!(!is_in(&caller).await);
}

#[tokio::test]
async fn whoever_else_asks_leads_to_a_question() {
    let caller = caller();
    let old = hint(&caller);
    let id = caller.world.client.id.to_string();
    let elsewhere = sign_in(&caller.world.db, &caller.world.env, &caller.world.user);
    let of_another_session = {
        let begun = caller.world.waiting(&[]);
        let url =
            crate::ops::oauth::fixture::redirect(caller.world.decide(&begun, Some(&elsewhere)));
        let code = crate::ops::oauth::fixture::query(&url, "code").unwrap();
        minted(caller.world.exchange(ask(&code))).id_token.unwrap().expose().to_owned()
    };
    assert_ne!(old, of_another_session);
    for pairs in [
        vec![("client_id", id.as_str()), ("post_logout_redirect_uri", BACK), ("state", "s")],
        vec![("client_id", &id)],
        vec![("logout_hint", "ann")],
        vec![("state", "s")],
        vec![
            ("id_token_hint", &of_another_session),
            ("post_logout_redirect_uri", BACK),
            ("state", "s"),
        ],
    ] {
        let page = asked(&caller, &caller.cookies(), &pairs).await;
        let form = question(&page);
        assert!(is_in(&caller).await, "{pairs:?}");
        assert!(!page.body.contains(&of_another_session), "the page shows the ID token");
        assert_eq!(page.body.contains("App"), pairs[0].0 != "logout_hint" && pairs[0].0 != "state");
        drop(form);
    }
    let pairs = [("client_id", id.as_str()), ("post_logout_redirect_uri", BACK), ("state", "s")];
    let form = question(&asked(&caller, &caller.cookies(), &pairs).await);
    assert_eq!(say_yes(&caller, &form).await.location(), format!("{BACK}&state=s"));
    assert!(!is_in(&caller).await);
}

#[tokio::test]
async fn session_that_took_the_place_of_another_is_known_by_its_old_name() {
    let caller = caller();
    let hint = hint(&caller);
    let mut new = sign_in(&caller.world.db, &caller.world.env, &caller.world.user);
    let (from, to) = (caller.world.signed_in.session.id.clone(), new.session.id.clone());
    caller
        .world
        .db
        .write_blocking(move |tx| store::grant::move_to_session(tx, &from, &to))
        .unwrap();
    let mut caller = caller;
    std::mem::swap(&mut caller.world.signed_in, &mut new);
    let answer = asked(&caller, &caller.cookies(), &[("id_token_hint", &hint)]).await;
    assert!(answer.body.contains("You are signed out"), "{}", answer.body);
    assert!(!is_in(&caller).await);
}

#[tokio::test]
async fn nobody_is_sent_where_the_app_did_not_register() {
    let caller = caller();
    let (hint, id) = (hint(&caller), caller.world.client.id.to_string());
    let other = caller.world.another_client().id.to_string();
    for uri in [
        "https://app.example.com/bye",
        "https://app.example.com/bye?keep=1&x=1",
        "https://app.example.com/bye/?keep=1",
        "https://app.example.com/Bye?keep=1",
        "https://APP.example.com/bye?keep=1",
        "https://app.example.com:443/bye?keep=1",
        "http://app.example.com/bye?keep=1",
        "https://app.example.com/bye?keep=1#f",
        "https://app.example.com/x/../bye?keep=1",
        "https://evil.example/bye?keep=1",
        "https://app.example.com@evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/account",
        crate::ops::oauth::fixture::CALLBACK,
    ] {
        let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri)];
        let answer = asked(&caller, &caller.cookies(), &pairs).await;
        assert_eq!(answer.status, 400, "{uri}");
        assert!(answer.header("location").is_none(), "{uri}");
        assert!(!answer.body.contains("evil.example") && !answer.body.contains("alert(1)"));
    }
    for pairs in [
        vec![("post_logout_redirect_uri", BACK)],
        vec![("client_id", other.as_str()), ("post_logout_redirect_uri", BACK)],
        vec![("client_id", "c_none"), ("post_logout_redirect_uri", BACK)],
        vec![("client_id", &other), ("id_token_hint", &hint)],
        vec![("id_token_hint", "a.b.c")],
        vec![("client_id", &id), ("client_id", &id)],
        vec![("post_logout_redirect_uri", BACK), ("post_logout_redirect_uri", BACK)],
    ] {
        let answer = asked(&caller, &caller.cookies(), &pairs).await;
        assert_eq!(answer.status, 400, "{pairs:?}: {}", answer.body);
        assert!(answer.header("location").is_none());
    }
    let state = "s".repeat(2_049);
    let long = [("client_id", id.as_str()), ("post_logout_redirect_uri", BACK), ("state", &state)];
    assert_eq!(asked(&caller, &caller.cookies(), &long).await.status, 400);
    assert!(is_in(&caller).await, "a refused request signed somebody out");
}

#[tokio::test]
async fn hint_may_be_old_and_must_be_an_id_token_of_ours() {
    let caller = Caller::with(
        |config| {
            config.authentication.tokens.id_token.lifetime = std::time::Duration::from_secs(60);
        },
        |new| new.post_logout_redirect_uris = vec![BACK.to_owned()],
    );
    let hint = hint(&caller);
    let tokens = caller.world.tokens(&[]);
    let foreign = self::hint(&Caller::new());
    for bad in [foreign.as_str(), tokens.access_token.expose(), "x", "..", &"x".repeat(20_000)] {
        let answer = asked(&caller, &caller.cookies(), &[("id_token_hint", bad)]).await;
        assert_eq!(answer.status, 400, "{bad:.40}");
    }
    assert!(is_in(&caller).await);
    caller.world.pass(61);
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BACK)];
    assert_eq!(asked(&caller, &caller.cookies(), &pairs).await.location(), BACK);
    assert!(!is_in(&caller).await);
}

#[tokio::test]
async fn cookie_that_a_browser_holds_back_is_asked_for_again_from_our_own_page() {
    for (same_site, method) in
        [(SameSite::Strict, "GET"), (SameSite::Strict, "POST"), (SameSite::Lax, "POST")]
    {
        let caller = caller_with(same_site);
        let hint = hint(&caller);
        let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BACK)];
        let cookie = browser_cookie();
        let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
        let page = if method == "GET" {
            caller.get(&format!("/logout?{}", encode(&pairs)), &headers).await
        } else {
            caller.send("/logout", &headers, &pairs).await
        };
        let to = next(&page);
        assert!(to.starts_with("/logout?request=") && !to.contains(&hint), "{to}");
        assert!(is_in(&caller).await);
        // Another browser can do nothing with it.
        let session = caller.cookies().split_once("; ").unwrap().0.to_owned();
        let other = format!("{session}; mcpcodex_browser={}", "c".repeat(43));
        question(&caller.get(&to, &[("cookie", &other)]).await);
        let answer = caller.get(&to, &[("cookie", &caller.cookies())]).await;
        assert_eq!(answer.location(), BACK);
        assert!(!is_in(&caller).await);
    }
}

#[tokio::test]
async fn other_sites_sign_nobody_out() {
    let caller = caller();
    let cookies = caller.cookies();
    let id = caller.world.client.id.to_string();
    for (form, status) in [
        (vec![], 403),
        (vec![("decision", "allow")], 403),
        (vec![("csrf", "x"), ("client_id", id.as_str())], 403),
        (vec![("client_id", &id)], 200),
    ] {
        let headers = [("cookie", cookies.as_str()), ("origin", "https://evil.example")];
        let answer = caller.send("/logout", &headers, &form).await;
        assert_eq!(answer.status, status, "{form:?}");
    }
    for path in ["/logout", "/logout?request=garbage", "/logout?client_id=c_none"] {
        let bare = caller.get(path, &[("sec-fetch-site", "cross-site")]).await;
        let taken = bare.headers.get_all("set-cookie").iter().any(|cookie| {
            let cookie = cookie.to_str().unwrap();
            cookie.starts_with(&caller.app.env.config.authentication.session.cookie_name)
        });
        assert!(!taken, "{path} takes the cookie of whoever follows a link");
    }
    assert!(is_in(&caller).await);
    let disabled = caller.world.client.id.clone();
    caller.world.db.write_blocking(move |tx| client::disable(tx, &operator(), &disabled)).unwrap();
    let pairs = [("client_id", id.as_str()), ("post_logout_redirect_uri", BACK)];
    assert_eq!(asked(&caller, &cookies, &pairs).await.status, 400);
}

#[tokio::test]
async fn discovery_says_how_to_sign_out() {
    let document = caller().get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(document["end_session_endpoint"], "http://localhost:8420/logout");
    assert_eq!(document["backchannel_logout_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn app_that_came_by_itself_sends_nobody_on_without_an_id_token_of_its_own() {
    let caller = caller();
    let metadata = serde_json::json!({
        "redirect_uris": [crate::ops::oauth::fixture::CALLBACK], "token_endpoint_auth_method": "none",
        "post_logout_redirect_uris": ["https://evil.example/bye"],
    });
    let json = [("content-type", "application/json")];
    let answer = super::caller::request("POST", "/register", &json, metadata.to_string());
    let id = caller.call(answer).await.json()["client_id"].as_str().unwrap().to_owned();
    let foreign = hint(&caller);
    let bye = ("post_logout_redirect_uri", "https://evil.example/bye");
    for cookies in [browser_cookie(), caller.cookies()] {
        for pairs in [
            vec![("client_id", id.as_str()), bye],
            vec![("client_id", id.as_str()), bye, ("logout_hint", "ann")],
            vec![("client_id", id.as_str()), bye, ("id_token_hint", &foreign)],
            vec![("id_token_hint", &foreign), bye],
        ] {
            let answer = asked(&caller, &cookies, &pairs).await;
            assert_eq!(answer.status, 400, "{pairs:?}: {}", answer.body);
            assert!(answer.header("location").is_none() && !answer.body.contains("evil.example"));
        }
    }
    assert!(is_in(&caller).await);
    // With an ID token that it was given it is like any other.
    let client = mcpcodex::model::id::ClientId::from_text(id.clone());
    let client = caller.world.db.read(|r| store::client::by_id(r, &client)).unwrap().unwrap();
    let code = caller.world.code(&[("client_id", &id)]);
    let own = minted(caller.world.exchange_as(&client, ask(&code))).id_token.unwrap();
    let pairs = [("id_token_hint", own.expose()), bye];
    let answer = asked(&caller, &caller.cookies(), &pairs).await;
    assert_eq!(answer.location(), bye.1);
}
