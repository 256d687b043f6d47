//! What is allowed but unwise or incomplete: the server starts, and says so in the log and in
//! `config check`. What cannot be is refused in `rules`.

use std::net::IpAddr;

use serde::Serialize;
use url::{Host, Url};

use super::{
    Config,
    mfa::{EmailProvider, SmsProvider},
};

/// How much a piece of advice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Something will not work as the file says, or not safely: `config check` exits with 6.
    Warning,
    /// It works; there is a better way.
    Note,
}

/// Something that should be known, though the server starts.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    /// How much it matters.
    pub weight: Weight,
    /// The key that it is about.
    pub path: &'static str,
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub next: String,
}

struct Adviser(Vec<Advice>);

impl Adviser {
    fn say(
        &mut self,
        weight: Weight,
        path: &'static str,
        message: impl Into<String>,
        next: impl Into<String>,
    ) {
        self.0.push(Advice { weight, path, message: message.into(), next: next.into() });
    }

    fn warn(&mut self, path: &'static str, message: impl Into<String>, next: impl Into<String>) {
        self.say(Weight::Warning, path, message, next);
    }

    fn note(&mut self, path: &'static str, message: impl Into<String>, next: impl Into<String>) {
        self.say(Weight::Note, path, message, next);
    }
}

/// All the advice about a configuration that was accepted.
pub fn advise(config: &Config) -> Vec<Advice> {
    let mut adviser = Adviser(Vec::new());
    server(config, &mut adviser);
    tokens(config, &mut adviser);
    factors(config, &mut adviser);
    session(config, &mut adviser);
    passwords(config, &mut adviser);
    adviser.0
}

/// Whether a second factor by SMS can be sent: it is on, and its credentials are there.
pub fn missing_for_sms(config: &Config) -> Vec<&'static str> {
    let twilio = &config.credentials.twilio;
    match config.authentication.mfa.providers.sms.provider {
        SmsProvider::Console => Vec::new(),
        SmsProvider::Twilio => missing(&[
            ("TWILIO_ACCOUNT_SID", twilio.account_sid.is_some()),
            ("TWILIO_AUTH_TOKEN", twilio.auth_token.is_some()),
            ("TWILIO_FROM", twilio.from.is_some()),
        ]),
    }
}

/// Which variables are missing before a second factor by e-mail can be sent.
pub fn missing_for_email(config: &Config) -> Vec<&'static str> {
    let credentials = &config.credentials;
    let from = ("MAIL_FROM", config.mail.from.is_some());
    match config.authentication.mfa.providers.email.provider {
        EmailProvider::Console => Vec::new(),
        EmailProvider::Sendgrid => {
            missing(&[("SENDGRID_API_KEY", credentials.sendgrid.api_key.is_some()), from])
        }
        EmailProvider::Smtp => missing(&[("SMTP_URL", credentials.smtp_url.is_some()), from]),
    }
}

fn missing(needed: &[(&'static str, bool)]) -> Vec<&'static str> {
    needed.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn server(config: &Config, adviser: &mut Adviser) {
    let server = &config.server;
    if let Some(path) = &server.brand.logo
        && let Err(error) = super::look::picture(path)
    {
        adviser.warn(
            "server.brand.logo",
            format!("{} cannot be shown: {error}", path.display()),
            "name a picture of at most 64 kB that the server may read",
        );
    }
    let issuer = config.authentication.primary.issuer.as_deref();
    if server.public_url.is_none() && issuer.is_none() && !server.listen.ip().is_loopback() {
        adviser.warn(
            "server.public_url",
            format!(
                "the server listens on {} for others, but calls itself localhost",
                server.listen
            ),
            "set `server.public_url` to the URL that browsers use",
        );
    }
    let path = if server.public_url.is_some() {
        "server.public_url"
    } else {
        "authentication.primary.issuer"
    };
    let public = config.public_url(server.listen);
    if public.scheme() == "http" && server.tls.files().is_some() {
        adviser.warn(
            path,
            format!(
                "the server speaks HTTPS with a certificate of its own, but calls itself {public}"
            ),
            "name the https:// URL that browsers use",
        );
    } else if public.scheme() == "http" && !is_loopback(&public) {
        adviser.warn(
            path,
            format!("{public} is plain http: passwords and tokens can be read on the way"),
            "set `server.tls`, or put a proxy with HTTPS in front, and name the https:// URL",
        );
    }
    let foreign = issuer.filter(|_| !config.primary_is_self()).and_then(|i| Url::parse(i).ok());
    if let Some(foreign) = foreign {
        if foreign.scheme() == "http" && !is_loopback(&foreign) {
            adviser.warn(
                "authentication.primary.issuer",
                format!("{foreign} is plain http: whoever sits between can sign in as anyone"),
                "name the provider's https:// URL",
            );
        }
        if config.credentials.client_secret.is_none() {
            adviser.note(
                "authentication.primary.client_id",
                "no client secret is given, so the provider must know us as a public client",
                "set AUTH_CLIENT_SECRET if the provider gave one",
            );
        }
    }
    let anyone = |net: &&ipnet::IpNet| net.prefix_len() == 0;
    if let Some(net) = server.trusted_proxies.iter().find(anyone) {
        adviser.warn(
            "server.trusted_proxies",
            format!("{net} lets anyone choose the address that lockouts are counted by"),
            "list only the proxies themselves",
        );
    }
}

fn tokens(config: &Config, adviser: &mut Adviser) {
    let tokens = &config.authentication.tokens;
    let issuer = config.issuer(config.server.listen);
    if let Some(named) = tokens.access_token.issuer.as_deref().filter(|named| *named != issuer) {
        adviser.warn(
            "authentication.tokens.access_token.issuer",
            format!("access tokens will say they come from \"{named}\", discovery says {issuer}; software that compares the two refuses the tokens"),
            "leave the key out, unless your resource servers expect this value",
        );
    }
    let (access, refresh) = (tokens.access_token.lifetime, tokens.refresh_token.lifetime);
    if access > refresh {
        adviser.note(
            "authentication.tokens.access_token.lifetime",
            "access tokens outlive the refresh tokens that they came with",
            "make `refresh_token.lifetime` the longer one",
        );
    }
    if !tokens.refresh_token.rotation {
        adviser.note(
            "authentication.tokens.refresh_token.rotation",
            "without rotation a stolen refresh token of a public client is never noticed (RFC 9700 §4.14)",
            "set it to true",
        );
    }
}

fn factors(config: &Config, adviser: &mut Adviser) {
    let mfa = &config.authentication.mfa;
    if !mfa.enabled {
        if !mfa.required_for_roles.is_empty() {
            adviser.warn(
                "authentication.mfa.enabled",
                format!(
                    "second factors are off, so {} sign in without one",
                    mfa.required_for_roles.join(", ")
                ),
                "set it to true, or empty `required_for_roles`",
            );
        }
        return;
    }
    let providers = &mfa.providers;
    let absent = missing_for_sms(config);
    if providers.sms.enabled && !absent.is_empty() {
        adviser.warn(
            "authentication.mfa.providers.sms",
            format!("codes by SMS are not offered: {} not set", list(&absent)),
            "set them in the environment, or `enabled: false`, or `provider: console`",
        );
    }
    let absent = missing_for_email(config);
    if providers.email.enabled && !absent.is_empty() {
        adviser.warn(
            "authentication.mfa.providers.email",
            format!("codes by e-mail are not offered: {} not set", list(&absent)),
            "set them in the environment, or `enabled: false`, or `provider: console`",
        );
    }
    if providers.email.enabled {
        adviser.note(
            "authentication.mfa.providers.email",
            "a code by e-mail is a weak second factor: NIST SP 800-63B-4 does not take e-mail for out-of-band codes",
            "prefer an authenticator app or passkeys",
        );
    }
    let weak = [
        ("authentication.mfa.providers.sms", providers.sms.enabled),
        ("authentication.mfa.providers.email", providers.email.enabled),
    ];
    for (path, _) in weak.into_iter().filter(|(_, on)| *on && !mfa.allow_weak) {
        adviser.note(
            path,
            "this is on, but weak methods are not allowed, so it is not offered",
            "set `enabled: false`, or `authentication.mfa.allow_weak: true`",
        );
    }
    let any = providers.totp.enabled
        || (providers.sms.enabled && mfa.allow_weak)
        || (providers.email.enabled && mfa.allow_weak)
        || providers.webauthn.enabled;
    if !any && !mfa.required_for_roles.is_empty() {
        adviser.warn(
            "authentication.mfa.providers",
            "a second factor is required of some roles, but no method is on",
            "turn on `totp`",
        );
    }
    let public = config.public_url(config.server.listen);
    if let Some(rp_id) = &providers.webauthn.rp_id
        && providers.webauthn.enabled
        && !covers(rp_id, &public)
    {
        adviser.warn(
            "authentication.mfa.providers.webauthn.rp_id",
            format!("browsers refuse passkeys for {rp_id} on {public}"),
            "name the host of the public URL or a domain above it, or leave the key out",
        );
    } else if providers.webauthn.enabled && public.domain().is_none() {
        adviser.note(
            "authentication.mfa.providers.webauthn",
            format!("passkeys are not offered: browsers know none for an address such as {public}"),
            "give `server.public_url` a host name",
        );
    }
}

fn list(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// Whether a cookie or passkey for `domain` works on the host of `url`.
fn covers(domain: &str, url: &Url) -> bool {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let Some(host) = url.host_str() else { return false };
    let below = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || (host.parse::<IpAddr>().is_err() && below())
}

fn session(config: &Config, adviser: &mut Adviser) {
    let session = &config.authentication.session;
    let security = &session.security;
    let public = config.public_url(config.server.listen);
    let https = public.scheme() == "https";
    if https && security.secure == Some(false) {
        adviser.warn(
            "authentication.session.security.secure",
            format!("the session cookie may travel without encryption, though {public} has it"),
            "set it to true or leave it out",
        );
    }
    if !https && security.secure == Some(true) {
        adviser.warn(
            "authentication.session.security.secure",
            format!("browsers may drop a secure cookie on {public}, and then no one can sign in"),
            "leave the key out: it follows the public URL",
        );
    }
    if let Some(domain) = security.domain.as_deref().filter(|domain| !covers(domain, &public)) {
        adviser.warn(
            "authentication.session.security.domain",
            format!(
                "browsers refuse a cookie for {domain} from {public}, and then no one can sign in"
            ),
            "name the host of the public URL or a domain above it, or leave the key out",
        );
    }
    if !security.http_only {
        adviser.warn(
            "authentication.session.security.http_only",
            "any script on the page can read the session cookie",
            "set it to true",
        );
    }
    if session.timeouts.remember_me < session.timeouts.absolute {
        adviser.note(
            "authentication.session.timeouts.remember_me",
            "whoever asks to be remembered is signed out sooner than others",
            "make it longer than `absolute`",
        );
    }
}

/// The weakest of OWASP's equal choices for Argon2id, as memory times passes (7168 KiB, 5 passes).
const OWASP_LEAST: u64 = 7168 * 5;

fn passwords(config: &Config, adviser: &mut Adviser) {
    let password = &config.authentication.password;
    if password.history.expiry_days > 0 {
        adviser.note(
            "authentication.password.history.expiry_days",
            "NIST SP 800-63B-4 §3.1.1.2 advises against expiry: people answer it with weaker passwords",
            "set it to 0, unless a rule binds you",
        );
    }
    if password.min_length < 8 {
        adviser.warn(
            "authentication.password.min_length",
            format!("{} characters can be guessed", password.min_length),
            "ask for 15, or for 8 beside a second factor (NIST SP 800-63B-4)",
        );
    }
    if password.max_length < 64 {
        adviser.note(
            "authentication.password.max_length",
            "pass phrases and password managers go beyond this",
            "allow at least 64 (NIST SP 800-63B-4)",
        );
    }
    let hashing = &password.hashing;
    if u64::from(hashing.memory_kib) * u64::from(hashing.iterations) < OWASP_LEAST {
        adviser.warn(
            "authentication.password.hashing",
            "hashes are cheaper to guess than OWASP recommends",
            "use memory_kib: 19456, iterations: 2, parallelism: 1, or more",
        );
    }
}
