//! What goes well.

use mcpcodex::{
    model::{actor::Origin, factor::Method},
    ops,
};

use super::{complete, elsewhere, field, mfa, query, service, session, wait};
use crate::support::{TestApp, operator};

#[test]
fn person_signs_in_elsewhere_and_has_a_session_until_they_sign_out() {
    let (server, idp, service) = elsewhere();
    let request = wait(service.initiate_auth(None)).unwrap();
    let asked = idp.asked(&request.url).parameters;
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!((asked["state"].as_str(), asked["state"].len()), (request.state.expose(), 43));
    let query = query(&service, &idp);
    let signed = session(complete(&service, &query));
    assert_eq!(
        (signed.user.username.as_str(), signed.user.email.as_str()),
        ("pia", "pia@corp.example")
    );
    assert!(!signed.session.mfa_verified());
    assert!(signed.tokens.is_some());
    let token = signed.token.expose();
    let found = wait(service.validate_session(token)).unwrap();
    assert_eq!((&found.session.id, &found.user.id), (&signed.session.id, &signed.user.id));
    assert_eq!(found.tokens.unwrap().access.expose(), signed.tokens.unwrap().access.expose());
    // The pages find the same session.
    let mut browser = server.browser();
    browser.set_cookie("mcpcodex_session", token);
    assert!(browser.is_in());
    wait(service.logout(token)).unwrap();
    assert!(!browser.is_in());
    let revoked = idp.seen("/revoke");
    assert!(!revoked.is_empty(), "the provider has its tokens back");
}

#[test]
fn second_factor_is_asked_for_and_then_there_is_a_session_that_says_so() {
    let (server, idp, service) = elsewhere();
    session(complete(&service, &query(&service, &idp)));
    let pia = server.read(|r| ops::user::find(r, "pia"));
    let totp = server.with_totp(&pia);
    let waits = mfa(complete(&service, &query(&service, &idp)));
    assert_eq!(waits.methods, [Method::Totp, Method::Recovery]);
    assert_eq!(waits.user.id, pia.id);
    let code = server.code(&totp);
    let signed = session(wait(service.verify_mfa(waits.mfa_token.expose(), &code, "totp")));
    assert!(signed.session.mfa_verified());
    assert!(signed.tokens.is_some(), "the provider's tokens are kept for it");
    let waits = mfa(complete(&service, &query(&service, &idp)));
    let code = &totp.recovery[0];
    assert!(
        session(wait(service.verify_mfa(waits.mfa_token.expose(), code, "recovery")))
            .session
            .mfa_verified()
    );
}

#[test]
fn whole_query_of_the_callback_is_taken_too() {
    let (_server, idp, service) = elsewhere();
    let query = query(&service, &idp);
    assert!(!field(&query, "state").is_empty());
    session(wait(service.complete_callback(&query)));
}

#[test]
fn key_is_counted_and_its_last_use_is_noted_without_any_server() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let env = server.app.env();
    let made = server.write(move |tx| {
        let new = ops::apikey::New {
            name: "ci".to_owned(),
            scopes: vec!["read:models".to_owned()],
            burst_size: Some(5),
            ..ops::apikey::New::default()
        };
        ops::apikey::create(tx, &env, &operator(), &ann, &new)
    });
    let origin = Origin { address: "203.0.113.9".to_owned(), ..Origin::default() };
    let service = service(&server).for_browser("device", origin);
    server.advance(2);
    let access = wait(service.authenticate_api_key(made.text.expose())).unwrap();
    assert_eq!((access.user.username.as_str(), access.limit.left), ("ann", 4));
    assert_eq!(access.scopes.to_string(), "read:models");
    let row = server.read(|r| ops::apikey::get(r, &operator(), &made.key.id));
    assert_eq!(row.key.last_used_at, Some(server.clock.now()));
}

#[test]
fn use_of_a_session_is_written_so_that_it_does_not_end_as_idle() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (_, token) = server.session_of(&ann, false);
    let service = service(&server);
    for _ in 0..4 {
        server.advance(3_000);
        wait(service.validate_session(&token)).unwrap();
    }
    // Another process knows of it, too.
    let other = server.another();
    let found = other.db.read(|r| ops::session::look(r, &other.env, None, &token)).unwrap();
    assert!(found.is_ok());
    wait(service.logout(&token)).unwrap();
    assert!(other.db.read(|r| ops::session::look(r, &other.env, None, &token)).unwrap().is_err());
}

#[test]
fn program_beside_our_own_server_signs_people_in_there() {
    let server = TestApp::new();
    server.user("ann");
    let service = service(&server);
    let request = wait(service.initiate_auth(None)).unwrap();
    let mut browser = server.login("ann");
    let path = request.url.strip_prefix("http://localhost:8420").unwrap();
    let page = browser.open(path);
    assert_eq!(page.status, 303, "{page:?}");
    let query = page.location().split_once('?').unwrap().1.to_owned();
    let signed = session(complete(&service, &query));
    assert_eq!(signed.user.username, "ann");
    assert!(signed.tokens.is_none());
    assert!(wait(service.validate_session(signed.token.expose())).is_ok());
}
