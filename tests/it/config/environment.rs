//! The environment: over the file, by name and by path, inside values, and never shown.

use std::time::Duration;

use mcpcodex::config::{
    BUILT_IN_ROLES, Environment,
    load::{from_text, keys},
    show,
};

use super::{load, load_with};

const LIFETIME: &str = "authentication: {tokens: {access_token: {lifetime: 600}}}";
const LIFETIME_VARIABLE: &str = "MCPCODEX__AUTHENTICATION__TOKENS__ACCESS_TOKEN__LIFETIME";

#[test]
fn environment_wins_over_file_and_file_over_default() {
    let lifetime = |text, env: &[(&str, &str)]| {
        load_with(text, env).unwrap().config.authentication.tokens.access_token.lifetime
    };
    assert_eq!(lifetime("", &[]), Duration::from_mins(15));
    assert_eq!(lifetime(LIFETIME, &[]), Duration::from_mins(10));
    assert_eq!(lifetime(LIFETIME, &[(LIFETIME_VARIABLE, "60")]), Duration::from_mins(1));
}

#[test]
fn named_variables_set_their_keys() {
    let env = [
        ("AUTH_ISSUER", "https://id.example.com"),
        ("AUTH_CLIENT_ID", "me"),
        ("AUTH_CLIENT_SECRET", "s3cret"),
        ("AUTH_REDIRECT_URI", "https://auth.example.com/auth/callback"),
        ("SESSION_SECRET", "0123456789abcdef0123456789abcdef"),
        ("MCPCODEX_MASTER_KEY", "master"),
        ("MCPCODEX_DATA_DIR", "/var/lib/mcpcodex"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "tok"),
        ("TWILIO_FROM", "+15550100"),
        ("TWILIO_BASE_URL", "http://127.0.0.1:1"),
        ("SENDGRID_API_KEY", "SG.x"),
        ("SENDGRID_BASE_URL", "http://127.0.0.1:2"),
        ("SMTP_URL", "smtps://u:p@mail.example.com"),
        ("MAIL_FROM", "MCPCodex <auth@example.com>"),
    ];
    let config = load_with("authentication: {primary: {client_id: file}}", &env).unwrap().config;
    let primary = &config.authentication.primary;
    assert_eq!(primary.issuer.as_deref(), Some("https://id.example.com"));
    assert_eq!(primary.client_id, "me");
    let redirect = primary.redirect_uri.as_ref().unwrap();
    assert_eq!(redirect.as_str(), "https://auth.example.com/auth/callback");
    assert_eq!(config.storage.data_dir.to_str(), Some("/var/lib/mcpcodex"));
    assert_eq!(config.mail.from.as_deref(), Some("MCPCodex <auth@example.com>"));
    let credentials = &config.credentials;
    assert_eq!(credentials.client_secret.as_ref().unwrap().expose(), "s3cret");
    assert_eq!(credentials.session_secret.as_ref().unwrap().expose().len(), 32);
    assert_eq!(credentials.master_key.as_ref().unwrap().expose(), "master");
    assert_eq!(credentials.twilio.account_sid.as_deref(), Some("AC1"));
    assert_eq!(credentials.twilio.auth_token.as_ref().unwrap().expose(), "tok");
    assert_eq!(credentials.twilio.from.as_deref(), Some("+15550100"));
    assert_eq!(credentials.twilio.base_url.as_ref().unwrap().port(), Some(1));
    assert_eq!(credentials.sendgrid.api_key.as_ref().unwrap().expose(), "SG.x");
    assert_eq!(credentials.sendgrid.base_url.as_ref().unwrap().port(), Some(2));
    assert_eq!(credentials.smtp_url.as_ref().unwrap().expose(), "smtps://u:p@mail.example.com");
    let with_names: Vec<_> = keys().into_iter().filter_map(|key| key.spec.env).collect();
    assert_eq!(with_names.len(), env.len(), "a variable is not tested here: {with_names:?}");
}

#[test]
fn secrets_are_never_shown() {
    let secrets = [
        ("AUTH_CLIENT_SECRET", "hunter2-client"),
        ("SESSION_SECRET", "hunter2-session-0123456789abcdef"),
        ("MCPCODEX_MASTER_KEY", "hunter2-master"),
        ("TWILIO_AUTH_TOKEN", "hunter2-twilio"),
        ("SENDGRID_API_KEY", "hunter2-sendgrid"),
        ("SMTP_URL", "smtp://user:hunter2@mail.example.com"),
    ];
    let loaded = load_with("", &secrets).unwrap();
    let rows = show::rows(&loaded);
    let session = rows.iter().find(|row| row.path == "credentials.session_secret").unwrap();
    assert_eq!(
        (session.value.as_str(), session.origin.as_str()),
        ("***", "environment SESSION_SECRET")
    );
    let config = format!("{:?}", loaded.config);
    for shown in [serde_json::to_string(&rows).unwrap(), show::yaml(&loaded), config] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let environment = Environment::from_pairs(secrets);
    assert!(!format!("{environment:?}").contains("hunter2"));
    let refused = load_with("", &[("SESSION_SECRET", "hunter2"), ("SMTP_URL", "hunter2")]);
    let shown = refused.unwrap_err().to_string();
    assert!(shown.contains("SESSION_SECRET: ") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn session_secret_of_31_bytes_is_refused_and_of_32_taken() {
    let secret = "x".repeat(32);
    load_with("", &[("SESSION_SECRET", &secret)]).unwrap();
    let problems = load_with("", &[("SESSION_SECRET", &secret[1..])]).unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.source.as_deref(), Some("SESSION_SECRET"));
    assert!(problem.message.starts_with("must be at least 32 bytes, found 31"), "{problem}");
}

#[test]
fn empty_variable_counts_as_unset() {
    let env = [("AUTH_ISSUER", ""), ("AUTH_CLIENT_ID", "")];
    let config = load_with("", &env).unwrap().config;
    assert_eq!(config.authentication.primary.client_id, "mcpcodex-client");
    assert_eq!(config.authentication.primary.issuer, None);
}

#[test]
fn variables_stand_inside_values() {
    let text = "\
server:
  listen: \"127.0.0.1:${PORT:-9000}\"
authentication:
  primary: {issuer: \"https://${HOST}\", client_id: '$${HOST}', scopes: [\"openid\", \"${SCOPE:-email}\"]}
  tokens:
    access_token: {lifetime: '${LIFETIME:-1200}'}
    refresh_token:
      lifetime: ${LIFETIME:-1300}
  roles: ${ROLES:-}
";
    let config = load_with(text, &[("HOST", "auth.example.com")]).unwrap().config;
    assert_eq!(config.server.listen.port(), 9000);
    let primary = config.authentication.primary;
    assert_eq!(primary.issuer.as_deref(), Some("https://auth.example.com"));
    assert_eq!(primary.client_id, "${HOST}");
    assert_eq!(primary.scopes, ["openid", "email"]);
    assert_eq!(config.authentication.tokens.access_token.lifetime, Duration::from_mins(20));
    assert_eq!(config.authentication.tokens.refresh_token.lifetime, Duration::from_secs(1300));
    assert_eq!(config.authentication.roles, [""; 0]);
    let env = [("HOST", "12"), ("LIFETIME", "5"), ("PORT", "1"), ("ROLES", "a,b"), ("SCOPE", "7")];
    let config = load_with(text, &env).unwrap().config;
    assert_eq!(config.authentication.tokens.access_token.lifetime, Duration::from_secs(5));
    assert_eq!(config.server.listen.port(), 1);
    assert_eq!(config.authentication.roles, ["a", "b"]);
    assert_eq!(config.authentication.primary.scopes, ["openid", "7"]);
}

#[test]
fn unquoted_variable_inside_braces_is_refused_with_the_remedy() {
    let problems = load("authentication: {primary: {client_id: ${ID}}}").unwrap_err();
    assert!(problems.to_string().contains("put `${NAME}` in quotes"), "{problems}");
}

#[test]
fn value_of_a_variable_cannot_add_keys() {
    let text = "authentication: {primary: {client_id: '${ID}'}}";
    let evil = "x}\nlogging: {level: trace";
    let problems = load_with(text, &[("ID", evil)]).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems.to_string().contains("control characters"), "{problems}");
}

#[test]
fn missing_variable_is_named_with_its_place() {
    let problems = load("server:\n  public_url: ${WHERE}\n").unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!((problem.line, problem.column), (Some(2), Some(15)));
    assert_eq!(
        problem.message,
        "the environment has no WHERE; set it, or write `${WHERE:-default}`"
    );
}

#[test]
fn override_reaches_every_key() {
    for key in keys() {
        let problems = load_with("", &[(&key.override_name(), "\u{1}")]);
        assert!(problems.is_err(), "{} was not reached", key.path);
    }
}

#[test]
fn override_of_a_list_takes_commas_or_brackets() {
    let name = "MCPCODEX__AUTHENTICATION__ROLES";
    for text in ["ops,auditor", "ops, auditor", "[ops, \"auditor\"]"] {
        let config = load_with("", &[(name, text)]).unwrap().config;
        assert_eq!(config.authentication.roles, ["ops", "auditor"], "{text}");
        assert_eq!(config.roles().len(), BUILT_IN_ROLES.len() + 2);
    }
}

#[test]
fn override_that_names_no_key_is_refused_with_the_nearest() {
    let name = "MCPCODEX__AUTHENTICATION__TOKENS__ACCESS_TOKEN__LIFETIM";
    let shown = load_with("", &[(name, "1")]).unwrap_err().to_string();
    assert!(
        shown.starts_with(&format!("{name}: names no key; did you mean {LIFETIME_VARIABLE}?")),
        "{shown}"
    );
}

#[test]
fn origin_names_default_file_line_and_variable() {
    let env = Environment::from_pairs([("AUTH_CLIENT_ID", "me")]);
    let mut loaded = from_text("server:\n  listen: \"127.0.0.1:1\"\n", "a.yaml", &env).unwrap();
    loaded.file = Some("a.yaml".into());
    let rows = show::rows(&loaded);
    let row = |path: &str| {
        let row = rows.iter().find(|row| row.path == path).unwrap();
        (row.value.clone(), row.origin.clone())
    };
    assert_eq!(row("server.listen"), ("\"127.0.0.1:1\"".into(), "a.yaml:2".into()));
    assert_eq!(
        row("authentication.primary.client_id"),
        ("\"me\"".into(), "environment AUTH_CLIENT_ID".into())
    );
    assert_eq!(row("logging.level"), ("\"info\"".into(), "default".into()));
    assert_eq!(row("authentication.primary.issuer"), ("~".into(), "default".into()));
}

#[test]
fn what_is_shown_as_yaml_loads_to_the_same() {
    let reference = include_str!("../../fixtures/reference.config.yaml");
    for text in [reference, "authentication: {primary: {client_id: 'a$${b}: \"c\"'}}"] {
        let loaded = load(text).unwrap();
        let again = load(&show::yaml(&loaded)).unwrap();
        assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config));
    }
}
