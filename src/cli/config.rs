//! `config`: what is set, whether it can be, and what may be.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::Ctx,
    failure::{Done, FOUND_PROBLEMS, Failure},
};
use crate::config::{
    self, Environment, Loaded, Problems, Source, Weight, reference, rules::feature_of, show,
};

/// `config …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check the configuration; exit code 6 when something needs attention
    Check(Check),
    /// Print the configuration with every default
    Show(Show),
    /// Print a JSON Schema of the file, for editors
    Schema,
}

/// `config check`.
#[derive(clap::Args, Debug)]
pub struct Check {
    /// The file [default: as for every command]
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
        Verb::Schema => ctx.out.text(&format!("{:#}\n", reference::schema())),
    }
}

fn check(ctx: &Ctx, args: Check) -> Done {
    let file = args.file.or_else(|| ctx.file());
    let source = Source { file: file.clone(), env: Environment::from_process() };
    let checked = config::load(&source);
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

fn document(good: bool, file: Option<&Path>, checked: &Result<Loaded, Problems>) -> Value {
    let waiting = |loaded: &Loaded| -> Vec<Value> {
        let one = |path: &&str| json!({ "path": path, "waits_for": feature_of(path) });
        loaded.not_active.iter().map(one).collect()
    };
    match checked {
        Ok(loaded) => json!({
            "ok": good, "file": file, "problems": [], "advice": loaded.advice,
            "not_active": waiting(loaded),
        }),
        Err(problems) => json!({
            "ok": good, "file": file, "problems": problems, "advice": [], "not_active": [],
        }),
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
    if !loaded.not_active.is_empty() {
        text.push_str("not active yet:\n");
        for path in &loaded.not_active {
            let feature = feature_of(path).unwrap_or("a later version");
            let _ = writeln!(text, "  {path} (waits for {feature})");
        }
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
