//! Completion: what the shell is told when Tab is pressed. Names come from the database as it lies there: nothing is
//! opened in earnest, made or changed, and where there is none, or it may not be read, nothing is said.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use clap::{Arg, Command};
use clap_complete::{ArgValueCompleter, CompleteEnv, CompletionCandidate};

use super::{args, ctx};
use crate::{
    config::{self, BUILT_IN_ROLES, Environment, Source},
    db::{FILE_NAME, copy},
    model::name::sanitise,
    ops::names::{self, Query},
};

/// The variable by which the shell asks.
pub const VARIABLE: &str = "MCPCODEX_COMPLETE";
/// How many names are offered.
const MOST: u32 = 100;
/// As much of a word about a name as is shown.
const WORDS: usize = 60;

/// Answers a shell that asks for completions; false when none does.
pub fn asked(args: &[OsString]) -> bool {
    if env::var_os(VARIABLE).is_none_or(|shell| shell.is_empty()) {
        return false;
    }
    let folder = env::current_dir().ok();
    let answered = CompleteEnv::with_factory(tree)
        .var(VARIABLE)
        .bin("mcpcodex")
        .completer("mcpcodex")
        .try_complete(args.iter(), folder.as_deref());
    // What went wrong would land in the middle of somebody's line.
    answered.unwrap_or(true)
}

/// The tree of commands, with the arguments that live names stand for.
pub fn tree() -> Command {
    named(args::tree(), &mut Vec::new())
}

fn named(mut command: Command, path: &mut Vec<String>) -> Command {
    let found: Vec<_> = command
        .get_arguments()
        .filter_map(|arg| Some((arg.get_id().clone(), query(path, arg)?)))
        .collect();
    for (id, query) in found {
        command = command.mut_arg(id, |arg| {
            arg.add(ArgValueCompleter::new(move |typed: &OsStr| candidates(query, typed)))
        });
    }
    let below: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in below {
        command = command.mut_subcommand(&name, |sub| {
            path.push(name.clone());
            let sub = named(sub, path);
            path.pop();
            sub
        });
    }
    command
}

/// What an argument names, by what its value is called and where it stands.
pub fn query(path: &[String], arg: &Arg) -> Option<Query> {
    let path: Vec<&str> = path.iter().map(String::as_str).filter(|word| *word != "auth").collect();
    let makes = matches!(path.as_slice(), [_, "create" | "add" | "import"]);
    let value = arg.get_value_names()?.first()?.as_str();
    match (value, path.first().copied()?) {
        ("USER" | "OWNER" | "WHO", _) => Some(Query::Users),
        ("NAME", "user") if !makes && arg.is_positional() => Some(Query::Users),
        ("CLIENT", first) if first != "setup" => Some(Query::Clients),
        ("AGENT", _) => Some(Query::Agents),
        ("NAME", "agent") if !makes && arg.is_positional() => Some(Query::Agents),
        ("KID", _) => Some(Query::SigningKeys),
        ("ROLE", _) => Some(Query::Roles),
        ("SCOPE", _) => Some(Query::Scopes),
        ("ID", "session") => Some(Query::Sessions),
        ("ID", "apikey") => Some(Query::ApiKeys),
        ("URI", "resource") if !makes && arg.is_positional() => Some(Query::Resources),
        ("URI", "client") if arg.get_long() == Some("resource") => Some(Query::Resources),
        ("RESOURCE", _) => Some(Query::Resources),
        _ => None,
    }
}

fn candidates(query: Query, typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let mut found = look_up(query, typed).unwrap_or_default();
    if query == Query::Roles {
        let more = BUILT_IN_ROLES.iter().filter(|role| role.starts_with(typed));
        found.extend(more.map(|role| ((*role).to_owned(), "built in".to_owned())));
        found.sort();
        found.dedup_by(|one, other| one.0 == other.0);
    }
    let offer = |(name, words): (String, String)| {
        // A name with something in it that a shell or a terminal acts on is not offered at all.
        let plain = !name.is_empty() && sanitise(&name, usize::MAX) == name;
        let words = sanitise(&words, WORDS);
        let help = (!words.is_empty() && words != name).then(|| words.into());
        plain.then(|| CompletionCandidate::new(name).help(help))
    };
    found.into_iter().filter_map(offer).collect()
}

fn look_up(query: Query, typed: &str) -> Option<Vec<(String, String)>> {
    let database = folder()?.join(FILE_NAME);
    copy::peek(&database, |r| names::begin_with(r, &ctx::operator(), query, typed, MOST)).ok()
}

/// The data folder, as the command that is being typed would find it.
fn folder() -> Option<PathBuf> {
    let given = |flag: &str| {
        let mut words = env::args_os().skip_while(|word| word != flag).skip(1);
        words.next().map(PathBuf::from)
    };
    if let Some(folder) = given("--data-dir") {
        return Some(folder);
    }
    let usual = || Some(PathBuf::from(config::FILE_NAME)).filter(|file| file.exists());
    let source =
        Source { file: given("--config").or_else(usual), env: Environment::from_process() };
    config::load(&source).ok().map(|loaded| loaded.config.storage.data_dir)
}
