//! `user`, `auth mfa`, `session`: shapes and effects.

use mcpcodex::{
    crypto::totp::{Settings, code_at},
    db::Clock,
};
use serde_json::json;

use super::{PASSWORD, Place, keys};

pub(super) fn base32(text: &str) -> Vec<u8> {
    let digits = text.bytes().map(|b| match b {
        b'A'..=b'Z' => u64::from(b - b'A'),
        _ => u64::from(b - b'2') + 26,
    });
    let (mut bits, mut held, mut bytes) = (0_u64, 0, Vec::new());
    for digit in digits {
        bits = bits << 5 | digit;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

/// What an authenticator app shows for this secret now.
pub(super) fn code(secret: &str) -> String {
    let now = Clock::system().now();
    code_at(&base32(secret), &Settings::default(), now).unwrap().expose().to_owned()
}

#[test]
fn person_is_made_with_a_password_from_stdin_and_shown_as_promised() {
    let place = Place::new();
    let made = place.person("alice", "developer");
    assert_eq!(keys(&made), ["email", "id", "name", "roles", "state", "username"]);
    assert_eq!(made["state"], "active");
    assert_eq!(made["roles"], json!(["developer"]));
    let listed = place.json(&["users", "list"]);
    assert_eq!(listed[0]["username"], "alice");
    assert_eq!(listed[0]["id"], made["id"]);
    for name in ["alice", "ALICE", "alice@example.com", made["id"].as_str().unwrap()] {
        assert_eq!(place.json(&["user", "show", name])["id"], made["id"], "{name}");
    }
}

#[test]
fn invitation_is_a_link_and_can_be_made_anew_until_there_is_a_password() {
    let place = Place::new();
    let made = place.json(&["user", "create", "bob", "--email", "b@example.com", "--invite"]);
    assert_eq!(made["state"], "invited");
    assert!(
        made["invite_url"].as_str().unwrap().starts_with("http://localhost:8420/invite?token=")
    );
    let again = place.json(&["user", "invite", "bob"]);
    assert_ne!(again["invite_url"], made["invite_url"]);
    let set = place.json_fed(&["user", "password", "bob", "--password-stdin"], PASSWORD);
    assert_eq!(set["state"], "active");
    let (code, error) = place.error(&["user", "invite", "bob"]);
    assert_eq!((code, &error["code"]), (5, &json!("conflict")));
}

#[test]
fn lock_unlock_disable_enable_edit_delete_each_change_the_state_once() {
    let place = Place::new();
    place.person("carol", "user");
    assert_eq!(place.json(&["user", "lock", "carol"])["state"], "locked");
    assert_eq!(place.run(&["user", "lock", "carol"]).code, 5);
    assert_eq!(place.json(&["user", "unlock", "carol"])["state"], "active");
    assert_eq!(place.json(&["user", "disable", "carol"])["state"], "disabled");
    assert_eq!(place.json(&["user", "enable", "carol"])["state"], "active");
    let edited = ["user", "edit", "carol", "--name", "Carol C.", "--role", "developer"];
    let edited = place.json(&edited);
    assert_eq!((&edited["name"], &edited["roles"]), (&json!("Carol C."), &json!(["developer"])));
    assert_eq!(place.run(&["user", "edit", "carol"]).code, 2);
    assert_eq!(place.run(&["user", "delete", "carol"]).code, 2, "asked for --yes");
    assert_eq!(place.run(&["--yes", "user", "delete", "carol"]).code, 0);
    assert_eq!(place.run(&["user", "show", "carol"]).code, 3);
}

#[test]
fn only_administrator_cannot_be_shut_out_by_the_operator_either() {
    let place = Place::new();
    place.person("root", "admin");
    for verb in ["lock", "disable", "delete"] {
        let (code, error) = place.error(&["user", verb, "root", "--yes"]);
        assert_eq!(code, 5, "{verb}: {error}");
        assert!(error["next"].as_str().unwrap().contains("user create"), "{error}");
    }
}

#[test]
fn list_longer_than_a_page_is_whole_and_a_limit_cuts_it() {
    let place = Place::new();
    for n in 0..5 {
        let (name, email) = (format!("p{n}"), format!("p{n}@example.com"));
        place.json(&["user", "create", &name, "--email", &email, "--invite"]);
    }
    assert_eq!(place.json(&["user", "list"]).as_array().unwrap().len(), 5);
    assert_eq!(place.json(&["user", "list", "--limit", "2"]).as_array().unwrap().len(), 2);
    assert_eq!(place.json(&["user", "list", "--filter", "p3"]).as_array().unwrap().len(), 1);
    let piped = place.run(&["user", "list"]);
    assert_eq!(piped.out.lines().count(), 5, "no heading for programs: {}", piped.out);
    assert!(piped.out.lines().all(|line| line.split('\t').count() == 7), "{}", piped.out);
}

#[test]
fn factor_without_a_code_is_pending_and_the_first_code_puts_it_in_force() {
    let place = Place::new();
    place.person("alice", "user");
    let enable = ["auth", "mfa", "enable", "--user", "alice"];
    let started = place.json(&enable);
    assert_eq!(keys(&started), ["otpauth_uri", "recovery_codes", "secret", "state", "type"]);
    assert_eq!((&started["state"], &started["type"]), (&json!("pending"), &json!("totp")));
    assert_eq!(started["recovery_codes"], json!([]));
    let again = place.json(&enable);
    assert_ne!(again["secret"], started["secret"], "what was shown before is not shown again");
    let started = again;
    assert_eq!(place.json(&["mfa", "list", "--user", "alice"])["factors"], json!([]));

    let (exit, error) = place.error(&["mfa", "enable", "--user", "alice", "--verify", "000000x"]);
    assert_eq!((exit, &error["field"]), (2, &json!("code")));
    let code = code(started["secret"].as_str().unwrap());
    let active = place.json(&["mfa", "enable", "--user", "alice", "--verify", &code]);
    assert_eq!(active["state"], "active");
    assert_eq!(active["recovery_codes"].as_array().unwrap().len(), 10);
    let listed = place.json(&["auth", "mfa", "list", "--user", "alice"]);
    assert_eq!(listed["factors"][0]["type"], "totp");
    assert_eq!(listed["recovery_codes_left"], 10);
}

#[test]
fn new_recovery_codes_need_a_factor_and_reset_takes_all_away() {
    let place = Place::new();
    place.person("alice", "user");
    assert_eq!(place.run(&["mfa", "codes", "--user", "alice"]).code, 5);
    assert_eq!(place.run(&["mfa", "disable", "--user", "alice"]).code, 5);
    place.json(&["mfa", "enable", "--user", "alice", "--unverified"]);
    let codes = place.json(&["mfa", "codes", "--user", "alice"]);
    assert_eq!(codes["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(place.json(&["mfa", "reset", "--user", "alice"])["removed"], 1);
    assert_eq!(place.json(&["mfa", "list", "--user", "alice"])["recovery_codes_left"], 0);
    assert_eq!(place.json(&["mfa", "reset", "--user", "alice"])["removed"], 0);
}

/// A folder where codes are carried by nobody, so that they can be read.
fn offline() -> Place {
    let place = Place::bare();
    place.write(
        "auth.config.yaml",
        "\
authentication:
  tokens: { access_token: { algorithm: ES256 } }
  password: { hashing: { memory_kib: 64, iterations: 1 } }
  mfa:
    providers:
      sms: { enabled: true, provider: console }
      email: { enabled: true, provider: console }
",
    );
    place
}

/// The six digits in the newest message.
fn newest_code(place: &Place) -> String {
    let messages = place.json(&["message", "list"]);
    let read = place.json(&["message", "read", messages[0]["id"].as_str().unwrap()]);
    let text = read["text"].as_str().unwrap().to_owned();
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    let found = text.split(|c: char| !c.is_ascii_digit()).find(digits).map(str::to_owned);
    found.unwrap_or_else(|| panic!("no code in {text:?}"))
}

#[test]
fn number_and_address_are_in_force_after_the_code_that_went_there() {
    let place = offline();
    place.person("alice", "user");
    for (kind, more, recipient) in [
        ("sms", vec!["--phone", "+49 1512 3456789"], "+4915123456789"),
        ("email", vec![], "alice@example.com"),
    ] {
        let enable = ["mfa", "enable", "--user", "alice", "--type", kind];
        let started: Vec<&str> = enable.into_iter().chain(more).collect();
        let started = place.json(&started);
        assert_eq!(
            (&started["state"], &started["recipient"]),
            (&json!("pending"), &json!(recipient))
        );
        let code = newest_code(&place);
        let wrong = if code == "000000" { "111111" } else { "000000" };
        let refused: Vec<&str> = enable.into_iter().chain(["--verify", wrong]).collect();
        assert_eq!(place.error(&refused).0, 2);
        let right: Vec<&str> = enable.into_iter().chain(["--verify", &code]).collect();
        assert_eq!(place.json(&right)["state"], "active", "{kind}");
    }
    let listed = place.json(&["mfa", "list", "--user", "alice"]);
    assert_eq!(listed["factors"][0]["type"], "sms", "{listed}");
    assert_eq!(listed["factors"][1]["type"], "email", "{listed}");
    assert_eq!(place.json(&["user", "show", "alice"])["mfa"], true);
}

#[test]
fn unverified_number_is_in_force_at_once() {
    let place = offline();
    place.person("alice", "user");
    let enable = ["mfa", "enable", "--user", "alice", "--type", "sms", "--phone", "+4915123456789"];
    let enable: Vec<&str> = enable.into_iter().chain(["--unverified"]).collect();
    let made = place.json(&enable);
    assert_eq!(made["state"], "active");
    assert_eq!(made["recovery_codes"].as_array().unwrap().len(), 10);
}

#[test]
fn factors_go_one_by_one_by_type_or_all() {
    let place = offline();
    place.person("alice", "user");
    for kind in [
        vec!["--type", "totp"],
        vec!["--type", "email"],
        vec!["--type", "sms", "--phone", "+4915123456789"],
    ] {
        let args = ["mfa", "enable", "--user", "alice", "--unverified"].into_iter().chain(kind);
        place.json(&args.collect::<Vec<&str>>());
    }
    let disable = |more: &[&str]| {
        let args = ["mfa", "disable", "--user", "alice"].into_iter().chain(more.iter().copied());
        place.json(&args.collect::<Vec<&str>>())["removed"].clone()
    };
    let left =
        || place.json(&["mfa", "list", "--user", "alice"])["factors"].as_array().unwrap().len();
    assert_eq!((disable(&["--type", "sms"]), left()), (json!(1), 2));
    let listed = place.json(&["mfa", "list", "--user", "alice"]);
    let id = listed["factors"][0]["id"].as_str().unwrap();
    assert_eq!((disable(&["--id", id]), left()), (json!(1), 1));
    let (code, error) = place.error(&["mfa", "disable", "--user", "alice", "--id", id]);
    assert_eq!((code, &error["code"]), (3, &json!("not_found")));
    assert_eq!((disable(&[]), left()), (json!(1), 0));
}

#[test]
fn passkey_is_made_behind_a_link_and_options_of_other_types_are_refused() {
    let place = Place::new();
    place.person("alice", "user");
    let made = place.json(&["mfa", "enable", "--user", "alice", "--type", "webauthn"]);
    assert_eq!(keys(&made), ["enroll_url", "expires_at", "state", "type"]);
    assert!(made["enroll_url"].as_str().unwrap().contains("/enroll?token="));
    let ran = place.run(&["mfa", "enable", "--user", "alice", "--type", "webauthn"]);
    assert_eq!(ran.out.lines().count(), 1, "alone on stdout: {}", ran.out);
    for wrong in [
        vec!["--type", "webauthn", "--verify", "123456"],
        vec!["--type", "totp", "--phone", "+491"],
        vec!["--type", "sms", "--address", "a@example.com"],
        vec!["--type", "totp", "--mail"],
    ] {
        let args = ["mfa", "enable", "--user", "alice"].into_iter().chain(wrong.iter().copied());
        assert_eq!(place.run(&args.collect::<Vec<&str>>()).code, 2, "{wrong:?}");
    }
    let refused =
        ["mfa", "enable", "--user", "alice", "--type", "sms", "--phone", "+4915123456789"];
    assert_eq!(place.error(&refused).0, 5, "not offered without a carrier");
}

#[test]
fn reset_and_links_are_printed_alone_and_work_for_their_purpose() {
    let place = Place::new();
    place.person("alice", "user");
    place.json(&["mfa", "enable", "--user", "alice", "--unverified"]);
    let reset = place.json(&["mfa", "reset", "--user", "alice"]);
    assert_eq!(keys(&reset), ["enroll_url", "expires_at", "removed", "user"]);
    assert_eq!(reset["removed"], 1);
    let link = place.run(&["mfa", "link", "--user", "alice"]);
    assert!(link.out.trim().starts_with("http://localhost:8420/enroll?token="), "{}", link.out);
    assert_ne!(link.out.trim(), reset["enroll_url"], "the newest counts");
    let password = place.json(&["user", "password", "alice", "--reset-link"]);
    assert_eq!(keys(&password), ["expires_at", "reset_url"]);
    assert!(password["reset_url"].as_str().unwrap().contains("/reset?token="));
}

#[test]
fn link_goes_by_mail_where_mail_is_carried_and_is_not_printed_then() {
    let place = offline();
    place.person("alice", "user");
    place.json(&["user", "create", "bob", "--email", "bob@example.com", "--invite"]);
    for (args, path) in [
        (vec!["user", "password", "alice", "--mail"], "/reset?token="),
        (vec!["user", "invite", "bob", "--mail"], "/invite?token="),
        (vec!["mfa", "link", "--user", "alice", "--mail"], "/enroll?token="),
    ] {
        let sent = place.json(&args);
        assert_eq!(keys(&sent).iter().filter(|key| key.ends_with("_url")).count(), 0, "{sent}");
        let read = place.json(&["message", "read", sent["message_id"].as_str().unwrap()]);
        assert!(read["text"].as_str().unwrap().contains(path), "{read}");
        assert_eq!(read["recipient"], sent["mailed_to"]);
    }
    let silent = Place::new();
    silent.person("alice", "user");
    let (code, error) = silent.error(&["user", "password", "alice", "--mail"]);
    assert_eq!((code, &error["message"]), (5, &json!("no mail goes out here")));
}

#[test]
fn messages_are_listed_without_what_they_say() {
    let place = offline();
    place.person("alice", "user");
    place.json(&["mfa", "enable", "--user", "alice", "--type", "email"]);
    let code = newest_code(&place);
    let ran = place.run(&["message", "list"]);
    assert!(ran.out.contains("alice@example.com") && ran.out.contains("queued"), "{}", ran.out);
    assert!(!ran.out.contains(&code), "{}", ran.out);
    assert_eq!(place.error(&["message", "read", "m_none"]).0, 3);
}

#[test]
fn who_ran_the_command_stands_in_the_audit() {
    let place = Place::new();
    place.person("alice", "user");
    let events = place.json(&["audit", "list", "--user", "alice"]);
    assert_eq!(events[0]["event"], "user.create");
    assert_eq!((&events[0]["actor"], &events[0]["via"]), (&json!("tester"), &json!("cli")));
    let mut sudo = place.command(&["user", "lock", "alice"]);
    sudo.env("SUDO_USER", "mallory");
    assert_eq!(super::Ran::of(sudo, "").code, 0);
    assert_eq!(place.json(&["audit", "list", "--limit", "1"])[0]["actor"], "mallory");
}
