//! Rules that join several keys: what cannot be together is refused here, all at once.
//! Rules of one key stand at the key; what is merely unwise stands in `advice`.

use std::collections::BTreeMap;

use url::Url;

use super::{
    BUILT_IN_ROLES, Config,
    authentication::MetadataDocuments,
    keys::Entry,
    mfa::EmailProvider,
    problem::Problem,
    providers,
    session::SameSite,
    source::{Setting, Values, default_node},
    tokens::IdClaim,
    tree::{Data, Node},
    value::nearest,
};
use crate::model::message::text;

/// Refuses what cannot be together. A key that is refused already is left alone: its default stands
/// in, and a rule about that would only confuse.
pub fn refuse(config: &Config, values: &mut Values<'_>) {
    let mut found = Vec::new();
    tokens(config, &mut found);
    roles(config, values, &mut found);
    session(config, &mut found);
    passwords_and_keys(config, &mut found);
    messages(config, &mut found);
    server(config, &mut found);
    for (path, why) in providers::faults(config) {
        find(&mut found, true, path, &[], || why);
    }
    for Finding { path, about, problem } in found {
        if !values.is_refused(path) && !about.iter().any(|other| values.is_refused(other)) {
            values.refuse_with(path, about, problem);
        }
    }
}

/// A mistake at `path` that also depends on the keys in `about`.
struct Finding {
    path: &'static str,
    about: &'static [&'static str],
    problem: Problem,
}

fn find(
    found: &mut Vec<Finding>,
    wrong: bool,
    path: &'static str,
    about: &'static [&'static str],
    message: impl FnOnce() -> String,
) {
    if wrong {
        found.push(Finding { path, about, problem: Problem::new(message()) });
    }
}

fn tokens(config: &Config, found: &mut Vec<Finding>) {
    let tokens = &config.authentication.tokens;
    let refresh = &tokens.refresh_token;
    find(
        found,
        refresh.max_reuse > 0,
        "authentication.tokens.refresh_token.max_reuse",
        &[],
        || {
            format!(
                "must be 0, found {}: a spent token that may be used again cannot be told from a stolen \
             one; `retry_window` already serves an answer that was lost on the way",
                refresh.max_reuse
            )
        },
    );
    find(
        found,
        refresh.idle.is_some_and(|idle| idle > refresh.lifetime),
        "authentication.tokens.refresh_token.idle",
        &["authentication.tokens.refresh_token.lifetime"],
        || format!("must not be longer than `lifetime`, which is {}", refresh.lifetime.as_secs()),
    );
    let turns = &tokens.signing_keys;
    find(
        found,
        !turns.rotate_after.is_zero() && turns.rotate_after < turns.publish_ahead,
        "authentication.tokens.signing_keys.rotate_after",
        &["authentication.tokens.signing_keys.publish_ahead"],
        || {
            format!(
                "must be 0 or at least `publish_ahead`, which is {}: the next key is published before it signs",
                turns.publish_ahead.as_secs()
            )
        },
    );
    let has_sub = tokens.id_token.claims.contains(&IdClaim::Sub);
    find(found, !has_sub, "authentication.tokens.id_token.claims", &[], || {
        "must contain \"sub\": OpenID Connect Core 1.0 §2 requires it".into()
    });
    let pkce = config.authentication.primary.pkce.enabled;
    find(found, !pkce, "authentication.primary.pkce.enabled", &[], || {
        "must be true: OAuth 2.1 requires PKCE of every client".into()
    });
    let clients = &config.authentication.clients;
    find(
        found,
        clients.metadata_documents == MetadataDocuments::Domains && clients.domains.is_empty(),
        "authentication.clients.metadata_documents",
        &["authentication.clients.domains"],
        || "`domains` needs at least one entry in `authentication.clients.domains`".into(),
    );
}

fn roles(config: &Config, values: &Values<'_>, found: &mut Vec<Finding>) {
    let known = config.roles();
    let path = "authentication.mfa.required_for_roles";
    for (at, role) in config.authentication.mfa.required_for_roles.iter().enumerate() {
        if known.contains(&role.as_str()) {
            continue;
        }
        let near = nearest(role, known.iter().copied());
        let hint = near.map_or_else(
            || {
                format!(
                    "; known are {}, more are named in `authentication.roles`",
                    known.join(", ")
                )
            },
            |near| format!("; did you mean \"{near}\"?"),
        );
        let mut problem = Problem::new(format!("there is no role \"{role}\"{hint}"));
        if let Some(Data::List(items)) = values.settings.get(path).map(|s| &s.node.data)
            && let Some(item) = items.get(at)
        {
            problem = problem.at(item.place);
        }
        found.push(Finding { path, about: &["authentication.roles"], problem });
    }
    let repeats = |role: &&String| BUILT_IN_ROLES.contains(&role.as_str());
    if let Some(role) = config.authentication.roles.iter().find(repeats) {
        find(found, true, "authentication.roles", &[], || {
            format!("\"{role}\" is built in; name only further roles here")
        });
    }
}

const SECURE: &[&str] = &["authentication.session.security.secure", "server.public_url"];

fn session(config: &Config, found: &mut Vec<Finding>) {
    let session = &config.authentication.session;
    let (security, timeouts) = (&session.security, &session.timeouts);
    find(
        found,
        timeouts.idle > timeouts.absolute,
        "authentication.session.timeouts.idle",
        &["authentication.session.timeouts.absolute"],
        || {
            format!(
                "must not be longer than `absolute`: {} seconds against {}",
                timeouts.idle.as_secs(),
                timeouts.absolute.as_secs()
            )
        },
    );
    let secure = is_secure(config);
    find(
        found,
        security.same_site == SameSite::None && !secure,
        "authentication.session.security.same_site",
        SECURE,
        || "\"none\" needs `secure: true`: browsers drop the cookie otherwise".into(),
    );
    let host = session.cookie_name.starts_with("__Host-");
    find(
        found,
        host && (security.domain.is_some() || security.path != "/"),
        "authentication.session.cookie_name",
        &["authentication.session.security.domain", "authentication.session.security.path"],
        || {
            "a name with __Host- needs `path: \"/\"` and no `domain`: browsers drop the cookie otherwise".into()
        },
    );
    find(
        found,
        (host || session.cookie_name.starts_with("__Secure-")) && !secure,
        "authentication.session.cookie_name",
        SECURE,
        || {
            "a name with __Host- or __Secure- needs `secure: true`: browsers drop the cookie otherwise".into()
        },
    );
}

/// Whether the cookie is secure as far as the configuration alone can tell.
fn is_secure(config: &Config) -> bool {
    let issuer =
        || config.authentication.primary.issuer.as_deref().and_then(|i| Url::parse(i).ok());
    let public = config.server.public_url.clone().or_else(issuer);
    let follow = || public.is_some_and(|url| url.scheme() == "https");
    config.authentication.session.security.secure.unwrap_or_else(follow)
}

fn passwords_and_keys(config: &Config, found: &mut Vec<Finding>) {
    let password = &config.authentication.password;
    find(
        found,
        password.min_length > password.max_length,
        "authentication.password.min_length",
        &["authentication.password.max_length"],
        || {
            let (min, max) = (password.min_length, password.max_length);
            format!("must not be more than `max_length`: {min} characters against {max}")
        },
    );
    let hashing = &password.hashing;
    find(
        found,
        hashing.memory_kib / 8 < hashing.parallelism,
        "authentication.password.hashing.memory_kib",
        &["authentication.password.hashing.parallelism"],
        || {
            let least = hashing.parallelism.saturating_mul(8);
            format!(
                "must be at least {least}, 8 for each lane (RFC 9106 §3.1), found {}",
                hashing.memory_kib
            )
        },
    );
    let rotation = &config.authentication.api_keys.rotation;
    find(
        found,
        rotation.warning_period >= rotation.rotation_period,
        "authentication.api_keys.rotation.warning_period",
        &["authentication.api_keys.rotation.rotation_period"],
        || {
            let (warning, period) = (rotation.warning_period, rotation.rotation_period);
            format!("must be shorter than `rotation_period`: {warning} days against {period}")
        },
    );
}

fn messages(config: &Config, found: &mut Vec<Finding>) {
    let providers = &config.authentication.mfa.providers;
    let unknown = |template: &str| {
        !template.contains("{code}") && !text::for_codes().any(|name| name == template)
    };
    let known = || format!("known are {}", text::for_codes().collect::<Vec<_>>().join(", "));
    find(
        found,
        unknown(&providers.sms.template),
        "authentication.mfa.providers.sms.template",
        &[],
        || format!("there is no text \"{}\"; {}", providers.sms.template, known()),
    );
    let email = &providers.email;
    let at_vendor = email.template.starts_with("d-");
    find(
        found,
        unknown(&email.template) && !at_vendor,
        "authentication.mfa.providers.email.template",
        &[],
        || format!("there is no text \"{}\"; {}", email.template, known()),
    );
    find(
        found,
        at_vendor && email.provider != EmailProvider::Sendgrid,
        "authentication.mfa.providers.email.template",
        &["authentication.mfa.providers.email.provider"],
        || {
            format!(
                "\"{}\" is a template at sendgrid, and `provider` is {}",
                email.template, email.provider
            )
        },
    );
}

fn server(config: &Config, found: &mut Vec<Finding>) {
    let tls = &config.server.tls;
    let missing = |other: &str| format!("needs `server.tls.{other}` beside it");
    find(
        found,
        tls.certificate.is_some() && tls.key.is_none(),
        "server.tls.certificate",
        &["server.tls.key"],
        || missing("key"),
    );
    find(
        found,
        tls.key.is_some() && tls.certificate.is_none(),
        "server.tls.key",
        &["server.tls.certificate"],
        || missing("certificate"),
    );
}

/// Which of the keys that were set have no effect yet. One that switches its feature off, or stands
/// in a section that is switched off, asks for nothing and is not named.
pub fn not_active(
    settings: &BTreeMap<&'static str, Setting>,
    table: &[Entry],
) -> Vec<&'static str> {
    let keys =
        || table.iter().filter_map(|e| if let Entry::Key(key) = e { Some(key) } else { None });
    let value = |path: &str| -> Option<Node> {
        let default = || keys().find(|key| key.path == path).map(|key| default_node(&key.spec));
        settings.get(path).map(|setting| setting.node.clone()).or_else(default)
    };
    let is_on = |path: &str| {
        let section = path.rsplit_once('.').map_or("", |(section, _)| section);
        value(&format!("{section}.enabled")).is_none_or(|node| node.data != Data::Bool(false))
    };
    let asks = |path: &str| settings.get(path).is_some_and(|setting| !is_inert(&setting.node.data));
    let waiting = |key: &&super::keys::Key| {
        let waits = key.spec.waits_for.is_some() && !key.is_env_only();
        waits && asks(key.path) && is_on(key.path)
    };
    keys().filter(waiting).map(|key| key.path).collect()
}

/// The feature that a key waits for.
pub fn feature_of(path: &str) -> Option<&'static str> {
    super::load::keys().into_iter().find(|key| key.path == path)?.spec.waits_for
}

fn is_inert(data: &Data) -> bool {
    match data {
        Data::Null | Data::Bool(false) | Data::Integer(0) => true,
        Data::List(items) => items.is_empty(),
        Data::Text(text) => text == "off",
        Data::Bool(true) | Data::Integer(_) | Data::Fraction(_) | Data::Map(_) => false,
    }
}
