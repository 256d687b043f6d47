//! `authentication.providers`: what may stand there, and that no secret does.

use mcpcodex::config::{Environment, Loaded, Problems, load, show};

fn read(yaml: &str) -> Result<Loaded, Problems> {
    let env = Environment::from_pairs([("CORP_SECRET", "a canary that nobody must see")]);
    let text = format!("authentication:\n  providers:\n{yaml}");
    load::from_text(&text, "auth.config.yaml", &env)
}

const GOOD: &str = "    corp:
      issuer: https://sso.example.com
      client_id: mcpcodex
      client_secret: ${CORP_SECRET}
      accounts: { create: true, map: [\"boss=admin\"] }
";

#[test]
fn provider_is_read_with_its_defaults() {
    let loaded = read(GOOD).unwrap();
    let corp = &loaded.config.authentication.providers.0["corp"];
    assert_eq!(corp.issuer.as_deref(), Some("https://sso.example.com"));
    assert_eq!(corp.scopes, ["openid", "profile", "email"]);
    assert_eq!(corp.client_secret.as_ref().unwrap().expose(), "a canary that nobody must see");
    assert_eq!((corp.accounts.create, corp.accounts.unverified_email), (Some(true), false));
    assert!(corp.enabled && corp.trusted_amr.is_empty());
}

#[test]
fn secret_is_shown_nowhere() {
    let loaded = read(GOOD).unwrap();
    let rows = format!("{:?}", show::rows(&loaded));
    assert!(rows.contains("sso.example.com"), "{rows}");
    for shown in [rows, show::yaml(&loaded), format!("{:?}", loaded.config)] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_the_place_and_what_would_be_right() {
    let cases = [
        (GOOD.replace("${CORP_SECRET}", "in-the-clear"), 6, "does not stand in the file"),
        (GOOD.replace("client_id", "client_idd"), 5, "did you mean `client_id`"),
        (GOOD.replace("https://", "ftp://"), 4, "must be a URL"),
        (GOOD.replace("https://", "http://"), 3, "must be https"),
        (GOOD.replace("create: true", "create: 7"), 7, "true or false"),
        (GOOD.replace("boss=admin", "boss"), 7, "VALUE=ROLE"),
        (GOOD.replace("boss=admin", "boss=king"), 3, "there is no role \"king\""),
        (GOOD.replace("      client_id: mcpcodex\n", ""), 3, "`client_id` is missing"),
        (GOOD.replace("      issuer: https://sso.example.com\n", ""), 3, "`issuer` is missing"),
        (GOOD.replace("corp:", "Corp:"), 3, "a provider's name is"),
        (GOOD.replace("corp:", "primary:"), 3, "authentication.primary"),
        (format!("{GOOD}      client_secret_file: /x\n"), 3, "not both"),
        (format!("{GOOD}      scopes: [email]\n"), 3, "openid"),
        (format!("{GOOD}{}", GOOD.replace("corp:", "more:")), 3, "another provider's issuer"),
        ("    corp: 7\n".to_owned(), 3, "keys below it"),
        ("    [a]\n".to_owned(), 3, "must be a mapping"),
    ];
    for (yaml, line, words) in cases {
        let problems = read(&yaml).err().unwrap_or_else(|| panic!("taken: {yaml}"));
        let told = problems.to_string();
        assert!(told.contains(words), "{words}: {told}");
        assert!(told.contains(&format!("auth.config.yaml:{line}")), "line {line}: {told}");
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn environment_may_set_them_all_at_once() {
    let name = "MCPCODEX__AUTHENTICATION__PROVIDERS";
    let text = "{corp: {issuer: \"https://sso.example.com\", client_id: x}}";
    let env = Environment::from_pairs([(name, text)]);
    let loaded = load::from_text("", "auth.config.yaml", &env).unwrap();
    assert!(loaded.config.authentication.providers.0.contains_key("corp"));
}
