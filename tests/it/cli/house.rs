//! `doctor` for this installation, `status`, completion with names, and the options that all commands take.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Instant};

use serde_json::json;

use super::{PASSWORD, Place, Ran, serve::Server};

fn ids(place: &Place, more: &[&str]) -> (i32, Vec<String>) {
    let ran = place.run(&[&["doctor", "--json"], more].concat());
    let document = ran.document();
    let findings = document["findings"].as_array().unwrap().iter();
    (ran.code, findings.map(|one| one["id"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn doctor_names_what_is_wrong_with_a_command_for_each_and_mends_what_it_may() {
    let bare = Place::bare();
    assert_eq!(ids(&bare, &[]), (0, vec!["db.absent".to_owned()]));
    assert!(!bare.path("mcpcodex-data").exists(), "looking makes nothing");
    let place = Place::new();
    place.person("root", "admin");
    let (code, found) = ids(&place, &[]);
    assert_eq!(code, 6);
    assert!(
        found.contains(&"admin.mfa".to_owned()) && found.contains(&"backup.none".to_owned()),
        "{found:?}"
    );
    fs::set_permissions(place.path("mcpcodex-data"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.path("mcpcodex-data/master.key"), fs::Permissions::from_mode(0o644))
        .unwrap();
    let (_, found) = ids(&place, &[]);
    assert_eq!(found.iter().filter(|id| *id == "files.mode").count(), 2, "{found:?}");
    let fixed = place.run(&["doctor", "--fix", "--json"]).document();
    assert_eq!(fixed["fixed"].as_array().unwrap().len(), 2, "{fixed}");
    assert!(!ids(&place, &[]).1.contains(&"files.mode".to_owned()));
    let spoken = place.run(&["doctor"]);
    assert!(spoken.out.contains("mcpcodex auth mfa link --user root"), "{}", spoken.out);
}

#[test]
fn status_tells_how_the_server_fares_and_changes_nothing() {
    let place = Place::new();
    assert_eq!(place.error(&["status"]).0, 3);
    assert!(!place.path("mcpcodex-data").exists());
    place.person("alice", "user");
    assert_eq!(place.json(&["status"])["server"]["running"], false);
    let (server, first) = Server::start(&place);
    let status = place.json(&["status"]);
    assert_eq!(status["server"]["running"], true);
    assert_eq!(status["server"]["answers"], true);
    assert_eq!(status["server"]["url"], first["url"]);
    assert_eq!(status["counts"]["users"], 1);
    assert!(place.run(&["status"]).out.contains("running as process"));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn completion_knows_live_names_quickly_and_is_silent_without_a_database() {
    let place = Place::new();
    let ask = |words: &[&str]| {
        let mut command = place.command(&[]);
        command.arg("--").arg("mcpcodex").args(words);
        command
            .env("MCPCODEX_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        command
            .env("_CLAP_COMPLETE_COMP_TYPE", "9")
            .env("_CLAP_COMPLETE_SPACE", "false")
            .env("_CLAP_IFS", "\n");
        Ran::of(command, "")
    };
    let ran = ask(&["user", "show", ""]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(!ran.out.contains("alice"));
    assert!(!place.path("mcpcodex-data").exists());
    place.person("alice", "user");
    place.person("bob", "user");
    let start = Instant::now();
    let ran = ask(&["user", "show", "al"]);
    assert!(start.elapsed().as_millis() < 1_000, "{:?}", start.elapsed());
    assert!(ran.out.contains("alice") && !ran.out.contains("bob"), "{}", ran.out);
    assert!(ask(&["user", "sh"]).out.contains("show"));
    assert!(ask(&["auth", "apikey", "create", "--user", ""]).out.contains("bob"));
    fs::set_permissions(place.path("mcpcodex-data/mcpcodex.db"), fs::Permissions::from_mode(0o644))
        .unwrap();
    let ran = ask(&["user", "show", ""]);
    assert!(ran.err.is_empty() && !ran.out.contains("alice"), "{ran:?}");
}

#[test]
fn dry_run_judges_for_real_tells_what_would_happen_and_changes_nothing() {
    let place = Place::new();
    place.person("alice", "user");
    let events = || place.json(&["audit", "list"]).as_array().unwrap().len();
    let before = events();
    let tried = place.json(&["user", "lock", "alice", "--dry-run"]);
    assert_eq!(tried["events"][0]["event"], "user.lock", "{tried}");
    let spoken = place.run(&["user", "delete", "alice", "--dry-run"]);
    assert_eq!(spoken.code, 0, "it asks nobody: {}", spoken.err);
    assert!(
        spoken.out.contains("would ask: ") && spoken.out.contains("would do: user.delete"),
        "{}",
        spoken.out
    );
    let made =
        ["user", "create", "bob", "--email", "b@example.com", "--password-stdin", "--dry-run"];
    assert_eq!(place.feed(&made, PASSWORD).code, 0);
    let taken =
        ["user", "create", "Alice", "--email", "x@example.com", "--password-stdin", "--dry-run"];
    assert_eq!(place.feed(&taken, PASSWORD).code, 5);
    assert_eq!(place.error(&["user", "lock", "carol", "--dry-run"]).0, 3);
    for words in
        ["serve", "doctor --fix", "config init", "token --issuer https://a.example --client x"]
    {
        let words: Vec<&str> = words.split(' ').chain(["--dry-run"]).collect();
        assert_eq!(place.error(&words).0, 2, "{words:?}");
    }
    assert_eq!(place.json(&["user", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(place.json(&["user", "show", "alice"])["state"], "active");
    assert_eq!(events(), before);
    let bare = Place::new();
    assert_eq!(bare.error(&["user", "lock", "alice", "--dry-run"]).0, 3);
    assert!(!bare.path("mcpcodex-data").exists());
}

#[test]
fn fields_lines_and_files_are_what_scripts_take_up() {
    let place = Place::new();
    place.person("alice", "user");
    place.person("bob", "user");
    assert_eq!(place.run(&["user", "list", "--field", "username"]).out, "alice\nbob\n");
    assert_eq!(place.run(&["status", "--field", "counts.users"]).out, "2\n");
    let none = place.run(&["user", "list", "--field", "nothing"]);
    assert!(none.code == 2 && none.err.contains("username"), "{none:?}");
    let lines = place.run(&["user", "list", "--jsonl"]).out;
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    let made = [
        "apikey",
        "create",
        "--user",
        "alice",
        "--name",
        "ci",
        "--scope",
        "read:models",
        "--out",
        "key.txt",
    ];
    let ran = place.run(&made);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let key = fs::read_to_string(place.path("key.txt")).unwrap();
    assert!(key.starts_with("mcp_") && key.lines().count() == 1, "{key}");
    assert_eq!(fs::metadata(place.path("key.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    let again = place.run(&made);
    assert_eq!(again.code, 5);
    assert_eq!(
        place.json(&["apikey", "list"]).as_array().unwrap().len(),
        1,
        "refused before a key was made"
    );
    assert_eq!(place.json(&["version"])["schema"], json!(1));
    for topic in ["formats", "security"] {
        assert_eq!(place.run(&["help", topic]).code, 0);
    }
    assert_eq!(place.run(&["config", "path", "--field", "data_dir"]).out, "mcpcodex-data\n");
    assert_eq!(place.error(&["config", "init"]).0, 5, "one is there");
    assert_eq!(place.json(&["config", "init", "new.yaml"])["file"], "new.yaml");
    assert_eq!(place.run(&["config", "check", "new.yaml"]).code, 0);
}
