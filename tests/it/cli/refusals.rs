//! Wrong input at every door: what it says, what it ends with, and that nothing is left behind.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, process::Stdio};

use rusqlite::Connection;
use serde_json::json;

use super::{PASSWORD, Place, Ran};

#[test]
fn unknown_names_are_3_and_a_near_name_is_offered() {
    let place = Place::new();
    place.person("alice", "user");
    let (code, error) = place.error(&["user", "lock", "alcie"]);
    assert_eq!((code, &error["code"]), (3, &json!("not_found")));
    assert!(error["next"].as_str().unwrap().contains("alice"), "{error}");
    let (_, error) = place.error(&["user", "lock", "zzzzzzzz"]);
    assert!(!error["next"].as_str().unwrap().contains("alice"), "{error}");
    for command in [
        "client show nobody",
        "auth apikey show ak_none",
        "auth apikey create --user nobody --name x --scope read:models",
        "session revoke s_none",
        "session list --user nobody",
        "auth mfa list --user nobody",
        "user delete nobody --yes",
    ] {
        let (code, error) = place.error(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(code, 3, "{command}: {error}");
        assert!(error["next"].is_string(), "{command}: {error}");
    }
}

#[test]
fn taken_names_addresses_and_look_alikes_are_5() {
    let place = Place::new();
    place.person("alice", "user");
    for (name, email) in [
        ("alice", "x@example.com"),
        ("ALICE", "y@example.com"),
        ("a1ice", "z@example.com"),
        ("bob", "Alice@Example.com"),
    ] {
        let (code, error) = place.error(&["user", "create", name, "--email", email, "--invite"]);
        assert_eq!((code, &error["code"]), (5, &json!("conflict")), "{name} {email}: {error}");
    }
    assert_eq!(place.json(&["user", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn weak_password_is_2_with_every_reason_at_once() {
    let place = Place::new();
    let args = ["user", "create", "alice", "--email", "a@example.com", "--password-stdin"];
    let ran = place.feed(&[&args[..], &["--json"]].concat(), "abc");
    assert_eq!(ran.code, 2);
    let reasons = ran.error()["reasons"].as_array().unwrap().len();
    assert!(reasons >= 4, "{}", ran.err);
    let spoken = place.feed(&args, "abc");
    assert_eq!(spoken.err.lines().filter(|line| line.starts_with("  - ")).count(), reasons);
    assert_eq!(place.json(&["user", "list"]), json!([]));
    assert_eq!(place.feed(&args, "").code, 2, "no password at all");
    assert_eq!(
        place.feed(&args, &format!("{PASSWORD}\r\n")).code,
        0,
        "the line break is no part of it"
    );
}

#[test]
fn arguments_that_cannot_be_are_2_as_text_and_as_json() {
    let place = Place::new();
    for command in [
        "nonsense",
        "user",
        "user create",
        "user list --nonsense",
        "user list --limit many",
        "user create a --email a@example.com --invite --password-stdin",
        "session revoke",
        "session revoke s_1 --all",
        "auth apikey create --user a --name b --scope c --expires never",
        "auth apikey create --user a --name b --scope c --rate 0/m",
        "auth mfa enable --user a --verify 1 --unverified",
        "serve --listen nowhere",
        "resource add https://a.example --name A --scope just-a-name",
        "completion tcsh",
        "--quiet --verbose user list",
        "--tui user list",
        "--color sometimes user list",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let (code, error) = place.error(&words);
        assert_eq!((code, &error["code"]), (2, &json!("usage")), "{command}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{command}");
        let spoken = place.run(&words);
        assert_eq!((spoken.code, spoken.out.as_str()), (2, ""), "{command}");
        assert!(!spoken.err.is_empty(), "{command}");
    }
    assert!(!place.path("mcpcodex-data").exists(), "nothing was opened for any of them");
}

#[test]
fn values_that_cannot_be_are_2_and_name_their_field() {
    let place = Place::new();
    place.person("alice", "user");
    for (command, field) in [
        ("user create b@d --email b@example.com --invite", "username"),
        ("user create bob --email nonsense --invite", "email"),
        ("user create bob --email b@example.com --invite --role emperor", "role"),
        ("client create App --redirect-uri http://elsewhere.example/cb", "redirect_uri"),
        ("client create App --redirect-uri javascript:alert(1)", "redirect_uri"),
        ("client create App", "redirect_uri"),
        ("client create App --redirect-uri https://a.example --grant password", "grant"),
        ("resource add nonsense --name x", "resource"),
    ] {
        let (code, error) = place.error(&command.split(' ').collect::<Vec<_>>());
        assert_eq!((code, error["field"].as_str()), (2, Some(field)), "{command}: {error}");
    }
}

#[test]
fn missing_answers_are_named_where_nobody_can_be_asked() {
    let place = Place::new();
    for (command, flag) in [
        ("user create bob", "--password-stdin"),
        ("user create bob --invite", "--email"),
        ("user password bob", "--password-stdin"),
        ("auth mfa enable", "--user"),
        ("auth apikey create --name x --scope y", "--user"),
        ("user delete bob", "--yes"),
        ("auth setup oauth2", "--admin"),
    ] {
        place.feed(
            &["user", "create", "bob", "--email", "b@example.com", "--password-stdin"],
            PASSWORD,
        );
        let (code, error) = place.error(&command.split(' ').collect::<Vec<_>>());
        assert_eq!((code, &error["code"]), (2, &json!("usage")), "{command}: {error}");
        assert!(error["message"].as_str().unwrap().contains(flag), "{command}: {error}");
    }
}

#[test]
fn folder_that_others_can_read_is_4_with_the_command_that_mends_it() {
    let place = Place::new();
    place.person("alice", "user");
    let folder = place.path("mcpcodex-data");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let (code, error) = place.error(&["user", "list"]);
    assert_eq!((code, &error["code"]), (4, &json!("denied")));
    assert!(error["next"].as_str().unwrap().starts_with("chmod 700 "), "{error}");
}

#[test]
fn wrong_or_damaged_master_key_opens_nothing() {
    let place = Place::new();
    place.person("alice", "user");
    let mut other = place.command(&["user", "list", "--json"]);
    other.env(
        "MCPCODEX_MASTER_KEY",
        "8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d",
    );
    let ran = Ran::of(other, "");
    assert_eq!((ran.code, &ran.error()["code"]), (4, &json!("denied")));
    assert!(ran.error()["next"].as_str().unwrap().contains("master.key"));

    fs::write(place.path("mcpcodex-data/master.key"), "not a key\n").unwrap();
    let (code, error) = place.error(&["user", "list"]);
    assert_eq!(code, 5, "{error}");
    assert!(error["next"].as_str().unwrap().contains("backup"), "{error}");
}

#[test]
fn newer_schema_is_5_in_plain_words_and_left_alone() {
    let place = Place::new();
    place.person("alice", "user");
    let file = place.path("mcpcodex-data/mcpcodex.db");
    let conn = Connection::open(&file).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    conn.close().unwrap();
    let before = fs::read(&file).unwrap();
    let (code, error) = place.error(&["user", "list"]);
    assert_eq!((code, &error["code"]), (5, &json!("conflict")));
    assert!(error["message"].as_str().unwrap().contains("99"), "{error}");
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn database_that_another_process_holds_is_7() {
    let place = Place::new();
    place.person("alice", "user");
    let conn = Connection::open(place.path("mcpcodex-data/mcpcodex.db")).unwrap();
    conn.execute_batch("begin immediate").unwrap();
    assert_eq!(place.run(&["user", "list"]).code, 0, "reading needs no lock");
    let (code, error) = place.error(&["user", "lock", "alice"]);
    assert_eq!((code, &error["code"]), (7, &json!("busy")), "{error}");
    conn.execute_batch("rollback").unwrap();
    assert_eq!(place.run(&["user", "lock", "alice"]).code, 0);
}

#[test]
fn reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut command = place.command(&["auth", "validate", "-", "--quiet"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It cannot answer before it was asked, and then nobody listens any more.
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"just some words").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn hostile_names_are_defanged_before_they_reach_a_reader() {
    let place = Place::new();
    let (code, error) = place.error(&["user", "show", "\u{1b}]0;owned\u{7}"]);
    assert_eq!(code, 3, "{error}");
    let spoken = place.run(&["user", "show", "\u{1b}]0;owned\u{7}\u{202e}"]);
    assert!(!spoken.err.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", spoken.err);
}

#[test]
fn refusal_of_a_name_or_an_address_says_which_of_them_is_meant() {
    let place = Place::new();
    let told = |name: &str, email: &str| {
        let args = ["user", "create", name, "--email", email, "--password-stdin"];
        place.feed(&args, PASSWORD).err
    };
    assert!(told("alice", "nothing").contains("error: e-mail address: "));
    assert!(told("a b", "a@example.com").contains("error: user name: "));
}
