//! `config`, and the options that stand above it.

use serde_json::json;

use super::{Place, Ran};

#[test]
fn check_tells_mistakes_with_their_place_and_exits_with_6() {
    let place = Place::bare();
    place
        .write("auth.config.yaml", "server:\n  lisen: 1\nauthentication:\n  mfa: { enabled: 7 }\n");
    let ran = place.run(&["config", "check", "--json"]);
    assert_eq!(ran.code, 6);
    let found = ran.document();
    assert_eq!(found["ok"], false);
    assert_eq!(found["problems"].as_array().unwrap().len(), 2);
    assert_eq!(found["problems"][0]["line"], 2);
    assert_eq!(found["problems"][1]["path"], "authentication.mfa.enabled");
    assert_eq!(place.run(&["config", "check"]).code, 6);
}

#[test]
fn file_with_mistakes_stops_every_other_command_before_the_data_folder_is_made() {
    let place = Place::bare();
    place.write("auth.config.yaml", "server:\n  lisen: 1\n");
    for command in [&["user", "list"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let (code, error) = place.error(command);
        assert_eq!((code, &error["code"]), (2, &json!("config")));
        assert_eq!(error["problems"][0]["line"], 2);
    }
    let spoken = place.run(&["user", "list"]);
    assert!(
        spoken.err.contains("auth.config.yaml:2:3") && spoken.err.contains("listen"),
        "{}",
        spoken.err
    );
    assert!(!place.path("mcpcodex-data").exists());
}

#[test]
fn advice_alone_is_6_when_something_will_not_work() {
    let place = Place::bare();
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/reference.config.yaml");
    let ran = place.run(&["config", "check", reference, "--json"]);
    assert_eq!(ran.code, 6, "vendor credentials are missing: {}", ran.out);
    let found = ran.document();
    assert_eq!(found["problems"], json!([]));
    assert!(!found["advice"].as_array().unwrap().is_empty());
}

#[test]
fn defaults_need_no_attention() {
    let place = Place::bare();
    let ran = place.run(&["config", "check", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert_eq!(ran.document()["ok"], true);
}

#[test]
fn shown_configuration_loads_again_and_each_value_has_its_origin() {
    let place = Place::new();
    let shown = place.run(&["config", "show"]);
    assert_eq!(shown.code, 0);
    place.write("again.yaml", &shown.out);
    let again = place.run(&["config", "show", "--config", "again.yaml"]);
    assert_eq!(again.out, shown.out);

    let mut command = place.command(&["config", "show", "--origin", "--data-dir", "elsewhere"]);
    command.env("AUTH_ISSUER", "http://localhost:9000").env("SESSION_SECRET", "s".repeat(40));
    let ran = Ran::of(command, "");
    for line in [
        "storage.data_dir\t\"elsewhere\"\t--data-dir",
        "authentication.tokens.access_token.algorithm\t\"ES256\"\tauth.config.yaml:2",
        "environment AUTH_ISSUER",
        "***\tenvironment SESSION_SECRET",
    ] {
        assert!(ran.out.contains(line), "{line} in\n{}", ran.out);
    }
    assert!(!ran.out.contains("sssss"));
}

#[test]
fn schema_is_json_schema() {
    let place = Place::bare();
    let ran = place.run(&["config", "schema"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.document()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn data_folder_option_wins_over_the_environment_and_the_file() {
    let place = Place::new();
    let mut command = place.command(&["--data-dir", "by-option", "user", "list"]);
    command.env("MCPCODEX_DATA_DIR", "by-environment");
    assert_eq!(Ran::of(command, "").code, 0);
    assert!(place.path("by-option/mcpcodex.db").exists());
    assert!(!place.path("by-environment").exists());

    let mut command = place.command(&["user", "list"]);
    command.env("MCPCODEX_DATA_DIR", "by-environment");
    assert_eq!(Ran::of(command, "").code, 0);
    assert!(place.path("by-environment/mcpcodex.db").exists());
    assert!(!place.path("mcpcodex-data").exists());
}

#[test]
fn global_options_stand_before_or_after_the_verb() {
    let place = Place::new();
    let before = place.run(&["--json", "user", "list"]);
    let between = place.run(&["user", "--json", "list"]);
    let after = place.run(&["user", "list", "--json"]);
    assert_eq!((before.out.trim(), before.code), ("[]", 0));
    assert_eq!((between.out, after.out), (before.out.clone(), before.out));
}
