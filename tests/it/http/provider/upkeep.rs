//! A provider's tokens while the session is in use and at its end, and the provider's word that somebody signed out.

use mcpcodex::{
    ops,
    service::provider::{Providers, Upkeep},
};
use serde_json::json;

use super::{LOGIN, through, world};
use crate::support::{
    Browser, Page, RUNTIME, TestApp,
    idp::{Idp, Instead},
    operator, race,
    vendors::until,
};

fn signed_in() -> (TestApp, Idp, Browser) {
    let (server, idp) = world("");
    let mut browser = server.browser();
    assert_eq!(through(&mut browser, &idp, LOGIN).location(), "/account");
    (server, idp, browser)
}

fn session(server: &TestApp) -> mcpcodex::model::id::SessionId {
    let all = server.read(|r| ops::session::list(r, &operator(), None, 10));
    all[0].session.id.clone()
}

fn renewals(idp: &Idp) -> usize {
    let forms = idp.seen("/token");
    forms.iter().filter(|form| form["grant_type"] == "refresh_token").count()
}

fn keep(server: &TestApp) -> Upkeep {
    let id = session(server);
    RUNTIME.block_on(Providers::default().keep(&server.app, &id)).unwrap()
}

#[test]
fn tokens_rest_sealed_and_are_renewed_within_five_minutes_of_their_end() {
    let (server, idp, mut browser) = signed_in();
    let id = session(&server);
    let first = Providers::tokens(&server.app, &id).unwrap().unwrap();
    let mut at_rest = Vec::new();
    for entry in std::fs::read_dir(server.data_dir()).unwrap() {
        at_rest.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    for secret in [first.access.expose(), first.refresh.as_ref().unwrap().expose()] {
        let found = at_rest.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "a token stands in the clear on the disk");
    }
    server.advance(3_600 - 301);
    assert!(browser.is_in());
    assert_eq!(renewals(&idp), 0, "not before five minutes of the end");
    server.advance(2);
    assert!(browser.is_in());
    until("a renewal", || Some(()).filter(|()| renewals(&idp) == 1));
    until("new tokens", || {
        let now = Providers::tokens(&server.app, &id).unwrap().unwrap();
        (now.access.expose() != first.access.expose()).then_some(())
    });
    assert!(browser.is_in());
    assert_eq!(renewals(&idp), 1);
}

#[test]
fn many_requests_at_once_renew_once() {
    let (server, idp, _) = signed_in();
    server.advance(3_590);
    let id = session(&server);
    let (one, other) = (Providers::default(), Providers::default());
    let all = race(32, |at| {
        let providers = if at % 2 == 0 { &one } else { &other };
        RUNTIME.block_on(providers.keep(&server.app, &id)).unwrap()
    });
    assert_eq!(all.iter().filter(|kept| **kept == Upkeep::Renewed).count(), 1, "{all:?}");
    assert_eq!(renewals(&idp), 1);
}

#[test]
fn failure_of_the_moment_keeps_the_session_and_invalid_grant_ends_it() {
    let (server, idp) = world("");
    idp.lifetime(600);
    let mut browser = server.browser();
    through(&mut browser, &idp, LOGIN);
    server.advance(590);
    for trouble in [
        Instead::Json(500, "{\"error\":\"invalid_grant\"}".to_owned()),
        Instead::Json(429, "{\"error\":\"invalid_grant\"}".to_owned()),
        Instead::Json(400, "{\"error\":\"temporarily_unavailable\"}".to_owned()),
        Instead::Json(401, "{\"error\":\"invalid_client\"}".to_owned()),
        Instead::Json(200, "garbage".to_owned()),
        Instead::Flood,
    ] {
        idp.instead("/token", trouble.clone());
        assert_eq!(keep(&server), Upkeep::Later, "{trouble:?}");
        assert!(browser.is_in(), "{trouble:?}");
        assert_eq!(keep(&server), Upkeep::Fine, "it is left alone for a while");
        server.advance(31);
    }
    idp.honest();
    idp.forget_grants();
    assert_eq!(keep(&server), Upkeep::Ended);
    assert!(!browser.is_in());
    let ended = server.audit().into_iter().find(|row| row.event == "session.end").unwrap();
    assert!(ended.detail.contains("ended at the provider"), "{}", ended.detail);
}

#[test]
fn renewal_that_speaks_of_somebody_else_ends_the_session() {
    let (server, idp, mut browser) = signed_in();
    server.advance(3_590);
    idp.twist(|claims| drop(claims.insert("sub".into(), "ceo-at-corp".into())));
    assert_eq!(keep(&server), Upkeep::Ended);
    assert!(!browser.is_in());
}

#[test]
fn session_without_a_refresh_token_goes_on_by_its_own_limits() {
    let (server, idp) = world("");
    idp.without_refresh();
    idp.lifetime(600);
    let mut browser = server.browser();
    through(&mut browser, &idp, LOGIN);
    server.advance(590);
    assert_eq!(keep(&server), Upkeep::Fine);
    server.advance(60);
    assert!(browser.is_in());
    assert_eq!(renewals(&idp), 0);
}

fn revoked(idp: &Idp) -> Vec<String> {
    idp.seen("/revoke").into_iter().map(|form| form["token_type_hint"].clone()).collect()
}

/// A way in which a session ends.
type Way = fn(&TestApp, &mut Browser);

#[test]
fn tokens_are_given_back_once_the_session_is_over_however_it_ended() {
    // Whoever signs out waits for it; after any other end a task does it.
    let ways: [(bool, Way); 3] = [
        (true, |_, browser| {
            browser.ask("POST", "/auth/logout").send();
        }),
        (false, |server, _| {
            let id = session(server);
            server.write(move |tx| ops::session::revoke(tx, &operator(), &[id]));
        }),
        (false, |server, _| {
            let pia = server.read(|r| ops::user::find(r, "pia"));
            server.write(move |tx| ops::user::lock(tx, &operator(), &pia.id));
        }),
    ];
    for (at_once, way) in ways {
        let (server, idp, mut browser) = signed_in();
        let providers = Providers::default();
        assert!(!RUNTIME.block_on(providers.revoke_ended(&server.app)).unwrap());
        way(&server, &mut browser);
        assert_eq!(RUNTIME.block_on(providers.revoke_ended(&server.app)).unwrap(), !at_once);
        assert_eq!(revoked(&idp), ["refresh_token", "access_token"]);
        assert!(!RUNTIME.block_on(providers.revoke_ended(&server.app)).unwrap());
        assert_eq!(revoked(&idp).len(), 2);
    }
    // By the session's own id, for whoever has just ended it; not while it lives.
    let (server, idp, mut browser) = signed_in();
    let (providers, id) = (Providers::default(), session(&server));
    RUNTIME.block_on(providers.revoke(&server.app, &id)).unwrap();
    assert!(revoked(&idp).is_empty());
    browser.ask("POST", "/auth/logout").send();
    RUNTIME.block_on(providers.revoke(&server.app, &id)).unwrap();
    assert_eq!(revoked(&idp).len(), 2);
    assert!(Providers::tokens(&server.app, &id).unwrap().is_none());
}

#[test]
fn tokens_follow_the_session_through_the_second_factor_and_a_raise() {
    let (server, idp, _) = signed_in();
    let pia = server.read(|r| ops::user::find(r, "pia"));
    let totp = server.with_totp(&pia);
    let mut browser = server.browser();
    through(&mut browser, &idp, LOGIN);
    browser.give_code(&server.code(&totp));
    assert!(browser.is_in());
    let all = server.read(|r| ops::session::list(r, &operator(), None, 10));
    let newest = all.iter().max_by_key(|row| row.session.created_at).unwrap();
    assert!(Providers::tokens(&server.app, &newest.session.id).unwrap().is_some());
}

fn tell(server: &TestApp, token: &str) -> Page {
    let mut provider = server.browser();
    let form = [("logout_token", token)];
    provider.ask("POST", "/auth/backchannel-logout/corp").by_program().form(&form).send()
}

#[test]
fn notice_of_a_sign_out_ends_what_stands_by_it_and_nothing_else() {
    let (server, idp) = world("");
    let enter = |sid: &'static str, sub: &'static str| {
        idp.person(json!({
            "sub": sub, "email": format!("{sub}@corp.example"), "email_verified": true,
        }));
        idp.twist(move |claims| drop(claims.insert("sid".into(), sid.into())));
        let mut browser = server.browser();
        assert_eq!(through(&mut browser, &idp, LOGIN).location(), "/account");
        browser
    };
    let (mut one, mut two) = (enter("s1", "pia"), enter("s2", "pia"));
    let mut other = enter("s3", "olf");
    let page = tell(
        &server,
        &idp.logout_token(|claims| {
            claims.insert("sub".into(), "pia".into());
            claims.insert("sid".into(), "s1".into());
        }),
    );
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{page:?}");
    assert!(!one.is_in() && two.is_in() && other.is_in());
    let by_sub = idp.logout_token(|claims| drop(claims.insert("sub".into(), "pia".into())));
    assert_eq!(tell(&server, &by_sub).status, 200);
    assert!(!two.is_in() && other.is_in());
    assert_eq!(tell(&server, &by_sub).status, 400, "a notice counts once");
    let unknown = idp.logout_token(|claims| drop(claims.insert("sub".into(), "nobody".into())));
    assert_eq!(tell(&server, &unknown).status, 200);
    assert!(other.is_in());
}

#[test]
fn sign_in_on_its_way_ends_with_the_sign_in_at_the_provider() {
    let (server, idp, _) = signed_in();
    let pia = server.read(|r| ops::user::find(r, "pia"));
    let totp = server.with_totp(&pia);
    let mut browser = server.browser();
    assert_eq!(through(&mut browser, &idp, LOGIN).location(), "/mfa");
    assert_eq!(tell(&server, &idp.logout_token(|_| ())).status, 200);
    let page = browser.open("/mfa");
    assert_eq!(page.location(), "/login", "{page:?}");
    drop(totp);
    assert!(!browser.is_in());
}

#[test]
fn forged_and_misused_notices_end_nothing() {
    let (server, idp, mut browser) = signed_in();
    let stranger = Idp::new();
    stranger.follow(&server.clock);
    let good = idp.logout_token(|_| ());
    let (head, _) = good.rsplit_once('.').unwrap();
    let now = server.app.db.now().secs();
    let mut wrong = vec![
        ("no token", String::new()),
        ("no signature", format!("{head}.")),
        ("of a stranger", stranger.logout_token(|_| ())),
        ("of a stranger in its name", {
            let issuer = idp.issuer().to_owned();
            stranger.logout_token(move |claims| drop(claims.insert("iss".into(), issuer.into())))
        }),
    ];
    let mut with = |what, change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
        wrong.push((what, idp.logout_token(|claims| change(claims))));
    };
    with("a nonce", &|c| drop(c.insert("nonce".into(), "n".into())));
    with("no event", &|c| drop(c.remove("events")));
    with("another event", &|c| drop(c.insert("events".into(), json!({ "http://x": {} }))));
    with("an event that is a text", &|c| {
        let name = "http://schemas.openid.net/event/backchannel-logout";
        c.insert("events".into(), json!({ name: "yes" }));
    });
    with("neither sub nor sid", &|c| drop(c.remove("sub")));
    with("empty sub", &|c| drop(c.insert("sub".into(), "".into())));
    with("no jti", &|c| drop(c.remove("jti")));
    with("another aud", &|c| drop(c.insert("aud".into(), "another".into())));
    with("no iat", &|c| drop(c.remove("iat")));
    with("over", &move |c| {
        c.insert("iat".into(), json!(now - 600));
        c.insert("exp".into(), json!(now - 300));
    });
    with("of tomorrow", &move |c| drop(c.insert("iat".into(), json!(now + 86_400))));
    with("for ever", &move |c| drop(c.insert("exp".into(), json!(now + 10_000_000))));
    for (what, token) in wrong {
        let page = tell(&server, &token);
        assert_eq!(page.status, 400, "{what}: {page:?}");
        assert_eq!(page.json()["error"], "invalid_request", "{what}");
        assert!(browser.is_in(), "{what}");
    }
    // At the address of a provider that is not there, nothing is heard.
    let mut provider = server.browser();
    let form = [("logout_token", good.as_str())];
    for path in ["/auth/backchannel-logout", "/auth/backchannel-logout/nobody"] {
        assert_eq!(
            provider.ask("POST", path).by_program().form(&form).send().status,
            400,
            "{path}"
        );
    }
    assert!(browser.is_in());
    assert_eq!(tell(&server, &good).status, 200);
    assert!(!browser.is_in());
}
