//! What each key of the reference configuration does: the same scene, played with the default and with the key set to
//! something else, must end differently. A key that is read and then forgotten fails here.

mod api_keys;
mod primary;

use mcpcodex::{
    config::{Environment, load},
    crypto::secret::Hashed,
    model::{actor::Actor, factor::Method},
    ops::{
        self,
        code::Binding,
        password::{Basis, Refused},
    },
};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, operator, origin};

/// A scene, told in a few words.
type Scene = fn(&TestApp) -> String;

/// One key below `authentication`, what it is set to, the scene, how that ends by default and how then.
#[derive(Clone, Copy)]
struct Flip(&'static str, &'static str, Scene, &'static str, &'static str);

const PASSWORDS: &[Flip] = &[
    Flip(
        "password.min_length",
        "24",
        |s| choose(s, "Zr7!mVq2_xLp9#tW"),
        "taken",
        "Use at least 24",
    ),
    Flip("password.max_length", "64", |s| choose(s, LONG), "taken", "Use at most 64"),
    Flip(
        "password.require_uppercase",
        "false",
        |s| choose(s, "zr7!mvq2_xlp9#tw"),
        "upper-case",
        "taken",
    ),
    Flip(
        "password.require_lowercase",
        "false",
        |s| choose(s, "ZR7!MVQ2_XLP9#TW"),
        "lower-case",
        "taken",
    ),
    Flip(
        "password.require_numbers",
        "false",
        |s| choose(s, "Zrk!mVqu_xLpo#tW"),
        "Add a digit",
        "taken",
    ),
    Flip(
        "password.require_symbols",
        "false",
        |s| choose(s, "Zr7kmVq2bxLp9ntW"),
        "Add a symbol",
        "taken",
    ),
    Flip("password.complexity.min_score", "4", |s| choose(s, "Green-Table1"), "taken", "Too easy"),
    Flip(
        "password.complexity.dictionary_check",
        "false",
        |s| choose(s, "Password123!"),
        "common word",
        "Too easy",
    ),
    Flip(
        "password.complexity.common_patterns",
        "true",
        |s| choose(s, "Qwertzuiop-7391x"),
        "pattern",
        "taken",
    ),
    Flip("password.history.prevent_reuse", "0", |s| choose(s, PASSWORD), "last 12", "taken"),
    Flip(
        "password.history.expiry_days",
        "0",
        |s| sign_in_after(s, 91 * 86_400),
        "/password",
        "/account",
    ),
    Flip("password.lockout.max_attempts", "3", |s| tries(s, 3, 8, 0), "in", "paused"),
    Flip("password.lockout.lockout_duration", "60", |s| tries(s, 5, 8, 61), "paused", "in"),
    Flip("password.lockout.progressive_delay", "false", |s| tries(s, 1, 0, 0), "paused", "in"),
];

const SESSIONS: &[Flip] = &[
    Flip("session.cookie_name", "\"sid\"", |s| cookie(s, &[]), "mcpcodex_session", "sid"),
    Flip("session.security.secure", "false", |s| cookie(s, &["Secure"]), "Secure", ""),
    Flip("session.security.http_only", "false", |s| cookie(s, &["HttpOnly"]), "HttpOnly", ""),
    Flip(
        "session.security.same_site",
        "\"lax\"",
        |s| cookie(s, &["SameSite=Strict", "SameSite=Lax"]),
        "SameSite=Strict",
        "SameSite=Lax",
    ),
    Flip("session.security.path", "\"/login\"", |s| cookie(s, &["Path=/login"]), "", "Path=/login"),
    Flip(
        "session.security.domain",
        "\".example.com\"",
        |s| cookie(s, &["Domain=example.com"]),
        "",
        "Domain=example.com",
    ),
    Flip("session.timeouts.idle", "60", |s| alive_after(s, false, 100), "alive", "over"),
    Flip("session.timeouts.absolute", "3700", |s| used_for(s, 5_000), "alive", "over"),
    Flip(
        "session.timeouts.remember_me",
        "86400",
        |s| alive_after(s, true, 90_000),
        "alive",
        "over",
    ),
];

const FACTORS: &[Flip] = &[
    Flip("mfa.enabled", "false", |s| enrol(s, "state"), "shown", "switched off"),
    Flip(
        "mfa.required_for_roles",
        "[\"user\"]",
        |s| second_sign_in(s, 3_601),
        "/account",
        "/mfa/enroll",
    ),
    Flip("mfa.grace_period", "7200", |s| admin_after(s, 3_601), "/mfa/enroll", "/account"),
    Flip("mfa.providers.totp.enabled", "false", |s| enrol(s, "state"), "shown", "switched off"),
    Flip("mfa.providers.totp.issuer", "\"Acme\"", |s| enrol(s, "issuer="), "MCPCodex", "Acme"),
    Flip("mfa.providers.totp.digits", "8", |s| enrol(s, "digits="), "none", "8"),
    Flip("mfa.providers.totp.period", "60", |s| enrol(s, "period="), "none", "60"),
    Flip(
        "mfa.providers.totp.algorithm",
        "\"SHA256\"",
        |s| enrol(s, "algorithm="),
        "none",
        "SHA256",
    ),
    Flip(
        "mfa.providers.sms.enabled",
        "false",
        |s| code_by(s, Method::Sms),
        "Your MCPCodex code",
        "not offered",
    ),
    Flip(
        "mfa.providers.sms.provider",
        "\"twilio\"",
        |s| code_by(s, Method::Sms),
        "Your MCPCodex code",
        "not offered",
    ),
    Flip(
        "mfa.providers.sms.template",
        "\"Acme says {code}\"",
        |s| code_by(s, Method::Sms),
        "Your MCPCodex code",
        "Acme says",
    ),
    Flip(
        "mfa.providers.email.enabled",
        "false",
        |s| code_by(s, Method::Email),
        "code",
        "not offered",
    ),
    Flip(
        "mfa.providers.email.provider",
        "\"smtp\"",
        |s| code_by(s, Method::Email),
        "code",
        "not offered",
    ),
    Flip(
        "mfa.providers.email.template",
        "\"Acme says {code}\"",
        |s| code_by(s, Method::Email),
        "code",
        "Acme says",
    ),
    Flip("mfa.providers.webauthn.enabled", "false", |s| passkey(s, ""), "rp", "switched off"),
    Flip(
        "mfa.providers.webauthn.rp_id",
        "\"example.com\"",
        |s| passkey(s, "/rp/id"),
        "\"auth.example.com\"",
        "\"example.com\"",
    ),
    Flip(
        "mfa.providers.webauthn.rp_name",
        "\"Acme\"",
        |s| passkey(s, "/rp/name"),
        "MCPCodex",
        "Acme",
    ),
    Flip(
        "mfa.providers.webauthn.user_verification",
        "\"preferred\"",
        |s| passkey(s, "/authenticatorSelection/userVerification"),
        "required",
        "preferred",
    ),
];

/// Seventy characters without a pattern.
const LONG: &str = "Zr7!mVq2_xLp9#tWb4-Gk8yHn3+Ds6uJc1=Fe5oRw0?Ta2iMv9*Yq7zXp4&Bh8lNk3_Cg6";

/// The only value there is; another is refused.
const ONE_VALUE: &[&str] = &[
    "session.provider",
    "primary.provider",
    "primary.pkce.enabled",
    "primary.pkce.code_challenge_method",
];

fn file(key: &str, value: &str) -> String {
    let value: Value = serde_json::from_str(value).unwrap();
    let tree = key.rsplit('.').fold(value, |inner, name| json!({ name: inner }));
    let mut file = json!({
        "server": { "public_url": "https://auth.example.com" },
        // What is sent can be read.
        "authentication": { "mfa": { "providers": {
            "sms": { "enabled": true, "provider": "console" },
            "email": { "enabled": true, "provider": "console" },
        } } },
    });
    merge(&mut file["authentication"], tree);
    file.to_string()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// A server by this file, but with hashes that cost nothing.
fn server(text: &str) -> TestApp {
    let loaded = load::from_text(text, "auth.config.yaml", &Environment::default()).unwrap();
    TestApp::with(|config| {
        let hashing = config.authentication.password.hashing.clone();
        let algorithm = config.authentication.tokens.access_token.algorithm;
        (config.authentication, config.server) =
            (loaded.config.authentication, loaded.config.server);
        config.authentication.password.hashing = hashing;
        config.authentication.tokens.access_token.algorithm = algorithm;
    })
}

fn play(flips: &[Flip]) {
    let mut wrong = Vec::new();
    for Flip(key, to, scene, before, after) in flips {
        let by_default = scene(&server(&file("roles", "[]")));
        let flipped = scene(&server(&file(key, to)));
        let expected = by_default.contains(before) && flipped.contains(after);
        if !expected || by_default == flipped {
            wrong.push(format!("{key}: {by_default:?} by default, {flipped:?} set to {to}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_key_of_passwords_changes_what_happens() {
    play(PASSWORDS);
}

#[test]
fn each_key_of_sessions_changes_what_happens() {
    play(SESSIONS);
}

#[test]
fn each_key_of_second_factors_changes_what_happens() {
    play(FACTORS);
}

#[test]
fn each_key_of_api_keys_changes_what_happens() {
    play(api_keys::FLIPS);
}

#[test]
fn each_key_of_the_primary_provider_changes_what_happens() {
    play(primary::FLIPS);
}

#[test]
fn no_key_of_the_reference_is_left_out() {
    let reference: serde_yaml::Value =
        serde_yaml::from_str(include_str!("../fixtures/reference.config.yaml")).unwrap();
    let mut leaves = Vec::new();
    for topic in ["mfa", "session", "password", "api_keys", "primary"] {
        gather(topic, &reference["authentication"][topic], &mut leaves);
    }
    assert_eq!(leaves.len(), 57);
    for leaf in leaves {
        let all = [PASSWORDS, SESSIONS, FACTORS, api_keys::FLIPS, primary::FLIPS].concat();
        let played = all.iter().any(|flip| flip.0 == leaf);
        assert!(played || ONE_VALUE.contains(&leaf.as_str()), "nothing shows what {leaf} does");
    }
    for key in ONE_VALUE {
        let text = file(key, "\"something else\"");
        assert!(load::from_text(&text, "auth.config.yaml", &Environment::default()).is_err());
    }
}

fn gather(prefix: &str, value: &serde_yaml::Value, out: &mut Vec<String>) {
    let serde_yaml::Value::Mapping(map) = value else { return out.push(prefix.to_owned()) };
    for (name, value) in map {
        gather(&format!("{prefix}.{}", name.as_str().unwrap()), value, out);
    }
}

/// Ann wants this password.
fn choose(server: &TestApp, password: &str) -> String {
    let ann = server.user("ann");
    let basis = server.read(|r| Basis::of(r, &server.app.env, &ann.id));
    match ops::password::choose(&server.app.env, &basis, password) {
        Ok(_) => "taken".to_owned(),
        Err(Refused::Unfit(reasons)) => {
            reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        Err(Refused::Failed(error)) => panic!("{error}"),
    }
}

/// Where the right password leads after so many seconds.
fn sign_in_after(server: &TestApp, seconds: u64) -> String {
    server.user("ann");
    server.advance(seconds);
    server.browser().sign_in("ann", PASSWORD).location().to_owned()
}

/// So many wrong passwords, so many seconds apart; then a wait, and the right one.
fn tries(server: &TestApp, wrong: u32, apart: u64, wait: u64) -> String {
    server.user("ann");
    for _ in 0..wrong {
        server.browser().sign_in("ann", "wrong");
        server.advance(apart);
    }
    server.advance(wait);
    let page = server.browser().sign_in("ann", PASSWORD);
    if page.status == 303 { "in" } else { "paused" }.to_owned()
}

/// The session cookie: its name, or which of these marks it has.
fn cookie(server: &TestApp, marks: &[&str]) -> String {
    server.user("ann");
    let page = server.browser().sign_in("ann", PASSWORD);
    let cookies = page.set_cookies();
    // The only one that none of our own names stand for.
    let own = ["mcpcodex_browser", "mcpcodex_sign_in", "mcpcodex_device"];
    let session = cookies
        .iter()
        .find(|cookie| !own.iter().any(|name| cookie.starts_with(name)))
        .unwrap_or_else(|| panic!("no session cookie in {cookies:?}"));
    if marks.is_empty() {
        return session.split('=').next().unwrap().to_owned();
    }
    let has = |mark: &&&str| session.split("; ").any(|part| part == **mark);
    marks.iter().filter(has).copied().collect::<Vec<_>>().join(" ")
}

fn alive(server: &TestApp, cookie: &str) -> bool {
    server.read(|r| ops::session::resume(r, &server.app.env, &server.app.seen, cookie)).is_ok()
}

fn said(alive: bool) -> String {
    if alive { "alive" } else { "over" }.to_owned()
}

/// A session that nobody used for so long.
fn alive_after(server: &TestApp, remember_me: bool, seconds: u64) -> String {
    let (_, cookie) = server.session_of(&server.user("ann"), remember_me);
    server.advance(seconds);
    said(alive(server, &cookie))
}

/// A session that was used all the time.
fn used_for(server: &TestApp, seconds: u64) -> String {
    let (_, cookie) = server.session_of(&server.user("ann"), false);
    for _ in 0..seconds / 1_000 {
        server.advance(1_000);
        alive(server, &cookie);
    }
    said(alive(server, &cookie))
}

/// What an authenticator app is shown.
fn enrol(server: &TestApp, part: &str) -> String {
    let (env, ann) = (server.app.env(), server.user("ann"));
    let shown = server.app.db.write_blocking(move |tx| ops::factor::enroll(tx, &env, &ann));
    let uri = match shown {
        Ok(shown) => shown.uri.expose().to_owned(),
        Err(error) => return error.to_string(),
    };
    if part == "state" {
        return "shown".to_owned();
    }
    let after = uri.split_once(part).map(|(_, rest)| rest.split('&').next().unwrap().to_owned());
    after.unwrap_or_else(|| "none".to_owned())
}

/// What a device is asked when a passkey is made.
fn passkey(server: &TestApp, part: &str) -> String {
    let (env, ann) = (server.app.env(), server.user("ann"));
    let who = Actor::person(ann.id.clone(), server.session_of(&ann, false).0.id, origin());
    let browser = Hashed::of("a browser");
    let asked = server
        .app
        .db
        .write_blocking(move |tx| ops::passkey::register(tx, &env, &who, &ann, &browser));
    match asked {
        Ok(ceremony) => ceremony.options["publicKey"].pointer(part).unwrap().to_string(),
        Err(error) => error.to_string(),
    }
}

/// The code that goes to a new number or address.
fn code_by(server: &TestApp, method: Method) -> String {
    let (env, ann) = (server.app.env(), server.user("ann"));
    let value = if method == Method::Sms { "+4915112345678" } else { "ann@example.com" };
    let binding = Binding::operator(&ann.id);
    let enrolling = server.app.db.write_blocking(move |tx| {
        ops::contact::enroll(tx, &env, &operator(), &ann.id, method, value, &binding)
    });
    if let Err(error) = enrolling {
        return error.to_string();
    }
    let newest = server.read(|r| ops::outbox::list(r, &operator(), 1)).into_iter().next().unwrap();
    let env = &server.app.env;
    let message = server.read(|r| ops::outbox::read(r, env, &operator(), &newest.id)).unwrap();
    message.text.expose().to_owned()
}

fn second_sign_in(server: &TestApp, seconds: u64) -> String {
    server.user("ann");
    server.browser().sign_in("ann", PASSWORD);
    server.advance(seconds);
    server.browser().sign_in("ann", PASSWORD).location().to_owned()
}

fn admin_after(server: &TestApp, seconds: u64) -> String {
    server.admin("root");
    server.browser().sign_in("root", PASSWORD);
    server.advance(seconds);
    server.browser().sign_in("root", PASSWORD).location().to_owned()
}
