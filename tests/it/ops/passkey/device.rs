//! What the device says of itself: its counter, whether it checked anyone, the kind of its key.

use mcpcodex::{
    config::mfa::{CounterRollback, UserVerification},
    crypto::webauthn::Fault,
    model::passkey::Refusal,
};
use serde_json::{Value, json};

use super::{
    Authenticator, Device, Page, Person, TestApp, ask, here, proof, refusal,
    refusals::{changed, with_device},
    refused, sign_in,
};
use crate::support::authenticator::{PRESENT, VERIFIED, ed25519, es512};

#[test]
fn key_of_a_kind_that_was_not_offered_is_refused() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    for cose in [ed25519(), es512()] {
        let ceremony = ann.begin(&server).unwrap();
        let mut device = Device { cose: Some(cose), ..Device::default() };
        let answer = device.make(&Page::default(), &ceremony.options);
        let ended = refused(ann.end(&server, &ceremony, &answer));
        assert_eq!(ended, Refusal::Fault(Fault::Algorithm));
    }
    assert!(ann.passkeys(&server).is_empty());
}

#[test]
fn registration_with_a_letter_changed_registers_nothing_and_breaks_nothing() {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let mut device = Device::default();
    // An attestation of format "none" is not signed: what it says is believed, but never what cannot be.
    let ceremony = ann.begin(&server).unwrap();
    let answer = device.make(&Page::default(), &ceremony.options);
    let whole: Value = serde_json::from_str(&answer).unwrap();
    let text = whole["response"]["attestationObject"].as_str().unwrap().to_owned();
    for at in 0..text.len() {
        let cut = changed(&answer, "/response/attestationObject", json!(text[..at]));
        let ceremony = ann.begin(&server).unwrap();
        refused(ann.end(&server, &ceremony, &cut));
    }
    for wrong in ["", "{}", "[]", "null", "{\"id\":1}", "\u{0}"] {
        let ceremony = ann.begin(&server).unwrap();
        let ended = refused(ann.end(&server, &ceremony, wrong));
        assert_eq!(ended, Refusal::Fault(Fault::Unreadable), "{wrong:?}");
    }
    assert!(ann.passkeys(&server).is_empty());
}

#[test]
fn counter_that_stays_or_goes_back_shuts_the_passkey_until_it_is_removed() {
    for (name, back) in [("stays", 7), ("falls", 6), ("is gone", 0)] {
        let (server, ann, mut device) = with_device();
        device.counter = 7;
        proof(sign_in(&server, &mut device, &Page::default()));
        device.counter = back;
        let checked = sign_in(&server, &mut device, &Page::default());
        assert_eq!(refusal(&checked), Refusal::CounterBack, "{name}");
        assert!(server.events().contains(&"passkey.counter_back".to_owned()), "{name}");
        assert!(ann.passkeys(&server)[0].flagged_at.is_some(), "{name}");
        // Neither the copy nor the original opens anything now.
        device.counter = 8;
        let checked = sign_in(&server, &mut device, &Page::default());
        assert_eq!(refusal(&checked), Refusal::CounterBack, "{name}");
        assert!(ask(&server, &ann.place(), Some(&ann.user)).is_none(), "{name}");
    }
}

#[test]
fn counter_that_goes_back_is_only_marked_where_the_configuration_says_so() {
    let server = TestApp::with(|config| {
        config.authentication.mfa.providers.webauthn.counter_rollback = CounterRollback::Flag;
    });
    let ann = Person::new(&server, "ann");
    let mut device = Device::default();
    ann.register(&server, &mut device);
    for counter in [7, 3, 4] {
        device.counter = counter;
        proof(sign_in(&server, &mut device, &Page::default()));
    }
    let passkey = &ann.passkeys(&server)[0];
    assert!(passkey.flagged_at.is_some());
    assert_eq!(passkey.counter, 7);
    let marks = server.events().iter().filter(|event| *event == "passkey.counter_back").count();
    assert_eq!(marks, 2);
}

#[test]
fn device_that_checked_nobody_counts_for_one_factor_where_that_is_allowed() {
    for policy in [UserVerification::Preferred, UserVerification::Discouraged] {
        let server = TestApp::with(|config| {
            config.authentication.mfa.providers.webauthn.user_verification = policy;
        });
        let ann = Person::new(&server, "ann");
        let mut device = Device { flags: PRESENT, ..Device::default() };
        ann.register(&server, &mut device);
        let ceremony = ask(&server, &here(), None).unwrap();
        assert_eq!(ceremony.options["publicKey"]["userVerification"], policy.as_str());
        let proved = proof(sign_in(&server, &mut device, &Page::default()));
        assert!(!proved.verified);
        assert_eq!(proved.amr(), ["hwk"]);
        device.flags |= VERIFIED;
        let proved = proof(sign_in(&server, &mut device, &Page::default()));
        assert_eq!(proved.amr(), ["hwk", "user", "mfa"]);
        // And back again: what the device did once binds it to nothing.
        device.flags = PRESENT;
        assert!(!proof(sign_in(&server, &mut device, &Page::default())).verified);
        // Once the configuration requires it, that passkey has to check too.
        let server = server.restart_with(|config| {
            config.authentication.mfa.providers.webauthn.user_verification =
                UserVerification::Required;
        });
        let checked = sign_in(&server, &mut device, &Page::default());
        assert_eq!(refusal(&checked), Refusal::Fault(Fault::NotVerified));
        device.flags |= VERIFIED;
        proof(sign_in(&server, &mut device, &Page::default()));
    }
}
