//! What the server says and starts all the same.

use mcpcodex::config::{Weight, rules::feature_of};

use super::{load, load_with};

const REFERENCE: &str = include_str!("../../fixtures/reference.config.yaml");

/// Paths of the warnings, then of the notes.
fn advice(text: &str, env: &[(&str, &str)]) -> (Vec<&'static str>, Vec<&'static str>) {
    let loaded = load_with(text, env).unwrap_or_else(|problems| panic!("{text}: {problems}"));
    let of = |weight| {
        let advice = loaded.advice.iter().filter(move |advice| advice.weight == weight);
        advice.map(|advice| advice.path).collect()
    };
    (of(Weight::Warning), of(Weight::Note))
}

#[test]
fn reference_starts_and_says_which_credentials_are_missing() {
    let (warnings, notes) = advice(REFERENCE, &[]);
    assert_eq!(
        warnings,
        [
            "authentication.tokens.access_token.issuer",
            "authentication.mfa.providers.sms",
            "authentication.mfa.providers.email",
        ]
    );
    assert_eq!(
        notes,
        ["authentication.mfa.providers.email", "authentication.password.history.expiry_days"]
    );
    let loaded = load(REFERENCE).unwrap();
    let sms = loaded.advice.iter().find(|a| a.path.ends_with("sms")).unwrap();
    assert_eq!(
        sms.message,
        "codes by SMS are not offered: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM are not set"
    );
}

#[test]
fn credentials_in_the_environment_silence_the_advice() {
    let env = [
        ("TWILIO_ACCOUNT_SID", "a"),
        ("TWILIO_AUTH_TOKEN", "b"),
        ("TWILIO_FROM", "c"),
        ("SENDGRID_API_KEY", "d"),
        ("MAIL_FROM", "e@example.com"),
    ];
    assert_eq!(advice(REFERENCE, &env).0, ["authentication.tokens.access_token.issuer"]);
}

#[test]
fn unwise_settings_are_named() {
    let public = "server: {public_url: \"https://auth.example.com\"}\n";
    let cases = [
        ("server: {listen: \"0.0.0.0:8420\"}", "server.public_url"),
        ("server: {brand: {logo: /nowhere/logo.svg}}", "server.brand.logo"),
        ("server: {public_url: \"http://auth.example.com\"}", "server.public_url"),
        ("server: {trusted_proxies: [\"0.0.0.0/0\"]}", "server.trusted_proxies"),
        (
            "authentication: {primary: {issuer: \"http://auth.example.com\"}}",
            "authentication.primary.issuer",
        ),
        ("authentication: {mfa: {enabled: false}}", "authentication.mfa.enabled"),
        (
            "authentication: {mfa: {providers: {totp: {enabled: false}, webauthn: {enabled: false}}}}",
            "authentication.mfa.providers",
        ),
        (
            "authentication: {mfa: {providers: {webauthn: {rp_id: \"example.org\"}}}}",
            "authentication.mfa.providers.webauthn.rp_id",
        ),
        (
            "authentication: {session: {security: {secure: false}}}",
            "authentication.session.security.secure",
        ),
        (
            "authentication: {session: {security: {domain: \".other.com\"}}}",
            "authentication.session.security.domain",
        ),
        // Ends like the host, yet is no domain above it.
        (
            "authentication: {session: {security: {domain: \"th.example.com\"}}}",
            "authentication.session.security.domain",
        ),
        (
            "authentication: {session: {security: {http_only: false}}}",
            "authentication.session.security.http_only",
        ),
        ("authentication: {password: {min_length: 6}}", "authentication.password.min_length"),
        (
            "authentication: {password: {hashing: {memory_kib: 64}}}",
            "authentication.password.hashing",
        ),
    ];
    for (text, path) in cases {
        let text =
            if text.starts_with("server") { text.to_owned() } else { format!("{public}{text}") };
        assert!(advice(&text, &[]).0.contains(&path), "{text} is not warned of");
    }
    let secure = "authentication: {session: {security: {secure: true}}}";
    assert_eq!(advice(secure, &[]).0, ["authentication.session.security.secure"]);
}

#[test]
fn sound_settings_are_left_alone() {
    let cases = [
        "server: {public_url: \"https://auth.example.com\", listen: \"0.0.0.0:80\"}\nauthentication: {session: {security: {secure: true, domain: \".example.com\"}}}",
        "server: {public_url: \"http://127.0.0.1:9\"}",
        "authentication: {tokens: {access_token: {issuer: \"http://localhost:8420\"}}}",
        "authentication: {mfa: {providers: {sms: {enabled: true, provider: console}, email: {enabled: true, provider: console}}}}",
    ];
    for text in cases {
        assert_eq!(advice(text, &[]).0, [""; 0], "{text}");
    }
}

#[test]
fn keys_without_effect_yet_are_named_when_they_ask_for_something() {
    assert_eq!(load(REFERENCE).unwrap().not_active, [""; 0]);
    let tls = "server: {tls: {certificate: cert.pem, key: key.pem}}";
    let mut named = load(tls).unwrap().not_active;
    named.sort_unstable();
    assert_eq!(named, ["server.tls.certificate", "server.tls.key"]);
    for path in named {
        assert!(feature_of(path).is_some(), "{path}");
    }
    let off = "authentication: {mfa: {providers: {sms: {enabled: false, provider: twilio}}}, clients: {dynamic_registration: off}}\nserver: {tls: {key: ~}}";
    assert_eq!(load(off).unwrap().not_active, [""; 0]);
}

#[test]
fn another_provider_is_told_from_ourselves_and_waits_for_nothing() {
    let foreign = "server: {public_url: \"https://auth.example.com\"}\nauthentication: {primary: {issuer: \"https://login.example.org\"}}";
    let loaded = load(foreign).unwrap();
    assert!(!loaded.config.primary_is_self());
    assert_eq!(loaded.not_active, [""; 0]);
    let config = loaded.config;
    assert_eq!(config.issuer(config.server.listen), "https://auth.example.com");

    let own = foreign.replace("login.example.org", "auth.example.com/");
    let loaded = load(&own).unwrap();
    assert!(loaded.config.primary_is_self());
    assert_eq!(loaded.not_active, [""; 0]);
}
