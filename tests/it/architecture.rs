//! The import law of `src/lib.rs`, held against the source: who may name whom, and which crate has one home.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each layer may import of ours, itself included. A layer is a folder or a file of `src`.
const LAW: [(&str, &[&str]); 16] = [
    ("error", &["error"]),
    ("time", &["time"]),
    ("crypto", &["crypto", "error", "time"]),
    ("model", &["model", "crypto", "error", "time"]),
    ("config", &["config", "model", "error", "time"]),
    ("db", &["db", "error", "time"]),
    ("store", &["store", "db", "model", "crypto", "error", "time"]),
    ("ops", &["ops", "store", "db", "model", "crypto", "config", "error", "time"]),
    ("deliver", &["deliver", "config", "crypto", "model", "error", "time"]),
    ("net", &["net", "config", "model", "error", "time"]),
    ("app", &["app", "db", "model", "crypto", "config", "ops", "error", "time"]),
    ("view", &["view", "model", "crypto", "error", "time"]),
    (
        "service",
        &["service", "app", "ops", "net", "model", "config", "error", "time", "db", "crypto"],
    ),
    (
        "http",
        &[
            "http", "service", "view", "app", "ops", "deliver", "net", "model", "config", "error",
            "time", "db", "crypto",
        ],
    ),
    (
        "cli",
        &[
            "cli", "service", "view", "app", "ops", "net", "model", "config", "error", "time",
            "db", "crypto",
        ],
    ),
    ("tui", &["tui", "app", "ops", "model", "config", "error", "time", "db", "crypto"]),
];

/// The named exceptions: commands whose whole work is another face.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("cli/serve.rs", "http"),
    ("cli/serve.rs", "tui"),
    ("cli/console.rs", "tui"),
    ("cli/log.rs", "tui"),
];

/// The uses of a crate away from home: a table asks the terminal for its width, a secret is typed unseen.
const VISITS: [(&str, &str); 2] = [("cli/table.rs", "crossterm"), ("cli/ask.rs", "crossterm")];

/// Crates with one home.
const HOMES: [(&[&str], &[&str]); 8] = [
    (&["rusqlite"], &["db"]),
    (&["axum", "axum_server", "tower", "tower_http", "askama", "cookie"], &["http"]),
    (&["utoipa", "utoipa_axum"], &["http", "view"]),
    (&["clap", "clap_complete", "clap_mangen", "rpassword"], &["cli", "main"]),
    (&["ratatui", "crossterm", "tui_input"], &["tui"]),
    (&["lettre"], &["deliver"]),
    (&["reqwest"], &["deliver", "net"]),
    (&["argon2", "jsonwebtoken", "aws_lc_rs", "totp_rs", "webauthn_rs"], &["crypto"]),
];

/// A source file: its path below `src` and its text without comments and strings.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn layer(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Every name that follows `crate::`, also within braces.
    fn imports(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in self.code.match_indices("crate::") {
            let rest = &self.code[at + "crate::".len()..];
            if let Some(tree) = rest.strip_prefix('{') {
                found.extend(branches(tree));
            } else {
                found.insert(first_word(rest));
            }
        }
        // The same by relative paths that climb out of the layer.
        let depth = self.path.matches('/').count() - usize::from(self.path.ends_with("/mod.rs"));
        let climb = "super::".repeat(depth + 1);
        for (at, _) in self.code.match_indices(&climb) {
            found.insert(first_word(&self.code[at + climb.len()..]));
        }
        found.remove("");
        found
    }
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of a braced import, up to its closing brace.
fn branches(tree: &str) -> Vec<String> {
    let (mut depth, mut start, mut found) = (0, true, Vec::new());
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return found,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && depth == 0 && (c.is_alphabetic() || c == '_') => {
                found.push(first_word(&tree[at..]));
                start = false;
            }
            _ => {}
        }
    }
    found
}

/// The code without what only looks like code.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        for (at, part) in line.replace("\\\"", "").split('"').enumerate() {
            if at % 2 == 0 {
                out.push_str(part);
            }
        }
        out.push('\n');
    }
    out
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    below(&root, &mut paths);
    assert!(paths.len() > 100, "only {} files below {}", paths.len(), root.display());
    paths
        .into_iter()
        .map(|path| Source {
            code: bare(&fs::read_to_string(&path).unwrap()),
            path: path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
        })
        .collect()
}

#[test]
fn no_layer_imports_what_the_law_forbids() {
    let mut broken = Vec::new();
    for source in sources() {
        let layer = source.layer();
        if matches!(layer, "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = LAW.iter().find(|(name, _)| *name == layer) else {
            broken.push(format!("{}: the law knows no layer {layer}", source.path));
            continue;
        };
        for import in source.imports() {
            let excepted = EXCEPTIONS.contains(&(source.path.as_str(), import.as_str()));
            let ours = LAW.iter().any(|(name, _)| *name == import);
            if ours && !allowed.contains(&import.as_str()) && !excepted {
                broken.push(format!("{} imports {import}", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_crate_with_a_home_stays_in_it() {
    let mut broken = Vec::new();
    for source in sources() {
        for (crates, homes) in HOMES {
            for name in crates {
                let visits = VISITS.contains(&(source.path.as_str(), name));
                if named(&source.code, name) && !homes.contains(&source.layer()) && !visits {
                    broken.push(format!("{} names {name}", source.path));
                }
            }
        }
        if named(&source.code, "tokio")
            && ["ops", "store", "model", "config", "crypto"].contains(&source.layer())
        {
            broken.push(format!("{} names tokio", source.path));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Whether `name::` or `use name` stands in the code.
fn named(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let own = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        let rest = &code[at + name.len()..];
        own && (rest.starts_with("::") || (code[..at].ends_with("use ") && rest.starts_with(';')))
    })
}

#[test]
fn no_store_file_names_another() {
    let all = sources();
    let stems: Vec<&str> = all
        .iter()
        .filter_map(|source| source.path.strip_prefix("store/")?.strip_suffix(".rs"))
        .filter(|stem| *stem != "mod")
        .collect();
    let mut broken = Vec::new();
    for source in
        all.iter().filter(|source| source.layer() == "store" && source.path != "store/mod.rs")
    {
        for stem in &stems {
            let others =
                [format!("super::{stem}::"), format!("store::{stem}"), format!("super::{stem};")];
            if others.iter().any(|other| source.code.contains(other)) {
                broken.push(format!("{} names {stem}", source.path));
            }
        }
        let braces = source
            .code
            .match_indices("super::{")
            .flat_map(|(at, found)| branches(&source.code[at + found.len()..]));
        broken.extend(
            braces
                .filter(|name| stems.contains(&name.as_str()))
                .map(|name| format!("{} names {name}", source.path)),
        );
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn sql_stands_in_the_store_and_in_the_database_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let statements = ["select ", "insert into ", "delete from ", "pragma "];
    for source in sources() {
        if ["db", "store"].contains(&source.layer()) {
            continue;
        }
        let text = fs::read_to_string(root.join(&source.path)).unwrap();
        for statement in statements {
            let found = text.lines().any(|line| line.contains(&format!("\"{statement}")));
            assert!(!found, "{} speaks SQL: {statement}", source.path);
        }
    }
}

#[test]
fn each_table_file_is_reached_by_a_test_of_the_ops_above_it() {
    // Tables without ops of their own, and the test in which they are used.
    const ELSEWHERE: [(&str, &str); 24] = [
        ("assertion", "ops/oauth/assertions.rs"),
        ("attempt", "ops/login.rs"),
        ("audit", "ops/session.rs"),
        ("authorization", "ops/oauth/authorize.rs"),
        ("client", "ops/oauth/clients.rs"),
        ("consent", "ops/oauth/authorize.rs"),
        ("device_request", "ops/oauth/device.rs"),
        ("exchange_policy", "ops/oauth/token_exchange.rs"),
        ("grant", "ops/oauth/refresh.rs"),
        ("idempotency", "http/api/once.rs"),
        ("key_bucket", "ops/apikey/gate.rs"),
        ("key_usage", "ops/apikey/gate.rs"),
        ("link", "ops/setup.rs"),
        ("logout_notice", "ops/oauth/backchannel.rs"),
        ("message", "ops/outbox.rs"),
        ("opaque", "ops/oauth/opaque.rs"),
        ("provider_flow", "ops/provider.rs"),
        ("provider_link", "ops/provider.rs"),
        ("provider_token", "ops/provider.rs"),
        ("pushed", "ops/oauth/par.rs"),
        ("resource", "ops/oauth/clients.rs"),
        ("send_count", "ops/code.rs"),
        ("sign_in", "http/pages.rs"),
        ("stats", "http/api/collections.rs"),
    ];
    const SETUP: [&str; 2] = ["key", "meta"];
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for source in sources() {
        let Some(stem) = source.path.strip_prefix("store/").and_then(|p| p.strip_suffix(".rs"))
        else {
            continue;
        };
        if stem == "mod" {
            continue;
        }
        let test = match ELSEWHERE.iter().find(|(own, _)| *own == stem) {
            Some((_, test)) => (*test).to_owned(),
            None if SETUP.contains(&stem) => "ops/setup.rs".to_owned(),
            None => format!("ops/{stem}.rs"),
        };
        assert!(tests.join(&test).exists(), "nothing tests {}: {test} is not there", source.path);
    }
}

#[test]
fn secrets_of_clients_are_compared_in_constant_time_alone() {
    let read = |path: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)).unwrap()
    };
    // What is looked up by its hash is random; a client's secret may be chosen, so no database may compare it.
    for source in sources().iter().filter(|source| source.layer() == "store") {
        let text = read(&source.path);
        for (at, _) in text.match_indices("where ") {
            let condition = text[at..].split(['"', '\n']).next().unwrap_or_default();
            assert!(!condition.contains("secret_hash"), "{}: {condition}", source.path);
        }
    }
    let secret = read("crypto/secret.rs");
    let hashed = secret.split("pub struct Hashed").next().unwrap().lines().rev().take(6);
    assert!(hashed.into_iter().all(|line| !line.contains("PartialEq")), "hashes know ==");
    let matches = secret.split_once("pub fn matches").unwrap().1.split_once("\n    }").unwrap().0;
    assert!(matches.contains("equal("), "{matches}");
}

#[test]
fn clock_is_read_in_the_database_and_nowhere_else() {
    for source in sources() {
        let reads = ["SystemTime::now", "Timestamp::now", "Zoned::now"];
        let found = reads.iter().any(|read| source.code.contains(read));
        assert!(!found || source.layer() == "db", "{} reads the clock", source.path);
    }
}

#[test]
fn law_finds_what_breaks_it() {
    let source = |path: &str, code: &str| Source { path: path.to_owned(), code: bare(code) };
    let imports =
        |path: &str, code: &str| source(path, code).imports().into_iter().collect::<Vec<_>>();
    assert_eq!(
        imports("ops/a.rs", "use crate::{db::{Read, Write}, http, store};"),
        ["db", "http", "store"]
    );
    assert_eq!(imports("ops/a.rs", "fn f() { crate::tui::run() } // crate::cli"), ["tui"]);
    assert_eq!(imports("ops/a.rs", "let text = \"crate::cli\";"), Vec::<String>::new());
    assert_eq!(
        imports("ops/oauth/a.rs", "use super::super::super::http::x; use super::super::login;"),
        ["http"]
    );
    assert_eq!(imports("ops/mod.rs", "use super::http::x;"), ["http"]);
    assert!(named("use rusqlite::Connection;", "rusqlite") && named("use tower;", "tower"));
    assert!(!named("use my_rusqlite::Connection;", "rusqlite"));
    assert!(!named("use tower_http::x;", "tower"));
}
