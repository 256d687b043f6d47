//! Every command of the tree: two examples that are understood, and JSON that a program can read. Each stands in the
//! table below with what it is run with, so that a new one cannot be forgotten.

use clap::{Command, error::ErrorKind};
use mcpcodex::cli::args;
use serde_json::Value;

use super::{PASSWORD, Place};

/// Path, arguments with `$NAME` for what was made before, stdin, and the exit code.
const RUNS: &[(&str, &str, &str, i32)] = &[
    ("config check", "", "", 6),
    ("config show", "", "", 0),
    ("config schema", "", "", 0),
    ("config path", "", "", 0),
    ("config init", "fresh.yaml", "", 0),
    ("user create", "alice --email alice@example.com --role admin --password-stdin", "password", 0),
    ("user list", "", "", 0),
    ("user show", "alice", "", 0),
    ("user edit", "alice --name Alice", "", 0),
    ("user lock", "alice --dry-run", "", 5),
    ("user lock", "nobody", "", 3),
    ("user unlock", "alice", "", 0),
    ("user disable", "alice --dry-run", "", 5),
    ("user enable", "alice", "", 5),
    ("user delete", "alice", "", 2),
    ("user password", "alice --password-stdin", "other", 0),
    ("user invite", "alice", "", 5),
    ("user link", "alice nowhere 42", "", 3),
    ("user unlink", "alice nowhere 42", "", 3),
    ("user links", "alice", "", 0),
    ("auth setup oauth2", "--non-interactive", "", 2),
    ("auth setup link", "", "", 5),
    ("mfa enable", "--user alice --unverified", "", 0),
    ("mfa list", "--user alice", "", 0),
    ("mfa codes", "--user alice", "", 0),
    ("mfa link", "--user alice", "", 0),
    ("mfa disable", "--user alice --type sms --yes", "", 5),
    ("mfa reset", "--user alice --yes", "", 0),
    ("agent create", "nightly --owner alice", "", 0),
    ("agent list", "", "", 0),
    ("agent show", "nightly", "", 0),
    ("agent disable", "nightly", "", 0),
    ("agent enable", "nightly", "", 0),
    ("agent delete", "nightly --yes", "", 0),
    ("apikey create", "--user alice --name ci --scope read:models", "", 0),
    ("apikey list", "", "", 0),
    ("apikey show", "$KEY", "", 0),
    ("apikey find", "", "nonsense", 2),
    ("apikey edit", "$KEY --name other", "", 0),
    ("apikey usage", "$KEY", "", 0),
    ("apikey rotate", "$KEY", "", 0),
    ("apikey revoke", "$KEY", "", 0),
    ("auth validate", "-", "nonsense", 1),
    (
        "client create",
        "App --redirect-uri https://app.example.com/cb --grant authorization_code --grant urn:ietf:params:oauth:grant-type:token-exchange",
        "",
        0,
    ),
    ("client list", "", "", 0),
    ("client show", "$CLIENT", "", 0),
    ("client edit", "$CLIENT --name Other", "", 0),
    ("client approve", "$CLIENT --dry-run", "", 5),
    ("client deny", "$CLIENT --dry-run", "", 5),
    ("client disable", "$CLIENT", "", 0),
    ("client enable", "$CLIENT", "", 0),
    ("client prune", "--dry-run", "", 0),
    ("client secret rotate", "$CLIENT", "", 0),
    ("client template list", "", "", 0),
    ("client token create", "--name ci", "", 0),
    ("client token list", "", "", 0),
    ("client token revoke", "nonsense", "", 3),
    ("resource add", "https://a.example/mcp --name A --scope read=Read", "", 0),
    ("resource add", "https://b.example/mcp --name B --scope read=Read", "", 0),
    ("resource list", "", "", 0),
    ("resource show", "https://a.example/mcp", "", 0),
    ("resource edit", "https://a.example/mcp --name AA", "", 0),
    (
        "client exchange allow",
        "$CLIENT --from https://a.example/mcp --to https://b.example/mcp --scope read",
        "",
        0,
    ),
    ("client exchange list", "", "", 0),
    (
        "client exchange revoke",
        "$CLIENT --from https://a.example/mcp --to https://b.example/mcp",
        "",
        0,
    ),
    ("resource delete", "https://b.example/mcp --yes", "", 0),
    ("consent list", "--user alice", "", 0),
    ("consent revoke", "--user alice --client $CLIENT", "", 3),
    ("session list", "", "", 0),
    ("session revoke", "--user alice", "", 0),
    ("session revoke", "--ip 203.0.113.0/24", "", 0),
    ("message list", "", "", 0),
    ("message read", "nonsense", "", 3),
    ("key list", "", "", 0),
    ("key stage", "", "", 0),
    ("key rotate", "--now --yes", "", 0),
    ("key retire", "nonsense", "", 3),
    ("issuer add", "https://idp.example.com --jwks-uri https://idp.example.com/jwks", "", 0),
    ("issuer list", "", "", 0),
    ("issuer show", "https://idp.example.com", "", 0),
    ("issuer link", "https://idp.example.com 42 --user alice", "", 0),
    ("issuer unlink", "https://idp.example.com 42", "", 0),
    ("issuer audience allow", "https://api.example.org --client $CLIENT --as there", "", 0),
    ("issuer audience list", "", "", 0),
    ("issuer audience revoke", "https://api.example.org --client $CLIENT", "", 0),
    ("issuer remove", "https://idp.example.com --yes", "", 0),
    ("client delete", "$CLIENT --yes", "", 0),
    ("audit list", "", "", 0),
    ("audit tail", "", "", 0),
    ("audit attempts", "", "", 0),
    ("audit show", "alice", "", 0),
    ("audit verify", "", "", 0),
    ("audit export", "", "", 0),
    ("audit prune", "--older 400d --dry-run", "", 0),
    ("audit anchor", "--yes", "", 0),
    ("db backup", "copy.db", "", 0),
    ("db check", "", "", 0),
    ("db vacuum", "", "", 0),
    ("db migrate", "", "", 0),
    ("db restore", "copy.db --yes", "", 0),
    ("doctor", "", "", 6),
    ("doctor mcp", "nonsense", "", 2),
    ("status", "", "", 0),
    ("version", "", "", 0),
    ("token", "--issuer nonsense --client x", "", 2),
    ("serve", "--listen nonsense", "", 2),
];

/// Those whose output is no JSON, since it is a text by nature: scripts, pages of the manual, help.
const TEXTS: [&str; 3] = ["completion", "man", "help"];

fn leaves(command: &Command, path: &str, found: &mut Vec<(String, String)>) {
    let mut below = command.get_subcommands().peekable();
    if below.peek().is_none() || command.get_name() == "doctor" {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        found.push((path.to_owned(), help));
    }
    for sub in below {
        let path = format!("{path} {}", sub.get_name()).trim().to_owned();
        leaves(sub, &path, found);
    }
}

/// `auth mfa` and `auth apikey` are known by their short names.
fn short(path: &str) -> &str {
    path.strip_prefix("auth ")
        .filter(|rest| rest.starts_with("mfa") || rest.starts_with("apikey"))
        .unwrap_or(path)
}

fn all() -> Vec<(String, String)> {
    let mut command = args::tree();
    command.build();
    let mut found = Vec::new();
    leaves(&command, "", &mut found);
    assert!(found.len() > 90, "{}", found.len());
    found
}

#[test]
fn every_command_has_two_examples_and_each_is_understood() {
    let mut lacking = Vec::new();
    for (path, help) in all() {
        let lines: Vec<&str> = help
            .lines()
            .filter(|line| line.starts_with("  ") && line.contains("mcpcodex "))
            .collect();
        if lines.len() < 2 {
            lacking.push(path.clone());
        }
        for line in lines {
            // Pipes, redirections, quotes and words beside the example are the shell's and the reader's.
            if line.contains(['|', '<', '>', '"', '$', '\\', '…', '\''])
                || line.contains("   ") && !line.ends_with("json")
            {
                continue;
            }
            let words = line.trim().split(' ').filter(|word| !word.is_empty());
            let parsed = args::tree().try_get_matches_from(words);
            let good = parsed
                .as_ref()
                .map_or_else(|error| error.kind() == ErrorKind::DisplayHelp, |_| true);
            if !good {
                lacking.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(
        lacking.is_empty(),
        "without two examples, or with one that is not understood: {lacking:#?}"
    );
}

#[test]
fn every_command_speaks_json_with_the_promised_exit_code() {
    let known: Vec<String> = all().into_iter().map(|(path, _)| short(&path).to_owned()).collect();
    let mut wrong = Vec::new();
    for path in &known {
        let there = TEXTS.contains(&path.as_str()) || RUNS.iter().any(|(run, ..)| run == path);
        if !there {
            wrong.push(format!("{path} is in no line of the table"));
        }
    }
    let place = Place::new();
    let (mut key, mut client) = (String::new(), String::new());
    for (path, more, stdin, code) in RUNS {
        assert!(known.iter().any(|one| one == path), "there is no {path}");
        let more = more.replace("$KEY", &key).replace("$CLIENT", &client);
        let words: Vec<&str> =
            path.split(' ').chain(more.split(' ')).filter(|word| !word.is_empty()).collect();
        let stdin = match *stdin {
            "password" => PASSWORD,
            "other" => "Velvet!Compass 38 orchard",
            text => text,
        };
        let ran = place.feed(&[&words[..], &["--json"]].concat(), stdin);
        if ran.code != *code {
            wrong
                .push(format!("{words:?}: {} instead of {code}: {}{}", ran.code, ran.out, ran.err));
            continue;
        }
        let told = if ran.out.is_empty() { &ran.err } else { &ran.out };
        let whole = serde_json::from_str::<Value>(told).is_ok();
        let lines = told.lines().all(|line| serde_json::from_str::<Value>(line).is_ok());
        if !(whole || lines) || told.is_empty() && !matches!(*path, "audit tail" | "audit export") {
            wrong.push(format!("{words:?} says no JSON: {told}"));
        }
        let document = serde_json::from_str::<Value>(told).unwrap_or_default();
        match *path {
            "apikey create" | "apikey rotate" => {
                document["id"].as_str().unwrap_or_default().clone_into(&mut key);
            }
            "client create" => {
                document["client_id"].as_str().unwrap_or_default().clone_into(&mut client);
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
