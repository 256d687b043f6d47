//! Questions: asked only where somebody can answer, else the missing flag is named.
//! Ctrl-C at a question ends the command with nothing changed.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time::timeout,
};
use zeroize::Zeroizing;

use super::{
    args::Global,
    failure::{Done, Failure},
    output::safe,
};
use crate::{crypto::secret::Plain, error::Error};

/// More than any secret, and a bound for whoever pipes a disk into us.
const LONGEST: u64 = 64 * 1024;

/// So much of a long name must be typed to agree to something.
const ENOUGH: usize = 8;

/// Who may be asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    able: bool,
    yes: bool,
    dry_run: bool,
}

impl Ask {
    /// Asks on a terminal, unless told not to.
    pub fn new(global: &Global) -> Self {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self { able: terminal && !global.no_input, yes: global.yes, dry_run: global.dry_run }
    }

    /// The same, never asking.
    #[must_use]
    pub fn never(self) -> Self {
        Self { able: false, ..self }
    }

    /// Whether somebody can answer.
    pub fn able(self) -> bool {
        self.able
    }

    /// The given value, else the answer; else the refusal that names the flag.
    pub fn value(self, given: Option<&str>, question: &str, flag: &str) -> Result<String, Failure> {
        match given {
            Some(given) => Ok(given.to_owned()),
            None if self.able => self.line(question, None),
            None => Err(missing(flag)),
        }
    }

    /// An answer; an empty one is the default, and without a default it is asked again.
    pub fn line(self, question: &str, default: Option<&str>) -> Result<String, Failure> {
        loop {
            let hint = default.map(|default| format!(" [{default}]")).unwrap_or_default();
            let typed = ask_line(&format!("{question}{hint}: "))?;
            match (typed.trim(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => {}
                (typed, _) => return Ok(typed.to_owned()),
            }
        }
    }

    /// A secret, typed unseen.
    pub fn secret(self, question: &str) -> Result<Plain, Failure> {
        ask_secret(&format!("{question}: "))
    }

    /// For what cannot be taken back: yes, or nothing happens. Without a terminal only `--yes` is yes.
    pub fn irrevocable(self, question: &str) -> Done {
        if self.dry_run {
            rehearsed(question);
            return Ok(());
        }
        if self.yes {
            return Ok(());
        }
        if !self.able {
            return Err(missing("--yes").with_next("it cannot be undone, so it wants --yes"));
        }
        confirm(question)
    }

    /// For what many will notice and nobody can take back: its name must be typed, or given by `--confirm`; of a long
    /// name the first eight characters will do.
    pub fn named(self, given: Option<&str>, name: &str, question: &str) -> Done {
        let word = name.get(..ENOUGH).unwrap_or(name);
        if self.dry_run && given.is_none() {
            rehearsed(question);
            return Ok(());
        }
        let typed = match given {
            Some(given) => given.to_owned(),
            None if self.able => ask_line(&format!("{question}\nType {word} to do it: "))?,
            None => {
                return Err(missing("--confirm")
                    .with_next(format!("it cannot be undone, so it wants --confirm {word}")));
            }
        };
        let typed = typed.trim();
        if typed.len() >= word.len() && name.starts_with(typed) {
            Ok(())
        } else if given.is_none() {
            Err(Failure::Cancelled)
        } else {
            Err(Failure::usage(format!("--confirm names something else: this is {word}")))
        }
    }

    /// For what others will notice: asked on a terminal; a script is taken at its word.
    pub fn noticeable(self, question: &str) -> Done {
        if self.dry_run {
            rehearsed(question);
            return Ok(());
        }
        if self.yes || !self.able { Ok(()) } else { confirm(question) }
    }
}

/// Says what would be asked; whoever only tries it out is not.
fn rehearsed(question: &str) {
    super::dry::would_ask(question);
}

fn confirm(question: &str) -> Done {
    let answer = ask_line(&format!("{question} [y/N]: "))?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Failure::Cancelled)
    }
}

/// The refusal that names what is missing.
pub fn missing(flag: &str) -> Failure {
    Failure::usage(format!("{flag} is missing, and nobody can be asked for it here"))
}

/// The first line of stdin: how scripts hand over a secret.
pub fn secret_from_stdin(what: &str) -> Result<Plain, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LONGEST).read_to_string(&mut text);
    read.map_err(|error| {
        Error::invalid("stdin", format!("the {what} on stdin cannot be read: {}", error.kind()))
    })?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::usage(format!("stdin holds no {what}")));
    }
    Ok(Plain::new(line.to_owned()))
}

fn ask_line(question: &str) -> Result<String, Failure> {
    let (runtime, mut interrupt) = hear_interrupts()?;
    let mut stderr = io::stderr().lock();
    stderr.write_all(safe_question(question).as_bytes()).and_then(|()| stderr.flush())?;
    drop(stderr);
    let (reply, answer) = oneshot::channel();
    // A thread of its own, since a read of the terminal cannot be called off; the process ends with it waiting.
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        drop(reply.send(read.map(|_| line)));
    });
    let line = runtime.block_on(async {
        tokio::select! {
            _ = interrupt.recv() => Err(Failure::Cancelled),
            line = answer => match line {
                Ok(line) => line.map_err(Failure::from),
                Err(_) => Err(Failure::Cancelled),
            },
        }
    })?;
    // Nothing, not even a line break: the terminal was closed or Ctrl-D pressed.
    if line.is_empty() { Err(Failure::Cancelled) } else { Ok(line) }
}

fn ask_secret(question: &str) -> Result<Plain, Failure> {
    // Ctrl-C raises SIGINT here; heard, it does not end us before the terminal shows typing again.
    let (runtime, mut interrupt) = hear_interrupts()?;
    let unseen = Unseen::begin()?;
    // Until the line above Ctrl-C was a signal, from there on it is a character: this is the one that came between.
    let between = async { timeout(Duration::from_millis(1), interrupt.recv()).await.is_ok() };
    if runtime.block_on(between) {
        return Err(Failure::Cancelled);
    }
    // Only now, so that nothing typed in answer can show.
    let mut stderr = io::stderr().lock();
    stderr.write_all(safe_question(question).as_bytes()).and_then(|()| stderr.flush())?;
    drop(stderr);
    let typed = rpassword::read_password();
    drop(unseen);
    match typed {
        Ok(text) => Ok(Plain::new(text)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Failure::Cancelled),
        Err(error) => Err(error.into()),
    }
}

/// The terminal while it shows nothing of what is typed.
struct Unseen;

impl Unseen {
    fn begin() -> Result<Self, Failure> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A line feed moved down only; nothing helps if the terminal does not take this.
        drop(crossterm::terminal::disable_raw_mode());
        drop(io::stderr().lock().write_all(b"\r"));
    }
}

fn safe_question(question: &str) -> String {
    // The blank at the end would be cut off.
    format!("{} ", safe(question).trim_end())
}

fn hear_interrupts() -> Result<(Runtime, Signal), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let interrupt = {
        let _inside = runtime.enter();
        signal(SignalKind::interrupt())?
    };
    Ok((runtime, interrupt))
}
