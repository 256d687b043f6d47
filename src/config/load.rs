//! Loading: the file, then the environment over it, then the rules; every mistake is gathered
//! before anything is refused. How one value is read is left to `value`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{
    Config,
    advice::{self, Advice},
    environment::Environment,
    keys::{Entry, Key, Kind, Shape as _, UNSET},
    problem::{Problem, Problems},
    rules,
    source::{Origin, Setting, Values},
    tree::{self, Data, Node, Pair, Place},
    value::nearest,
};

/// What the configuration is loaded from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The file; without one the defaults stand.
    pub file: Option<PathBuf>,
    /// The environment, which wins over the file.
    pub env: Environment,
}

/// The file that is read when none is named.
pub const FILE_NAME: &str = "auth.config.yaml";

/// A configuration that can be used, and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What should be known or mended, though the server starts.
    pub advice: Vec<Advice>,
    /// Keys that were set and have no effect yet, since their feature is still to come.
    pub not_active: Vec<&'static str>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What was set, and by whom; all else has its default.
    pub settings: BTreeMap<&'static str, Setting>,
}

/// Loads and checks a configuration; on refusal all the mistakes come together.
pub fn load(source: &Source) -> Result<Loaded, Problems> {
    let name = source.file.as_deref().map(display_name).unwrap_or_default();
    let text = match &source.file {
        Some(path) => read(path).map_err(|p| Problems::new(vec![p.from_source(name.as_str())]))?,
        None => String::new(),
    };
    let mut loaded = from_text(&text, &name, &source.env)?;
    loaded.file.clone_from(&source.file);
    Ok(loaded)
}

/// The same from a text, for tests and for a file that is not written yet; `name` is for messages.
pub fn from_text(text: &str, name: &str, env: &Environment) -> Result<Loaded, Problems> {
    let located = |problems: Vec<Problem>| {
        let finish = |problem: Problem| {
            let problem =
                if problem.source.is_none() { problem.from_source(name) } else { problem };
            problem.with_excerpt(text)
        };
        Problems::new(problems.into_iter().map(finish).collect())
    };
    let root = tree::parse(text, &|scalar| env.expand(scalar)).map_err(located)?;
    let table = table();
    let mut values = Values::new(name);
    if let Some(root) = root {
        match root.data {
            Data::Map(pairs) => place(&mut values, &table, "", pairs),
            Data::Null => {}
            Data::Bool(_)
            | Data::Integer(_)
            | Data::Fraction(_)
            | Data::Text(_)
            | Data::List(_) => {
                let message = "must be a mapping such as `authentication:` with keys below it";
                values.problems.push(Problem::new(message).at(root.place));
            }
        }
    }
    overlay(&mut values, &table, env);
    let Some(config) = Config::read(&mut values, "", UNSET) else {
        values.problems.push(Problem::new("a default cannot be read; this is a fault of mcpcodex"));
        return Err(located(values.problems));
    };
    rules::refuse(&config, &mut values);
    if !values.problems.is_empty() {
        return Err(located(values.problems));
    }
    let not_active = rules::not_active(&values.settings, &table);
    let advice = advice::advise(&config);
    Ok(Loaded { config, advice, not_active, file: None, settings: values.settings })
}

/// The key table: every section and key, in the order of the file.
pub fn table() -> Vec<Entry> {
    let mut table = Vec::new();
    Config::describe(&mut table, "", &[], UNSET);
    table
}

/// The keys alone.
pub fn keys() -> Vec<Key> {
    let key = |entry| if let Entry::Key(key) = entry { Some(key) } else { None };
    table().into_iter().filter_map(key).collect()
}

fn display_name(path: &Path) -> String {
    path.display().to_string()
}

fn read(path: &Path) -> Result<String, Problem> {
    let failed = |error: std::io::Error| Problem::new(format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    // One byte past the limit is enough for `tree::parse` to refuse the rest unread.
    file.take(tree::MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let before = String::from_utf8_lossy(good);
        let last = before.rsplit('\n').next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let at = Place { line, column: last.chars().count() + 1, width: 1 };
        Problem::new("is not UTF-8 text from here on").at(at)
    })
}

/// Puts each pair of the file in its place in the table, or says that it has none.
pub(super) fn place(values: &mut Values<'_>, table: &[Entry], prefix: &str, pairs: Vec<Pair>) {
    for pair in pairs {
        let path =
            if prefix.is_empty() { pair.key.clone() } else { format!("{prefix}.{}", pair.key) };
        if path == "credentials" {
            let message = "secrets are not kept in the file; set AUTH_CLIENT_SECRET, SESSION_SECRET and the others in the environment";
            values.problems.push(Problem::new(message).at(pair.place).on(&path));
            continue;
        }
        match find(table, &path) {
            Some(Entry::Key(key)) => {
                let origin = Origin::File(pair.value.place);
                match typed(&key.kind, pair.value) {
                    Ok(node) => {
                        values.settings.insert(key.path, Setting { node, origin });
                    }
                    Err(problem) => values.problems.push(problem.on(key.path)),
                }
            }
            Some(Entry::Section { path, .. }) => match pair.value.data {
                Data::Map(pairs) => place(values, table, path, pairs),
                Data::Null => {}
                Data::Bool(_)
                | Data::Integer(_)
                | Data::Fraction(_)
                | Data::Text(_)
                | Data::List(_) => {
                    let message =
                        format!("is a section with keys below it, found {}", pair.value.display());
                    values.problems.push(Problem::new(message).at(pair.value.place).on(path));
                }
            },
            None => {
                let message = format!("unknown key{}", suggestion(table, prefix, &pair.key));
                values.problems.push(Problem::new(message).at(pair.place).on(&path));
            }
        }
    }
}

/// Gives what came out of `${NAME}` the type that the key asks for.
fn typed(kind: &Kind, mut node: Node) -> Result<Node, Problem> {
    if let Some(text) = &node.expanded {
        node.data = from_env(kind, text).map_err(|message| Problem::new(message).at(node.place))?;
    }
    if let (Data::List(items), Kind::List(kind)) = (&mut node.data, kind.inner()) {
        let typed = std::mem::take(items).into_iter().map(|item| typed(kind, item));
        *items = typed.collect::<Result<_, _>>()?;
    }
    Ok(node)
}

fn path_of(entry: &Entry) -> &'static str {
    match entry {
        Entry::Key(key) => key.path,
        Entry::Section { path, .. } => path,
    }
}

fn find<'t>(table: &'t [Entry], path: &str) -> Option<&'t Entry> {
    table.iter().find(|entry| !path.is_empty() && path_of(entry) == path)
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// A name like it in the same section; else where that very name belongs; else what may stand here.
fn suggestion(table: &[Entry], prefix: &str, name: &str) -> String {
    let paths = || {
        table
            .iter()
            .map(path_of)
            .filter(|path| !path.is_empty() && !path.starts_with("credentials"))
    };
    let siblings: Vec<&str> =
        paths().map(split).filter(|(parent, _)| *parent == prefix).map(|(_, name)| name).collect();
    if let Some(near) = nearest(name, siblings.iter().copied()) {
        return format!("; did you mean `{near}`?");
    }
    let elsewhere: Vec<&str> = paths().filter(|path| split(path).1 == name).collect();
    match elsewhere.as_slice() {
        [one] => format!("; it belongs at `{one}`"),
        _ => format!("; known here: {}", siblings.join(", ")),
    }
}

/// Lays the environment over the file: first the variables with names of their own, then `MCPCODEX__…`.
fn overlay(values: &mut Values<'_>, table: &[Entry], env: &Environment) {
    let keys =
        || table.iter().filter_map(|e| if let Entry::Key(key) = e { Some(key) } else { None });
    for key in keys() {
        if let Some((name, text)) = key.spec.env.and_then(|name| Some((name, env.get(name)?))) {
            set_from_env(values, key, name, text);
        }
    }
    for (name, text) in env.with_prefix("MCPCODEX__") {
        if let Some(key) = keys().find(|key| key.override_name() == name.to_uppercase()) {
            set_from_env(values, key, name, text);
        } else {
            let names: Vec<String> = keys().map(Key::override_name).collect();
            let near = nearest(name, names.iter().map(String::as_str));
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            values.problems.push(Problem::new(format!("names no key{hint}")).from_source(name));
        }
    }
}

fn set_from_env(values: &mut Values<'_>, key: &Key, name: &str, text: &str) {
    match from_env(&key.kind, text) {
        Ok(data) => {
            let origin = Origin::Environment(name.to_owned());
            values.settings.insert(key.path, Setting { node: Node::placeless(data), origin });
        }
        Err(message) => {
            values.problems.push(Problem::new(message).on(key.path).from_source(name));
        }
    }
}

/// A list or a mapping as YAML.
fn flow(text: &str) -> Result<Data, String> {
    let parsed = tree::parse(text, &|_| Ok(None));
    let problem = |problems: Vec<Problem>| {
        problems.first().map(|problem| problem.message.clone()).unwrap_or_default()
    };
    Ok(parsed.map_err(problem)?.map_or(Data::Null, |node| node.data))
}

/// A variable has no quotes, so the key's kind says what its text is.
fn from_env(kind: &Kind, text: &str) -> Result<Data, String> {
    match kind {
        Kind::Optional(_) if matches!(text, "" | "~") => Ok(Data::Null),
        Kind::Optional(kind) => from_env(kind, text),
        Kind::Bool | Kind::Integer => Ok(tree::resolve(text.trim())),
        Kind::Choice(_) | Kind::Text(_) | Kind::Secret => Ok(Data::Text(text.to_owned())),
        Kind::List(_) if text.trim_start().starts_with('[') => flow(text),
        Kind::Named if text.trim().is_empty() => Ok(Data::Null),
        Kind::Named => flow(text),
        Kind::List(kind) => {
            let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
            let items = parts.map(|part| from_env(kind, part).map(Node::placeless));
            Ok(Data::List(items.collect::<Result<_, _>>()?))
        }
    }
}
