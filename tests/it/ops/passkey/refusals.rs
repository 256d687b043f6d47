//! Every answer that must open nothing, each beside one that differs in nothing else and opens.

use mcpcodex::{
    crypto::{secret::Hashed, secret::b64, webauthn::Fault},
    model::passkey::{Place, Refusal},
};
use serde_json::{Value, json};

use super::{
    Authenticator, Device, Devices, Page, Person, TestApp, ask, browser, check, devices, here,
    proof, refusal, refused, sign_in,
};
use crate::support::authenticator::{BACKED_UP, PRESENT, SYNCABLE, VERIFIED};

/// Pages that are not ours: another site, another scheme, port and name, and one that is ours but for a slash.
const FOREIGN: [&str; 8] = [
    "https://evil.example",
    "https://localhost:8420",
    "http://localhost",
    "http://localhost:8421",
    "http://sub.localhost:8420",
    "http://127.0.0.1:8420",
    "http://localhost:8420.evil.example",
    "null",
];

/// Someone with a passkey on each sort of device.
fn with_devices() -> (TestApp, Person, Devices) {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let mut devices = devices();
    for (_, device) in &mut devices {
        ann.register(&server, device.as_mut());
    }
    (server, ann, devices)
}

pub(super) fn with_device() -> (TestApp, Person, Device) {
    let server = TestApp::new();
    let ann = Person::new(&server, "ann");
    let mut device = Device::default();
    ann.register(&server, &mut device);
    (server, ann, device)
}

pub(super) fn changed(answer: &str, at: &str, to: Value) -> String {
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    *answer.pointer_mut(at).unwrap() = to;
    answer.to_string()
}

#[test]
fn answer_given_twice_opens_once() {
    let (server, _, devices) = with_devices();
    for (name, mut device) in devices {
        let ceremony = ask(&server, &here(), None).unwrap();
        let answer = device.answer(&Page::default(), &ceremony.options);
        proof(check(&server, &here(), None, &ceremony, &answer));
        let again = check(&server, &here(), None, &ceremony, &answer);
        assert_eq!(refusal(&again), Refusal::Gone, "{name}");
    }
}

#[test]
fn wrong_answer_spends_the_challenge() {
    let (server, _, devices) = with_devices();
    for (name, mut device) in devices {
        let ceremony = ask(&server, &here(), None).unwrap();
        let answer = device.answer(&Page::default(), &ceremony.options);
        check(&server, &here(), None, &ceremony, "{}");
        let again = check(&server, &here(), None, &ceremony, &answer);
        assert_eq!(refusal(&again), Refusal::Gone, "{name}");
    }
}

#[test]
fn challenge_lives_five_minutes() {
    let (server, _, devices) = with_devices();
    for (name, mut device) in devices {
        for (waited, opens) in [(299, true), (300, false)] {
            let ceremony = ask(&server, &here(), None).unwrap();
            let answer = device.answer(&Page::default(), &ceremony.options);
            server.advance(waited);
            let checked = check(&server, &here(), None, &ceremony, &answer);
            if opens {
                proof(checked);
            } else {
                assert_eq!(refusal(&checked), Refusal::Gone, "{name}");
            }
        }
    }
}

#[test]
fn challenge_of_another_browser_session_or_person_is_none_and_waits_for_its_own() {
    let (server, ann, devices) = with_devices();
    let bob = server.user("bob");
    let session = ann.place();
    for (name, mut device) in devices {
        let ceremony = ask(&server, &session, Some(&ann.user)).unwrap();
        let answer = device.answer(&Page::default(), &ceremony.options);
        let other = Hashed::of("another browser");
        for (place, user) in [
            (Place::of_session(&other, &ann.session()), Some(&ann.user)),
            (Place::of_link(&browser(), "l_1"), Some(&ann.user)),
            (here(), Some(&ann.user)),
            (session.clone(), Some(&bob)),
            (session.clone(), None),
            (here(), None),
        ] {
            let checked = check(&server, &place, user, &ceremony, &answer);
            assert_eq!(refusal(&checked), Refusal::Gone, "{name} {place:?} {user:?}");
        }
        // Nobody but its owner can spend it.
        proof(check(&server, &session, Some(&ann.user), &ceremony, &answer));
    }
}

#[test]
fn answer_to_one_challenge_is_none_to_another() {
    let (server, _, devices) = with_devices();
    for (name, mut device) in devices {
        let [one, two] = [(); 2].map(|()| ask(&server, &here(), None).unwrap());
        let answer = device.answer(&Page::default(), &one.options);
        let checked = check(&server, &here(), None, &two, &answer);
        assert_eq!(refusal(&checked), Refusal::Fault(Fault::Challenge), "{name}");
    }
}

#[test]
fn pages_of_another_origin_sign_nobody_in_and_register_nothing() {
    let (server, ann, known) = with_devices();
    for ((name, mut device), (_, mut new)) in known.into_iter().zip(devices()) {
        for origin in FOREIGN {
            let page = Page::at(origin);
            let checked = sign_in(&server, device.as_mut(), &page);
            assert_eq!(refusal(&checked), Refusal::Fault(Fault::Origin), "{name} {origin}");
            let ceremony = ann.begin(&server).unwrap();
            let answer = new.make(&page, &ceremony.options);
            let ended = refused(ann.end(&server, &ceremony, &answer));
            assert_eq!(ended, Refusal::Fault(Fault::Origin), "{name} {origin}");
        }
    }
    assert_eq!(ann.passkeys(&server).len(), 2);
}

#[test]
fn pages_inside_another_site_sign_nobody_in_and_register_nothing() {
    let (server, ann, known) = with_devices();
    let framed = [
        Page { cross_origin: Some(true), ..Page::default() },
        Page { top_origin: Some("https://evil.example"), ..Page::default() },
    ];
    for ((name, mut device), (_, mut new)) in known.into_iter().zip(devices()) {
        for page in &framed {
            let checked = sign_in(&server, device.as_mut(), page);
            assert_eq!(refusal(&checked), Refusal::Fault(Fault::Framed), "{name}");
            let ceremony = ann.begin(&server).unwrap();
            let answer = new.make(page, &ceremony.options);
            let ended = refused(ann.end(&server, &ceremony, &answer));
            assert_eq!(ended, Refusal::Fault(Fault::Framed), "{name}");
        }
    }
    assert_eq!(ann.passkeys(&server).len(), 2);
}

#[test]
fn registration_is_no_sign_in_and_a_sign_in_no_registration() {
    let (server, ann, devices) = with_devices();
    for (name, mut device) in devices {
        let page = Page { kind: Some("webauthn.create"), ..Page::default() };
        let checked = sign_in(&server, device.as_mut(), &page);
        assert_eq!(refusal(&checked), Refusal::Fault(Fault::Kind), "{name}");
        // The whole answer of the other sort, to a challenge of the other sort.
        let ceremony = ann.begin(&server).unwrap();
        let made = device.make(&Page::default(), &ceremony.options);
        let asked = ask(&server, &here(), None).unwrap();
        let checked = check(&server, &here(), None, &asked, &made);
        assert_eq!(refusal(&checked), Refusal::Fault(Fault::Kind), "{name}");
        let checked = check(&server, &here(), None, &ceremony, &made);
        assert_eq!(refusal(&checked), Refusal::Gone, "{name}");
        let page = Page { kind: Some("webauthn.get"), ..Page::default() };
        let answer = device.make(&page, &ceremony.options);
        let ended = refused(ann.end(&server, &ceremony, &answer));
        assert_eq!(ended, Refusal::Fault(Fault::Kind), "{name}");
    }
}

#[test]
fn device_that_means_another_site_saw_nobody_or_checked_nobody_is_refused() {
    let (server, ann, mut device) = with_device();
    let right = device.flags;
    for (rp_id, flags, fault) in [
        (Some("evil.example"), right, Fault::RelyingParty),
        (Some("sub.localhost"), right, Fault::RelyingParty),
        (None, right & !PRESENT, Fault::NotPresent),
        (None, right & !VERIFIED, Fault::NotVerified),
        (None, right & !SYNCABLE, Fault::Backup),
        (None, right & !SYNCABLE & !BACKED_UP, Fault::Backup),
    ] {
        (device.rp_id, device.flags) = (rp_id, flags);
        let checked = sign_in(&server, &mut device, &Page::default());
        assert_eq!(refusal(&checked), Refusal::Fault(fault), "{rp_id:?} {flags:#x}");
        if flags & BACKED_UP == 0 {
            // A passkey that cannot be copied is as good as any at registration.
            continue;
        }
        let ceremony = ann.begin(&server).unwrap();
        let mut new = Device { flags, rp_id, ..Device::default() };
        let answer = new.make(&Page::default(), &ceremony.options);
        let ended = refused(ann.end(&server, &ceremony, &answer));
        assert_eq!(ended, Refusal::Fault(fault), "{rp_id:?} {flags:#x}");
    }
    (device.rp_id, device.flags) = (None, right);
    proof(sign_in(&server, &mut device, &Page::default()));
    assert_eq!(ann.passkeys(&server).len(), 1);
}

#[test]
fn account_that_the_device_names_must_be_the_owner() {
    let (server, ann, devices) = with_devices();
    let bob = Person::new(&server, "bob");
    let mut bobs = Device::default();
    bob.register(&server, &mut bobs);
    let session = ann.place();
    for (name, mut device) in devices {
        for handle in [json!(b64(&bobs.handle())), json!(b64(&[7; 16])), json!(""), Value::Null] {
            let ceremony = ask(&server, &here(), None).unwrap();
            let answer = device.answer(&Page::default(), &ceremony.options);
            let answer = changed(&answer, "/response/userHandle", handle.clone());
            let checked = check(&server, &here(), None, &ceremony, &answer);
            assert_eq!(refusal(&checked), Refusal::OtherPerson, "{name} {handle}");
        }
        // Asked of a known person, a device may leave the account out but not name another.
        for (handle, right) in [(Value::Null, true), (json!(b64(&bobs.handle())), false)] {
            let ceremony = ask(&server, &session, Some(&ann.user)).unwrap();
            let answer = device.answer(&Page::default(), &ceremony.options);
            let answer = changed(&answer, "/response/userHandle", handle);
            let checked = check(&server, &session, Some(&ann.user), &ceremony, &answer);
            if right {
                proof(checked);
            } else {
                assert_eq!(refusal(&checked), Refusal::OtherPerson, "{name}");
            }
        }
    }
}

#[test]
fn passkey_of_somebody_else_is_no_second_factor() {
    let (server, ann, _) = with_device();
    let bob = Person::new(&server, "bob");
    let mut bobs = Device::default();
    bob.register(&server, &mut bobs);
    let session = ann.place();
    let ceremony = ask(&server, &session, Some(&ann.user)).unwrap();
    // A browser that ignores which passkeys were allowed.
    let mut options = ceremony.options.clone();
    options["publicKey"]["allowCredentials"] = json!([]);
    let answer = bobs.answer(&Page::default(), &options);
    let checked = check(&server, &session, Some(&ann.user), &ceremony, &answer);
    assert_eq!(refusal(&checked), Refusal::OtherPerson);
}

#[test]
fn signature_of_another_key_and_unknown_passkeys_open_nothing() {
    let (server, _, mut device) = with_device();
    // Another device that took over the id: same id, another key.
    let stranger = TestApp::new();
    let eve = Person::new(&stranger, "eve");
    let mut forged = Device { next_id: Some(device.newest()), ..Device::default() };
    eve.register(&stranger, &mut forged);
    let ceremony = ask(&server, &here(), None).unwrap();
    let answer = forged.answer(&Page::default(), &ceremony.options);
    let answer = changed(&answer, "/response/userHandle", json!(b64(&device.handle())));
    let checked = check(&server, &here(), None, &ceremony, &answer);
    assert_eq!(refusal(&checked), Refusal::Fault(Fault::Signature));

    let mut unknown = Device::default();
    eve.register(&stranger, &mut unknown);
    let checked = sign_in(&server, &mut unknown, &Page::default());
    assert_eq!(refusal(&checked), Refusal::Unknown);
    proof(sign_in(&server, &mut device, &Page::default()));
}

#[test]
fn passkey_that_anyone_has_is_not_registered_again() {
    let (server, ann, device) = with_device();
    let bob = Person::new(&server, "bob");
    for who in [&ann, &bob] {
        let ceremony = who.begin(&server).unwrap();
        let mut copy = Device { next_id: Some(device.newest()), ..Device::default() };
        let answer = copy.make(&Page::default(), &ceremony.options);
        assert_eq!(refused(who.end(&server, &ceremony, &answer)), Refusal::Known);
    }
    assert!(bob.passkeys(&server).is_empty());
}

#[test]
fn registration_answered_twice_late_or_elsewhere_is_refused() {
    let server = TestApp::new();
    let (ann, bob) = (Person::new(&server, "ann"), Person::new(&server, "bob"));
    for (name, mut device) in devices() {
        let ceremony = ann.begin(&server).unwrap();
        let answer = device.make(&Page::default(), &ceremony.options);
        let elsewhere = Hashed::of("another browser");
        let ended = ann.end_in(&server, &ceremony, &answer, &elsewhere).unwrap();
        assert_eq!(refused(ended), Refusal::Gone, "{name}");
        assert_eq!(refused(bob.end(&server, &ceremony, &answer)), Refusal::Gone, "{name}");
        let other = Person { user: ann.user.clone(), session: ann.session.clone() };
        other.come_back(&server);
        assert_eq!(refused(other.end(&server, &ceremony, &answer)), Refusal::Gone, "{name}");
        assert!(bob.passkeys(&server).is_empty());

        let late = ann.begin(&server).unwrap();
        let answer = device.make(&Page::default(), &late.options);
        server.advance(300);
        assert_eq!(refused(ann.end(&server, &late, &answer)), Refusal::Gone, "{name}");

        ann.come_back(&server);
        let ceremony = ann.begin(&server).unwrap();
        let answer = device.make(&Page::default(), &ceremony.options);
        let session = ann.session();
        ann.end(&server, &ceremony, &answer);
        // Also from the session that asked, if it could still speak.
        assert_ne!(ann.session(), session);
        assert_eq!(refused(ann.end(&server, &ceremony, &answer)), Refusal::Gone, "{name}");
    }
    assert_eq!(ann.passkeys(&server).len(), 2);
}

#[test]
fn answer_with_a_letter_changed_opens_nothing_and_breaks_nothing() {
    let (server, _, mut device) = with_device();
    for part in [
        "/id",
        "/rawId",
        "/response/clientDataJSON",
        "/response/authenticatorData",
        "/response/signature",
        "/response/userHandle",
    ] {
        let mut at = 0;
        loop {
            let ceremony = ask(&server, &here(), None).unwrap();
            let answer = device.answer(&Page::default(), &ceremony.options);
            let whole: Value = serde_json::from_str(&answer).unwrap();
            let mut text = whole.pointer(part).unwrap().as_str().unwrap().to_owned();
            let Some(letter) = text.get(at..=at) else { break };
            let other = if letter == "A" { "B" } else { "A" };
            text.replace_range(at..=at, other);
            let answer = changed(&answer, part, json!(text));
            refusal(&check(&server, &here(), None, &ceremony, &answer));
            at += 3;
        }
    }
    let ceremony = ask(&server, &here(), None).unwrap();
    let long =
        format!("{}{}", device.answer(&Page::default(), &ceremony.options), " ".repeat(40_000));
    let checked = check(&server, &here(), None, &ceremony, &long);
    assert_eq!(refusal(&checked), Refusal::Fault(Fault::Unreadable));
}
