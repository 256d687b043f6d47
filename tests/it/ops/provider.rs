//! What is kept of a sign-in at a provider, without any network: flows, links, and who may do what with them.

use mcpcodex::{
    crypto::secret::Hashed,
    model::provider::Purpose,
    ops::{
        login::{Arrival, Visitor},
        provider::{self, Asked, Why},
    },
};

use crate::support::{
    PASSWORD, TestApp,
    idp::{Idp, providers},
    operator, origin, race,
};

fn server() -> TestApp {
    let yaml = Idp::new().yaml("corp", "");
    TestApp::with(|config| providers(config, &[yaml]))
}

fn asked(browser: &str) -> Asked {
    let visitor = Visitor::stranger(Hashed::of(browser));
    Asked {
        provider: Some("corp".to_owned()),
        redirect_uri: None,
        arrival: Arrival::new(visitor, "/account"),
        purpose: Purpose::SignIn,
    }
}

fn begin(server: &TestApp, asked: Asked) -> mcpcodex::error::Result<provider::Began> {
    let env = server.app.env();
    server.app.db.write_blocking(move |tx| provider::begin(tx, &env, &asked))
}

fn take(server: &TestApp, browser: &str, state: &str) -> Result<provider::Taken, Why> {
    let (env, browser, state) = (server.app.env(), Hashed::of(browser), state.to_owned());
    let taken = server.write(move |tx| provider::take(tx, &env, &browser, ("corp", &state, None)));
    taken.map_err(|(_, why)| why)
}

#[test]
fn state_is_taken_by_one_of_many() {
    let server = server();
    for _ in 0..20 {
        let began = begin(&server, asked("b")).unwrap();
        let state = began.state.expose();
        let won = race(16, |_| take(&server, "b", state).is_ok());
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
    }
}

#[test]
fn another_browser_neither_takes_nor_spends() {
    let server = server();
    let began = begin(&server, asked("b")).unwrap();
    assert_eq!(take(&server, "c", began.state.expose()).unwrap_err(), Why::State);
    let taken = take(&server, "b", began.state.expose()).unwrap();
    assert_eq!(mcpcodex::crypto::pkce::challenge_s256(taken.verifier.expose()), began.challenge);
    assert_eq!(take(&server, "b", began.state.expose()).unwrap_err(), Why::State);
}

#[test]
fn redirect_uri_that_nobody_registered_is_refused() {
    let server = server();
    let own = format!("{}/auth/callback/corp", server.app.env.site.issuer);
    let with =
        |uri: &str| begin(&server, Asked { redirect_uri: Some(uri.to_owned()), ..asked("b") });
    assert_eq!(with(&own).unwrap().flow.redirect_uri, own);
    for wrong in ["https://evil.example/cb", "", &format!("{own}/"), &format!("{own}?x=y")] {
        let error = with(wrong).unwrap_err();
        assert_eq!(error.field(), Some("redirect_uri"), "{wrong}");
    }
}

#[test]
fn only_the_operator_links_by_hand_and_an_identity_is_somebody_s_once() {
    let server = server();
    let (ann, _) =
        (server.person("ann", &["user"], PASSWORD), server.person("bob", &["user"], PASSWORD));
    let link = |who: &mcpcodex::model::actor::Actor,
                name: &'static str,
                to: &'static str,
                sub: &'static str| {
        let (env, who) = (server.app.env(), who.clone());
        server
            .app
            .db
            .write_blocking(move |tx| provider::link::link(tx, &env, &who, name, (to, sub)))
    };
    let person = mcpcodex::model::actor::Actor::person(
        ann.id.clone(),
        server.session_of(&ann, false).0.id,
        origin(),
    );
    assert!(link(&person, "ann", "corp", "x").is_err());
    assert!(link(&operator(), "ann", "nobody", "x").is_err());
    assert!(link(&operator(), "ann", "corp", "").is_err());
    assert!(link(&operator(), "ann", "corp", "x").is_ok());
    assert!(link(&operator(), "bob", "corp", "x").is_err(), "it is Ann's");
}
