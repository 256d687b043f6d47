//! Acts on signing keys, on a real database.

use std::time::Duration;

use mcpcodex::{model::key::KeyState, ops};

use super::driver::Driver;

impl Driver {
    /// States of the signing keys, newest first.
    fn key_states(&self) -> Vec<KeyState> {
        let keys = self.opened.db.read(|r| ops::key::list(r, &self.opened.env, &self.who)).unwrap();
        keys.into_iter().map(|row| row.key.state).collect()
    }
}

#[test]
fn signing_keys_take_turns_by_two_keys_each() {
    let mut driver = Driver::with(&[]);
    driver.press("7").see("ACTIVE").press("R").see("is staged: N stages one");
    driver.clock.advance(Duration::from_secs(60));
    driver.press("N").see("Stage the next RS256 key ?").press("y").see("✓ published a new key");
    assert_eq!(driver.key_states(), [KeyState::Next, KeyState::Active]);
    driver.press("R").see("not known well enough before");
    driver.clock.advance(Duration::from_secs(86_400));
    driver.beat();
    driver.press("R").see("sign ?").press("y").see("signs from now on");
    assert_eq!(driver.key_states(), [KeyState::Active, KeyState::Retired]);
    assert_eq!(driver.last_event().0, "key.rotate");
    driver.see("RETIRING").press("N").see("Stage the next").press("n");
}

#[test]
fn retiring_a_signing_key_wants_its_name_typed() {
    let mut driver = Driver::with(&[]);
    driver.press("7T").see("Take").see("refuse every token");
    let keys = driver.opened.db.read(|r| ops::key::list(r, &driver.opened.env, &driver.who));
    let name = keys.unwrap()[0].key.kid[..8].to_owned();
    driver.press("y<Enter>").see("nothing is done before");
    driver.press("<Esc>").see("nothing was changed");
    driver.press("Tyyyyyyyy<Enter>").see("nothing is done before").press("<Esc>");
    assert_eq!(driver.key_states(), [KeyState::Active]);
    driver.clock.advance(Duration::from_secs(60));
    driver.press("T").press(&name).press("<Enter>").see("its tokens are refused");
    assert_eq!(driver.key_states(), [KeyState::Active, KeyState::Retired]);
    assert_eq!(driver.last_event(), ("key.retire".to_owned(), "root".to_owned(), "tui".to_owned()));
}

#[test]
fn key_verbs_are_refused_where_no_keys_are_shown() {
    let mut driver = Driver::with(&["alice"]);
    driver.press(":key retire<Enter>").see("go to the signing keys for that: 7");
    driver.press("7:user lock<Enter>").see("go to the person for that");
}
