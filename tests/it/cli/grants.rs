//! `client exchange` and `issuer`: what an operator allows beyond the usual grants.

use serde_json::json;

use super::Place;

const NOTES: &str = "https://notes.example.com/mcp";
const DB: &str = "https://db.example.com";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

#[test]
fn exchange_is_allowed_listed_and_taken_back() {
    let place = Place::new();
    place.json(&["resource", "add", NOTES, "--name", "Notes", "--scope", "notes:read=Read notes"]);
    place.json(&["resource", "add", DB, "--name", "Database", "--scope", "db:read=Read it"]);
    place.json(&["client", "create", "Server", "--id", "notes-server", "--grant", EXCHANGE]);
    place.json(&["client", "create", "Other", "--redirect-uri", "https://app.example.com/cb"]);
    let rule = ["--from", NOTES, "--to", DB];
    let mut allow = vec!["client", "exchange", "allow", "notes-server"];
    allow.extend(rule);
    let with = |more: &[&'static str]| [allow.as_slice(), more].concat();
    let made = place.json(&with(&["--scope", "notes:read=db:read"]));
    assert_eq!(made["client_id"], "notes-server");
    assert_eq!((&made["from"], &made["to"]), (&json!(NOTES), &json!(DB)));
    assert_eq!(made["scopes"], json!(["notes:read=db:read"]));
    assert_eq!(place.json(&["client", "exchange", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(place.json(&["client", "exchange", "list", "Other"]), json!([]));
    assert_eq!(place.error(&with(&["--scope", "made-up"])).0, 3);
    assert_eq!(place.error(&with(&["--scope", "notes:read=openid"])).0, 2);
    assert_eq!(place.error(&with(&[])).0, 2, "no scope at all");
    let other = ["client", "exchange", "allow", "Other", "--from", NOTES, "--to", DB];
    let (code, error) = place.error(&[&other[..], &["--scope", "notes:read=db:read"]].concat());
    assert_eq!(code, 5, "{error}");
    assert!(error["next"].as_str().unwrap().contains("--grant"), "{error}");
    let revoke = [&["client", "exchange", "revoke", "notes-server"][..], &rule].concat();
    place.json(&revoke);
    assert_eq!(place.error(&revoke).0, 3);
    assert_eq!(place.json(&["client", "exchange", "list"]), json!([]));
}

#[test]
fn issuer_is_believed_linked_and_removed() {
    let place = Place::new();
    place.person("ann", "user");
    let idp = "https://idp.example.com";
    let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
    place.write("jwks.json", &keys.to_string());
    let made = place.json(&["issuer", "add", idp, "--jwks", "jwks.json"]);
    assert_eq!((&made["issuer"], &made["jwks"]), (&json!(idp), &keys));
    assert_eq!(made["by_email"], false);
    let uri = "https://idp.example.com/jwks";
    let args = ["issuer", "add", idp, "--jwks-uri", uri, "--by-email", "--json"];
    let changed = place.run(&args);
    assert_eq!((changed.code, &changed.document()["jwks_uri"]), (0, &json!(uri)));
    assert!(changed.err.contains("speak for everybody"), "{}", changed.err);
    assert_eq!(place.json(&["issuers", "list"]).as_array().unwrap().len(), 1);
    let linked = place.json(&["issuer", "link", idp, "their-ann", "--user", "ann"]);
    assert_eq!(linked["username"], "ann");
    let links = place.json(&["issuer", "show", idp]);
    assert_eq!((&links[0]["subject"], &links[0]["username"]), (&json!("their-ann"), &json!("ann")));
    place.json(&["issuer", "unlink", idp, "their-ann"]);
    assert_eq!(place.error(&["issuer", "unlink", idp, "their-ann"]).0, 3);
    assert_eq!(
        place.error(&["issuer", "link", "https://other.example", "x", "--user", "ann"]).0,
        3
    );
    assert_eq!(place.error(&["issuer", "add", "no url", "--jwks", "jwks.json"]).0, 2);
    assert_eq!(place.error(&["issuer", "add", idp]).0, 2, "without keys");
    assert_eq!(place.error(&["issuer", "remove", idp, "--no-input"]).0, 2, "not without --yes");
    place.json(&["issuer", "remove", idp, "--yes"]);
    assert_eq!(place.error(&["issuer", "show", idp]).0, 3);

    place.json(&["client", "create", "Agent", "--id", "agent", "--grant", EXCHANGE]);
    let allow = ["issuer", "audience", "allow", DB, "--client", "agent", "--as", "agent-there"];
    let allowed = place.json(&[&allow[..], &["--scope", "db:read"]].concat());
    assert_eq!(
        (&allowed["client_id_there"], &allowed["scopes"]),
        (&json!("agent-there"), &json!(["db:read"]))
    );
    assert_eq!(place.json(&["issuer", "audience", "list"]).as_array().unwrap().len(), 1);
    place.json(&["issuer", "audience", "revoke", DB, "--client", "agent"]);
    assert_eq!(place.json(&["issuer", "audience", "list"]), json!([]));
}
