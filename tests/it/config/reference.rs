//! The reference file loads byte for byte, and each of its 66 leaves arrives in the struct.

use std::time::Duration;

use mcpcodex::config::{
    Config,
    authentication::{ChallengeMethod, PrimaryProvider},
    load::keys,
    mfa::{EmailProvider, SmsProvider, TotpAlgorithm, UserVerification},
    session::{SameSite, SessionProvider},
    tokens::{IdClaim, SigningAlgorithm},
};
use serde_yaml::Value;

const REFERENCE: &str = include_str!("../../fixtures/reference.config.yaml");

fn config() -> Config {
    super::load(REFERENCE).unwrap().config
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn leaves(prefix: &str, value: &Value, out: &mut Vec<String>) {
    let Value::Mapping(map) = value else { return out.push(prefix.to_owned()) };
    for (name, value) in map {
        let dot = if prefix.is_empty() { "" } else { "." };
        leaves(&format!("{prefix}{dot}{}", name.as_str().unwrap()), value, out);
    }
}

#[test]
fn reference_has_66_leaves_and_all_are_keys_that_it_sets() {
    // Counted by another YAML reader than ours.
    let mut found = Vec::new();
    leaves("", &serde_yaml::from_str(REFERENCE).unwrap(), &mut found);
    assert_eq!(found.len(), 66);
    let loaded = super::load(REFERENCE).unwrap();
    let known: Vec<_> = keys().into_iter().map(|key| key.path).collect();
    for path in &found {
        assert!(known.contains(&path.as_str()), "{path} is no key");
        assert!(loaded.settings.contains_key(path.as_str()), "{path} was not read");
    }
    assert_eq!(loaded.settings.len(), 66);
}

#[test]
fn primary_arrives() {
    let primary = config().authentication.primary;
    assert_eq!(primary.provider, PrimaryProvider::Oauth2);
    assert_eq!(primary.issuer.as_deref(), Some("https://auth.mcpcodex.com"));
    assert_eq!(primary.client_id, "mcpcodex-client");
    assert_eq!(primary.scopes, ["openid", "profile", "email", "mcpcodex:api"]);
    assert!(primary.pkce.enabled);
    assert_eq!(primary.pkce.code_challenge_method, ChallengeMethod::S256);
}

#[test]
fn tokens_arrive() {
    let tokens = config().authentication.tokens;
    assert_eq!(tokens.access_token.lifetime, secs(900));
    assert_eq!(tokens.access_token.algorithm, SigningAlgorithm::Rs256);
    assert_eq!(tokens.access_token.issuer.as_deref(), Some("mcpcodex.com"));
    assert_eq!(tokens.access_token.audience, "mcpcodex-api");
    assert_eq!(tokens.refresh_token.lifetime, secs(86400));
    assert!(tokens.refresh_token.rotation);
    assert_eq!(tokens.refresh_token.max_reuse, 0);
    assert_eq!(tokens.id_token.lifetime, secs(3600));
    let claims = [IdClaim::Sub, IdClaim::Email, IdClaim::Name, IdClaim::Roles];
    assert_eq!(tokens.id_token.claims, claims);
}

#[test]
fn mfa_arrives() {
    let mfa = config().authentication.mfa;
    assert!(mfa.enabled);
    assert_eq!(mfa.required_for_roles, ["admin", "developer"]);
    assert_eq!(mfa.grace_period, secs(3600));
    let totp = mfa.providers.totp;
    assert!(totp.enabled);
    assert_eq!(totp.issuer, "MCPCodex");
    assert_eq!(totp.digits, 6);
    assert_eq!(totp.period, 30);
    assert_eq!(totp.algorithm, TotpAlgorithm::Sha1);
    let sms = mfa.providers.sms;
    assert!(sms.enabled);
    assert_eq!(sms.provider, SmsProvider::Twilio);
    assert_eq!(sms.template, "Your MCPCodex code: {code}");
    let email = mfa.providers.email;
    assert!(email.enabled);
    assert_eq!(email.provider, EmailProvider::Sendgrid);
    assert_eq!(email.template, "mfa-code");
    let webauthn = mfa.providers.webauthn;
    assert!(webauthn.enabled);
    assert_eq!(webauthn.rp_id.as_deref(), Some("mcpcodex.com"));
    assert_eq!(webauthn.rp_name, "MCPCodex");
    assert_eq!(webauthn.user_verification, UserVerification::Required);
}

#[test]
fn session_arrives() {
    let session = config().authentication.session;
    assert_eq!(session.provider, SessionProvider::Jwt);
    assert_eq!(session.cookie_name, "mcpcodex_session");
    assert_eq!(session.security.secure, Some(true));
    assert!(session.security.http_only);
    assert_eq!(session.security.same_site, SameSite::Strict);
    assert_eq!(session.security.path, "/");
    assert_eq!(session.security.domain.as_deref(), Some(".mcpcodex.com"));
    assert_eq!(session.timeouts.idle, secs(3600));
    assert_eq!(session.timeouts.absolute, secs(28800));
    assert_eq!(session.timeouts.remember_me, secs(2_592_000));
}

#[test]
fn password_arrives() {
    let password = config().authentication.password;
    assert_eq!((password.min_length, password.max_length), (12, 128));
    assert!(password.require_uppercase);
    assert!(password.require_lowercase);
    assert!(password.require_numbers);
    assert!(password.require_symbols);
    assert_eq!(password.complexity.min_score, 3);
    assert!(password.complexity.dictionary_check);
    assert!(!password.complexity.common_patterns);
    assert_eq!(password.history.prevent_reuse, 12);
    assert_eq!(password.history.expiry_days, 90);
    assert_eq!(password.lockout.max_attempts, 5);
    assert_eq!(password.lockout.lockout_duration, secs(900));
    assert!(password.lockout.progressive_delay);
}

#[test]
fn api_keys_arrive() {
    let keys = config().authentication.api_keys;
    assert!(keys.enabled);
    assert_eq!(keys.prefix, "mcp_");
    assert_eq!(keys.length, 32);
    let scopes = ["read:models", "write:models", "read:contexts", "write:contexts", "admin:users"];
    assert_eq!(keys.scopes, scopes);
    assert!(!keys.rotation.auto_rotate);
    assert_eq!(keys.rotation.rotation_period, 90);
    assert_eq!(keys.rotation.warning_period, 14);
    assert_eq!(keys.rate_limiting.requests_per_minute, 100);
    assert_eq!(keys.rate_limiting.burst_size, 20);
}

/// Each leaf arrives where it belongs, not at a neighbour: with every value changed, the struct has
/// the changed one. The asserts above would not see a value that merely equals the default.
#[test]
fn every_leaf_of_the_reference_can_be_changed() {
    let before = format!("{:?}", config());
    let loaded = super::load(REFERENCE).unwrap();
    for (path, setting) in &loaded.settings {
        use mcpcodex::config::tree::Data;
        let other = match (&setting.node.data, *path) {
            (_, "authentication.primary.issuer") => "https://other.example.com".to_owned(),
            (_, "authentication.tokens.access_token.algorithm") => "ES256".to_owned(),
            (_, "authentication.tokens.id_token.claims") => "sub,email".to_owned(),
            (_, "authentication.mfa.required_for_roles") => "admin".to_owned(),
            (_, "authentication.mfa.providers.totp.algorithm") => "SHA256".to_owned(),
            (_, "authentication.mfa.providers.sms.provider") => "console".to_owned(),
            (_, "authentication.mfa.providers.email.provider") => "smtp".to_owned(),
            (
                _,
                "authentication.mfa.providers.sms.template"
                | "authentication.mfa.providers.email.template",
            ) => "Another text: {code}".to_owned(),
            (_, "authentication.mfa.providers.webauthn.user_verification") => {
                "preferred".to_owned()
            }
            (_, "authentication.session.security.same_site") => "lax".to_owned(),
            (_, "authentication.session.security.path") => "/auth".to_owned(),
            // These take one value only; another is refused, which the refusals show.
            (
                _,
                "authentication.primary.provider"
                | "authentication.primary.pkce.enabled"
                | "authentication.primary.pkce.code_challenge_method"
                | "authentication.tokens.refresh_token.max_reuse"
                | "authentication.session.provider",
            ) => continue,
            (Data::Bool(value), _) => (!value).to_string(),
            (Data::Integer(_), "authentication.password.complexity.min_score") => "4".to_owned(),
            (Data::Integer(value), _) => (value + 1).to_string(),
            (Data::Text(_), _) => "otherxtext".to_owned(),
            (Data::List(_), _) => "other".to_owned(),
            (data, path) => panic!("{path} holds {data:?}"),
        };
        let name = format!("MCPCODEX__{}", path.replace('.', "__").to_uppercase());
        let changed = super::load_with(REFERENCE, &[(&name, &other)])
            .unwrap_or_else(|problems| panic!("{path}={other}: {problems}"));
        assert_ne!(format!("{:?}", changed.config), before, "{path}={other} changed nothing");
    }
}
