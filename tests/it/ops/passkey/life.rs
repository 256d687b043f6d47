//! A passkey's life: registered, used, renamed, removed; who is asked for one, and where.

use mcpcodex::{
    crypto::secret::{Hashed, b64},
    model::{
        passkey::{MAX_PASSKEYS, Place, Proof, Refusal},
        session::{ACR_MFA, acr_of},
    },
    ops::{
        self,
        login::Step,
        passkey::{Checked, Registered},
    },
};
use serde_json::{Value, json};

use super::{
    Authenticator, Device, Page, Person, TestApp, ask, browser, check, devices, here, kind, proof,
    refusal, sign_in, steps::password,
};
use crate::support::{
    authenticator::{PRESENT, VERIFIED},
    operator, race,
};

fn recovery_codes(server: &TestApp, person: &Person) -> u32 {
    server.read(|r| ops::factor::list(r, &operator(), &person.user.id)).1
}

fn remove(server: &TestApp, person: &Person, at: usize) {
    let (env, who, user) = (server.app.env(), person.actor(), person.user.id.clone());
    let id = person.passkeys(server)[at].id.clone();
    server.write(move |tx| ops::passkey::remove(tx, &env, &who, &user, &id));
}

#[test]
fn passkey_alone_is_two_factors() {
    for (name, mut device) in devices() {
        let server = TestApp::new();
        let ann = Person::new(&server, "ann");
        let registered = ann.register(&server, device.as_mut());
        server.advance(60);
        let proved = proof(sign_in(&server, device.as_mut(), &Page::default()));
        let (user, credential) = (ann.user.id.clone(), registered.id);
        let syncable = name == "own";
        assert_eq!(proved, Proof { user, credential, verified: true, syncable }, "{name}");
        assert_eq!(acr_of(&proved.amr()), ACR_MFA);
        let shown = &ann.passkeys(&server)[0];
        assert_eq!(shown.last_used_at, Some(server.clock.now()), "{name}");
        assert_eq!(shown.counter, u32::from(name == "soft"), "{name}");
    }
}

#[test]
fn registration_asks_for_a_passkey_that_signs_in_without_a_name_and_for_no_second_on_one_device() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let first = ann.begin(&server).unwrap().options;
    let key = &first["publicKey"];
    assert_eq!(
        key["authenticatorSelection"],
        json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" })
    );
    assert_eq!(key["rp"], json!({ "id": "localhost", "name": "MCPCodex" }));
    assert_eq!(key["user"]["name"], "ann");
    assert_eq!(key["user"]["displayName"], "ann");
    assert_eq!(key["attestation"], "none");
    assert_eq!(key["timeout"], 300_000);
    assert_eq!(key["excludeCredentials"], json!([]));
    assert!(!key["user"]["id"].as_str().unwrap().contains(ann.user.id.as_str()));

    let mut device = Device::default();
    ann.register(&server, &mut device);
    let second = ann.begin(&server).unwrap().options;
    let known = json!([{ "type": "public-key", "id": b64(&device.newest()), "transports": ["hybrid", "internal"] }]);
    assert_eq!(second["publicKey"]["excludeCredentials"], known);
    // One account on each device, for ever; and another person's is another.
    assert_eq!(second["publicKey"]["user"]["id"], key["user"]["id"]);
    remove(&server, &ann, 0);
    let third = ann.begin(&server).unwrap().options;
    assert_eq!(third["publicKey"]["user"]["id"], key["user"]["id"]);
    let bob = Person::new(&server, "bob").begin(&server).unwrap().options;
    assert_ne!(bob["publicKey"]["user"]["id"], key["user"]["id"]);
}

#[test]
fn options_before_sign_in_are_alike_whoever_exists() {
    let server = TestApp::new();
    let options = |browser: &str| {
        let place = Place::of_browser(&Hashed::of(browser));
        let mut options = ask(&server, &place, None).unwrap().options;
        let challenge = options["publicKey"]["challenge"].take();
        assert_eq!(challenge.as_str().unwrap().len(), 43);
        options
    };
    let before = options("one");
    assert_eq!(before["publicKey"]["allowCredentials"], json!([]));
    Person::new(&server, "ann").register(&server, &mut Device::default());
    assert_eq!(options("one"), before);
    assert_eq!(options("two"), before);
}

#[test]
fn first_passkey_ends_other_sessions_and_brings_recovery_codes_and_the_next_brings_none() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    server.session_of(&ann.user, false);
    let sessions =
        || server.read(|r| ops::session::list(r, &operator(), Some(&ann.user.id), 10)).len();
    assert_eq!(sessions(), 2);
    for (device, expected) in [(0, 10), (1, 0)] {
        let ceremony = ann.begin(&server).unwrap();
        let answer = Device::default().make(&Page::default(), &ceremony.options);
        let Registered::Active(enrolled) = ann.end(&server, &ceremony, &answer) else {
            panic!("not registered");
        };
        assert_eq!(enrolled.in_force.codes.len(), expected);
        assert_eq!(enrolled.passkey.label, ["Passkey", "Passkey 2"][device]);
        assert_eq!(sessions(), 1);
        assert_eq!(recovery_codes(&server, &ann), 10);
        server.session_of(&ann.user, false);
    }
    let enrolled = server.events().iter().filter(|event| *event == "factor.enroll").count();
    assert_eq!(enrolled, 2);
}

#[test]
fn hundred_parallel_uses_of_one_answer_are_one_proof() {
    let server = TestApp::new();
    let mut device = Device::default();
    Person::new(&server, "ann").register(&server, &mut device);
    let ceremony = ask(&server, &here(), None).unwrap();
    let answer = device.answer(&Page::default(), &ceremony.options);
    let checked = race(100, |_| check(&server, &here(), None, &ceremony, &answer));
    let right = checked.iter().filter(|checked| matches!(checked, Checked::Right(_))).count();
    assert_eq!(right, 1);
}

#[test]
fn locked_person_is_let_in_by_no_passkey() {
    let server = TestApp::new();
    let mut device = Device::default();
    let ann = Person::new(&server, "ann");
    ann.register(&server, &mut device);
    let id = ann.user.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    let checked = sign_in(&server, &mut device, &Page::default());
    assert_eq!(refusal(&checked), Refusal::OwnerShut);
}

#[test]
fn removed_passkey_opens_nothing_and_the_last_takes_the_recovery_codes_along() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let (mut one, mut two) = (Device::default(), Device::default());
    ann.register(&server, &mut one);
    ann.register(&server, &mut two);
    server.session_of(&ann.user, false);
    // Asked while it was there, answered when it is not.
    let ceremony = ask(&server, &here(), None).unwrap();
    let answer = one.answer(&Page::default(), &ceremony.options);
    remove(&server, &ann, 0);
    let checked = check(&server, &here(), None, &ceremony, &answer);
    assert_eq!(refusal(&checked), Refusal::Unknown);
    let sessions = server.read(|r| ops::session::list(r, &operator(), Some(&ann.user.id), 10));
    assert_eq!(sessions.len(), 1);
    assert_eq!(recovery_codes(&server, &ann), 10);
    proof(sign_in(&server, &mut two, &Page::default()));
    remove(&server, &ann, 0);
    assert_eq!(recovery_codes(&server, &ann), 0);
    assert!(matches!(password(&server, "ann").step, Step::In(..)));
}

#[test]
fn turning_all_factors_off_removes_passkeys_too() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let mut device = Device::default();
    ann.register(&server, &mut device);
    let id = ann.user.id.clone();
    let env = server.app.env();
    let removed = server.write(move |tx| ops::factor::disable(tx, &env, &operator(), &id, None));
    assert_eq!(removed, 1);
    let checked = sign_in(&server, &mut device, &Page::default());
    assert_eq!(refusal(&checked), Refusal::Unknown);
}

#[test]
fn nobody_sees_renames_or_removes_the_passkey_of_another() {
    let server = TestApp::new();
    let (ann, bob) = (Person::new(&server, "ann"), Person::new(&server, "bob"));
    let id = ann.register(&server, &mut Device::default()).id;
    let (ann_id, bob_id) = (ann.user.id.clone(), bob.user.id.clone());
    assert!(server.app.db.read(|r| ops::passkey::list(r, &bob.actor(), &ann_id)).is_err());
    for (whose, code) in [(ann_id, "denied"), (bob_id, "not_found")] {
        let (who, user, passkey) = (bob.actor(), whose.clone(), id.clone());
        let renamed = server
            .app
            .db
            .write_blocking(move |tx| ops::passkey::rename(tx, &who, &user, &passkey, "Mine"));
        assert_eq!(kind(&renamed.unwrap_err()), code);
        let (who, user, passkey) = (bob.actor(), whose, id.clone());
        let env = server.app.env();
        let removed = server
            .app
            .db
            .write_blocking(move |tx| ops::passkey::remove(tx, &env, &who, &user, &passkey));
        assert_eq!(kind(&removed.unwrap_err()), code);
    }
    let (who, user) = (ann.actor(), ann.user.id.clone());
    server.write(move |tx| ops::passkey::rename(tx, &who, &user, &id, " Blue key "));
    assert_eq!(ann.passkeys(&server)[0].label, "Blue key");
}

#[test]
fn session_that_ended_registers_nothing_and_the_operator_has_no_device() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let ceremony = ann.begin(&server).unwrap();
    let answer = Device::default().make(&Page::default(), &ceremony.options);
    let (id, session) = (ann.user.clone(), ann.session());
    server.write(move |tx| ops::session::revoke(tx, &operator(), &[session]));
    assert_eq!(kind(&ann.begin(&server).unwrap_err()), "denied");
    let ended = ann.end_in(&server, &ceremony, &answer, &browser());
    assert_eq!(kind(&ended.unwrap_err()), "denied");
    let env = server.app.env();
    let begun = server
        .app
        .db
        .write_blocking(move |tx| ops::passkey::register(tx, &env, &operator(), &id, &browser()));
    assert_eq!(kind(&begun.unwrap_err()), "denied");
}

#[test]
fn nobody_has_more_passkeys_than_the_limit() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let late = ann.begin(&server).unwrap();
    let answer = Device::default().make(&Page::default(), &late.options);
    for _ in 0..MAX_PASSKEYS {
        ann.register(&server, &mut Device::default());
    }
    assert_eq!(kind(&ann.begin(&server).unwrap_err()), "conflict");
    // Begun in time is not enough.
    assert!(!matches!(ann.end_in(&server, &late, &answer, &browser()), Ok(Registered::Active(..))));
    assert_eq!(ann.passkeys(&server).len(), MAX_PASSKEYS);
}

#[test]
fn passkeys_are_offered_only_where_browsers_and_the_configuration_know_them() {
    let offered = |change: fn(&mut mcpcodex::config::Config)| {
        let server = TestApp::with(change);
        assert_eq!(
            ask(&server, &here(), None).is_some(),
            ops::passkey::is_offered(&server.app.env)
        );
        let begun = Person::new(&server, "ann").begin(&server);
        assert_eq!(begun.is_ok(), ops::passkey::is_offered(&server.app.env));
        ops::passkey::is_offered(&server.app.env)
    };
    assert!(offered(|_| ()));
    assert!(!offered(|config| config.authentication.mfa.enabled = false));
    assert!(!offered(|config| config.authentication.mfa.providers.webauthn.enabled = false));
    assert!(!offered(|config| config.server.public_url = "http://127.0.0.1:8420".parse().ok()));
    assert!(!offered(|config| {
        config.server.public_url = "https://auth.example.com".parse().ok();
        config.authentication.mfa.providers.webauthn.rp_id = Some("example.org".to_owned());
    }));
    assert!(offered(|config| {
        config.server.public_url = "https://auth.example.com".parse().ok();
        config.authentication.mfa.providers.webauthn.rp_id = Some("example.com".to_owned());
    }));
}

#[test]
fn passkey_switched_off_between_question_and_answer_opens_nothing() {
    let server = TestApp::new();
    let mut device = Device::default();
    Person::new(&server, "ann").register(&server, &mut device);
    let ceremony = ask(&server, &here(), None).unwrap();
    let answer = device.answer(&Page::default(), &ceremony.options);
    let server = server.restart_with(|config| {
        config.authentication.mfa.providers.webauthn.enabled = false;
    });
    let checked = check(&server, &here(), None, &ceremony, &answer);
    assert_eq!(refusal(&checked), Refusal::SwitchedOff);
}

#[test]
fn names_of_the_configuration_reach_the_device_and_the_domain_above_serves_its_hosts() {
    let server = TestApp::with(|config| {
        config.server.public_url = "https://auth.example.com".parse().ok();
        let webauthn = &mut config.authentication.mfa.providers.webauthn;
        webauthn.rp_id = Some("example.com".to_owned());
        webauthn.rp_name = "Example".to_owned();
    });
    let ann = Person::new(&server, "ann");
    let ceremony = ann.begin(&server).unwrap();
    let rp: &Value = &ceremony.options["publicKey"]["rp"];
    assert_eq!(*rp, json!({ "id": "example.com", "name": "Example" }));
    let mut device = Device::default();
    let page = Page::at("https://auth.example.com");
    let answer = device.make(&page, &ceremony.options);
    assert!(matches!(ann.end(&server, &ceremony, &answer), Registered::Active(..)));
    proof(sign_in(&server, &mut device, &page));
    // The domain itself and its other hosts are other pages.
    for other in ["https://example.com", "https://www.example.com"] {
        refusal(&sign_in(&server, &mut device, &Page::at(other)));
    }
}

#[test]
fn browser_keeps_its_newest_challenges_and_old_ones_are_swept() {
    let server = TestApp::new();
    let mut device = Device::default();
    Person::new(&server, "ann").register(&server, &mut device);
    let asked: Vec<_> = (0..10).map(|_| ask(&server, &here(), None).unwrap()).collect();
    for (at, ceremony) in asked.iter().enumerate() {
        let answer = device.answer(&Page::default(), &ceremony.options);
        let checked = check(&server, &here(), None, ceremony, &answer);
        assert_eq!(matches!(checked, Checked::Right(_)), at >= 2, "{at}");
    }
    ask(&server, &here(), None).unwrap();
    let sweep = || {
        let env = server.app.env();
        server.write(move |tx| ops::sweep::sweep(tx, &env))
    };
    assert_eq!(sweep(), 0);
    server.advance(300);
    assert_eq!(sweep(), 1);
}

#[test]
fn passkey_that_cannot_be_copied_is_a_key_of_hardware() {
    let server = TestApp::new();
    let mut device = Device { flags: PRESENT | VERIFIED, ..Device::default() };
    let passkey = Person::new(&server, "ann").register(&server, &mut device);
    assert!(!passkey.syncable && !passkey.backed_up);
    let proved = proof(sign_in(&server, &mut device, &Page::default()));
    assert_eq!(proved.amr(), ["hwk", "user", "mfa"]);
}
