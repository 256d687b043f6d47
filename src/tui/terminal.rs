//! The terminal: taken over, given back whatever happens, put to sleep and woken.
//! What is shown is for `view`; what keys mean is for `keymap`.

use std::{
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    panic,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    thread,
};

use crossterm::{
    cursor,
    event::{self, DisableBracketedPaste, EnableBracketedPaste, Event},
    execute, queue,
    terminal::{
        self, BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen,
        LeaveAlternateScreen,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::{
    app::App,
    clipboard::{self, Between},
    msg::Msg,
    secret::Secret,
    view::{self, Look},
    worker,
};
use crate::error::{Error, Result};

type Out = BufWriter<Stdout>;

/// The terminal while the console has it; dropping gives it back.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Out>>,
    look: Look,
    between: Between,
}

impl Screen {
    /// Takes the terminal over.
    pub fn enter(look: Look, between: Between) -> Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Error::invalid(
                "--tui",
                "the console needs a terminal for input and output",
            )
            .with_next("mcpcodex user list --json"));
        }
        restore_on_panic();
        take().map_err(broken)?;
        Ok(Self { terminal: blank().map_err(broken)?, look, between })
    }

    /// The size, in cells.
    pub fn size(&self) -> (u16, u16) {
        terminal::size().unwrap_or((80, 24))
    }

    /// Draws what the state says; the terminal shows the whole picture at once.
    pub fn draw(&mut self, app: &App) -> Result<()> {
        let look = self.look;
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate).map_err(broken)?;
        self.terminal.draw(|frame| view::draw(app, frame, look)).map_err(broken)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate).map_err(broken)
    }

    /// Takes the mouse, or lets the terminal have it.
    pub fn mouse(&mut self, ours: bool) -> Result<()> {
        MOUSE.store(ours, Ordering::SeqCst);
        set_mouse(ours).map_err(broken)
    }

    /// Offers a text to the terminal's clipboard.
    pub fn offer(&mut self, text: &Secret) -> Result<()> {
        let sequence = Zeroizing::new(clipboard::sequence(text.expose(), self.between));
        let out = self.terminal.backend_mut();
        out.write_all(sequence.as_bytes()).and_then(|()| Write::flush(out)).map_err(broken)
    }

    /// Forgets what is shown: somebody else may have written over it.
    pub fn repaint(&mut self) -> Result<()> {
        take().and_then(|()| blank()).map(|terminal| self.terminal = terminal).map_err(broken)
    }

    /// Gives the terminal back and stops the process group, as the terminal driver does for ^Z.
    ///
    /// The whole group: a shell script that started us must stop too, or its shell would wait for ever.
    /// Where nobody could wake us the signal is ignored by the system, and this returns at once.
    pub fn suspend(&mut self) -> Result<()> {
        give_back();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)
            .map_err(|error| Error::internal("cannot suspend the console").with_source(error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Whether the alternate screen is shown. Entering it saves the cursor and leaving it puts the cursor back, so both
/// happen once: a second time would move the cursor over what was written since.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is ours.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Clicks and the wheel, in the form that has no bounds; motion is not asked for, which would be a flood over SSH.
fn set_mouse(ours: bool) -> io::Result<()> {
    let sequence: &[u8] = if ours { b"\x1b[?1000h\x1b[?1006h" } else { b"\x1b[?1006l\x1b[?1000l" };
    let mut out = io::stdout();
    out.write_all(sequence).and_then(|()| out.flush())
}

fn take() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    if !TAKEN.swap(true, Ordering::SeqCst) {
        execute!(io::stdout(), EnterAlternateScreen)?;
    }
    if MOUSE.load(Ordering::SeqCst) {
        set_mouse(true)?;
    }
    execute!(io::stdout(), EnableBracketedPaste)
}

/// A terminal of which nothing is known, so that the next picture is drawn whole.
///
/// Clearing through the library would ask the terminal where its cursor is, and some never answer.
fn blank() -> io::Result<Terminal<CrosstermBackend<Out>>> {
    execute!(io::stdout(), terminal::Clear(terminal::ClearType::All))?;
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 14, io::stdout())))
}

/// Errors are passed over: when the terminal is gone there is nobody to tell.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _gone: io::Result<()> = set_mouse(false);
    let mut out = io::stdout();
    let _gone: io::Result<()> = execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _gone: io::Result<()> = terminal::disable_raw_mode();
    let _gone: io::Result<()> = out.flush();
}

/// A panic of the console gives the terminal back before it is told; one elsewhere must not write over the screen.
fn restore_on_panic() {
    let owner = thread::current().id();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == owner {
            give_back();
            before(info);
        } else {
            tracing::error!(panic = %info, "a thread of the console panicked");
        }
    }));
}

fn broken(error: io::Error) -> Error {
    Error::internal("the terminal cannot be used").with_source(error)
}

/// Starts the thread that reads the terminal.
pub fn listen(out: &Sender<Msg>) -> Result<()> {
    let out = out.clone();
    worker::spawn("console-input", move || {
        while let Ok(first) = event::read() {
            let mut events = vec![first];
            // What is there already arrived together: that is how a paste is told from typing.
            while event::poll(std::time::Duration::ZERO).unwrap_or(false) {
                let Ok(next) = event::read() else { break };
                events.push(next);
            }
            if batch(events).into_iter().any(|msg| out.send(msg).is_err()) {
                return;
            }
        }
        // The terminal is gone.
        drop(out.send(Msg::Stop));
    })
}

/// Messages of events that arrived together; keys next to each other stay together.
pub fn batch(events: Vec<Event>) -> Vec<Msg> {
    let mut msgs: Vec<Msg> = Vec::new();
    for event in events {
        match event {
            Event::Key(key) => match msgs.last_mut() {
                Some(Msg::Keys(keys)) => keys.push(key),
                _ => msgs.push(Msg::Keys(vec![key])),
            },
            Event::Paste(text) => msgs.push(Msg::Paste(text)),
            Event::Resize(width, height) => msgs.push(Msg::Resize(width, height)),
            Event::Mouse(event) => msgs.push(Msg::Mouse(event)),
            Event::FocusGained | Event::FocusLost => {}
        }
    }
    msgs
}

/// Starts the thread that hears signals. It has a runtime of its own, so that the console runs with or without one.
pub fn hear_signals(out: &Sender<Msg>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(|error| Error::internal("cannot listen for signals").with_source(error))?;
    let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
    let out = out.clone();
    worker::spawn("console-signals", move || {
        runtime.block_on(async move {
            let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
            let [Ok(mut term), Ok(mut hangup), Ok(mut interrupt)] = kinds.map(signal) else {
                return;
            };
            let Ok(mut resumed) =
                signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))
            else {
                return;
            };
            if ready.send(()).is_err() {
                return;
            }
            loop {
                let msg = tokio::select! {
                    _ = term.recv() => Msg::Stop,
                    _ = hangup.recv() => Msg::Stop,
                    _ = interrupt.recv() => Msg::Stop,
                    _ = resumed.recv() => Msg::Continued,
                };
                if out.send(msg).is_err() {
                    return;
                }
            }
        });
    })?;
    is_ready.recv().map_err(|error| Error::internal("cannot listen for signals").with_source(error))
}
