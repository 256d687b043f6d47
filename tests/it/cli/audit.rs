//! `audit`: the record read, followed, exported, checked and shortened by the real program.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::Value;

use super::{Place, serve::Server};
use crate::support::vendors::until;

fn place() -> Place {
    let place = Place::new();
    for name in ["ann", "ben"] {
        place.person(name, "user");
    }
    place
}

#[test]
fn check_says_ok_or_which_event_is_bad_with_its_own_exit_code() {
    let place = place();
    let told = place.json(&["audit", "verify"]);
    assert_eq!(told["ok"], true);
    let events = told["events"].as_u64().unwrap();
    assert!(events >= 2);
    let head = told["head"].as_str().unwrap().to_owned();
    assert!(place.path("mcpcodex-data/audit.head").exists());

    place.run(&["user", "lock", "ann"]);
    assert_eq!(place.run(&["audit", "verify", "--head", &head]).code, 0);
    let wrong = format!("{}:AAAA", head.split(':').next().unwrap());
    let run = place.run(&["--json", "audit", "verify", "--head", &wrong]);
    assert_eq!(run.code, 6);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&told["ok"], told["first_bad"].as_u64()), (&Value::Bool(false), Some(events)));
    assert!(told["problem"].as_str().unwrap().contains("noted outside"));
    assert_eq!(place.run(&["audit", "verify", "--head", "nonsense"]).code, 2);
    let said = place.run(&["audit", "verify"]).out;
    assert!(said.contains("whole"), "{said}");
}

#[test]
fn list_takes_filters_and_goes_on_where_it_ended() {
    let place = place();
    let names = |args: &[&str]| -> Vec<String> {
        let all = [&["audit", "list"], args].concat();
        let told = place.json(&all);
        told.as_array()
            .unwrap()
            .iter()
            .map(|event| event["event"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(names(&["--event", "user"]).iter().all(|name| name.starts_with("user.")));
    assert!(!names(&["--event", "user.create"]).is_empty());
    assert!(names(&["--event", "use"]).is_empty());
    assert!(names(&["--ip", "203.0.113.9"]).is_empty());
    assert!(names(&["--until", "1h"]).is_empty());
    assert!(!names(&["--since", "1h"]).is_empty());
    assert!(!names(&["--user", "ann"]).is_empty());
    assert_eq!(place.run(&["audit", "list", "--since", "yesterday"]).code, 2);
    assert_eq!(place.run(&["audit", "list", "--user", "nobody"]).code, 3);
    let all = place.json(&["audit", "list", "--limit", "2"]);
    let last = all[1]["id"].to_string();
    let older = place.json(&["audit", "list", "--before", &last]);
    assert!(
        older.as_array().unwrap().iter().all(|event| event["id"].as_i64() < all[1]["id"].as_i64())
    );
}

#[test]
fn tail_follows_what_other_processes_do() {
    let place = place();
    let mut child = place
        .command(&["--json", "audit", "tail", "-n", "1", "-f", "--event", "user"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["event"], "user.create");
    assert_eq!(place.run(&["user", "lock", "ann"]).code, 0);
    assert_eq!(next()["event"], "user.lock");
    assert_eq!(place.run(&["user", "unlock", "ann"]).code, 0);
    assert_eq!(next()["event"], "user.unlock");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn export_is_lines_of_json_and_ends_with_the_head() {
    let place = place();
    let run = place.run(&["audit", "export"]);
    let lines: Vec<Value> =
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (end, events) = lines.split_last().unwrap();
    assert_eq!(end["events"].as_u64(), u64::try_from(events.len()).ok());
    assert_eq!(place.run(&["audit", "verify", "--head", end["head"].as_str().unwrap()]).code, 0);
    let ids: Vec<_> = events.iter().map(|event| event["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted() && ids.first() == Some(&1));
}

#[test]
fn running_server_notes_how_far_the_record_goes() {
    let place = place();
    let head = place.path("mcpcodex-data/audit.head");
    assert!(!head.exists());
    let (server, _) = Server::start(&place);
    let noted = until("the head of the record", || std::fs::read_to_string(&head).ok());
    assert_eq!(place.run(&["audit", "verify", "--head", noted.trim()]).code, 0);
    place.person("cleo", "user");
    assert_eq!(server.stop(), Some(0));
    assert_ne!(std::fs::read_to_string(&head).unwrap(), noted, "noted at the end, too");
    assert_eq!(place.run(&["audit", "verify"]).code, 0);
}

#[test]
fn prune_asks_and_says_what_it_would_do() {
    let place = place();
    assert_eq!(place.json(&["audit", "prune", "--older", "1d", "--dry-run"])["would_remove"], 0);
    assert_eq!(place.json(&["audit", "prune", "--older", "1d"])["removed"], 0);
    assert_eq!(place.run(&["audit", "prune", "--older", "soon"]).code, 2);
}
