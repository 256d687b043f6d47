//! `doctor`: looks after this installation. What the database tells is for `ops::health`; here are the files around it,
//! the clock, the certificate, and whether the public URL leads here.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use url::Url;

use super::finding::{Finding, Severity};
use crate::{
    app::{AUDIT_ANCHOR_FILE, MASTER_KEY_FILE},
    cli::{
        ctx::{Ctx, Desk},
        db::{audit, bytes},
        failure::{Done, FOUND_PROBLEMS, Failure},
    },
    config::{Config, Loaded, Weight},
    db::{
        Clock, FILE_NAME, ServeLock,
        lock::{LOCK_NAME, USE_NAME},
    },
    net::{
        probe::{Ask, Probe},
        tls::{self, Keeper},
    },
    ops::{
        self,
        health::{Health, Sick},
    },
    time::Time,
};

const DAY: Duration = Duration::from_secs(86_400);
/// From this size on the log should have been copied into the file long ago.
const WAL: u64 = 64 << 20;
/// Less room than this ends in refused changes before anybody looks.
const ROOM: u64 = 500 << 20;
/// And less than this is the end.
const NO_ROOM: u64 = 50 << 20;

/// Looks at everything; `fix` mends what can be mended without harm.
pub fn run(ctx: &Ctx, fix: bool) -> Done {
    let loaded = ctx.load()?;
    let folder = loaded.config.storage.data_dir.clone();
    let mut found = Vec::new();
    let mut fixed = Vec::new();
    modes(&folder, fix, &mut found, &mut fixed);
    advice(&loaded, &mut found);
    certificate(&loaded.config, &mut found);
    let database = folder.join(FILE_NAME);
    if database.exists() {
        room(&folder, &mut found);
        key(&loaded.config, &folder, &mut found);
        inside(ctx, &loaded, fix, &mut found, &mut fixed)?;
    } else {
        let what = format!("there is no database at {}", database.display());
        found.push(Finding::new("db.absent", Severity::Note, what, "mcpcodex auth setup oauth2"));
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report(ctx, &found, &fixed)
}

fn report(ctx: &Ctx, found: &[Finding], fixed: &[String]) -> Done {
    let bad = found.iter().any(|finding| finding.severity > Severity::Note);
    if ctx.out.json() {
        ctx.out.document(&json!({
            "schema": 1, "ok": !bad, "fixed": fixed,
            "findings": found.iter().map(Finding::document).collect::<Value>(),
        }))?;
    } else {
        let mut text = String::new();
        for one in fixed {
            text.extend(["fixed: ", one.as_str(), "\n"]);
        }
        text.extend(found.iter().map(|finding| finding.text(ctx.out)));
        if found.is_empty() {
            text.push_str("nothing to complain about\n");
        }
        ctx.out.text(&text)?;
    }
    if bad { Err(Failure::Said(FOUND_PROBLEMS)) } else { Ok(()) }
}

/// The files of the data folder that belong to their owner alone, and the mode of each.
fn private(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut files = vec![(folder.to_owned(), 0o700)];
    let wal = format!("{FILE_NAME}-wal");
    let shm = format!("{FILE_NAME}-shm");
    for name in [FILE_NAME, &wal, &shm, MASTER_KEY_FILE, AUDIT_ANCHOR_FILE, LOCK_NAME, USE_NAME] {
        files.push((folder.join(name), 0o600));
    }
    files
}

#[cfg(unix)]
fn modes(folder: &Path, fix: bool, found: &mut Vec<Finding>, fixed: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt as _;
    for (path, wanted) in private(folder) {
        let Ok(is) = fs::symlink_metadata(&path) else { continue };
        let mode = is.permissions().mode() & 0o7777;
        if mode.trailing_zeros() >= 6 || is.is_symlink() {
            continue;
        }
        let command = format!("chmod {wanted:o} {}", path.display());
        if fix && fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).is_ok() {
            fixed.push(command);
            continue;
        }
        let what =
            format!("{} is open to other users of this machine (mode {mode:04o})", path.display());
        found.push(Finding::new("files.mode", Severity::Problem, what, command));
    }
}

#[cfg(not(unix))]
fn modes(_folder: &Path, _fix: bool, _found: &mut Vec<Finding>, _fixed: &mut Vec<String>) {}

fn advice(loaded: &Loaded, found: &mut Vec<Finding>) {
    for advice in loaded.advice.iter().filter(|advice| advice.weight == Weight::Warning) {
        let what = format!("{}: {}", advice.path, advice.message);
        found.push(Finding::new("config.warning", Severity::Warning, what, advice.next.clone()));
    }
}

fn certificate(config: &Config, found: &mut Vec<Finding>) {
    let now = Clock::system().now();
    match Keeper::open(&config.server.tls, now) {
        Ok(None) => {}
        Ok(Some(keeper)) => {
            let public = config.public_url(config.server.listen);
            let host = public.host_str().unwrap_or_default();
            for (what, fix) in tls::doubts(&keeper.identity(), host, now) {
                found.push(Finding::new("tls.certificate", Severity::Warning, what, fix));
            }
        }
        Err(error) => {
            let fix = error.next().unwrap_or("mcpcodex config check").to_owned();
            found.push(Finding::new("tls.certificate", Severity::Problem, error.to_string(), fix));
        }
    }
}

fn room(folder: &Path, found: &mut Vec<Finding>) {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < ROOM {
        let severity = if free < NO_ROOM { Severity::Problem } else { Severity::Warning };
        let what = format!("{} has room for {} more", folder.display(), bytes(free));
        let fix = "make room on that disk; mcpcodex db vacuum and mcpcodex audit prune --older 400d give some back";
        found.push(Finding::new("disk.room", severity, what, fix));
    }
    let wal = fs::metadata(folder.join(format!("{FILE_NAME}-wal"))).map_or(0, |found| found.len());
    if wal > WAL {
        let what = format!(
            "the write-ahead log holds {}: something reads without end, or was stopped",
            bytes(wal)
        );
        found.push(Finding::new("db.wal", Severity::Warning, what, "mcpcodex doctor --fix"));
    }
}

fn key(config: &Config, folder: &Path, found: &mut Vec<Finding>) {
    if config.credentials.master_key.is_none() && !folder.join(MASTER_KEY_FILE).exists() {
        let what = format!(
            "{} is missing: nothing that is sealed can be opened",
            folder.join(MASTER_KEY_FILE).display()
        );
        found.push(Finding::new(
            "files.key",
            Severity::Problem,
            what,
            "put it back from where you keep it",
        ));
    }
}

/// What can be told only with the database open.
fn inside(
    ctx: &Ctx,
    loaded: &Loaded,
    fix: bool,
    found: &mut Vec<Finding>,
    fixed: &mut Vec<String>,
) -> Done {
    if found.iter().any(|finding| matches!(finding.id, "files.mode" | "files.key")) {
        found.push(Finding::new(
            "db.closed",
            Severity::Note,
            "the database was not looked into, since it is not opened like this",
            "mcpcodex doctor --fix",
        ));
        return Ok(());
    }
    let desk = match ctx.open_with(loaded.config.clone()) {
        Ok(desk) => desk,
        Err(Failure::Core(error)) => {
            let next = error.next().unwrap_or("mcpcodex db check").to_owned();
            found.push(Finding::new("db.open", Severity::Problem, error.to_string(), next));
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    let health = desk.read(ops::health::look)?;
    for sick in health.complaints(desk.env()) {
        found.push(complaint(&sick));
    }
    clock(&health, desk.app.db.now(), found);
    audit(&desk, found)?;
    let wal = found.iter().position(|finding| finding.id == "db.wal");
    if let (true, Some(at)) = (fix, wal) {
        desk.app.db.fold_log()?;
        drop(found.remove(at));
        fixed.push("the write-ahead log was copied into the database".to_owned());
    }
    if ServeLock::holder(&loaded.config.storage.data_dir).is_some() {
        from_outside(&desk, found)?;
    }
    Ok(())
}

fn clock(health: &Health, now: Time, found: &mut Vec<Finding>) {
    let Some(newest) =
        health.newest_event.filter(|newest| newest.since(now) > Duration::from_secs(60))
    else {
        return;
    };
    let what =
        format!("it is {now} by the clock of this machine, but something was recorded at {newest}");
    let fix = "set the clock: timedatectl set-ntp true";
    found.push(Finding::new("clock.back", Severity::Problem, what, fix));
}

fn complaint(sick: &Sick) -> Finding {
    let days = |span: Duration| span.as_secs() / DAY.as_secs();
    match sick {
        Sick::NoAdministrator => Finding::new(
            "admin.none",
            Severity::Problem,
            "there is no active administrator",
            "mcpcodex auth setup link",
        ),
        Sick::AdminWithoutFactor(name) => Finding::new(
            "admin.mfa",
            Severity::Warning,
            format!("{name} is an administrator without a second factor"),
            format!("mcpcodex auth mfa link --user {name}"),
        ),
        Sick::KeyOld { kid, age } => Finding::new(
            "key.age",
            Severity::Warning,
            format!("the signing key {} has signed for {} days", short(kid), days(*age)),
            "mcpcodex key rotate",
        ),
        Sick::NoKey(algorithm) => Finding::new(
            "key.none",
            Severity::Problem,
            format!("no key signs with {algorithm}"),
            "mcpcodex key stage && mcpcodex key rotate --now",
        ),
        Sick::NeverBackedUp => Finding::new(
            "backup.none",
            Severity::Note,
            "no copy of the database was ever made with mcpcodex db backup",
            "mcpcodex db backup /var/backups/mcpcodex.db",
        ),
        Sick::BackupOld(age) => Finding::new(
            "backup.age",
            Severity::Warning,
            format!("the last copy of the database is {} days old", days(*age)),
            "mcpcodex db backup /var/backups/mcpcodex.db --replace",
        ),
        Sick::Undelivered(count) => Finding::new(
            "message.undelivered",
            Severity::Warning,
            format!("{count} messages of the last week did not go out"),
            "mcpcodex message list",
        ),
        Sick::KeysOverdue(count) => Finding::new(
            "apikey.overdue",
            Severity::Warning,
            format!("{count} API keys should have been replaced by now"),
            "mcpcodex apikey list --due",
        ),
        Sick::ClientsWait(count) => Finding::new(
            "client.waits",
            Severity::Note,
            format!("{count} apps wait to be let in"),
            "mcpcodex client list --pending",
        ),
    }
}

fn short(kid: &str) -> &str {
    kid.get(..8).unwrap_or(kid)
}

/// Whether whoever follows the public URL arrives here.
fn from_outside(desk: &Desk, found: &mut Vec<Finding>) -> Done {
    let site = &desk.env().site;
    let base = site.issuer.as_str();
    let Ok(url) = Url::parse(&format!("{base}/.well-known/openid-configuration")) else {
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Whether browsers trust the certificate is another question than whether this is us.
    let answer = runtime.block_on(Probe::new(None)?.send(Ask::get(&url)));
    let finding = match answer {
        Ok(answer) if answer.status == 200 => {
            let said = serde_json::from_slice::<Value>(&answer.body).ok();
            let said = said.as_ref().and_then(|said| said["issuer"].as_str()).unwrap_or_default();
            (said != base).then(|| {
                let what =
                    format!("{base} answers as another issuer: \"{}\"", super::report::short(said));
                Finding::new(
                    "issuer.other",
                    Severity::Problem,
                    what,
                    "correct server.public_url, or the proxy in front",
                )
            })
        }
        Ok(answer) => Some(Finding::new(
            "issuer.answer",
            Severity::Problem,
            format!("{url} answers {} instead of 200", answer.status),
            "correct server.public_url, or pass /.well-known through the proxy in front",
        )),
        Err(error) => Some(Finding::new(
            "issuer.unreachable",
            Severity::Warning,
            format!("{base} cannot be reached from here: {}", super::report::short(&error)),
            "correct server.public_url; behind some routers this machine cannot reach its own public address",
        )),
    };
    found.extend(finding);
    Ok(())
}
