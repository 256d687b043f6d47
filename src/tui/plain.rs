//! The console in lines: for screen readers, and for terminals that can do nothing else. Nothing is painted over; what is
//! asked is asked in words, and the same state and the same acts stand behind it.

use std::io::{BufRead, Write};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::{
    action::{Action, Tab},
    app::{App, Overlay, Site},
    confirm::{Confirm, Fate},
    enroll::Stage,
    handed::Handed,
    msg::{Effect, Msg, Problem},
    screens::listed::{self, Listed},
    secret::Secret,
    toast::Tone,
    worker::{self, World},
};
use crate::error::{Error, Result};

/// A size at which nothing is left out.
const SIZE: (u16, u16) = (200, 400);
/// How many rows are told at a time.
const ROWS: usize = 50;

/// Runs it until `q` or the end of what is typed.
pub fn run(
    world: &World,
    site: Site,
    start: Option<(Tab, String)>,
    input: impl BufRead,
    out: impl Write,
) -> Result<()> {
    let app = App::new(site, world.db.now(), SIZE);
    let mut talk = Talk { world, app, out, left: false };
    let first = match start {
        Some((tab, wanted)) => talk.app.start_at(tab, wanted),
        None => talk.app.start(),
    };
    talk.carry_out(first);
    talk.tell()?;
    for line in input.lines() {
        let line = line.map_err(broken)?;
        talk.answer(line.trim());
        if talk.left {
            break;
        }
        talk.tell()?;
    }
    Ok(())
}

fn broken(error: std::io::Error) -> Error {
    Error::internal("the terminal cannot be used").with_source(error)
}

struct Talk<'w, O> {
    world: &'w World,
    app: App,
    out: O,
    left: bool,
}

impl<O: Write> Talk<'_, O> {
    fn say(&mut self, words: &str) -> Result<()> {
        writeln!(self.out, "{words}").map_err(broken)
    }

    fn send(&mut self, msg: Msg) {
        let effects = self.app.update(msg);
        self.carry_out(effects);
    }

    /// Carries wishes out one after the other: there is nothing to paint meanwhile.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let now = self.world.db.now();
            let msg = match effect {
                Effect::Ask(ticket, query) => match worker::answer(self.world, &query) {
                    Ok((now, reply)) => Msg::Answer { ticket, now, reply: Ok(reply) },
                    Err(error) => Msg::Answer { ticket, now, reply: Err(Problem::from(error)) },
                },
                Effect::Do(change) => {
                    let outcome = worker::carry_out(self.world, &change).map_err(Problem::from);
                    Msg::Done { change, now, outcome }
                }
                Effect::Enroll(ticket, wanted) => {
                    let given = worker::enroll(self.world, &wanted).map_err(Problem::from);
                    Msg::Enrolled { ticket, now, given }
                }
                Effect::Quit => {
                    self.left = true;
                    continue;
                }
                // There is no screen, and what could be copied is read.
                Effect::Copy(_) | Effect::Mouse(_) | Effect::Suspend | Effect::Repaint => continue,
            };
            self.send(msg);
        }
    }

    fn key(&mut self, code: KeyCode) {
        self.send(Msg::Keys(vec![KeyEvent::new(code, KeyModifiers::NONE)]));
    }

    fn type_in(&mut self, words: &str) {
        words.chars().for_each(|c| self.key(KeyCode::Char(c)));
    }

    /// Takes a line as an answer to what was asked last, else as a command.
    fn answer(&mut self, line: &str) {
        self.app.toast = None;
        match &mut self.app.overlay {
            Some(Overlay::Confirm(question)) if question.word.is_some() => {
                self.type_in(line);
                self.key(KeyCode::Enter);
                // What was not the name is no for ever, not a name half typed.
                if matches!(self.app.overlay, Some(Overlay::Confirm(_))) {
                    self.key(KeyCode::Esc);
                }
            }
            Some(Overlay::Confirm(_)) if line == "l" => self.key(KeyCode::Char('l')),
            Some(Overlay::Confirm(_) | Overlay::Leave) => {
                self.key(KeyCode::Char(if line == "y" { 'y' } else { 'n' }));
            }
            Some(Overlay::Form(form)) if line != "." => {
                if !line.is_empty() {
                    form.edit(InputRequest::DeleteLine);
                    form.paste(line);
                }
                self.key(KeyCode::Enter);
            }
            Some(Overlay::Enroll(open))
                if matches!(open.stage, Stage::Scan(_)) && !line.is_empty() =>
            {
                self.type_in(line);
            }
            Some(_) => {
                self.key(KeyCode::Esc);
                // A secret that was not copied asks once; here it was read.
                if self.app.overlay.is_some() {
                    self.key(KeyCode::Esc);
                }
            }
            None => self.command(line),
        }
    }

    fn command(&mut self, line: &str) {
        if let Some(wanted) = line.strip_prefix('/') {
            self.key(KeyCode::Char('/'));
            self.send(Msg::Paste(wanted.to_owned()));
            self.key(KeyCode::Enter);
        } else if line.is_empty() {
            self.key(KeyCode::Char('r'));
        } else if let Ok(number) = line.parse::<usize>() {
            self.key(KeyCode::Home);
            (1..number).for_each(|_| self.key(KeyCode::Down));
            // There it would begin an enrolment, which nobody has asked for by a number.
            if self.app.tab != Tab::Mfa {
                self.key(KeyCode::Enter);
            }
        } else if line == "back" {
            self.key(KeyCode::Esc);
        } else {
            self.key(KeyCode::Char(':'));
            self.send(Msg::Paste(line.to_owned()));
            self.key(KeyCode::Enter);
        }
    }

    /// Says what is to be said now: the question, what was opened, or the rows.
    fn tell(&mut self) -> Result<()> {
        if let Some(toast) = self.app.toast.clone() {
            let mark = if toast.tone == Tone::Bad { "Not done: " } else { "" };
            self.say(&format!("{mark}{}.", toast.text))?;
        }
        match self.app.overlay.clone() {
            None => self.tell_rows(),
            Some(Overlay::Confirm(question)) => self.tell_question(&question),
            Some(Overlay::Form(form)) => {
                if let Some(why) = &form.trouble {
                    self.say(&format!("{}: {why}.", form.title))?;
                }
                let Some(field) = form.fields.get(form.focus) else { return Ok(()) };
                let now = match field.value() {
                    "" => String::new(),
                    typed => format!(", now {typed}; an empty line keeps it"),
                };
                self.say(&format!(
                    "{}: {} ({}){now}. A dot alone leaves.",
                    form.title, field.label, field.hint
                ))
            }
            Some(Overlay::Leave) => {
                self.say("The server runs in this process and stops with it. Type y to leave.")
            }
            Some(Overlay::Handed(open)) => self.tell_secret(&open),
            Some(Overlay::Story(open)) => {
                self.say(&open.title)?;
                for line in &open.lines {
                    self.say(format!("{} {}", line.label, line.words).trim())?;
                }
                self.say("An empty line goes on.")
            }
            Some(Overlay::Help(_) | Overlay::Palette(_)) => self.tell_commands(),
            Some(Overlay::Enroll(open)) => match &open.stage {
                Stage::Scan(scan) => {
                    if let Some((shown, _)) = &scan.shown {
                        self.say(&format!("Type this secret into the app of {}:", open.name))?;
                        self.say(shown.typed.expose())?;
                    }
                    if let Some(notice) = &scan.notice {
                        self.say(notice)?;
                    }
                    self.say("Then type the code that it shows; an empty line leaves.")
                }
                Stage::Codes(codes) => {
                    self.say("Recovery codes, shown this once:")?;
                    let codes = codes.text();
                    self.say(codes.as_ref().map_or("none are left", Secret::expose))?;
                    self.say("An empty line goes on.")
                }
                Stage::Begun | Stage::Refused(_) => {
                    self.say("It cannot go on. An empty line leaves.")
                }
            },
        }
    }

    fn tell_question(&mut self, question: &Confirm) -> Result<()> {
        self.say(&question.title)?;
        for step in &question.steps {
            let fate = match step.fate {
                Fate::Final => "; this is final",
                Fate::Undo(_) => "; it can be undone",
                Fate::Said => "",
            };
            self.say(&format!("  {}{fate}.", step.what))?;
        }
        if let Some(option) = &question.option {
            let now = if option.on { "chosen" } else { "not chosen" };
            self.say(&format!("  Option, {now}: {}. Type l to change that.", option.what))?;
        }
        if let Some(note) = &question.note {
            self.say(note)?;
        }
        match &question.word {
            Some(word) => {
                self.say(&format!("Type {} to do it; anything else leaves.", word.wanted))
            }
            None => self.say("Type y to do it; anything else leaves."),
        }
    }

    fn tell_secret(&mut self, open: &Handed) -> Result<()> {
        self.say(&open.title)?;
        for words in &open.said {
            self.say(words)?;
        }
        if let Some((secret, _)) = &open.secret {
            self.say(secret.expose())?;
        }
        self.say(open.warning)?;
        self.say("An empty line goes on.")
    }

    fn tell_commands(&mut self) -> Result<()> {
        self.app.overlay = None;
        self.say(
            "A number opens a row, /text filters, / alone shows all, back goes up, q leaves.",
        )?;
        for command in Action::COMMANDS {
            let words = command.words().unwrap_or_default();
            self.say(&format!("{words}: {}.", command.help()))?;
        }
        Ok(())
    }

    fn tell_rows(&mut self) -> Result<()> {
        let Listed { title, rows, instead, opened } = listed::of(&self.app);
        if self.app.page() {
            for line in opened {
                self.say(&line)?;
            }
            return self.say("Type back for the list, or what to do.");
        }
        self.say(&title)?;
        for line in listed::summary(&self.app) {
            self.say(&line)?;
        }
        for (index, row) in rows.iter().take(ROWS).enumerate() {
            self.say(&format!("{}. {row}", index + 1))?;
        }
        if rows.len() > ROWS {
            self.say(&format!("{} more rows: narrow them by /text.", rows.len() - ROWS))?;
        }
        for line in instead {
            self.say(&line)?;
        }
        self.say("Type a number, /text, a screen, a command, help, or q.")
    }
}
