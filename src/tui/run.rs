//! The loop: messages in, state changed, wishes carried out, the screen drawn when it is out of date.

use std::{
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use super::{
    action::Tab,
    app::{App, Site},
    clipboard::Between,
    live::Probe,
    log::Log,
    msg::{Effect, Msg},
    plain,
    terminal::{self, Screen},
    theme::Theme,
    view::Look,
    worker::{Worker, World},
};
use crate::{
    error::{Error, Result},
    ops,
};

/// How long to wait for being stopped before taking it that the system does not stop us.
const STOPPING: Duration = Duration::from_millis(300);

/// What the console works with.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The database, and the operator who works at it through the console.
    pub world: World,
    /// What this installation is called.
    pub title: String,
    /// How long an access token lives that an app has got already.
    pub access_lifetime: Duration,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// The theme, where it was asked for.
    pub theme: Option<Theme>,
    /// Whether to draw with ASCII alone.
    pub ascii: bool,
    /// Whether to write lines instead of a screen.
    pub plain: bool,
    /// Where to begin: a screen, and what to look for there.
    pub at: Option<(Tab, String)>,
    /// The log of the server in this process.
    pub log: Option<Log>,
}

/// Runs the console until somebody leaves it.
pub fn run(opened: Opened) -> Result<()> {
    let var = |name: &str| std::env::var(name).ok();
    let db = &opened.world.db;
    let keys = &opened.world.env.config.authentication.api_keys;
    let site = Site {
        key_prefix: keys.prefix.clone(),
        key_scopes: keys.scopes.clone(),
        listen: db.read(ops::setup::last_listen)?.map(|listen| listen.to_string()),
        schema: db.schema_version()?,
        read_only: opened.read_only,
        mouse: true,
        log: opened.log,
        title: opened.title,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        account: opened.world.who.name().to_owned(),
        access_lifetime: opened.access_lifetime,
        schedule: ops::key::schedule(&opened.world.env),
        policy: ops::coverage::policy(&opened.world.env),
        scripted: var("MCPCODEX_TUI_SCRIPTED").is_some_and(|value| value == "1"),
    };
    if opened.plain {
        let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
        return plain::run(&opened.world, site, opened.at, stdin.lock(), stdout.lock());
    }
    let (out, messages) = channel();
    terminal::hear_signals(&out)?;
    let worker = Worker::start(&opened.world, &out)?;
    let mut look = Look::choose(var);
    look.theme = opened.theme.unwrap_or(look.theme);
    look.ascii |= opened.ascii;
    let mut screen = Screen::enter(look, Between::choose(var))?;
    screen.mouse(site.mouse)?;
    terminal::listen(&out)?;
    let _probe = Probe::start(&opened.world.db, &out)?;
    let app = App::new(site, opened.world.db.now(), screen.size());
    Loop { app, worker, messages, waiting: Vec::new(), at: opened.at }.run(&mut screen)
}

struct Loop {
    app: App,
    worker: Worker,
    messages: Receiver<Msg>,
    /// Messages that came while the process was being stopped.
    waiting: Vec<Msg>,
    /// Where to begin.
    at: Option<(Tab, String)>,
}

impl Loop {
    fn run(mut self, screen: &mut Screen) -> Result<()> {
        let first = match self.at.take() {
            Some((tab, wanted)) => self.app.start_at(tab, wanted),
            None => self.app.start(),
        };
        if self.carry_out(first, screen)? {
            return Ok(());
        }
        loop {
            if self.app.take_dirty() {
                screen.draw(&self.app)?;
            }
            let mut batch = std::mem::take(&mut self.waiting);
            if batch.is_empty() {
                let deaf = |error| Error::internal("the console is deaf").with_source(error);
                batch.push(self.messages.recv().map_err(deaf)?);
            }
            // Everything that waits is taken in before the next picture.
            batch.extend(self.messages.try_iter());
            for msg in batch {
                let effects = self.app.update(msg);
                if self.carry_out(effects, screen)? {
                    return Ok(());
                }
            }
        }
    }

    /// Carries wishes out; answers whether one was to leave.
    fn carry_out(&mut self, effects: Vec<Effect>, screen: &mut Screen) -> Result<bool> {
        for effect in effects {
            match effect {
                Effect::Ask(ticket, query) => self.worker.ask(ticket, query)?,
                Effect::Do(change) => self.worker.change(change)?,
                Effect::Enroll(ticket, wanted) => self.worker.enroll(ticket, wanted)?,
                Effect::Copy(text) => screen.offer(&text)?,
                Effect::Mouse(ours) => screen.mouse(ours)?,
                Effect::Suspend => self.suspend(screen)?,
                Effect::Repaint => {
                    // How a test sees that a panic gives the terminal back; a release build has no such door.
                    debug_assert!(
                        std::env::var_os("MCPCODEX_TUI_PANIC").is_none(),
                        "a panic that was asked for"
                    );
                    screen.repaint()?;
                }
                Effect::Quit => return Ok(true),
            }
        }
        Ok(false)
    }

    fn suspend(&mut self, screen: &mut Screen) -> Result<()> {
        screen.suspend()?;
        // The signal may be a moment behind: drawing before it would leave our picture in the shell.
        loop {
            match self.messages.recv_timeout(STOPPING) {
                Ok(Msg::Continued) | Err(_) => break,
                Ok(other) => self.waiting.push(other),
            }
        }
        screen.repaint()?;
        let (width, height) = screen.size();
        self.waiting.push(Msg::Resize(width, height));
        Ok(())
    }
}
