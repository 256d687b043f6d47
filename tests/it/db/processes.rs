//! Several real processes on one file. The test binary starts itself again in the role that a test asks for.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, stdin},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{self, ChildStdout, Command, Stdio},
    time::Duration,
};

use mcpcodex::{db::ServeLock, error::Kind};

use super::{Held, impatient, note, open, seen};

const ROLE: &str = "MCPCODEX_TEST_ROLE";
const FOLDER: &str = "MCPCODEX_TEST_FOLDER";

/// This binary once more, playing a role; it ends when its stdin does, or with the test.
pub(super) struct Child {
    process: process::Child,
    out: BufReader<ChildStdout>,
}

impl Child {
    pub(super) fn start(role: &str, folder: &Path) -> Self {
        Self::spawn(&mut Command::new(env::current_exe().unwrap()), role, folder)
    }

    /// As [`Child::start`], with nothing masked from the modes of new files.
    fn start_unmasked(role: &str, folder: &Path) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask 000 && exec \"$@\"", "sh"]).arg(env::current_exe().unwrap());
        Self::spawn(&mut shell, role, folder)
    }

    fn spawn(command: &mut Command, role: &str, folder: &Path) -> Self {
        let mut process = command
            .args([
                "--exact",
                "db::processes::plays_the_other_process_where_a_test_asks_for_one",
                "--nocapture",
                "-q",
            ])
            .env(ROLE, role)
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        Self { process, out }
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that the role said; what the test harness says around it is left out.
    pub(super) fn line(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "the child ended");
            if let Some((_, said)) = line.trim_end().split_once("> ") {
                return said.to_owned();
            }
        }
    }

    /// Ends it as `kill -9` does.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn finish(mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It is over already, or the test has failed.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn until_stdin_ends() {
    stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn plays_the_other_process_where_a_test_asks_for_one() {
    // The other side of the tests here, which start this very binary again; by itself there is nothing to play.
    let Ok(role) = env::var(ROLE) else { return };
    let folder = env::var_os(FOLDER).unwrap();
    let folder = Path::new(&folder);
    match role.as_str() {
        "serve" => {
            let _lock = ServeLock::acquire(&folder.join("data")).unwrap();
            println!("> ready");
            until_stdin_ends();
        }
        "open" => {
            let db = open(folder);
            println!("> ready");
            db.write_blocking(|tx| note(tx, &process::id().to_string())).unwrap();
            println!("> written");
            until_stdin_ends();
        }
        "hold" => {
            let db = open(folder);
            let held = Held::new(&db);
            println!("> ready");
            until_stdin_ends();
            held.let_go().unwrap();
        }
        "count" => {
            let db = open(folder);
            for n in 0_u64.. {
                let word = format!("{}-{n}", process::id());
                let told = word.clone();
                db.write_blocking(move |tx| note(tx, &word)).unwrap();
                println!("> {told}");
            }
        }
        other => panic!("no role {other}"),
    }
}

#[test]
fn processes_that_start_at_once_in_an_empty_folder_all_come_up_and_see_each_other() {
    let temp = tempfile::tempdir().unwrap();
    let mut children: Vec<_> = (0..6).map(|_| Child::start("open", temp.path())).collect();
    for child in &mut children {
        assert_eq!((child.line(), child.line()), ("ready".to_owned(), "written".to_owned()));
    }
    let mut ids: Vec<_> = children.iter().map(|child| child.id().to_string()).collect();
    ids.sort();
    assert_eq!(seen(&open(temp.path())), ids);
    children.into_iter().for_each(Child::finish);
    assert_eq!(seen(&open(temp.path())), ids);
}

#[test]
fn commit_of_another_process_changes_data_version_and_is_read_next() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let before = db.data_version().unwrap();
    let mut child = Child::start("open", temp.path());
    while child.line() != "written" {}
    assert_ne!(db.data_version().unwrap(), before);
    assert_eq!(seen(&db), [child.id().to_string()]);
    child.finish();
}

#[test]
fn lock_of_another_process_is_busy_and_its_death_frees_it() {
    let temp = tempfile::tempdir().unwrap();
    let db = impatient(temp.path(), Duration::from_millis(200));
    let mut child = Child::start("hold", temp.path());
    assert_eq!(child.line(), "ready");
    assert_eq!(db.write_blocking(|tx| note(tx, "no")).unwrap_err().kind(), Kind::Busy);
    assert!(seen(&db).is_empty(), "reading needs no lock");
    child.kill();
    db.write_blocking(|tx| note(tx, "yes")).unwrap();
    assert_eq!(seen(&db), ["yes"]);
}

#[test]
fn what_was_answered_before_a_kill_is_there_after_it() {
    let temp = tempfile::tempdir().unwrap();
    let mut answered = Vec::new();
    // Each round goes on in the file that the last kill left.
    for _ in 0..4 {
        let mut child = Child::start("count", temp.path());
        answered.extend((0..40).map(|_| child.line()));
        child.kill();
        let words = seen(&open(temp.path()));
        let gone: Vec<_> = answered.iter().filter(|word| !words.contains(word)).collect();
        assert!(gone.is_empty(), "answered and gone: {gone:?}");
    }
}

#[test]
fn everything_is_for_the_owner_only_even_when_nothing_is_masked() {
    let temp = tempfile::tempdir().unwrap();
    let mut child = Child::start_unmasked("open", temp.path());
    while child.line() != "written" {}
    let mut lock = Child::start_unmasked("serve", temp.path());
    lock.line();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = temp.path().join("data");
    assert_eq!(mode(&folder), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(
        names,
        ["mcpcodex.db", "mcpcodex.db-shm", "mcpcodex.db-wal", "open.lock", "serve.lock"]
    );
    lock.finish();
    child.finish();
}
