//! Further providers that people may sign in at, by name, and what whoever comes from one gets here.
//! The first provider is `authentication.primary`.

use std::{collections::BTreeMap, path::PathBuf};

use url::{Host, Url};

use super::{
    Config,
    keys::{Entry, Kind, Leaf, Shape as _, Spec, UNSET, key, section},
    load,
    problem::Problem,
    secret::Secret,
    source::Values,
    text,
    tree::{Data, Node, Pair},
    value::words,
};

/// The name by which the first provider is known beside the others.
pub const PRIMARY: &str = "primary";
/// The key whose value must never stand in the file.
pub const SECRET: &str = "client_secret";

words! {
    /// Whether the sign-in page asks for passwords of this server, where people sign in at another provider.
    Passwords {
        /// The page shows the fields beside the buttons.
        Shown = "shown",
        /// The page leads to the provider; `/login?local=yes` still shows the fields.
        Hidden = "hidden",
    }
}

section! {
    /// What becomes of people who come from the provider.
    Accounts {
        /// Whether somebody who is unknown here gets an account; unset: yes at the primary provider, no at others,
        /// where only accounts get in that were linked before.
        create: Option<bool> = UNSET,
        /// Whether an account is made although the provider does not say that the e-mail address was verified.
        unverified_email: bool = key("false"),
        /// Roles of an account that is made.
        roles: Vec<String> = key("[\"user\"]").check(text::role),
        /// The claim that `map` reads; a dot leads into an object, as in `realm_access.roles`.
        claim: String = key("\"groups\"").check(text::not_empty),
        /// Roles by what the claim says, as `VALUE=ROLE`, anew at each sign-in of an account that was made this way.
        map: Vec<String> = key("[]").check(mapping),
    }
}

section! {
    /// A provider that people may sign in at.
    Provider {
        /// Whether it is offered; what began there is refused once it is not.
        enabled: bool = key("true"),
        /// What its button says; unset, the host of its issuer.
        label: Option<String> = UNSET.check(text::brand),
        /// Its issuer URL, letter by letter as its metadata says it.
        issuer: Option<String> = UNSET.check(text::issuer),
        /// Our client there.
        client_id: Option<String> = UNSET.check(text::not_empty),
        /// The client's secret, as `${NAME}` of the environment and never in the clear.
        client_secret: Option<Secret> = UNSET,
        /// A file with the client's secret, instead.
        client_secret_file: Option<PathBuf> = UNSET,
        /// Where it sends the browser back to; unset: `/auth/callback/NAME` under the public URL.
        redirect_uri: Option<Url> = UNSET.check(text::redirect_uri),
        /// Scopes asked of it.
        scopes: Vec<String> = key("[\"openid\", \"profile\", \"email\"]").check(text::scope),
        /// What becomes of people who come from it.
        accounts: Accounts,
        /// Values of `amr` for which its second factor counts here, for example `mfa`.
        trusted_amr: Vec<String> = key("[]").check(text::not_empty),
        /// Values of `acr` for which its second factor counts here.
        trusted_acr: Vec<String> = key("[]").check(text::not_empty),
        /// A PEM file with a certificate authority to trust when it is spoken to, besides the system's.
        ca: Option<PathBuf> = UNSET,
    }
}

/// Providers by name.
#[derive(Clone, Debug, Default)]
pub struct Providers(pub BTreeMap<String, Provider>);

impl Leaf for Providers {
    fn kind() -> Kind {
        Kind::Named
    }

    fn parse(node: &Node, _: &Spec) -> Result<Self, Problem> {
        let pairs = match &node.data {
            Data::Null => return Ok(Self::default()),
            Data::Map(pairs) => pairs,
            Data::Bool(_)
            | Data::Integer(_)
            | Data::Fraction(_)
            | Data::Text(_)
            | Data::List(_) => {
                let message = "must be a mapping of names to providers, such as \
                               `corp: { issuer: \"https://sso.example.com\", client_id: \"mcpcodex\" }`";
                return Err(Problem::new(message).at(node.place));
            }
        };
        let mut found = BTreeMap::new();
        for pair in pairs {
            named(&pair.key).map_err(|why| Problem::new(why).at(pair.place))?;
            found.insert(pair.key.clone(), provider(pair)?);
        }
        Ok(Self(found))
    }
}

/// The keys of one provider.
pub fn table() -> Vec<Entry> {
    let mut table = Vec::new();
    Provider::describe(&mut table, "", &[], UNSET);
    table
}

fn provider(pair: &Pair) -> Result<Provider, Problem> {
    let name = &pair.key;
    let Data::Map(own) = &pair.value.data else {
        let message = format!("{name}: is a provider with keys below it");
        return Err(Problem::new(message).at(pair.value.place));
    };
    let in_clear = |one: &&Pair| {
        one.key == SECRET && one.value.expanded.is_none() && one.value.data != Data::Null
    };
    if let Some(secret) = own.iter().find(in_clear) {
        let message = format!(
            "{name}.{SECRET}: a secret does not stand in the file; write ${{NAME}} and set NAME in the environment, or \
             name a file with `client_secret_file`"
        );
        return Err(Problem::new(message).at(secret.value.place));
    }
    let mut values = Values::new("");
    load::place(&mut values, &table(), "", own.clone());
    let read = Provider::read(&mut values, "", UNSET);
    if let Some(mut problem) = values.problems.into_iter().next() {
        problem.message = format!("{name}.{}: {}", problem.path, problem.message);
        problem.source = None;
        return Err(problem);
    }
    read.ok_or_else(|| Problem::new("a default cannot be read; this is a fault of mcpcodex"))
}

/// A provider's name stands in an address.
fn named(name: &str) -> Result<(), String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(fits) {
        return Err(format!("a provider's name is 1 to 32 of a-z, 0-9, - and _, found {name:?}"));
    }
    if name == PRIMARY {
        return Err("\"primary\" is the provider of `authentication.primary`".to_owned());
    }
    Ok(())
}

fn mapping(text: &str) -> Result<(), String> {
    match text.rsplit_once('=') {
        Some((value, role)) if !value.is_empty() => text::role(role),
        Some(_) | None => Err(format!("must be VALUE=ROLE, found {text:?}")),
    }
}

/// Whether a URL leads to this computer.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What cannot be, over all providers: the key, the keys that it is about, and why.
pub(super) fn faults(config: &Config) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let authentication = &config.authentication;
    let primary = &authentication.primary;
    for why in accounts_faults(config, &primary.accounts) {
        found.push(("authentication.primary.accounts.map", why));
    }
    let foreign = (!config.primary_is_self()).then(|| primary.issuer.clone()).flatten();
    if foreign.is_some() && !primary.scopes.iter().any(|scope| scope == "openid") {
        found.push(("authentication.primary.scopes", NO_OPENID.to_owned()));
    }
    let mut issuers: Vec<String> = foreign.into_iter().collect();
    if let Some(own) = &config.server.public_url {
        issuers.push(own.as_str().trim_end_matches('/').to_owned());
    }
    for (name, one) in &authentication.providers.0 {
        let mut say = |why: String| {
            found.push(("authentication.providers", format!("{name}: {why}")));
        };
        let Some(issuer) = &one.issuer else {
            say("`issuer` is missing".to_owned());
            continue;
        };
        if one.client_id.is_none() {
            say("`client_id` is missing".to_owned());
        }
        let open = |url: Url| url.scheme() == "https" || is_loopback(&url);
        if !Url::parse(issuer).is_ok_and(open) {
            say(format!("{issuer} must be https; http is for this computer alone"));
        }
        if issuers.iter().any(|other| other.trim_end_matches('/') == issuer.trim_end_matches('/')) {
            say(format!("{issuer} is this server itself, or another provider's issuer"));
        }
        issuers.push(issuer.clone());
        if one.client_secret.is_some() && one.client_secret_file.is_some() {
            say("give `client_secret` or `client_secret_file`, not both".to_owned());
        }
        if !one.scopes.iter().any(|scope| scope == "openid") {
            say(NO_OPENID.to_owned());
        }
        accounts_faults(config, &one.accounts).into_iter().for_each(&mut say);
    }
    found
}

const NO_OPENID: &str =
    "`scopes` must hold \"openid\": without it a provider does not say who signed in";

fn accounts_faults(config: &Config, accounts: &Accounts) -> Vec<String> {
    let known = config.roles();
    let mapped = accounts.map.iter().filter_map(|one| one.rsplit_once('=')).map(|(_, role)| role);
    let all = accounts.roles.iter().map(String::as_str).chain(mapped);
    all.filter(|role| !known.contains(role))
        .map(|role| format!("there is no role \"{role}\"; known are {}", known.join(", ")))
        .collect()
}
