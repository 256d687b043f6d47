//! Each way in which the service says no.

use mcpcodex::{
    model::{actor::Origin, session::Ended},
    ops::{self, apikey::BadKey, session::NoSession},
    service::authentication::Refusal,
};

use super::{complete, elsewhere, field, mfa, query, refusal, service, session, wait};
use crate::support::{PASSWORD, TestApp, operator, race};

fn rule(refusal: &Refusal) -> &'static str {
    refusal.code()
}

#[test]
fn redirect_uri_that_is_not_registered_is_refused() {
    for server in [TestApp::new(), elsewhere().0] {
        let service = service(&server);
        for uri in [
            "https://evil.example/cb",
            "javascript:alert(1)",
            "",
            "http://localhost:8420/auth/callback/../x",
        ] {
            assert_eq!(
                refusal(wait(service.initiate_auth(Some(uri)))),
                Refusal::RedirectUri,
                "{uri}"
            );
        }
    }
}

#[test]
fn state_that_is_unknown_used_foreign_or_old_is_refused() {
    let (server, idp, service) = elsewhere();
    let answer = query(&service, &idp);
    let (code, state) = (field(&answer, "code"), field(&answer, "state"));
    for wrong in ["", "x", &state[1..], &"x".repeat(10_000)] {
        let refused = refusal(wait(service.complete_auth(&code, wrong)));
        assert!(matches!(refused, Refusal::Provider { .. }), "{refused:?}");
    }
    // Begun for one browser, finished by another.
    let one = service.for_browser("one", Origin::default());
    let other = service.for_browser("other", Origin::default());
    let foreign = query(&one, &idp);
    assert!(matches!(refusal(complete(&other, &foreign)), Refusal::Provider { .. }));
    session(complete(&one, &foreign));
    // Once.
    session(complete(&service, &answer));
    assert_eq!(
        rule(&refusal(complete(&service, &answer))),
        rule(&refusal(complete(&other, &foreign)))
    );
    let late = query(&service, &idp);
    server.advance(3_600);
    assert!(matches!(refusal(complete(&service, &late)), Refusal::Provider { .. }));
}

#[test]
fn one_of_many_at_once_with_one_answer_gets_in() {
    let (_server, idp, service) = elsewhere();
    let answer = query(&service, &idp);
    let done = race(10, |_| complete(&service, &answer).is_ok());
    assert_eq!(done.iter().filter(|ok| **ok).count(), 1);
}

#[test]
fn code_that_the_provider_does_not_know_and_a_refusal_of_its_are_told() {
    let (_server, idp, service) = elsewhere();
    let state = field(&query(&service, &idp), "state");
    assert!(matches!(
        refusal(wait(service.complete_auth("made up", &state))),
        Refusal::Provider { .. }
    ));
    let state = field(&query(&service, &idp), "state");
    let said = format!("error=access_denied&state={state}");
    assert!(matches!(refusal(wait(service.complete_callback(&said))), Refusal::Provider { .. }));
    let twice = query(&service, &idp);
    let twice = format!("{twice}&state=x");
    assert!(matches!(refusal(wait(service.complete_callback(&twice))), Refusal::Provider { .. }));
}

#[test]
fn second_factor_that_is_wrong_replayed_too_late_or_too_often_is_refused() {
    let (server, idp, service) = elsewhere();
    session(complete(&service, &query(&service, &idp)));
    let pia = server.read(|r| ops::user::find(r, "pia"));
    let totp = server.with_totp(&pia);
    let pending = || mfa(complete(&service, &query(&service, &idp))).mfa_token;
    let give =
        |token: &str, code: &str, method: &str| wait(service.verify_mfa(token, code, method));
    let token = pending();
    for method in ["sms", "email", "webauthn", "nonsense", ""] {
        assert_eq!(refusal(give(token.expose(), "123456", method)), Refusal::Method, "{method}");
    }
    for unknown in ["", "x", &token.expose()[1..]] {
        assert_eq!(refusal(give(unknown, &server.code(&totp), "totp")), Refusal::SignIn);
    }
    let elsewhere = service.for_browser("another", Origin::default());
    let foreign = wait(elsewhere.verify_mfa(token.expose(), &server.code(&totp), "totp"));
    assert_eq!(refusal(foreign), Refusal::SignIn);
    let code = server.code(&totp);
    session(give(token.expose(), &code, "totp"));
    assert_eq!(refusal(give(token.expose(), &code, "totp")), Refusal::SignIn, "the token is spent");
    assert!(
        matches!(refusal(give(pending().expose(), &code, "totp")), Refusal::Code { .. }),
        "a replay"
    );
    let old = pending();
    server.advance(15 * 60 + 1);
    assert_eq!(refusal(give(old.expose(), &server.code(&totp), "totp")), Refusal::SignIn);
    let token = pending();
    let mut refused = Vec::new();
    for _ in 0..6 {
        let no = refusal(give(token.expose(), "000000", "totp"));
        let wait = no.retry_after().unwrap_or_default().as_secs();
        refused.push(no.code());
        if no.code() == "wrong_code" && wait < 60 {
            server.advance(wait);
        }
    }
    assert_eq!((refused.first(), refused.last()), (Some(&"wrong_code"), Some(&"too_many_tries")));
    let paused = refusal(give(token.expose(), &server.code(&totp), "totp"));
    assert!(matches!(paused, Refusal::TooManyTries { .. }), "{paused:?}");
}

#[test]
fn keys_that_are_not_good_are_told_apart() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let service = service(&server);
    let make = |name: &str, burst: u32| {
        let (env, owner) = (server.app.env(), ann.clone());
        let new = ops::apikey::New {
            name: name.to_owned(),
            scopes: vec!["read:models".to_owned()],
            lifetime: Some(std::time::Duration::from_secs(86_400)),
            burst_size: Some(burst),
            ..ops::apikey::New::default()
        };
        server.write(move |tx| ops::apikey::create(tx, &env, &operator(), &owner, &new))
    };
    let ask = |key: &str| refusal(wait(service.authenticate_api_key(key)));
    for malformed in ["", "mcp_", "nonsense", &"mcp_x".repeat(10_000)] {
        assert_eq!(ask(malformed), Refusal::ApiKey(BadKey::Malformed));
    }
    let once = make("once", 1);
    wait(service.authenticate_api_key(once.text.expose())).unwrap();
    let limited = ask(once.text.expose());
    assert!(matches!(limited, Refusal::Limited { .. }) && limited.retry_after().is_some());
    let revoked = make("revoked", 5);
    let id = revoked.key.id.clone();
    server.write(move |tx| ops::apikey::revoke(tx, &operator(), &id));
    assert_eq!(ask(revoked.text.expose()), Refusal::ApiKey(BadKey::Revoked));
    let good = make("good", 5);
    server.advance(86_401);
    assert_eq!(ask(good.text.expose()), Refusal::ApiKey(BadKey::Expired));
    let another = make("another", 5);
    let id = ann.id.clone();
    server.write(move |tx| ops::user::disable(tx, &operator(), &id));
    assert_eq!(ask(another.text.expose()), Refusal::ApiKey(BadKey::OwnerShut));
}

#[test]
fn sessions_that_are_not_good_are_told_apart() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let service = service(&server);
    let ask = |token: &str| refusal(wait(service.validate_session(token)));
    for foreign in ["", "nonsense", "a.b.c", &"x".repeat(10_000)] {
        assert_eq!(ask(foreign), Refusal::Session(NoSession::Foreign));
        assert_eq!(refusal(wait(service.logout(foreign))), Refusal::Session(NoSession::Foreign));
    }
    let (_, idle) = server.session_of(&ann, false);
    server.advance(3_601);
    assert_eq!(ask(&idle), Refusal::Session(NoSession::Over(Ended::Idle)));
    let (_, token) = server.session_of(&ann, false);
    wait(service.logout(&token)).unwrap();
    let ended = Refusal::Session(NoSession::Over(Ended::Revoked));
    assert_eq!(ask(&token), ended);
    assert_eq!(refusal(wait(service.logout(&token))), ended, "only once");
    let (_, locked) = server.session_of(&bob, false);
    server.write(move |tx| ops::user::lock(tx, &operator(), &bob.id));
    assert!(matches!(ask(&locked), Refusal::Session(_)));
    // An access token or a key is no session.
    assert!(matches!(ask(PASSWORD), Refusal::Session(NoSession::Foreign)));
}
