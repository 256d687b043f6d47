//! What is written about the keys: the JSON Schema, the reference page, the commented file.
//! All three are made from the key table, so that none of them can be out of date.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{
    keys::{Entry, Key, Kind},
    load::table,
    providers,
    source::default_node,
    tree::{Data, Node},
    value::counted,
};

/// The file that the project ships; every value in it is the default.
pub const SHIPPED: &str = include_str!("../../auth.config.yaml");

/// JSON Schema (2020-12) of the file, for editors.
pub fn schema() -> Value {
    let mut root = section_schema("The configuration of mcpcodex.");
    for entry in table() {
        let (path, node) = match &entry {
            Entry::Section { path, doc } => (*path, section_schema(doc)),
            Entry::Key(key) => (key.path, key_schema(key)),
        };
        if !path.is_empty() && !path.starts_with("credentials") {
            put(&mut root, path, node);
        }
    }
    if let Value::Object(map) = &mut root {
        map.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        map.insert("title".into(), "mcpcodex auth.config.yaml".into());
    }
    root
}

fn section_schema(doc: &str) -> Value {
    // An empty section is null in YAML.
    json!({"type": ["object", "null"], "description": doc, "additionalProperties": false, "properties": {}})
}

fn put(section: &mut Value, path: &str, node: Value) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(Value::Object(properties)) = section.get_mut("properties") else { return };
    match rest {
        None => {
            properties.insert(name.to_owned(), node);
        }
        Some(rest) => {
            if let Some(inner) = properties.get_mut(name) {
                put(inner, rest, node);
            }
        }
    }
}

fn key_schema(key: &Key) -> Value {
    let mut map = Map::new();
    map.insert("description".into(), key.doc.clone().into());
    map.insert("default".into(), to_json(&default_node(&key.spec)));
    let taken = kind_schema(&key.kind, key);
    // A number may also come as `${NAME}`, which YAML takes for text.
    let variable =
        json!({"type": "string", "pattern": "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}"});
    map.insert("anyOf".into(), json!([taken, variable]));
    Value::Object(map)
}

fn kind_schema(kind: &Kind, key: &Key) -> Value {
    match kind {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Integer if key.spec.max == i64::MAX => {
            json!({"type": "integer", "minimum": key.spec.min})
        }
        Kind::Integer => {
            json!({"type": "integer", "minimum": key.spec.min, "maximum": key.spec.max})
        }
        Kind::Choice(words) => json!({"enum": words}),
        Kind::Text(_) | Kind::Secret => json!({"type": "string"}),
        Kind::Named => {
            json!({"type": ["object", "null"], "additionalProperties": named_schema()})
        }
        Kind::List(kind) => {
            json!({"type": "array", "items": kind_schema(kind, key), "uniqueItems": true})
        }
        Kind::Optional(kind) => json!({"anyOf": [kind_schema(kind, key), {"type": "null"}]}),
    }
}

/// The keys of one provider.
fn named_schema() -> Value {
    let mut root = section_schema("A provider that people may sign in at.");
    for entry in providers::table() {
        match &entry {
            Entry::Section { path: "", .. } => {}
            Entry::Section { path, doc } => put(&mut root, path, section_schema(doc)),
            Entry::Key(key) => put(&mut root, key.path, key_schema(key)),
        }
    }
    root
}

fn to_json(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Map(pairs) => {
            pairs.iter().map(|pair| (pair.key.clone(), to_json(&pair.value))).collect()
        }
        Data::Bool(value) => (*value).into(),
        Data::Integer(value) => (*value).into(),
        Data::Fraction(text) | Data::Text(text) => text.clone().into(),
        Data::List(items) => items.iter().map(to_json).collect(),
    }
}

/// What a key takes, in words.
pub fn takes(key: &Key) -> String {
    in_words(&key.kind, key)
}

fn in_words(kind: &Kind, key: &Key) -> String {
    let (min, max, unit) = (key.spec.min, key.spec.max, key.spec.unit);
    match kind {
        Kind::Bool => "true or false".into(),
        Kind::Integer if min == 0 && max == i64::MAX => "a whole number".into(),
        Kind::Integer if unit.is_empty() => format!("{min} to {max}"),
        Kind::Integer => format!("{min} to {}", counted(max, unit)),
        Kind::Choice(words) => words.join(", "),
        Kind::Text(what) => (*what).into(),
        Kind::Secret => "a secret".into(),
        Kind::Named => "a mapping of names to providers".into(),
        Kind::List(kind) => format!("list of: {}", in_words(kind, key)),
        Kind::Optional(kind) => format!("{}, or unset", in_words(kind, key)),
    }
}

const INTRODUCTION: &str = "\
# Configuration

`mcpcodex` reads `auth.config.yaml` in the current folder, or the file named by `--config`. Without a
file every key has its default, and the server works on http://localhost:8420.

- **Checked whole.** An unknown key, a wrong type or an impossible value is refused with file, line,
  column and what would be right; all mistakes are reported together. `mcpcodex config check` says the
  same without starting, adds advice, and exits with 6 when something needs attention.
- **Environment.** `${NAME}` and `${NAME:-default}` in a value stand for the environment; `$${` stands
  for the characters `${`. The environment wins over the file: by the variable named in the table, and
  for every key by `MCPCODEX__` and its path in capitals with two underscores for each dot, for example
  `MCPCODEX__AUTHENTICATION__TOKENS__ACCESS_TOKEN__LIFETIME=600`, which wins over all. A list is written
  `a,b` or `[\"a\", \"b\"]`. An empty variable counts as unset.
- **Secrets** come from the environment alone; the file may hold none.
- `mcpcodex config show --origin` prints every value and where it came from; `mcpcodex config schema`
  prints a JSON Schema for editors.
- The file is plain YAML without anchors, aliases, merge keys and tags, at most 1 MiB.

Keys marked ◌ are read and checked, but wait for the feature that is named.
";

/// The reference page, `docs/configuration.md`.
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    sections(&mut page, &table(), "");
    page.push_str(
        "\n# Keys of one provider\n\nThese stand below each name in `authentication.providers`; \
         [providers.md](providers.md) shows whole examples.\n",
    );
    sections(&mut page, &providers::table(), "authentication.providers.NAME");
    page
}

fn sections(page: &mut String, table: &[Entry], below: &str) {
    for (at, entry) in table.iter().enumerate() {
        match entry {
            Entry::Section { path, doc } if !(path.is_empty() && below.is_empty()) => {
                let dot = if path.is_empty() || below.is_empty() { "" } else { "." };
                let _ = write!(page, "\n## `{below}{dot}{path}`\n\n{doc}\n");
                // Each section lists its own keys; sub-sections follow with theirs.
                if table.get(at + 1).is_some_and(|next| matches!(next, Entry::Key(_))) {
                    page.push_str(
                        "\n| key | takes | default | what it does |\n|---|---|---|---|\n",
                    );
                }
            }
            Entry::Section { .. } => {}
            Entry::Key(key) => row(page, table, at, key),
        }
    }
}

fn row(page: &mut String, table: &[Entry], at: usize, key: &Key) {
    let (section, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
    let before = at.checked_sub(1).and_then(|before| table.get(before));
    let goes_on = match before {
        Some(Entry::Section { path, .. }) => *path == section,
        Some(Entry::Key(other)) => other.path.rsplit_once('.').is_some_and(|(s, _)| s == section),
        None => false,
    };
    if !goes_on {
        // A key that stands after a sub-section of its section begins a table of its own.
        let _ = write!(
            page,
            "\n### `{section}`, further keys\n\n| key | takes | default | what it does |\n|---|---|---|---|\n"
        );
    }
    let default = if key.spec.default == "~" {
        "unset".to_owned()
    } else {
        format!("`{}`", default_node(&key.spec).display())
    };
    let env = key.spec.env.map(|name| format!(" Environment: `{name}`.")).unwrap_or_default();
    let waits = key.spec.waits_for.map(|f| format!(" ◌ Waits for: {f}.")).unwrap_or_default();
    let (takes, doc) = (takes(key), &key.doc);
    let _ = writeln!(page, "| `{name}` | {takes} | {default} | {doc}{env}{waits} |");
}

/// The commented file with every key, where `set` (path and value as YAML) replaces defaults.
pub fn file(set: &[(&str, &str)]) -> String {
    let mut text = "\
# The configuration of mcpcodex. Every value here is the default and works on http://localhost:8420;
# a key may be left out, `~` means unset. docs/configuration.md says more, `mcpcodex config check` checks.
# `${NAME}` and `${NAME:-default}` stand for the environment. Secrets come from the environment alone.
"
    .to_owned();
    for entry in table() {
        let (path, doc) = match &entry {
            Entry::Section { path, doc } => (*path, doc),
            Entry::Key(key) => (key.path, &key.doc),
        };
        if path.is_empty() || path.starts_with("credentials") {
            continue;
        }
        let depth = path.matches('.').count();
        let name = path.rsplit('.').next().unwrap_or_default();
        let indent = "  ".repeat(depth);
        if depth < 2 && matches!(entry, Entry::Section { .. }) {
            text.push('\n');
        }
        comment(&mut text, &indent, &said(&entry, doc));
        let _ = match &entry {
            Entry::Section { .. } => writeln!(text, "{indent}{name}:"),
            Entry::Key(key) => {
                let chosen = set.iter().find(|(at, _)| *at == path);
                let default = default_node(&key.spec).display();
                let value = chosen.map_or(default.as_str(), |(_, value)| value);
                writeln!(text, "{indent}{name}: {value}")
            }
        };
    }
    text
}

fn said(entry: &Entry, doc: &str) -> String {
    let Entry::Key(key) = entry else { return doc.to_owned() };
    let words = match key.kind.inner() {
        Kind::Choice(words) if words.len() > 1 && !words.iter().all(|w| doc.contains(*w)) => {
            format!(" One of {}.", words.join(", "))
        }
        Kind::Choice(_)
        | Kind::Bool
        | Kind::Integer
        | Kind::Text(_)
        | Kind::Secret
        | Kind::Named
        | Kind::List(_)
        | Kind::Optional(_) => String::new(),
    };
    let env = key.spec.env.map(|name| format!(" Environment: {name}.")).unwrap_or_default();
    format!("{doc}{words}{env}")
}

/// Writes a comment, broken at 100 characters.
fn comment(text: &mut String, indent: &str, words: &str) {
    let mut line = format!("{indent}#");
    for word in words.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            text.push_str(&line);
            text.push('\n');
            line = format!("{indent}#");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
