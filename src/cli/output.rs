//! The one place that writes: data on stdout, talk on stderr, each as the person or the program wants it.
//! What a table looks like is in `table`.

use std::{
    env,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use clap::{ColorChoice, ValueEnum as _};
use serde_json::Value;

use super::{
    args::{self, Color, Global},
    failure::{Done, Failure},
    table::{Row, Table},
};
use crate::{error::Error, model::name::sanitise};

/// How output is wanted.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// One JSON document instead of text.
    pub json: bool,
    /// One JSON document a line for each thing of a list.
    lines: bool,
    /// This field of it alone.
    field: Option<&'static str>,
    headers: bool,
    color: Color,
    quiet: bool,
    verbose: bool,
}

impl Look {
    /// From the parsed options.
    pub fn of(global: &Global) -> Self {
        Self {
            json: global.json || global.jsonl,
            lines: global.jsonl,
            // Once in a process, and needed until its end.
            field: global.field.clone().map(|field| &*field.leak()),
            headers: !global.no_headers,
            color: global.color,
            quiet: global.quiet,
            verbose: global.verbose > 0,
        }
    }

    /// From arguments that may turn out to be wrong.
    pub fn guess(args: &[OsString]) -> Self {
        let mut color = Color::Auto;
        for (at, arg) in args.iter().enumerate() {
            let arg = arg.to_string_lossy();
            let word = match arg.strip_prefix("--color") {
                Some("") => args.get(at + 1).map(|next| next.to_string_lossy().into_owned()),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None => None,
            };
            color = word.and_then(|word| Color::from_str(&word, true).ok()).unwrap_or(color);
        }
        let json = args::names(args, "--json") || args::names(args, "--jsonl");
        let (lines, field, headers) = (false, None, true);
        Self { json, lines, field, headers, color, quiet: false, verbose: false }
    }

    /// What clap is told about colour.
    pub fn clap_color(self) -> ColorChoice {
        match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// stdout and stderr.
#[derive(Clone, Copy, Debug)]
pub struct Out {
    look: Look,
    /// Whether stdout is a terminal.
    pub terminal: bool,
    /// Whether stdout gets colour.
    pub color: bool,
    /// Whether stderr gets colour.
    pub talk_color: bool,
}

impl Out {
    /// Output that looks so.
    pub fn new(look: Look) -> Self {
        let (terminal, talk) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let plain = env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty())
            || env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colored = |terminal: bool| match look.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        Self { look, terminal, color: colored(terminal), talk_color: colored(talk) }
    }

    /// Whether one JSON document is wanted.
    pub fn json(&self) -> bool {
        self.look.json || self.look.field.is_some()
    }

    /// Whether tables have a first line.
    pub fn headers(&self) -> bool {
        self.look.headers
    }

    /// Whether somebody watches what is said on stderr.
    pub fn talks_to_terminal(&self) -> bool {
        io::stderr().is_terminal() && !self.quiet() && !self.json()
    }

    /// Sends the output into a new private file instead of stdout.
    pub fn begin(&self, file: Option<&Path>) -> Done {
        let Some(file) = file else { return Ok(()) };
        if fs::symlink_metadata(file).is_ok() {
            let taken = Error::conflict(format!("{} exists already", file.display()));
            return Err(taken
                .with_next("name a new file: what is in it is for its owner alone")
                .into());
        }
        // The first one counts, and there is only one.
        INSTEAD.set((file.to_owned(), Mutex::new(None))).ok();
        Ok(())
    }

    /// Whether only data and failures are wanted.
    pub fn quiet(&self) -> bool {
        self.look.quiet
    }

    /// A JSON document: on one line for programs, in lines on a terminal.
    pub fn document(&self, value: &Value) -> Done {
        if let Some(field) = self.look.field {
            return write(&picked(value, field)?);
        }
        if let (true, Value::Array(items)) = (self.look.lines, value) {
            let mut text = String::new();
            for item in items {
                text.extend([item.to_string().as_str(), "\n"]);
            }
            return write(&text);
        }
        if self.look.lines {
            return write(&format!("{value}\n"));
        }
        let text = if self.terminal { format!("{value:#}\n") } else { format!("{value}\n") };
        write(&text)
    }

    /// One value alone on its line, exactly as it is: for what `$(…)` takes up.
    pub fn line(&self, text: &str) -> Done {
        write(&format!("{text}\n"))
    }

    /// A text as it is.
    pub fn text(&self, text: &str) -> Done {
        write(text)
    }

    /// One thing: its document, or its properties a line each.
    pub fn record(&self, document: &Value, properties: &[(&str, String)]) -> Done {
        if self.json() {
            return self.document(document);
        }
        write(&super::table::properties(properties, self))
    }

    /// Several things: a document, or a table.
    pub fn list(&self, document: Vec<Value>, head: &[&str], rows: Vec<Row>, none: &str) -> Done {
        if self.json() {
            return self.document(&Value::Array(document));
        }
        if rows.is_empty() {
            self.note(none);
            return Ok(());
        }
        write(&Table { head, rows }.render(self))
    }

    /// Something to know, for people; not under `--quiet` and not for programs.
    pub fn note(&self, text: &str) {
        if !self.look.quiet && !self.json() {
            self.talk(text);
        }
    }

    /// Something to know for those who want to know more.
    pub fn detail(&self, text: &str) {
        if self.look.verbose && !self.json() {
            self.talk(text);
        }
    }

    /// Something that should not be missed.
    pub fn warn(&self, text: &str) {
        if !self.look.quiet {
            let head = self.painted("33", "warning:");
            say(&format!("{head} {}\n", safe(text)));
        }
    }

    /// Talk on stderr.
    pub fn talk(&self, text: &str) {
        say(&format!("{}\n", safe(text)));
    }

    /// A picture of our own on stderr, which needs no cleaning.
    pub fn picture(&self, drawn: &str) {
        say(drawn);
    }

    /// Why the command failed.
    pub fn failure(&self, failure: &Failure) {
        if failure.is_said() {
            return;
        }
        if self.look.json {
            say(&format!("{}\n", failure.document()));
            return;
        }
        if let Failure::Arguments(error) = failure {
            let text = error.render();
            let text = if self.talk_color { text.ansi().to_string() } else { text.to_string() };
            say(&text);
            return;
        }
        let head = self.painted("1;31", "error:");
        let body = match failure {
            Failure::Password(reasons) => {
                format!("the password is refused\n  - {}", reasons.join("\n  - "))
            }
            Failure::Core(_)
            | Failure::Usage { .. }
            | Failure::Arguments(_)
            | Failure::Config(_)
            | Failure::Said(_)
            | Failure::Cancelled
            | Failure::Planned(_)
            | Failure::Pipe => failure.line(),
        };
        let mut text = format!("{head} {}\n", safe(&body));
        if let Some(next) = failure.next() {
            text = format!("{text}{} {}\n", self.painted("36", "next:"), safe(&next));
        }
        say(&text);
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.talk_color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What clap rendered for stdout: help or the version.
pub fn rendered(error: &clap::Error) -> Done {
    error.print().map_err(Failure::from)
}

/// Each line made safe for a terminal.
pub fn safe(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

fn clean(line: &str) -> String {
    // The indent is ours and would be taken for nothing.
    let body = line.trim_start_matches(' ');
    format!("{}{}", " ".repeat(line.len() - body.len()), sanitise(body, 4000))
}

/// Where the output goes instead, once something came.
static INSTEAD: OnceLock<(PathBuf, Mutex<Option<File>>)> = OnceLock::new();

fn write(text: &str) -> Done {
    if let Some((path, file)) = INSTEAD.get() {
        return write_to(path, &mut file.lock().unwrap_or_else(PoisonError::into_inner), text);
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::from)
}

fn write_to(path: &Path, file: &mut Option<File>, text: &str) -> Done {
    let failed = |error: io::Error| {
        let message = format!("{} cannot be written: {}", path.display(), error.kind());
        Failure::from(Error::conflict(message).with_source(error))
    };
    if file.is_none() {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        *file = Some(options.open(path).map_err(failed)?);
    }
    match file {
        Some(file) => {
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
        }
        None => Ok(()),
    }
}

/// A field of each thing, a line each: text as it is, all else as JSON.
fn picked(value: &Value, field: &str) -> Result<String, Failure> {
    if let Value::Array(items) = value {
        return items.iter().map(|item| picked(item, field)).collect();
    }
    let found = field.split('.').try_fold(value, |value, name| match value {
        Value::Array(items) => name.parse::<usize>().ok().and_then(|at| items.get(at)),
        Value::Object(object) => object.get(name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    });
    match found {
        Some(Value::String(text)) => Ok(format!("{}\n", safe(text))),
        Some(Value::Null) => Ok("\n".to_owned()),
        Some(value) => Ok(format!("{value}\n")),
        None => {
            let names = value.as_object().into_iter().flat_map(|object| object.keys().cloned());
            let names = names.collect::<Vec<_>>().join(", ");
            Err(Failure::usage(format!("there is no field \"{field}\""))
                .with_next(format!("there are: {names}")))
        }
    }
}

fn say(text: &str) {
    // When stderr is gone there is nobody left to tell.
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

/// What programs are told, in the shape that the API has too.
pub fn shape(view: &impl serde::Serialize) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}

/// Adds a value to a JSON object.
pub fn put(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(object) = object {
        object.insert(name.to_owned(), value);
    }
}
