//! Passkeys as a step of a sign-in: the second factor, and enrolment on the way in.

use mcpcodex::{
    config::mfa::UserVerification,
    model::{factor::Method, sign_in::Stage},
    ops::{
        self,
        login::{Arrival, Begun, Finished, OnTheWay, Step, Visitor},
        passkey::{Given, Registered},
    },
};

use super::{Authenticator, Device, Page, Person, TestApp, browser, devices, proof, sign_in};
use crate::support::{PASSWORD, authenticator::PRESENT, origin};

/// A sign-in up to the password.
pub(super) fn password(server: &TestApp, name: &str) -> Finished {
    let (env, typed) = (server.app.env(), name.to_owned());
    let begun = server.write(move |tx| ops::login::begin(tx, &env, &origin(), &typed, None));
    let Begun::Try(attempt) = begun else { panic!("{name} has to wait") };
    let compared = ops::login::verify(&server.app.env, &attempt, PASSWORD).unwrap();
    let env = server.app.env();
    server.write(move |tx| {
        let arrival = Arrival::new(Visitor::stranger(browser()), "/account");
        ops::login::finish(tx, &env, &origin(), &attempt, &compared, &arrival)
    })
}

fn on_the_way(server: &TestApp, name: &str) -> OnTheWay {
    let token = password(server, name).token.unwrap();
    server
        .read(|r| ops::login::on_the_way(r, token.expose(), &Visitor::stranger(browser())))
        .unwrap()
}

/// The passkey as the second factor of a sign-in.
fn second_factor(server: &TestApp, way: &OnTheWay, device: &mut dyn Authenticator) -> Step {
    let (env, at) = (server.app.env(), way.clone());
    let ceremony = server.write(move |tx| ops::passkey::ask_on_the_way(tx, &env, &at)).unwrap();
    let answer = device.answer(&Page::default(), &ceremony.options);
    let (env, at) = (server.app.env(), way.clone());
    server.write(move |tx| {
        let given = Given { ceremony: ceremony.id.as_str(), answer: &answer };
        ops::passkey::verify_on_the_way(tx, &env, &origin(), &at, &given, false)
    })
}

#[test]
fn passkey_beside_an_authenticator_app_leaves_its_recovery_codes() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let app = server.with_totp(&ann.user);
    ann.come_back(&server);
    ann.register(&server, &mut Device::default());
    let way = on_the_way(&server, "ann");
    let (env, code) = (server.app.env(), app.recovery[0].clone());
    let step = server.write(move |tx| {
        let given = ops::factor::Given { method: Method::Recovery, code, trust_device: false };
        ops::factor::verify(tx, &env, &origin(), &way, &given)
    });
    assert!(matches!(step, Step::In(..)), "{step:?}");
}

#[test]
fn person_with_a_passkey_is_asked_for_it_after_the_password() {
    for (name, mut device) in devices() {
        let server = TestApp::new();
        let ann = Person::new(&server, "ann");
        assert!(matches!(password(&server, "ann").step, Step::In(..)));
        ann.register(&server, device.as_mut());
        assert!(matches!(password(&server, "ann").step, Step::Next(Stage::SecondFactor)));
        let way = on_the_way(&server, "ann");
        let Step::In(entered) = second_factor(&server, &way, device.as_mut()) else {
            panic!("{name} does not open");
        };
        let key = if name == "own" { "swk" } else { "hwk" };
        assert_eq!(entered.session.amr, ["pwd", key, "user", "mfa"]);
        assert!(entered.session.mfa_verified());
        // The sign-in is over: it asks nothing any more.
        let (env, at) = (server.app.env(), way);
        assert!(server.write(move |tx| ops::passkey::ask_on_the_way(tx, &env, &at)).is_none());
    }
}

#[test]
fn required_factor_may_be_a_passkey_on_the_way_in() {
    let server = TestApp::with(|config| {
        config.authentication.mfa.grace_period = std::time::Duration::ZERO;
    });
    server.admin("ann");
    let way = on_the_way(&server, "ann");
    let mut device = Device::default();
    let (env, at) = (server.app.env(), way.clone());
    let ceremony =
        server.write(move |tx| ops::passkey::register_on_the_way(tx, &env, &at)).unwrap();
    let answer = device.make(&Page::default(), &ceremony.options);
    let (env, at) = (server.app.env(), way.clone());
    let registered = server.write(move |tx| {
        let given = Given { ceremony: ceremony.id.as_str(), answer: &answer };
        ops::passkey::registered_on_the_way(tx, &env, &origin(), &at, &given, "My key")
    });
    let Some(Registered::Active(enrolled)) = registered else { panic!("{registered:?}") };
    assert_eq!(enrolled.passkey.label, "My key");
    assert_eq!(enrolled.in_force.codes.len(), 10);
    let (env, at) = (server.app.env(), way.clone());
    let step = server.write(move |tx| ops::factor::codes_stored(tx, &env, &origin(), &at));
    let Step::In(entered) = step else { panic!("{step:?}") };
    assert_eq!(entered.session.amr, ["pwd", "swk", "user", "mfa"]);
    // Whoever waited at that step with the password alone finds it closed.
    let (env, at) = (server.app.env(), way);
    assert!(server.write(move |tx| ops::passkey::register_on_the_way(tx, &env, &at)).is_none());
}

#[test]
fn passkey_signs_in_without_a_password_while_the_password_is_being_guessed() {
    for (name, mut device) in devices() {
        let server = TestApp::new();
        let ann = Person::new(&server, "ann");
        ann.register(&server, device.as_mut());
        for _ in 0..20 {
            let env = server.app.env();
            server.write(move |tx| ops::login::begin(tx, &env, &origin(), "ann", None));
        }
        let proved = proof(sign_in(&server, device.as_mut(), &Page::default()));
        let env = server.app.env();
        let finished = server.write(move |tx| {
            let arrival = Arrival::new(Visitor::stranger(browser()), "/account");
            ops::login::with_passkey(tx, &env, &origin(), &proved, &arrival)
        });
        let Step::In(entered) = finished.step else { panic!("{name}: {finished:?}") };
        let key = if name == "own" { "swk" } else { "hwk" };
        assert_eq!(entered.session.amr, [key, "user", "mfa"]);
    }
}

#[test]
fn passkey_that_checked_nobody_is_not_both_factors() {
    let server = TestApp::with(|config| {
        config.authentication.mfa.providers.webauthn.user_verification =
            UserVerification::Preferred;
    });
    let ann = Person::new(&server, "ann");
    let mut device = Device { flags: PRESENT, ..Device::default() };
    ann.register(&server, &mut device);
    let proved = proof(sign_in(&server, &mut device, &Page::default()));
    let env = server.app.env();
    let finished = server.write(move |tx| {
        let arrival = Arrival::new(Visitor::stranger(browser()), "/account");
        ops::login::with_passkey(tx, &env, &origin(), &proved, &arrival)
    });
    assert!(matches!(finished.step, Step::Next(Stage::SecondFactor)), "{finished:?}");
    let token = finished.token.unwrap();
    let visitor = Visitor::stranger(browser());
    let way = server.read(|r| ops::login::on_the_way(r, token.expose(), &visitor)).unwrap();
    // The same passkey again is no second factor, asked for or not.
    let (env, at) = (server.app.env(), way.clone());
    assert!(server.write(move |tx| ops::passkey::ask_on_the_way(tx, &env, &at)).is_none());
    let (env, at) = (server.app.env(), way);
    let step = server.write(move |tx| {
        let given = Given { ceremony: "wc_1", answer: "{}" };
        ops::passkey::verify_on_the_way(tx, &env, &origin(), &at, &given, false)
    });
    assert!(matches!(step, Step::Gone), "{step:?}");
}
