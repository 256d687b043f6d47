//! Sign-in at a provider, ourselves or another: what is asked of it, what its answer must fit, and whose session comes
//! of it. What is fetched in between is `service/provider`.
//!
//! [`begin`] keeps a request that only its answer, in the same browser, unlocks; [`take`] unlocks it, once; [`enter`]
//! makes a sign-in or a link of who came back.

mod account;
mod flow;
pub mod link;
pub mod notice;
pub mod own;
mod refusal;
pub mod tokens;

use url::Url;

pub use self::{
    account::{Done, Entry, enter},
    flow::{Asked, Began, Taken, begin, take},
    refusal::{Person, Why, refuse},
};
use super::env::Env;
use crate::config::{
    Secret,
    providers::{Accounts, PRIMARY},
};
use std::{borrow::Cow, path::Path};

/// A provider as it is configured.
#[derive(Clone, Debug)]
pub struct Provider<'e> {
    /// Its name in the configuration; `primary` for the first one.
    pub name: &'e str,
    /// What people know it by.
    pub label: Cow<'e, str>,
    /// Its issuer, letter by letter.
    pub issuer: &'e str,
    /// Our client there.
    pub client_id: &'e str,
    /// The client's secret, where the configuration has it.
    pub secret: Option<&'e Secret>,
    /// The file that has it instead.
    pub secret_file: Option<&'e Path>,
    /// Where its answers go.
    pub redirect_uri: String,
    /// What is asked of it.
    pub scopes: &'e [String],
    /// What becomes of people who come from it.
    pub accounts: &'e Accounts,
    /// Methods for which its second factor counts.
    pub trusted_amr: &'e [String],
    /// Classes for which its second factor counts.
    pub trusted_acr: &'e [String],
    /// A file of authorities to trust.
    pub ca: Option<&'e Path>,
}

impl Provider<'_> {
    /// Whether somebody who is unknown here gets an account.
    pub fn makes_accounts(&self) -> bool {
        self.accounts.create.unwrap_or(self.name == PRIMARY)
    }
}

/// Whether people sign in with this server itself unless they choose otherwise.
pub fn primary_is_self(env: &Env) -> bool {
    env.config.primary_is_self()
}

/// The provider of that name, if it is one that people sign in at; the first one without a name. None for this server
/// itself.
pub fn find<'e>(env: &'e Env, name: Option<&str>) -> Option<Provider<'e>> {
    let authentication = &env.config.authentication;
    let name = name.unwrap_or(PRIMARY);
    if name == PRIMARY {
        let primary = &authentication.primary;
        let issuer = primary.issuer.as_deref().filter(|_| !primary_is_self(env))?;
        return Some(Provider {
            name: PRIMARY,
            label: label(primary.label.as_deref(), issuer),
            issuer,
            client_id: &primary.client_id,
            secret: env.config.credentials.client_secret.as_ref(),
            secret_file: None,
            redirect_uri: own_callback(env),
            scopes: &primary.scopes,
            accounts: &primary.accounts,
            trusted_amr: &primary.trusted_amr,
            trusted_acr: &primary.trusted_acr,
            ca: primary.ca.as_deref(),
        });
    }
    let (name, one) = authentication.providers.0.get_key_value(name)?;
    let issuer = one.issuer.as_deref().filter(|_| one.enabled)?;
    let callback = || format!("{}/auth/callback/{name}", env.site.issuer);
    Some(Provider {
        name,
        label: label(one.label.as_deref(), issuer),
        issuer,
        client_id: one.client_id.as_deref()?,
        secret: one.client_secret.as_ref(),
        secret_file: one.client_secret_file.as_deref(),
        redirect_uri: one.redirect_uri.as_ref().map_or_else(callback, Url::to_string),
        scopes: &one.scopes,
        accounts: &one.accounts,
        trusted_amr: &one.trusted_amr,
        trusted_acr: &one.trusted_acr,
        ca: one.ca.as_deref(),
    })
}

/// Every provider that people can choose, the first one first.
pub fn offered(env: &Env) -> Vec<Provider<'_>> {
    let further = env.config.authentication.providers.0.keys().map(String::as_str);
    std::iter::once(PRIMARY).chain(further).filter_map(|name| find(env, Some(name))).collect()
}

/// Where the first provider's answers go, ourselves included.
pub fn own_callback(env: &Env) -> String {
    let set = env.config.authentication.primary.redirect_uri.as_ref();
    set.map_or_else(|| format!("{}/auth/callback", env.site.issuer), Url::to_string)
}

fn label<'e>(set: Option<&'e str>, issuer: &'e str) -> Cow<'e, str> {
    let host = || Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    match set {
        Some(label) => Cow::Borrowed(label),
        None => host().map_or(Cow::Borrowed(issuer), Cow::Owned),
    }
}
