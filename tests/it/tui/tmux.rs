//! The real binary in a real terminal emulator: what a person at a shell sees, before, during and after.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use mcpcodex::{
    app::App as Opened,
    db::Clock,
    model::{
        actor::{Actor, Via},
        factor::Method,
        user::UserState,
    },
    ops,
};
use tempfile::TempDir;

use super::driver;

/// How long anything may take on a machine with much to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// A shell in a terminal of its own, in a folder with a database in which mallory is signed in.
pub(crate) struct Shell {
    pub(crate) folder: TempDir,
    pub(crate) opened: Opened,
}

impl Shell {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = driver::open(folder.path(), &Clock::system());
        for name in ["alice", "mallory"] {
            driver::add(&opened, name);
        }
        driver::sign_in(&opened, "mallory");
        let shell = Self { folder, opened };
        shell.tmux(&["new-session", "-d", "-x", "100", "-y", "30", "bash --norc --noprofile"]);
        shell.run("PS1='ready$ '; clear");
        shell.wait("ready$");
        shell
    }

    pub(crate) fn tmux(&self, args: &[&str]) -> String {
        let socket = self.folder.path().join("tmux");
        let output = Command::new("tmux")
            .args(["-S", socket.to_str().unwrap(), "-f", "/dev/null"])
            .args(args)
            .env("LC_ALL", "C.UTF-8")
            .env("MCPCODEX_DATA_DIR", self.folder.path().join("data"))
            .env_remove("NO_COLOR")
            .output()
            .expect("tmux is needed");
        assert!(output.status.success(), "tmux {args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Types a line at the shell.
    pub(crate) fn run(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// Opens the console; answers its process.
    pub(crate) fn start_at_the_dashboard(&self, environment: &str) -> u32 {
        let binary = env!("CARGO_BIN_EXE_mcpcodex");
        self.run(&format!("clear; {environment} {binary} --tui; echo left with $?"));
        self.wait("● live");
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        let children = std::fs::read_to_string(children).unwrap();
        children.split_whitespace().next_back().unwrap().parse().unwrap()
    }

    /// Opens the console and shows the people.
    pub(crate) fn start(&self, environment: &str) -> u32 {
        let console = self.start_at_the_dashboard(environment);
        self.press(&["2"]);
        // The selected row is named, so rows are there.
        self.wait("Users › alice");
        console
    }

    pub(crate) fn press(&self, keys: &[&str]) {
        for key in keys {
            self.tmux(&["send-keys", key]);
        }
    }

    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    #[expect(clippy::disallowed_methods, reason = "a terminal can only be polled")]
    pub(crate) fn wait(&self, words: &str) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(words) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "no {words:?} in\n{screen}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Runs tmux where it may have nothing to say.
    fn try_tmux(&self, args: &[&str]) -> String {
        let socket = self.folder.path().join("tmux");
        let output = Command::new("tmux").arg("-S").arg(socket).args(args).output();
        String::from_utf8_lossy(&output.expect("tmux is needed").stdout).into_owned()
    }

    #[expect(clippy::disallowed_methods, reason = "a terminal can only be polled")]
    fn wait_for<T>(&self, look: impl Fn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "never came; there is\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// The shell works as before: what is typed is seen, lines are lines, no picture is left, paste is not marked.
    pub(crate) fn is_sane(&self) {
        let screen = self.wait("left with");
        assert!(!screen.contains('╭'), "a picture is left:\n{screen}");
        self.run(
            "clear; stty -a | tr ';' '\\n' | grep -c ' -icanon\\| -echo \\| -isig'; echo looked",
        );
        let screen = self.wait("looked\nready$");
        assert!(screen.starts_with("0\n"), "{screen}");
        let modes = self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(modes.trim(), "0 1");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let socket = self.folder.path().join("tmux");
        let _ended = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
    }
}

fn signal(name: &str, process: u32) {
    let status = Command::new("kill").args([name, &process.to_string()]).status().unwrap();
    assert!(status.success());
}

pub(crate) fn state(opened: &Opened, name: &str) -> UserState {
    opened.db.read(|r| ops::user::find(r, name)).unwrap().state
}

#[test]
fn person_is_locked_by_keys_and_the_shell_is_sane_afterwards() {
    let shell = Shell::open();
    shell.start("");
    shell.press(&["/", "m", "a", "l", "Enter", "L"]);
    shell.wait("Lock out mallory ?");
    assert_eq!(state(&shell.opened, "mallory"), UserState::Invited);
    shell.press(&["y"]);
    shell.wait("✓ locked out mallory · 1 session ended");
    assert_eq!(state(&shell.opened, "mallory"), UserState::Locked);
    shell.press(&["q"]);
    shell.wait("left with 0");
    shell.is_sane();
}

#[test]
fn panic_gives_the_terminal_back_before_it_is_told() {
    let shell = Shell::open();
    shell.start("MCPCODEX_TUI_PANIC=1 RUST_BACKTRACE=0");
    shell.press(&["C-l"]);
    let screen = shell.wait("left with 101");
    assert!(screen.contains("a panic that was asked for"), "{screen}");
    shell.is_sane();
}

#[test]
fn change_by_another_process_is_seen_without_a_key() {
    let shell = Shell::open();
    shell.start("");
    shell.press(&["3"]);
    shell.wait("1 live");
    driver::sign_in(&shell.opened, "alice");
    shell.wait("2 live");
}

#[test]
fn signals_that_end_the_console_leave_the_shell_sane() {
    for name in ["-TERM", "-HUP", "-INT"] {
        let shell = Shell::open();
        let console = shell.start("");
        shell.press(&["L"]);
        shell.wait("Lock out");
        signal(name, console);
        shell.is_sane();
    }
}

#[test]
fn console_sleeps_at_control_z_and_comes_back_whole() {
    let shell = Shell::open();
    shell.start("");
    for _ in 0..2 {
        shell.press(&["C-z"]);
        let screen = shell.wait("Stopped");
        assert!(!screen.contains('╭'), "a picture is left:\n{screen}");
        shell.run("echo the shell has the ter''minal");
        shell.wait("the shell has the terminal");
        shell.run("fg");
        shell.wait("● live");
        shell.press(&["j"]);
        shell.wait("Users › mallory");
        shell.press(&["k"]);
        shell.wait("Users › alice");
    }
    shell.press(&["q"]);
    shell.is_sane();
}

#[test]
fn selection_is_seen_without_colour() {
    let shell = Shell::open();
    shell.start("NO_COLOR=1");
    let screen = shell.tmux(&["capture-pane", "-p", "-e"]);
    let line = screen.lines().find(|line| line.contains("▌")).expect("no selected row");
    let (before, _) = line.split_once("▌").unwrap();
    let last = before.rsplit("\u{1b}[").next().unwrap();
    assert!(last.split(['m', ';']).any(|code| code == "7"), "{line:?}");
    assert!(!screen.contains("[38;"), "a colour: {screen:?}");
}

#[test]
fn window_may_shrink_and_grow() {
    let shell = Shell::open();
    shell.start("");
    shell.tmux(&["resize-window", "-x", "30", "-y", "4"]);
    shell.wait("alice invited");
    shell.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    shell.wait("● live");
    shell.tmux(&["resize-window", "-x", "120", "-y", "40"]);
    shell.wait("Last events");
}

/// User and system time of a process so far, in ticks of 10 ms.
fn ticks(process: u32) -> u64 {
    let stat =
        std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).unwrap();
    let after = stat.rsplit(')').next().unwrap().split_whitespace();
    after.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "idleness is measured over a time")]
fn idle_console_takes_no_processor_time() {
    let shell = Shell::open();
    let console = shell.start("");
    std::thread::sleep(Duration::from_secs(1));
    let before = ticks(console);
    std::thread::sleep(Duration::from_secs(4));
    let spent = ticks(console) - before;
    assert!(spent <= 2, "{spent} ticks of 10 ms in 4 s");
}

/// The code that an authenticator app shows for the secret on the screen.
fn code(shell: &Shell) -> String {
    driver::code_on(&shell.screen(), Clock::system().now())
}

#[test]
fn app_is_enrolled_with_the_qr_code_and_the_codes_reach_the_clipboard_of_the_terminal() {
    let shell = Shell::open();
    shell.tmux(&["set-option", "-g", "set-clipboard", "on"]);
    shell.start("");
    shell.press(&["6"]);
    shell.wait("Without a second factor   2");
    shell.press(&["Enter"]);
    let screen = shell.wait("Step 1 of 2");
    assert!(screen.contains("█▀▀▀▀▀█"), "no QR code:\n{screen}");
    let coloured = shell.tmux(&["capture-pane", "-p", "-e"]);
    assert!(coloured.contains("48;5;231"), "not on white: {coloured:?}");
    shell.tmux(&["send-keys", "-l", &code(&shell)]);
    let screen = shell.wait("Recovery codes of alice");
    let first = screen.lines().find_map(|line| {
        line.split_whitespace().find(|word| word.len() == 19 && word.matches('-').count() == 3)
    });
    let first = first.expect("no code").to_owned();
    shell.press(&["c"]);
    shell.wait("sent to your terminal");
    let buffer = shell.wait_for(|| {
        let shown = shell.try_tmux(&["show-buffer"]);
        shown.contains(&first).then_some(shown)
    });
    assert_eq!(buffer.lines().count(), 10, "{buffer}");
    shell.press(&["Escape"]);
    shell.wait("Without a second factor   1");
    let id = shell.opened.db.read(|r| ops::user::find(r, "alice")).unwrap().id;
    let who = Actor::operator("test", Via::Cli);
    let row = shell.opened.db.read(|r| ops::user::show(r, &who, &id)).unwrap();
    assert_eq!((row.methods, row.recovery_codes), (vec![Method::Totp], 10));
    shell.press(&["q"]);
    shell.is_sane();
    assert!(!shell.screen().contains(&first), "a code is left in the shell");
}

#[test]
fn smaller_window_takes_the_qr_code_away_and_a_key_brings_it_back() {
    let shell = Shell::open();
    shell.start("");
    shell.press(&["6"]);
    shell.wait("Without a second factor   2");
    shell.press(&["Enter"]);
    shell.wait("█▀▀▀▀▀█");
    shell.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    let screen = shell.wait("text mode");
    assert!(!screen.contains("█▀▀▀▀▀█"), "{screen}");
    shell.press(&["f"]);
    shell.wait("█▀▀▀▀▀█");
    shell.wait("Code: [ _ _ _ _ _ _ ]");
}
