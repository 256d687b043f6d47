//! How many keys an emergency costs, from the first screen, on the real binary in a real terminal.

use std::time::Duration;

use mcpcodex::{
    model::{
        actor::{Actor, Origin, Via},
        audit::Event,
        user::UserState,
    },
    ops::{self, apikey::New},
};

use super::{
    driver::{self, join},
    tmux::{Shell, state},
};

/// Keys that are pressed one after the other, and counted.
struct Hand<'s> {
    shell: &'s Shell,
    pressed: usize,
}

impl<'s> Hand<'s> {
    fn at(shell: &'s Shell) -> Self {
        Self { shell, pressed: 0 }
    }

    fn press(&mut self, keys: &[&str]) -> &mut Self {
        self.shell.press(keys);
        self.pressed += keys.len();
        self
    }

    /// What the terminal marks as pasted counts as one key.
    fn paste(&mut self, text: &str) -> &mut Self {
        self.shell.tmux(&["set-buffer", text]);
        self.shell.tmux(&["paste-buffer", "-p"]);
        self.pressed += 1;
        self
    }

    fn see(&mut self, words: &str) -> &mut Self {
        self.shell.wait(words);
        self
    }
}

fn root() -> Actor {
    Actor::operator("root", Via::Cli)
}

#[test]
fn attacker_is_locked_out_by_eight_keys_and_a_wrong_lock_undone_by_two() {
    let shell = Shell::open();
    shell.start_at_the_dashboard("");
    let mut hand = Hand::at(&shell);
    hand.press(&["2", "/", "m", "a", "l", "Enter", "L"]).see("Lock out mallory ?");
    assert_eq!(state(&shell.opened, "mallory"), UserState::Invited);
    hand.press(&["y"]).see("locked out mallory");
    assert_eq!((hand.pressed, state(&shell.opened, "mallory")), (8, UserState::Locked));
    let mut hand = Hand::at(&shell);
    hand.press(&["U"]).see("Unlock mallory ?").press(&["y"]).see("unlocked mallory");
    assert_eq!((hand.pressed, state(&shell.opened, "mallory")), (2, UserState::Invited));
}

#[test]
fn attacker_is_locked_out_by_three_keys_from_an_event() {
    let shell = Shell::open();
    let mallory = shell.opened.db.read(|r| ops::user::find(r, "mallory")).unwrap().id;
    let alice = shell.opened.db.read(|r| ops::user::find(r, "alice")).unwrap().id;
    shell
        .opened
        .db
        .write_blocking(move |tx| {
            let origin =
                Origin { address: "203.0.113.9".to_owned(), user_agent: "curl".to_owned() };
            let wrong = Event::new("sign_in.wrong").user(&mallory);
            ops::audit::record(tx, &Actor::anonymous(origin), &wrong)?;
            ops::audit::record(tx, &root(), &Event::new("user.edit").user(&alice))
        })
        .unwrap();
    shell.start_at_the_dashboard("");
    shell.wait("wrong password");
    let mut hand = Hand::at(&shell);
    hand.press(&["j", "L"]).see("Lock out mallory ?").press(&["y"]).see("locked out mallory");
    assert_eq!((hand.pressed, state(&shell.opened, "mallory")), (3, UserState::Locked));
}

#[test]
fn second_factor_is_reset_with_a_new_link_by_nine_keys_and_one() {
    let shell = Shell::open();
    join(&shell.opened, "alice");
    shell.start_at_the_dashboard("");
    let mut hand = Hand::at(&shell);
    hand.press(&["2", "/", "a", "l", "i", "Enter", "M"]).see("Reset the second factors of alice ?");
    // `r` names what M means; it is a key that does no harm where M asks at once.
    hand.press(&["r", "y"]).see("Enrolment link for alice");
    assert_eq!(hand.pressed, 9);
    hand.press(&["c"]).see("sent to your terminal");
}

#[test]
fn all_sessions_of_a_person_end_by_eight_keys() {
    let shell = Shell::open();
    driver::add(&shell.opened, "bob");
    driver::sign_in(&shell.opened, "bob");
    shell.start_at_the_dashboard("");
    let mut hand = Hand::at(&shell);
    hand.press(&["2", "/", "b", "o", "b", "Enter", "X"]).see("End all sessions of bob ?");
    hand.press(&["y"]).see("ended 1 session of bob");
    assert_eq!(hand.pressed, 8);
}

#[test]
fn leaked_key_is_rotated_by_seven_keys_and_two() {
    let shell = Shell::open();
    join(&shell.opened, "alice");
    let alice = shell.opened.db.read(|r| ops::user::find(r, "alice")).unwrap();
    let env = shell.opened.env();
    let new = New {
        name: "ci-deploy".to_owned(),
        scopes: vec!["read:models".to_owned()],
        lifetime: Some(Duration::from_secs(86_400)),
        ..New::default()
    };
    let leaked = shell
        .opened
        .db
        .write_blocking(move |tx| ops::apikey::create(tx, &env, &root(), &alice, &new))
        .unwrap()
        .text;
    let is_good = |text: &str| {
        let env = &shell.opened.env;
        shell.opened.db.read(|r| ops::apikey::inspect(r, env, text)).unwrap().is_ok()
    };
    shell.start_at_the_dashboard("");
    let mut hand = Hand::at(&shell);
    hand.press(&["4", "/"]).paste(leaked.expose()).press(&["Enter", "R"]);
    hand.see("Rotate the API key ci-deploy ?").press(&["l"]).see("end the old key now");
    assert!(!shell.screen().contains(leaked.expose()), "the key is on the screen");
    assert!(is_good(leaked.expose()));
    hand.press(&["y"]).see("has ended");
    assert_eq!((hand.pressed, is_good(leaked.expose())), (7, false));
    hand.press(&["c"]).see("sent to your terminal").press(&["d"]).see("revoked");
    assert_eq!(hand.pressed, 9);
}

#[test]
fn log_of_a_server_is_a_pane_and_leaving_it_asks() {
    let shell = Shell::open();
    let binary = env!("CARGO_BIN_EXE_mcpcodex");
    shell.run(&format!("clear; {binary} serve --listen 127.0.0.1:0 --tui; echo left with $?"));
    shell.wait("● running");
    shell.press(&["l"]);
    let screen = shell.wait("listening on http://127.0.0.1:");
    assert!(screen.contains("Server log"), "{screen}");
    // Escape and a letter that arrive together are another key.
    shell.press(&["Escape"]);
    shell.wait("Security events");
    shell.press(&["q"]);
    shell.wait("The server runs in this process and stops with it.");
    shell.press(&["Enter"]);
    shell.wait("Security events");
    shell.press(&["C-c"]);
    shell.wait("Leave ?");
    shell.press(&["y"]);
    shell.wait("left with 0");
    shell.is_sane();
}

#[test]
fn console_begins_where_it_is_told_draws_ascii_and_changes_nothing_read_only() {
    let shell = Shell::open();
    let binary = env!("CARGO_BIN_EXE_mcpcodex");
    shell.run(&format!(
        "clear; {binary} --tui --read-only --ascii --theme light --at users/mal; echo left with $?"
    ));
    let screen = shell.wait("READ-ONLY");
    assert!(screen.is_ascii(), "{screen}");
    shell.wait("1 match");
    shell.press(&["L"]);
    shell.wait("this console only looks");
    shell.press(&["y"]);
    assert_eq!(state(&shell.opened, "mallory"), UserState::Invited);
    shell.press(&["q"]);
    shell.is_sane();
    shell.run(&format!("clear; {binary} --tui --at nowhere; echo left with $?"));
    shell.wait("there is no screen of that name");
    shell.run(&format!("clear; {binary} --data-dir none --tui --read-only; echo left with $?"));
    shell.wait("left with 3");
    assert!(!shell.folder.path().join("none").exists());
}

#[test]
fn click_chooses_and_the_mouse_is_given_back() {
    let shell = Shell::open();
    shell.start("");
    let modes = "#{mouse_standard_flag} #{mouse_sgr_flag}";
    assert_eq!(shell.tmux(&["display-message", "-p", modes]).trim(), "1 1");
    // The row under the first one, as the terminal tells a click.
    shell.tmux(&["send-keys", "-l", "\u{1b}[<0;10;7M"]);
    shell.wait("Users › mallory");
    shell.tmux(&["send-keys", "-l", "\u{1b}[<0;24;2M"]);
    shell.wait("1 live");
    shell.press(&["m"]);
    shell.wait("the mouse is the terminal's");
    assert_eq!(shell.tmux(&["display-message", "-p", modes]).trim(), "0 0");
    shell.press(&["m"]);
    shell.wait("the mouse chooses rows");
    shell.press(&["q"]);
    shell.wait("left with 0");
    assert_eq!(shell.tmux(&["display-message", "-p", modes]).trim(), "0 0");
    shell.is_sane();
}
