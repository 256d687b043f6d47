//! What is made from the key table and kept in the repository is what the table says now.

use std::{fs, path::Path};

use mcpcodex::config::{
    Config, Environment, Source, load,
    load::keys,
    reference::{SHIPPED, file, page, schema},
};
use serde_json::Value;

/// With `UPDATE_CONFIG=1` in the environment the files are written instead of compared.
fn same_as_kept(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_CONFIG").is_some() {
        fs::write(&path, made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert_eq!(kept, made, "{name} is out of date: run the tests once with UPDATE_CONFIG=1");
}

#[test]
fn shipped_file_is_made_from_the_key_table() {
    same_as_kept("auth.config.yaml", &file(&[]));
}

#[test]
fn reference_page_is_made_from_the_key_table() {
    same_as_kept("docs/configuration.md", &page());
}

#[test]
fn shipped_file_sets_every_key_to_its_default_and_loads() {
    let loaded = super::load(SHIPPED).unwrap();
    let in_file: Vec<_> = keys().into_iter().filter(|key| !key.is_env_only()).collect();
    assert!(in_file.len() > 80, "only {} keys", in_file.len());
    for key in in_file {
        assert!(loaded.settings.contains_key(key.path), "{} is missing", key.path);
    }
    let without = super::load("").unwrap();
    assert_eq!(format!("{:?}", loaded.config), format!("{:?}", without.config));
    assert_eq!(format!("{:?}", loaded.config), format!("{:?}", Config::default()));
}

#[test]
fn shipped_file_gives_no_warning() {
    let loaded = super::load(SHIPPED).unwrap();
    let paths: Vec<_> = loaded.advice.iter().map(|advice| advice.path).collect();
    assert_eq!(paths, ["authentication.password.history.expiry_days"], "{:?}", loaded.advice);
}

#[test]
fn without_a_file_the_server_is_on_localhost() {
    let loaded = load(&Source::default()).unwrap();
    let config = loaded.config;
    assert_eq!(config.server.listen, "127.0.0.1:8420".parse().unwrap());
    assert_eq!(config.public_url(config.server.listen).as_str(), "http://localhost:8420/");
    assert_eq!(config.issuer("127.0.0.1:39112".parse().unwrap()), "http://localhost:39112");
    assert!(config.primary_is_self());
    assert!(!config.cookie_is_secure(&config.public_url(config.server.listen)));
    assert!(loaded.settings.is_empty());
}

#[test]
fn file_made_with_answers_loads_with_them() {
    let text = file(&[
        ("authentication.primary.issuer", "\"https://auth.example.com\""),
        ("server.listen", "\"0.0.0.0:80\""),
    ]);
    let config = super::load(&text).unwrap().config;
    assert_eq!(config.issuer(config.server.listen), "https://auth.example.com");
    assert_eq!(config.server.listen.port(), 80);
}

#[test]
fn missing_file_is_named() {
    let source =
        Source { file: Some("/nonexistent/auth.config.yaml".into()), env: Environment::default() };
    let problems = load(&source).unwrap_err();
    let shown = problems.to_string();
    assert!(shown.starts_with("/nonexistent/auth.config.yaml: cannot be read: "), "{shown}");
}

#[test]
fn schema_knows_every_key_and_takes_the_shipped_file() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for key in keys() {
        let at = key.path.split('.').try_fold(&schema, |at, name| at["properties"].get(name));
        assert_eq!(at.is_some(), !key.is_env_only(), "{}", key.path);
    }
    // Read by another YAML reader than ours.
    for text in [SHIPPED, include_str!("../../fixtures/reference.config.yaml")] {
        let value: Value = serde_yaml::from_str(text).unwrap();
        fits(&schema, &value).unwrap();
    }
    let wrong = [
        "nonsense: 1",
        "authentication: {tokens: {access_token: {lifetime: 0}}}",
        "authentication: {tokens: {access_token: {lifetime: soon}}}",
        "authentication: {tokens: {access_token: {algorithm: none}}}",
        "authentication: {primary: {scopes: [1]}}",
        "authentication: {providers: {corp: {isuer: \"https://sso.example.com\"}}}",
        "authentication: {providers: [corp]}",
    ];
    for text in wrong {
        let value: Value = serde_yaml::from_str(text).unwrap();
        assert!(fits(&schema, &value).is_err(), "{text} fits");
    }
}

/// As much of JSON Schema as ours uses; an unknown word in it is an error.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        let good = match word.as_str() {
            "$schema" | "title" | "description" | "default" | "uniqueItems" => true,
            "type" => rule.as_array().map_or_else(
                || is_type(value, rule),
                |types| types.iter().any(|name| is_type(value, name)),
            ),
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| text.contains("${")),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| fits(one, value).is_ok()),
            "items" => value.as_array().is_none_or(|all| all.iter().all(|v| fits(rule, v).is_ok())),
            // A mapping of names of the operator's to values of one shape.
            "additionalProperties" if rule.is_object() => value
                .as_object()
                .is_none_or(|named| named.values().all(|one| fits(rule, one).is_ok())),
            "additionalProperties" => *rule == Value::Bool(false),
            "properties" => value.as_object().is_none_or(|map| {
                map.iter().all(|(name, v)| rule.get(name).is_some_and(|s| fits(s, v).is_ok()))
            }),
            other => panic!("unexpected word {other} in the schema"),
        };
        if !good {
            return Err(format!("{value} breaks {word}: {rule}"));
        }
    }
    Ok(())
}

fn is_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unexpected type {other}"),
    }
}
