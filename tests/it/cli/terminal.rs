//! What only happens at a terminal: questions, a QR code, Ctrl-C.

use std::{
    io::{Read as _, Write as _},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use portable_pty::{Child, CommandBuilder, PtyPair, PtySize, native_pty_system};

use super::{PASSWORD, Place, people::code};

struct Session {
    child: Box<dyn Child + Send + Sync>,
    pair: PtyPair,
    keys: Box<dyn std::io::Write + Send>,
    heard: Receiver<Vec<u8>>,
    screen: String,
}

impl Session {
    fn start(place: &Place, args: &[&str]) -> Self {
        let size = PtySize { rows: 50, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_mcpcodex"));
        command.args(args);
        command.cwd(place.path(""));
        command.env_clear();
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (say, heard) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if say.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, pair, keys, heard, screen: String::new() }
    }

    /// Waits until the text shows, and gives what stands before it.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some((before, rest)) = self.screen.split_once(text) {
                let (before, rest) = (before.to_owned(), rest.to_owned());
                self.screen = rest;
                return before;
            }
            match self.heard.recv_timeout(Duration::from_secs(30)) {
                Ok(more) => self.screen.push_str(&String::from_utf8_lossy(&more)),
                Err(why) => panic!("\"{text}\" never showed ({why}); there is: {}", self.screen),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// The rest of the screen and the exit code.
    fn end(mut self) -> (String, u32) {
        let code = self.child.wait().unwrap().exit_code();
        drop(self.keys);
        drop(self.pair);
        for more in self.heard {
            self.screen.push_str(&String::from_utf8_lossy(&more));
        }
        (self.screen, code)
    }
}

#[test]
fn password_is_asked_for_twice_unseen_and_judged_before_it_is_taken() {
    let place = Place::new();
    let mut session =
        Session::start(&place, &["user", "create", "alice", "--email", "a@example.com"]);
    for typed in ["weak\n", "weak\n"] {
        session.until(": ");
        session.press(typed);
    }
    session.until("That password does not do:");
    session.until("Password: ");
    session.press(&format!("{PASSWORD}\n"));
    session.until("again: ");
    session.press("something else\n");
    session.until("differ");
    session.until("Password: ");
    session.press(&format!("{PASSWORD}\n"));
    session.until("again: ");
    session.press(&format!("{PASSWORD}\n"));
    let (screen, exit) = session.end();
    assert_eq!(exit, 0, "{screen}");
    assert!(!screen.contains(PASSWORD), "{screen}");
    assert_eq!(place.json(&["user", "list"])[0]["username"], "alice");
}

#[test]
fn ctrl_c_at_a_question_is_130_and_changes_nothing() {
    let place = Place::new();
    place.person("alice", "user");
    let mut session =
        Session::start(&place, &["user", "create", "bob", "--email", "b@example.com"]);
    session.until("Password: ");
    session.press("\u{3}");
    let (screen, exit) = session.end();
    assert_eq!(exit, 130, "{screen}");

    let mut session = Session::start(&place, &["user", "delete", "alice"]);
    session.until("[y/N]");
    session.press("\u{3}");
    let (screen, exit) = session.end();
    assert_eq!(exit, 130, "{screen}");

    let mut session = Session::start(&place, &["user", "delete", "alice"]);
    session.until("[y/N]");
    session.press("\n");
    assert_eq!(session.end().1, 130, "the answer is no unless it is yes");
    assert_eq!(place.json(&["user", "list"])[0]["username"], "alice");
    assert_eq!(place.json(&["user", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn factor_is_enrolled_by_qr_code_and_the_code_that_the_app_shows() {
    let place = Place::new();
    place.person("alice", "user");
    let mut session = Session::start(&place, &["auth", "mfa", "enable", "--user", "alice"]);
    let qr = session.until("account");
    assert!(qr.contains("\u{1b}[38;5;16;48;5;231m"), "black on white: {qr}");
    assert!(qr.contains('█') && qr.contains('▀'), "{qr}");
    session.until("secret");
    let secret = session.until("\n").trim().to_owned();
    session.until("app shows: ");
    session.press("not a code\n");
    session.until("That is not the code");
    session.until("app shows: ");
    session.press(&format!("{}\n", code(&secret)));
    let (screen, exit) = session.end();
    assert_eq!(exit, 0, "{screen}");
    let codes = screen.lines().filter(|line| line.trim().len() == 19 && line.contains('-')).count();
    assert_eq!(codes, 10, "{screen}");
}

#[test]
fn table_at_a_terminal_has_a_heading_and_no_input_means_no_question() {
    let place = Place::new();
    place.person("alice", "user");
    let (screen, exit) = Session::start(&place, &["user", "list"]).end();
    assert_eq!(exit, 0);
    assert!(screen.contains("USER NAME") && screen.contains("alice"), "{screen}");
    let plain = Session::start(&place, &["user", "list", "--color", "never"]).end().0;
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let (screen, exit) = Session::start(&place, &["user", "delete", "alice", "--no-input"]).end();
    assert_eq!(exit, 2, "{screen}");
}
