//! Second factors: one code, one use; tries that run out; enrolment that needs a proof.

use std::time::Duration;

use mcpcodex::{
    crypto::secret::Hashed,
    db::Clock,
    model::{factor::Method, sign_in::Stage, user::User},
    ops::{
        self,
        factor::{Enrolled, Given},
        login::{Arrival, Begun, OnTheWay, Step, Visitor},
    },
    time::Time,
};

use crate::support::{PASSWORD, START, TestApp, Totp, operator, origin, race};

/// A sign-in of `name` that has proved the password.
fn on_the_way(server: &TestApp, name: &str) -> OnTheWay {
    let (env, typed) = (server.app.env(), name.to_owned());
    let begun = server.write(move |tx| ops::login::begin(tx, &env, &origin(), &typed, None));
    let Begun::Try(attempt) = begun else { panic!("{name} has to wait") };
    let compared = ops::login::verify(&server.app.env, &attempt, PASSWORD).unwrap();
    let env = server.app.env();
    let finished = server.write(move |tx| {
        let arrival = Arrival::new(Visitor::stranger(Hashed::of("a browser")), "/account");
        ops::login::finish(tx, &env, &origin(), &attempt, &compared, &arrival)
    });
    let token = finished.token.unwrap();
    server
        .read(|r| {
            ops::login::on_the_way(r, token.expose(), &Visitor::stranger(Hashed::of("a browser")))
        })
        .unwrap()
}

fn give(server: &TestApp, way: &OnTheWay, method: Method, code: &str) -> Step {
    let (env, way, code) = (server.app.env(), way.clone(), code.to_owned());
    let given = Given { method, code, trust_device: false };
    server.write(move |tx| ops::factor::verify(tx, &env, &origin(), &way, &given))
}

/// Signs in with a TOTP code.
fn totp(server: &TestApp, name: &str, code: &str) -> Step {
    give(server, &on_the_way(server, name), Method::Totp, code)
}

fn recovery(server: &TestApp, name: &str, code: &str) -> Step {
    give(server, &on_the_way(server, name), Method::Recovery, code)
}

fn enrolled() -> (TestApp, User, Totp) {
    let server = TestApp::new();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    (server, ann, app)
}

/// A code that is right at none of the steps around now.
fn wrong(server: &TestApp, app: &Totp) -> String {
    let now = server.clock.now();
    let near: Vec<String> =
        (-3_i64..=3).map(|step| app.code_at(Time::from_secs(now.secs() + step * 30))).collect();
    (0..10).map(|n| format!("{:06}", n * 111_111)).find(|code| !near.contains(code)).unwrap()
}

#[test]
fn code_of_the_step_before_and_after_opens_and_no_other() {
    for (offset, opens) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
        let (server, _, app) = enrolled();
        let code = app.code_at(Time::from_secs(START.secs() + offset));
        let step = totp(&server, "ann", &code);
        assert_eq!(matches!(step, Step::In(..)), opens, "{offset}: {step:?}");
    }
}

#[test]
fn code_used_once_is_refused_for_the_rest_of_its_life() {
    let (server, _, app) = enrolled();
    let code = server.code(&app);
    assert!(matches!(totp(&server, "ann", &code), Step::In(..)));
    assert!(matches!(totp(&server, "ann", &code), Step::Wrong(_)));
    server.advance(30);
    assert!(matches!(totp(&server, "ann", &code), Step::Wrong(_)));
    server.advance(30);
    assert!(matches!(totp(&server, "ann", &server.code(&app)), Step::In(..)));
}

#[test]
fn older_code_is_refused_after_a_newer_one_was_used() {
    let (server, _, app) = enrolled();
    let (older, newer) = (app.code_at(START), app.code_at(START.plus(Duration::from_secs(30))));
    assert!(matches!(totp(&server, "ann", &newer), Step::In(..)));
    assert!(matches!(totp(&server, "ann", &older), Step::Wrong(_)));
}

#[test]
fn code_used_before_a_restart_is_refused_after_it() {
    let (server, _, app) = enrolled();
    let code = server.code(&app);
    assert!(matches!(totp(&server, "ann", &code), Step::In(..)));
    let server = server.restart();
    assert!(matches!(totp(&server, "ann", &code), Step::Wrong(_)));
}

#[test]
fn clock_set_back_makes_no_code_good_again() {
    let (server, _, app) = enrolled();
    let code = server.code(&app);
    assert!(matches!(totp(&server, "ann", &code), Step::In(..)));
    let back: &Clock = &server.clock;
    back.set(START.minus(Duration::from_secs(30)));
    assert!(!matches!(totp(&server, "ann", &code), Step::In(..)));
}

#[test]
fn hundred_parallel_uses_of_one_code_let_one_in() {
    let (server, _, app) = enrolled();
    let ways: Vec<OnTheWay> = (0..100).map(|_| on_the_way(&server, "ann")).collect();
    let code = server.code(&app);
    let steps = race(100, |at| give(&server, &ways[at], Method::Totp, &code));
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::In(..))).count(), 1);
}

#[test]
fn hundred_parallel_uses_of_one_sign_in_open_one_session() {
    let (server, ann, app) = enrolled();
    let way = on_the_way(&server, "ann");
    // Even with a code each that would be right.
    let steps = race(100, |at| match at % 2 {
        0 => give(&server, &way, Method::Totp, &server.code(&app)),
        _ => give(&server, &way, Method::Recovery, &app.recovery[at / 2 % 10]),
    });
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::In(..))).count(), 1);
    let sessions = server.read(|r| ops::session::list(r, &operator(), Some(&ann.id), 10));
    assert_eq!(sessions.len(), 1);
}

#[test]
fn hundred_parallel_uses_of_one_recovery_code_let_one_in() {
    let (server, ann, app) = enrolled();
    let ways: Vec<OnTheWay> = (0..100).map(|_| on_the_way(&server, "ann")).collect();
    let steps = race(100, |at| give(&server, &ways[at], Method::Recovery, &app.recovery[3]));
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::In(..))).count(), 1);
    let (_, left) = server.read(|r| ops::factor::list(r, &operator(), &ann.id));
    assert_eq!(left, 9);
}

#[test]
fn ten_recovery_codes_open_once_each_however_they_are_typed() {
    let (server, ann, app) = enrolled();
    assert_eq!(app.recovery.len(), 10);
    for (at, code) in app.recovery.iter().enumerate() {
        let typed = match at % 3 {
            0 => code.clone(),
            1 => code.to_uppercase().replace('-', " "),
            _ => format!("  {}  ", code.replace('-', "")),
        };
        assert!(matches!(recovery(&server, "ann", &typed), Step::In(..)), "{typed:?}");
        assert!(matches!(recovery(&server, "ann", code), Step::Wrong(_)), "{code} twice");
        server.advance(1);
        let (_, left) = server.read(|r| ops::factor::list(r, &operator(), &ann.id));
        assert_eq!(usize::try_from(left).unwrap(), 9 - at);
    }
}

#[test]
fn new_set_of_recovery_codes_kills_the_old_one() {
    let (server, ann, app) = enrolled();
    let (env, id) = (server.app.env(), ann.id.clone());
    let new = server.write(move |tx| ops::factor::regenerate_codes(tx, &env, &operator(), &id));
    assert_eq!(new.len(), 10);
    for code in &app.recovery[..3] {
        assert!(!matches!(recovery(&server, "ann", code), Step::In(..)));
        server.advance(4);
    }
    assert!(matches!(recovery(&server, "ann", new[0].expose()), Step::In(..)));
}

#[test]
fn recovery_codes_of_one_person_open_nothing_for_another() {
    let (server, _, app) = enrolled();
    let bob = server.user("bob");
    server.with_totp(&bob);
    assert!(matches!(recovery(&server, "bob", &app.recovery[0]), Step::Wrong(_)));
}

#[test]
fn guessing_codes_stops_at_five_over_any_number_of_sign_ins_and_the_pause_doubles() {
    let (server, _, app) = enrolled();
    for pause in [900, 1_800, 3_600] {
        let mut compared = 0;
        for _ in 0..20 {
            // A sign-in of its own for each guess, from wherever.
            let step = totp(&server, "ann", &wrong(&server, &app));
            let Step::Wrong(wait) = step else { panic!("{step:?}") };
            compared += 1;
            server.clock.advance(wait);
            if wait.as_secs() >= 900 {
                assert_eq!(wait.as_secs(), pause);
                break;
            }
        }
        assert_eq!(compared, 5, "before the pause of {pause} s");
    }
}

#[test]
fn right_code_is_refused_while_codes_are_paused_but_a_recovery_code_opens() {
    let (server, _, app) = enrolled();
    for _ in 0..5 {
        let Step::Wrong(wait) = totp(&server, "ann", &wrong(&server, &app)) else { panic!() };
        if wait.as_secs() < 900 {
            server.clock.advance(wait);
        }
    }
    assert!(matches!(totp(&server, "ann", &server.code(&app)), Step::Wrong(_)));
    let server = server.restart();
    assert!(matches!(totp(&server, "ann", &server.code(&app)), Step::Wrong(_)));
    // The owner has a way that a guesser of six digits has not.
    assert!(matches!(recovery(&server, "ann", &app.recovery[0]), Step::In(..)));
}

#[test]
fn resting_between_guesses_does_not_keep_the_pause_away() {
    let (server, _, app) = enrolled();
    // Four guesses, then as long a rest as the pause would be, again and again for a day.
    let mut compared = 0;
    let end = START.plus(Duration::from_secs(86_400));
    while server.clock.now() < end {
        for _ in 0..4 {
            let Step::Wrong(wait) = totp(&server, "ann", &wrong(&server, &app)) else { panic!() };
            compared += 1;
            server.clock.advance(wait);
        }
        server.advance(900);
    }
    assert!(compared <= 50, "{compared} guesses in a day");
}

#[test]
fn right_password_does_not_clear_the_count_of_wrong_codes() {
    let (server, _, app) = enrolled();
    let compared = (0..30)
        .filter(|_| {
            let before = server.events().iter().filter(|e| *e == "factor.wrong").count();
            totp(&server, "ann", &wrong(&server, &app));
            server.advance(1);
            server.events().iter().filter(|e| *e == "factor.wrong").count() > before
        })
        .count();
    assert!(compared <= 5, "{compared} codes were compared within half a minute");
}

#[test]
fn two_hundred_parallel_guesses_of_a_code_are_one() {
    let (server, _, app) = enrolled();
    let ways: Vec<OnTheWay> = (0..200).map(|_| on_the_way(&server, "ann")).collect();
    let guess = wrong(&server, &app);
    race(200, |at| give(&server, &ways[at], Method::Totp, &guess));
    assert_eq!(server.events().iter().filter(|event| *event == "factor.wrong").count(), 1);
}

#[test]
fn garbage_is_no_code() {
    let (server, _, app) = enrolled();
    let code = server.code(&app);
    for garbage in
        ["", " ", "0", "-1", "\u{0}", &format!("{code}0"), &format!("0{code}"), "１２３４５６"]
    {
        assert!(matches!(totp(&server, "ann", garbage), Step::Wrong(_)), "{garbage:?}");
        server.advance(4_000);
    }
}

#[test]
fn authenticator_is_not_in_force_before_a_code_has_proved_it() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (env, user) = (server.app.env(), ann.clone());
    server.write(move |tx| ops::factor::enroll(tx, &env, &user));
    let (factors, codes) = server.read(|r| ops::factor::list(r, &operator(), &ann.id));
    assert_eq!((factors.len(), codes), (0, 0));
    // And nothing but the password is asked for.
    server.login("ann");

    let (env, id) = (server.app.env(), ann.id.clone());
    let outcome =
        server.write(move |tx| ops::factor::confirm(tx, &env, &operator(), &id, "000000"));
    assert!(matches!(outcome, Enrolled::Wrong));
    let (factors, _) = server.read(|r| ops::factor::list(r, &operator(), &ann.id));
    assert!(factors.is_empty());
}

#[test]
fn code_that_proved_the_authenticator_does_not_sign_in() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (env, user) = (server.app.env(), ann.clone());
    let enrolment = server.write(move |tx| ops::factor::enroll(tx, &env, &user));
    let app = Totp::from_base32(enrolment.secret.expose(), server.app.env.totp_settings());
    let (env, id, code) = (server.app.env(), ann.id.clone(), server.code(&app));
    let outcome = server.write(move |tx| ops::factor::confirm(tx, &env, &operator(), &id, &code));
    assert!(matches!(outcome, Enrolled::Active(it) if it.codes.len() == 10));
    assert!(matches!(totp(&server, "ann", &server.code(&app)), Step::Wrong(_)));
    server.advance(30);
    assert!(matches!(totp(&server, "ann", &server.code(&app)), Step::In(..)));
}

#[test]
fn seed_is_never_shown_again_once_it_is_in_force() {
    let (server, ann, app) = enrolled();
    let (env, user) = (server.app.env(), ann.clone());
    let again = server.write(move |tx| ops::factor::enroll(tx, &env, &user));
    assert_ne!(again.secret.expose(), app.base32);
    // What was begun now is not in force either.
    let other = Totp::from_base32(again.secret.expose(), server.app.env.totp_settings());
    assert!(matches!(totp(&server, "ann", &server.code(&other)), Step::Wrong(_)));
}

#[test]
fn sign_in_that_waits_for_enrolment_cannot_enrol_once_the_person_has_a_factor() {
    let server = TestApp::with(|config| config.authentication.mfa.grace_period = Duration::ZERO);
    let root = server.admin("root");
    // A thief knows the password and stops at the enrolment page; then the owner enrols.
    let thief = on_the_way(&server, "root");
    assert_eq!(thief.sign_in.stage, Stage::Enroll);
    server.with_totp(&root);
    let (env, way) = (server.app.env(), thief.clone());
    let page = server.write(move |tx| ops::factor::enroll_on_the_way(tx, &env, &way, None));
    assert!(page.is_none(), "the thief is shown a seed of their own");
    // Not even with an enrolment that waits from before.
    let (env, user) = (server.app.env(), root.clone());
    let waiting = server.write(move |tx| ops::factor::enroll(tx, &env, &user));
    let app = Totp::from_base32(waiting.secret.expose(), server.app.env.totp_settings());
    let (env, code) = (server.app.env(), server.code(&app));
    let outcome =
        server.write(move |tx| ops::factor::confirm_on_the_way(tx, &env, &origin(), &thief, &code));
    assert!(outcome.is_none(), "{outcome:?}");
}

#[test]
fn two_who_know_the_password_are_never_shown_the_same_seed() {
    let server = TestApp::with(|config| config.authentication.mfa.grace_period = Duration::ZERO);
    server.admin("root");
    let shown = |way: &OnTheWay| {
        let (env, way) = (server.app.env(), way.clone());
        let page = server.write(move |tx| ops::factor::enroll_on_the_way(tx, &env, &way, None));
        page.unwrap().secret.expose().to_owned()
    };
    let (thief, owner) = (on_the_way(&server, "root"), on_the_way(&server, "root"));
    let stolen = shown(&thief);
    // Else the thief would own the owner's second factor from the day it is made.
    assert_ne!(stolen, shown(&owner));
}

#[test]
fn person_may_not_touch_the_factors_of_another() {
    let (server, ann, app) = enrolled();
    let mallory = server.user("mallory");
    let (session, _) = server.session_of(&mallory, false);
    let who = mcpcodex::model::actor::Actor::person(mallory.id.clone(), session.id, origin());
    let (env, id, code) = (server.app.env(), ann.id.clone(), server.code(&app));
    let refused = server.app.db.write_blocking(move |tx| {
        let first = ops::factor::confirm(tx, &env, &who, &id, &code).is_err();
        let second = ops::factor::regenerate_codes(tx, &env, &who, &id).is_err();
        let third = ops::factor::disable(tx, &env, &who, &id, None).is_err();
        let fourth = ops::factor::list(tx, &who, &id).is_err();
        let fifth = {
            let pending = mcpcodex::model::id::CredentialId::new();
            ops::factor::confirm_unverified(tx, &env, &who, &id, &pending).is_err()
        };
        Ok([first, second, third, fourth, fifth])
    });
    assert_eq!(refused.unwrap(), [true; 5]);
    assert!(matches!(recovery(&server, "ann", &app.recovery[0]), Step::In(..)));
}
