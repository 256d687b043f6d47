//! `db`: copies of the database, putting one in its place, and looking after the file.

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    doctor::finding::{Finding, Severity},
    failure::{Done, FOUND_PROBLEMS, Failure},
    output::put,
};
use crate::{
    app::{App, MASTER_KEY_FILE},
    db::{self, Clock, FILE_NAME, copy, restore::Restoring},
    error::{Error, Kind},
    model::audit::chain::Flaw,
    ops::{self, backup::ShutOut},
};

/// `db …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Copy the database into a file, beside a running server
    #[command(
        after_help = "The master key is not in the copy: keep master.key (or MCPCODEX_MASTER_KEY) in another place. The copy without the
key gives nothing away that is sealed; the key without the copy is of no use.

Examples:
  mcpcodex db backup /var/backups/mcpcodex.db
  mcpcodex db backup /mnt/usb/auth.db --replace --json"
    )]
    Backup(Backup),
    /// Put a copy in the place of the database; the old one is kept beside it
    #[command(
        after_help = "No server may run and nobody else may have the database open. The copy is looked over first: that it is whole, of this
program, and opened by the master key that is here. Whoever was signed in when it was made is signed out, and codes, links
and refresh tokens of that time count no more; accounts, apps and API keys are as they were then. What was shut out since
and is let in again by the copy is named, with the command that shuts it out anew.

Examples:
  mcpcodex db restore /var/backups/mcpcodex.db
  mcpcodex db restore /var/backups/mcpcodex.db --dry-run"
    )]
    Restore(Restore),
    /// Look the database over: the file, the references in it, the audit record, the master key; exit code 6 if something is wrong
    #[command(after_help = "Examples:
  mcpcodex db check
  mcpcodex db check --json")]
    Check,
    /// Give the room of what was deleted back to the disk
    #[command(after_help = "Examples:
  mcpcodex db vacuum
  mcpcodex db vacuum --json")]
    Vacuum,
    /// Bring the database to this program's schema, which every other command does as well
    #[command(after_help = "Examples:
  mcpcodex db migrate --dry-run
  mcpcodex db migrate")]
    Migrate,
}

/// `db backup`.
#[derive(clap::Args, Debug)]
pub struct Backup {
    /// The file to make
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    replace: bool,
}

/// `db restore`.
#[derive(clap::Args, Debug)]
pub struct Restore {
    /// The copy
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Backup(args) => backup(ctx, &args),
        Verb::Restore(args) => restore(ctx, &args),
        Verb::Check => check(ctx),
        Verb::Vacuum => vacuum(ctx),
        Verb::Migrate => migrate(ctx),
    }
}

/// How far a copy is, on a terminal, a few times a second.
struct Progress {
    shown: bool,
    last: Option<Instant>,
}

impl Progress {
    fn new(ctx: &Ctx) -> Self {
        Self { shown: ctx.out.talks_to_terminal(), last: None }
    }

    fn tell(&mut self, done: u64, all: u64) {
        let soon = self.last.is_some_and(|last| last.elapsed() < Duration::from_millis(200));
        if self.shown && !soon {
            self.last = Some(Instant::now());
            drop(write!(std::io::stderr().lock(), "\r{} of {}", bytes(done), bytes(all)));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.last.is_some() {
            drop(std::io::stderr().lock().write_all(b"\r\x1b[K"));
        }
    }
}

/// A size as people say it.
pub fn bytes(count: u64) -> String {
    let (mut rest, mut unit) = (count, "bytes");
    let mut tenths = 0;
    for next in ["kB", "MB", "GB", "TB"] {
        if rest < 1_000 {
            break;
        }
        tenths = rest % 1_000 / 100;
        (rest, unit) = (rest / 1_000, next);
    }
    if unit == "bytes" { format!("{rest} {unit}") } else { format!("{rest}.{tenths} {unit}") }
}

/// Where the master key is, for people.
fn whereabouts(ctx: &Ctx, desk: &Desk) -> String {
    if desk.env().config.credentials.master_key.is_some() {
        return "MCPCODEX_MASTER_KEY".to_owned();
    }
    ctx.out.detail("the master key is a file of the data folder");
    desk.env().config.storage.data_dir.join(MASTER_KEY_FILE).display().to_string()
}

fn backup(ctx: &Ctx, args: &Backup) -> Done {
    let desk = ctx.open()?;
    ctx.plan(|| format!("copy {} to {}", desk.app.db.path().display(), args.file.display()))?;
    let mut progress = Progress::new(ctx);
    let copied = desk.app.db.copy_to(&args.file, args.replace, &mut |done, all| {
        progress.tell(done, all);
    })?;
    drop(progress);
    let (file, size) = (args.file.display().to_string(), copied.bytes);
    let noted = file.clone();
    if let Err(failure) = desk.write(move |tx, _, who| ops::backup::note(tx, who, &noted, size)) {
        // The copy is good all the same.
        ctx.out.warn(&format!("the copy could not be noted: {}", failure.message()));
    }
    let key = whereabouts(ctx, &desk);
    ctx.out.record(
        &json!({ "schema": 1, "file": file, "bytes": size, "schema_version": copied.schema, "master_key": key }),
        &[("file", file.clone()), ("size", bytes(size)), ("schema", copied.schema.to_string())],
    )?;
    ctx.out.note(&format!("The master key is not in it. Keep {key} in another place: without it the copy cannot be used."));
    Ok(())
}

fn restore(ctx: &Ctx, args: &Restore) -> Done {
    let config = ctx.load()?.config;
    let folder = config.storage.data_dir.clone();
    let vault = App::vault(&config)?;
    let from = args.file.display();
    if ctx.dry_run() {
        let found = copy::examine(&args.file)?;
        must_fit(&args.file, &vault)?;
        return Err(ctx.planned(format!(
            "replace {} by {from} ({}, schema {}) and end every session",
            folder.join(FILE_NAME).display(),
            bytes(found.bytes),
            found.schema
        )));
    }
    ctx.ask.irrevocable(&format!(
        "Put {from} in the place of {}?",
        folder.join(FILE_NAME).display()
    ))?;
    let restoring = Restoring::begin(&folder)?;
    let before = shut_out(ctx, &restoring.database());
    let mut progress = Progress::new(ctx);
    restoring.bring(&args.file, &mut |done, all| progress.tell(done, all))?;
    drop(progress);
    must_fit(restoring.draft(), &vault)?;
    let now = Clock::system().now();
    let (name, shut) = (args.file.display().to_string(), before.clone().unwrap_or_default());
    let restored = {
        let options = db::Options { path: restoring.draft().to_owned(), ..db::Options::default() };
        let draft = db::Db::open(options)?;
        ops::audit::chain::ensure(&draft, &vault, false)?;
        let who = super::ctx::operator();
        draft.write_blocking(move |tx| ops::backup::restored(tx, &who, &name, &shut))?
    };
    let stamp: String = now.rfc3339().chars().filter(char::is_ascii_alphanumeric).collect();
    let kept = restoring.swap(&format!("{FILE_NAME}.before-{stamp}"))?;
    let desk = ctx.open_with(config)?;
    desk.app.anchor_audit()?;
    if before.is_none() {
        ctx.out.warn("the old database cannot be read: who was shut out since the copy was made is not known");
    }
    let revived = restored.revived.iter().map(
        |one| json!({ "kind": one.kind, "id": one.id, "name": one.name, "command": one.command() }),
    );
    ctx.out.record(
        &json!({
            "schema": 1, "restored": args.file, "kept": kept, "sessions_ended": restored.sessions,
            "grants_ended": restored.grants, "revived": revived.collect::<Value>(),
        }),
        &[
            ("restored", from.to_string()),
            (
                "kept",
                kept.map_or_else(|| "there was none".to_owned(), |kept| kept.display().to_string()),
            ),
            ("sessions ended", restored.sessions.to_string()),
            ("grants ended", restored.grants.to_string()),
        ],
    )?;
    for one in &restored.revived {
        ctx.out.warn(&format!(
            "{} {} was shut out and is let in again: {}",
            one.kind,
            one.name,
            one.command()
        ));
    }
    Ok(())
}

/// Who is shut out in the database that is there; none when it cannot be read.
fn shut_out(ctx: &Ctx, database: &Path) -> Option<BTreeSet<ShutOut>> {
    if !database.exists() {
        return Some(BTreeSet::new());
    }
    let found = copy::peek(database, |r| ops::backup::shut_out(r, &super::ctx::operator()));
    found.inspect_err(|error| ctx.out.detail(&format!("the old database: {error}"))).ok()
}

fn must_fit(file: &Path, vault: &crate::crypto::seal::Vault) -> Done {
    if copy::read(file, |r| ops::backup::fits(r, vault))? {
        return Ok(());
    }
    Err(Error::denied(format!("the master key here does not open {}", file.display()))
        .with_next("put the master.key (or MCPCODEX_MASTER_KEY) of the time of the copy here; nothing was changed")
        .into())
}

fn vacuum(ctx: &Ctx) -> Done {
    let desk = ctx.open()?;
    ctx.plan(|| {
        format!("rewrite {} without the room that is free in it", desk.app.db.path().display())
    })?;
    let (before, after) = desk.app.db.compact()?;
    ctx.out.record(
        &json!({ "schema": 1, "bytes_before": before, "bytes_after": after }),
        &[("before", bytes(before)), ("after", bytes(after))],
    )
}

fn migrate(ctx: &Ctx) -> Done {
    let config = ctx.load()?.config;
    let path = config.storage.data_dir.join(FILE_NAME);
    let from = copy::look(&path, false)?.schema;
    let to = copy::known();
    if ctx.dry_run() {
        return Err(ctx.planned(format!("bring {} from schema {from} to {to}", path.display())));
    }
    let desk = ctx.open_with(config)?;
    let to = desk.app.db.schema_version()?;
    ctx.out.record(
        &json!({ "schema": 1, "from": from, "to": to }),
        &[("from", from.to_string()), ("to", to.to_string())],
    )
}

fn check(ctx: &Ctx) -> Done {
    let config = ctx.load()?.config;
    let path = config.storage.data_dir.join(FILE_NAME);
    let mut found = Vec::new();
    let lying = copy::look(&path, true)?;
    for fault in &lying.faults {
        found.push(Finding::new(
            "db.damaged",
            Severity::Problem,
            fault.clone(),
            "mcpcodex db restore FILE",
        ));
    }
    let mut events = None;
    match ctx.open_with(config) {
        Ok(desk) => events = audit(&desk, &mut found)?,
        Err(Failure::Core(error)) if error.kind() == Kind::Denied => {
            let next = error.next().unwrap_or_default().to_owned();
            found.push(Finding::new("db.key", Severity::Problem, error.to_string(), next));
        }
        Err(failure) => return Err(failure),
    }
    let ok = found.is_empty();
    let mut document = json!({
        "schema": 1, "ok": ok, "file": path, "schema_version": lying.schema, "bytes": copy::size(&path),
        "events": events,
    });
    put(&mut document, "findings", found.iter().map(Finding::document).collect());
    if ctx.out.json() {
        ctx.out.document(&document)?;
    } else if ok {
        ctx.out.text(&format!(
            "{} is whole: {}, schema {}\n",
            path.display(),
            bytes(copy::size(&path)),
            lying.schema
        ))?;
    } else {
        ctx.out.text(&found.iter().map(|one| one.text(ctx.out)).collect::<String>())?;
    }
    if ok { Ok(()) } else { Err(Failure::Said(FOUND_PROBLEMS)) }
}

/// Checks the audit record, and tells how many events are good.
pub fn audit(desk: &Desk, found: &mut Vec<Finding>) -> Result<Option<u64>, Failure> {
    let anchor = match desk.app.audit_anchor() {
        Ok(anchor) => anchor,
        Err(error) => {
            let next = error.next().unwrap_or_default().to_owned();
            found.push(Finding::new("audit.anchor", Severity::Problem, error.to_string(), next));
            None
        }
    };
    let anchors: Vec<_> = anchor.into_iter().collect();
    let checked =
        desk.read(|r, env, who| ops::audit::chain::verify(r, who, &env.keys.vault, &anchors))?;
    if let Some(flaw) = &checked.flaw {
        let what = format!("the audit record is not whole: {}", said(flaw));
        found.push(Finding::new("audit.chain", Severity::Problem, what, "mcpcodex audit verify"));
    }
    Ok(Some(checked.events))
}

fn said(flaw: &Flaw) -> String {
    flaw.to_string()
}
