//! The command line, as a person or a script meets it: the real program, its stdout, its stderr, its exit code.

mod apikeys;
mod apps;
mod attempts;
mod audit;
mod config;
mod doctor;
#[cfg(target_os = "linux")]
mod floods;
mod grants;
mod help;
mod keys;
mod people;
mod refusals;
mod serve;
mod setup;
mod terminal;
mod token;
mod tokens;

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "Amber-Kettle-41-Harbour";

/// Hashing and keys that cost nothing, so that the tests are about the commands.
const CHEAP: &str = "\
authentication:
  tokens: { access_token: { algorithm: ES256 } }
  password: { hashing: { memory_kib: 64, iterations: 1 } }
";

/// A folder of its own, with a configuration in it.
pub(crate) struct Place {
    temp: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self::bare();
        place.write("auth.config.yaml", CHEAP);
        place
    }

    /// Without a configuration file.
    pub(crate) fn bare() -> Self {
        Self { temp: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The program with nothing of the tester's environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcodex"));
        command.args(args).current_dir(self.temp.path()).env_clear().env("USER", "tester");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.feed(args, "")
    }

    pub(crate) fn feed(&self, args: &[&str], stdin: &str) -> Ran {
        Ran::of(self.command(args), stdin)
    }

    /// Runs with `--json` and gives the document; the command must end well.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        self.json_fed(args, "")
    }

    pub(crate) fn json_fed(&self, args: &[&str], stdin: &str) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let ran = self.feed(&args, stdin);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        ran.document()
    }

    /// Runs with `--json` and gives exit code and error; stdout must be empty.
    pub(crate) fn error(&self, args: &[&str]) -> (i32, Value) {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let ran = self.run(&args);
        assert_eq!(ran.out, "", "{args:?}");
        (ran.code, ran.error())
    }

    pub(crate) fn person(&self, name: &str, role: &str) -> Value {
        let email = format!("{name}@example.com");
        let args = ["user", "create", name, "--email", &email, "--role", role, "--password-stdin"];
        self.json_fed(&args, PASSWORD)
    }
}

/// What a run said and ended with.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(mut command: Command, stdin: &str) -> Self {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawned.spawn().unwrap();
        // A command that reads no stdin may be gone already.
        drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one document on stdout.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error document on stderr.
    pub(crate) fn error(&self) -> Value {
        let document: Value =
            serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        document["error"].clone()
    }
}

/// The names in a JSON object, sorted.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
