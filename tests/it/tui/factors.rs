//! Acts on second factors and links, on a real database.

use mcpcodex::{
    model::factor::Method,
    ops::{self, factor::Which},
};

use super::{
    NOW,
    driver::{Driver, code_on, join, sign_in},
};

#[test]
fn lost_phone_costs_seven_keys_and_one_to_copy_the_link() {
    let mut driver = Driver::with(&["alice", "bob"]);
    join(&driver.opened, "alice");
    driver.press("6/ali<Enter><Enter>").see("Enrol alice");
    let code = code_on(&driver.screen(), NOW);
    driver.press(&code).see("Recovery codes of alice").press("c<Esc>2");
    assert_eq!(driver.factors_of("alice"), [Method::Totp]);
    sign_in(&driver.opened, "alice");
    (driver.pressed, driver.copied) = (0, Vec::new());
    driver.press("/ali<Enter>M").see("remove every second factor: app").see("end 1 session");
    assert_eq!(driver.factors_of("alice"), [Method::Totp], "the question alone does nothing");
    driver.press("y").see("Enrolment link for alice").see("removed 1 second factor of alice");
    assert_eq!(driver.pressed, 7);
    driver.press("c<Esc>");
    assert!(driver.copied[0].contains("/enroll?token="), "{:?}", driver.copied);
    assert_eq!((driver.factors_of("alice"), driver.sessions_of("alice")), (vec![], 0));
    driver.see("Users › alice");
}

#[test]
fn nothing_is_in_force_before_a_code_matches() {
    let mut driver = Driver::with(&["alice"]);
    join(&driver.opened, "alice");
    sign_in(&driver.opened, "alice");
    driver.press("6").see("Without a second factor   1").press("<Enter>").see("Step 1 of 2");
    let code = code_on(&driver.screen(), NOW);
    let wrong = if code == "000000" { "111111" } else { "000000" };
    driver.press(wrong).see("That is not the code");
    assert_eq!((driver.factors_of("alice"), driver.sessions_of("alice")), (vec![], 1));
    driver.press(&code).see("Recovery codes of alice");
    assert_eq!((driver.factors_of("alice"), driver.sessions_of("alice")), (vec![Method::Totp], 0));
    driver.press("c<Esc>").see("Everybody has a second factor");
    assert_eq!(driver.copied[0].lines().count(), 10);
    let events = driver.opened.db.read(|r| ops::audit::newest(r, &driver.who, None, 5)).unwrap();
    let enrolled = events.iter().find(|row| row.event == "factor.enroll").unwrap();
    assert_eq!((enrolled.actor.as_str(), enrolled.via.as_str()), ("root", "tui"));
}

#[test]
fn new_secret_makes_the_one_before_worthless() {
    let mut driver = Driver::with(&["alice"]);
    join(&driver.opened, "alice");
    driver.press("6<Enter>");
    let before = code_on(&driver.screen(), NOW);
    driver.press("w").see("Step 1 of 2");
    driver.press(&before).see("That is not the code");
    let code = code_on(&driver.screen(), NOW);
    driver.press(&code).see("Recovery codes of alice");
}

#[test]
fn each_link_is_the_one_that_its_verb_names() {
    let mut driver = Driver::with(&["alice", "bob"]);
    join(&driver.opened, "alice");
    driver.beat();
    for (keys, title, path) in [
        ("P", "Password reset link for alice", "/reset?token="),
        ("E", "Enrolment link for alice", "/enroll?token="),
        ("jI", "Invitation for bob", "/invite?token="),
    ] {
        driver.copied.clear();
        driver.press(keys).press("y").see(title).press("c<Esc>");
        assert!(driver.copied[0].contains(path), "{:?}", driver.copied);
    }
}

#[test]
fn palette_enrols_and_resets_by_name_from_any_screen() {
    let mut driver = Driver::with(&["alice", "bob"]);
    join(&driver.opened, "bob");
    driver.press("3:mfa enable bo<Enter>").see("Enrol bob").press("<Esc>");
    driver.press(":mfa reset bo<Enter>").see("Reset the second factors of bob ?").press("n");
    driver.press(":mfa link bob<Enter>y").see("Enrolment link for bob");
}

#[test]
fn factor_that_somebody_enrols_elsewhere_is_shown_after_the_next_beat() {
    let mut driver = Driver::with(&["alice", "bob"]);
    driver.press("6").see("Without a second factor   2 · 0 % have one");
    let (env, who, alice) = (driver.opened.env(), driver.who.clone(), driver.user("alice"));
    driver
        .opened
        .db
        .write_blocking(move |tx| {
            let started = ops::factor::enroll_as(tx, &env, &who, &alice, Which::New)?;
            ops::factor::confirm_unverified(tx, &env, &who, &alice.id, &started.id).map(drop)
        })
        .unwrap();
    driver.beat();
    driver.see("Without a second factor   1 · 50 % have one").see("alice is gone from this list");
}
