//! `config`: what is set, whether it can be, and what may be.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::Ctx,
    failure::{Done, FOUND_PROBLEMS, Failure},
};
use crate::{
    config::{
        self, Advice, Config, Environment, Loaded, Problems, Source, Weight, reference, show,
    },
    db::Clock,
    error::Error,
    net::tls::{self, Identity, Keeper},
};

/// `config …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check the configuration; exit code 6 when something needs attention
    Check(Check),
    /// Print the configuration with every default
    Show(Show),
    /// Print which file is read, and where the data is
    #[command(after_help = "Examples:
  mcpcodex config path
  mcpcodex config path --field file")]
    Path,
    /// Write a configuration file with every key and its default
    #[command(after_help = "Examples:
  mcpcodex config init
  mcpcodex config init /etc/mcpcodex/auth.config.yaml")]
    Init(Init),
    /// Print a JSON Schema of the file, for editors
    Schema,
}

/// `config check`.
#[derive(clap::Args, Debug)]
pub struct Check {
    /// The file [default: as for every command]
    file: Option<PathBuf>,
}

/// `config init`.
#[derive(clap::Args, Debug)]
pub struct Init {
    /// The file to make [default: auth.config.yaml]
    file: Option<PathBuf>,
}

/// `config show`.
#[derive(clap::Args, Debug)]
pub struct Show {
    /// Print each key with its value and where that came from
    #[arg(long)]
    origin: bool,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Check(args) => check(ctx, args),
        Verb::Show(args) => show(ctx, &args),
        Verb::Path => path(ctx),
        Verb::Init(args) => init(ctx, args),
        Verb::Schema => ctx.out.text(&format!("{:#}\n", reference::schema())),
    }
}

fn path(ctx: &Ctx) -> Done {
    let loaded = ctx.load()?;
    let file =
        loaded.file.as_ref().map(|file| file.canonicalize().unwrap_or_else(|_| file.clone()));
    let folder = &loaded.config.storage.data_dir;
    let shown = file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
    ctx.out.record(
        &json!({ "schema": 1, "file": file, "data_dir": folder }),
        &[("file", shown), ("data", folder.display().to_string())],
    )
}

fn init(ctx: &Ctx, args: Init) -> Done {
    let file = args.file.unwrap_or_else(|| config::FILE_NAME.into());
    let text = reference::file(&[]);
    let made = OpenOptions::new().write(true).create_new(true).open(&file);
    made.and_then(|mut made| made.write_all(text.as_bytes())).map_err(|error| {
        let message = format!("{} cannot be made: {}", file.display(), error.kind());
        Error::conflict(message).with_next("name a new file").with_source(error)
    })?;
    ctx.out.record(&json!({ "schema": 1, "file": file }), &[("file", file.display().to_string())])
}

fn check(ctx: &Ctx, args: Check) -> Done {
    let file = args.file.or_else(|| ctx.file());
    let source = Source { file: file.clone(), env: Environment::from_process() };
    let mut checked = config::load(&source);
    if let Ok(loaded) = &mut checked {
        let listen = loaded.config.server.listen;
        match Keeper::open(&loaded.config.server.tls, Clock::system().now()) {
            Ok(keeper) => {
                let identity = keeper.map(|keeper| keeper.identity());
                loaded.advice.extend(tls_advice(&loaded.config, listen, identity));
            }
            Err(error) => loaded.advice.push(unfit(&error)),
        }
    }
    let good = match &checked {
        Ok(loaded) => loaded.advice.iter().all(|advice| advice.weight != Weight::Warning),
        Err(_) => false,
    };
    if ctx.out.json() {
        ctx.out.document(&document(good, file.as_deref(), &checked))?;
    } else {
        match &checked {
            Ok(loaded) => say(ctx, loaded)?,
            Err(problems) => ctx.out.text(&format!("{problems}\n"))?,
        }
    }
    if good { Ok(()) } else { Err(Failure::Said(FOUND_PROBLEMS)) }
}

/// What is not well about our own certificate.
pub fn tls_advice(config: &Config, listen: SocketAddr, identity: Option<Identity>) -> Vec<Advice> {
    let Some(identity) = identity else { return Vec::new() };
    let public = config.public_url(listen);
    let doubts =
        tls::doubts(&identity, public.host_str().unwrap_or_default(), Clock::system().now());
    let advice = |(message, next): (String, &str)| Advice {
        weight: Weight::Warning,
        path: "server.tls.certificate",
        message,
        next: next.to_owned(),
    };
    doubts.into_iter().map(advice).collect()
}

/// A certificate with which the server does not start.
fn unfit(error: &Error) -> Advice {
    Advice {
        weight: Weight::Warning,
        path: error.field().unwrap_or("server.tls"),
        message: format!("{error}; the server does not start like this"),
        next: error.next().unwrap_or_default().to_owned(),
    }
}

fn document(good: bool, file: Option<&Path>, checked: &Result<Loaded, Problems>) -> Value {
    match checked {
        Ok(loaded) => {
            json!({ "ok": good, "file": file, "problems": [], "advice": loaded.advice })
        }
        Err(problems) => json!({ "ok": good, "file": file, "problems": problems, "advice": [] }),
    }
}

fn say(ctx: &Ctx, loaded: &Loaded) -> Done {
    let file = loaded.file.as_ref().map(|file| file.display().to_string());
    let name = file.unwrap_or_else(|| "no file: every key has its default".to_owned());
    let mut text = format!("{name}\n");
    for advice in &loaded.advice {
        let weight = match advice.weight {
            Weight::Warning => "warning",
            Weight::Note => "note",
        };
        let _ = writeln!(text, "{weight}: {}: {}", advice.path, advice.message);
        let _ = writeln!(text, "  {}", advice.next);
    }
    let warnings = loaded.advice.iter().filter(|advice| advice.weight == Weight::Warning).count();
    let _ = match warnings {
        0 => writeln!(text, "it can be used"),
        1 => writeln!(text, "it can be used; 1 warning"),
        n => writeln!(text, "it can be used; {n} warnings"),
    };
    ctx.out.text(&text)
}

fn show(ctx: &Ctx, args: &Show) -> Done {
    let loaded = ctx.load()?;
    if !args.origin && !ctx.out.json() {
        return ctx.out.text(&show::yaml(&loaded));
    }
    let mut rows = show::rows(&loaded);
    if let Some(folder) = &ctx.global.data_dir {
        for row in rows.iter_mut().filter(|row| row.path == "storage.data_dir") {
            row.value = json!(folder).to_string();
            "--data-dir".clone_into(&mut row.origin);
        }
    }
    let documents = rows.iter().map(|row| json!(row)).collect();
    let lines = rows.into_iter().map(|row| vec![row.path.to_owned(), row.value, row.origin]);
    ctx.out.list(documents, &["key", "value", "from"], lines.collect(), "no keys")
}
