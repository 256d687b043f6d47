//! What a client says of itself when it registers (RFC 7591 §2), read into the one form that is kept.
//! Whether it may register, and what it becomes, is decided in `ops::registration`.
//!
//! A member that decides what the client can do is refused when it is wrong, by name; one that is only shown is left
//! out then, since a client that works without its home page is better than one that does not.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::{
    client::{AuthMethod, Client, GrantType},
    name::sanitise,
    redirect::{RedirectUri, host_of, is_local},
    scope::{ADMIN_PREFIX, ScopeSet},
};
use crate::{
    crypto::secret::Hashed,
    error::{Error, Result},
};

pub mod initial;
pub mod keys;

/// The field of an error that is about a redirect URI (RFC 7591 §3.2.2 has a code of its own for it).
pub const REDIRECT_URIS: &str = "redirect_uris";
/// The field of an error about anything else.
pub const METADATA: &str = "metadata";

const MOST_URIS: usize = 10;
const LONGEST_URI: usize = 2_048;
const LONGEST_NAME: usize = 80;
const LONGEST_WORD: usize = 256;
const MOST_CONTACTS: usize = 10;
/// What a client may be given that nobody here knows: nothing without a person who agrees.
const GRANTS: [GrantType; 3] =
    [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode];

/// The members of a JSON object.
pub type Members = Map<String, Value>;

/// What a client registers, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of its own")]
pub struct Metadata {
    /// What people see; made from where it lives when it gave none.
    pub name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// Whether that is only what follows from its saying nothing.
    pub either_way: bool,
    /// What it may do.
    pub grant_types: Vec<GrantType>,
    /// What it means to ask for; no limit, since it may need more later.
    pub scopes: ScopeSet,
    /// Whether it runs on people's own devices (OpenID Connect Registration 1.0 §2 `application_type`).
    pub native: bool,
    /// Its public keys by value.
    pub jwks: Option<Value>,
    /// Where its public keys are.
    pub jwks_uri: Option<String>,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Where a person may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Who is told when a session ends.
    pub backchannel_logout_uri: Option<String>,
    /// Whether it gets sender-constrained tokens only.
    pub dpop_bound: bool,
    /// Whether it must push its requests.
    pub par_required: bool,
    /// What is kept only to be told back, under its registered names.
    pub told: Members,
}

impl Metadata {
    /// Reads what came. Unknown members are ignored, null and `""` count as left out.
    pub fn read(members: &Members) -> Result<Self> {
        let redirect_uris = redirect_uris(members)?;
        let said = auth_method(members)?;
        // What RFC 7591 §2 says of a client that says nothing. Some of those read the answer and some do not.
        let auth_method = said.unwrap_or(AuthMethod::Basic);
        let grant_types = grant_types(members)?;
        response_types(members)?;
        if grant_types.contains(&GrantType::AuthorizationCode) && redirect_uris.is_empty() {
            return Err(Error::invalid(REDIRECT_URIS, "redirect_uris is missing or empty"));
        }
        let (jwks, jwks_uri) = keys::read(members, auth_method)?;
        Ok(Self {
            name: name(members, &redirect_uris),
            native: redirect_uris.iter().any(|uri| is_native(uri.as_str())),
            redirect_uris,
            auth_method,
            either_way: said.is_none(),
            grant_types,
            scopes: scopes(members)?,
            jwks,
            jwks_uri,
            client_uri: page(members, "client_uri"),
            post_logout_redirect_uris: post_logout(members)?,
            backchannel_logout_uri: backchannel_logout(members)?,
            dpop_bound: flag(members, "dpop_bound_access_tokens"),
            par_required: flag(members, "require_pushed_authorization_requests"),
            told: told(members),
        })
    }

    /// Writes it over what a client was; its scopes, resources, state and dates stay.
    pub fn write_onto(&self, client: &mut Client) {
        client.name.clone_from(&self.name);
        client.redirect_uris.clone_from(&self.redirect_uris);
        client.auth_method = self.auth_method;
        client.either_way = self.either_way;
        client.grant_types.clone_from(&self.grant_types);
        client.jwks.clone_from(&self.jwks);
        client.jwks_uri.clone_from(&self.jwks_uri);
        client.client_uri.clone_from(&self.client_uri);
        client.post_logout_redirect_uris.clone_from(&self.post_logout_redirect_uris);
        client.backchannel_logout_uri.clone_from(&self.backchannel_logout_uri);
        client.dpop_bound = self.dpop_bound;
        client.par_required = self.par_required;
    }

    /// What is told back beside the client itself, as a JSON object for its column.
    pub fn beside(&self) -> Members {
        let mut beside = self.told.clone();
        let kind = if self.native { "native" } else { "web" };
        beside.insert("application_type".to_owned(), kind.into());
        if !self.scopes.is_empty() {
            beside.insert("scope".to_owned(), self.scopes.to_string().into());
        }
        beside
    }

    /// The same for two registrations that make no difference: in whatever order things were named, and on whichever
    /// port of this computer the app happened to listen.
    pub fn digest(&self) -> Hashed {
        let mut uris: Vec<_> = self.redirect_uris.iter().map(RedirectUri::without_port).collect();
        uris.sort();
        uris.dedup();
        let mut grants: Vec<_> = self.grant_types.iter().map(|grant| grant.as_str()).collect();
        grants.sort_unstable();
        let mut scopes = self.scopes.to_vec();
        scopes.sort();
        let mut after: Vec<_> = self.post_logout_redirect_uris.iter().collect();
        after.sort();
        let text = json!([
            self.name,
            uris,
            self.auth_method.as_str(),
            grants,
            scopes,
            self.jwks,
            self.jwks_uri,
            self.client_uri,
            after,
            self.backchannel_logout_uri,
            self.dpop_bound,
            self.par_required,
            self.told,
        ]);
        Hashed::of(&text.to_string())
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::invalid(METADATA, message)
}

/// A member that is there: null and `""` are how some clients write that it is not.
fn member<'m>(members: &'m Members, name: &str) -> Option<&'m Value> {
    members.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
}

fn text<'m>(members: &'m Members, name: &str) -> Result<Option<&'m str>> {
    member(members, name)
        .map(|value| value.as_str().ok_or_else(|| wrong(format!("{name} must be a string"))))
        .transpose()
}

fn list<'m>(members: &'m Members, name: &str) -> Result<Option<Vec<&'m str>>> {
    let refuse = || wrong(format!("{name} must be an array of strings"));
    let Some(value) = member(members, name) else { return Ok(None) };
    let items = value.as_array().ok_or_else(refuse)?;
    items.iter().map(|item| item.as_str().ok_or_else(refuse)).collect::<Result<_>>().map(Some)
}

fn flag(members: &Members, name: &str) -> bool {
    members.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn redirect_uris(members: &Members) -> Result<Vec<RedirectUri>> {
    let refuse = |error: &Error| Error::invalid(REDIRECT_URIS, error.to_string());
    let texts = list(members, "redirect_uris").map_err(|error| refuse(&error))?;
    let texts = texts.unwrap_or_default();
    if texts.len() > MOST_URIS {
        return Err(Error::invalid(REDIRECT_URIS, "redirect_uris may name at most 10 URIs"));
    }
    let mut uris: Vec<RedirectUri> = Vec::with_capacity(texts.len());
    for text in texts {
        let uri = RedirectUri::parse(text).map_err(|error| refuse(&error))?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

fn auth_method(members: &Members) -> Result<Option<AuthMethod>> {
    let name = "token_endpoint_auth_method";
    let Some(text) = text(members, name)? else { return Ok(None) };
    AuthMethod::parse(text).map(Some).ok_or_else(|| {
        let known = AuthMethod::ALL.map(AuthMethod::as_str).join(", ");
        wrong(format!("{name} must be one of: {known}"))
    })
}

/// Those of the grant types that a stranger may have; the others are dropped, as RFC 7591 §2 allows.
fn grant_types(members: &Members) -> Result<Vec<GrantType>> {
    let Some(asked) = list(members, "grant_types")?.filter(|asked| !asked.is_empty()) else {
        // Without refresh tokens people would sign in again every few minutes.
        return Ok(GrantType::USUAL.to_vec());
    };
    let had: Vec<_> = GRANTS.into_iter().filter(|grant| asked.contains(&grant.as_str())).collect();
    if had.iter().all(|grant| *grant == GrantType::RefreshToken) {
        return Err(wrong(
            "none of the grant_types can be registered; authorization_code is what there is",
        ));
    }
    Ok(had)
}

fn response_types(members: &Members) -> Result<()> {
    let asked = list(members, "response_types")?.filter(|asked| !asked.is_empty());
    if asked.is_none_or(|asked| asked.contains(&"code")) {
        return Ok(());
    }
    Err(wrong("response_types must contain code, the only one there is"))
}

fn scopes(members: &Members) -> Result<ScopeSet> {
    let asked = ScopeSet::parse(text(members, "scope")?.unwrap_or_default());
    Ok(asked.filter(|scope| !scope.starts_with(ADMIN_PREFIX)))
}

fn name(members: &Members, redirect_uris: &[RedirectUri]) -> String {
    let own = members.get("client_name").and_then(Value::as_str).unwrap_or_default();
    let own = sanitise(own, LONGEST_NAME);
    let own = own.trim();
    if own.is_empty() { stand_in(redirect_uris) } else { own.to_owned() }
}

/// The name of a client that has none.
fn stand_in(redirect_uris: &[RedirectUri]) -> String {
    let Some(uri) = redirect_uris.first().map(RedirectUri::as_str) else {
        return "App without a name".to_owned();
    };
    if is_local(uri) {
        return "App on this computer".to_owned();
    }
    let place = match host_of(uri) {
        Some(host) if uri.starts_with("https:") => Cow::Owned(host),
        _ => Cow::Borrowed(uri.split(':').next().unwrap_or_default()),
    };
    sanitise(&format!("App at {place}"), LONGEST_NAME)
}

fn is_native(uri: &str) -> bool {
    is_local(uri) || !uri.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:"))
}

/// An address that is only shown: whatever is no `https` page is left out.
fn page(members: &Members, name: &str) -> Option<String> {
    let text = members.get(name).and_then(Value::as_str)?;
    web(text).then(|| text.to_owned())
}

/// Whether a text is an `https` address without a user name or anything that hides.
pub(super) fn web(text: &str) -> bool {
    let plain = text.len() <= LONGEST_URI && text.bytes().all(|b| b.is_ascii_graphic());
    plain
        && Url::parse(text).is_ok_and(|url| {
            url.scheme() == "https"
                && url.host().is_some()
                && url.username().is_empty()
                && url.password().is_none()
        })
}

/// An address that people are shown: an `https` page.
pub fn https_page(text: &str) -> Result<String> {
    if web(text) { Ok(text.to_owned()) } else { Err(wrong("a home page must be an https address")) }
}

fn post_logout(members: &Members) -> Result<Vec<String>> {
    let texts = list(members, "post_logout_redirect_uris")?.unwrap_or_default();
    post_logout_uris(&texts)
}

/// Addresses to go to after signing out: what a redirect URI may be, at most ten.
pub fn post_logout_uris<S: AsRef<str>>(texts: &[S]) -> Result<Vec<String>> {
    if texts.len() > MOST_URIS {
        return Err(wrong("post_logout_redirect_uris may name at most 10 URIs"));
    }
    let mut uris: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts {
        let uri = RedirectUri::parse(text.as_ref())
            .map_err(|error| wrong(format!("post_logout_redirect_uris: {error}")))?;
        if !uris.iter().any(|known| known == uri.as_str()) {
            uris.push(uri.as_str().to_owned());
        }
    }
    Ok(uris)
}

fn backchannel_logout(members: &Members) -> Result<Option<String>> {
    text(members, "backchannel_logout_uri")?.map(backchannel_uri).transpose()
}

/// An address that is told when a session ends: `https`, or `http` on this computer
/// (OpenID Connect Back-Channel Logout 1.0 §2.2).
pub fn backchannel_uri(text: &str) -> Result<String> {
    let local = || {
        Url::parse(text).is_ok_and(|url| {
            let here = match url.host() {
                Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            url.scheme() == "http" && here && url.username().is_empty() && url.password().is_none()
        })
    };
    let plain = text.len() <= LONGEST_URI
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !text.contains('#');
    if plain && (web(text) || local()) {
        return Ok(text.to_owned());
    }
    Err(wrong("backchannel_logout_uri must be an https address without a fragment"))
}

fn told(members: &Members) -> Members {
    let mut told = Members::new();
    for name in ["logo_uri", "policy_uri", "tos_uri"] {
        if let Some(uri) = page(members, name) {
            told.insert(name.to_owned(), uri.into());
        }
    }
    let clean = |value: &Value| {
        let text = sanitise(value.as_str().unwrap_or_default(), LONGEST_WORD);
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    for name in ["software_id", "software_version"] {
        if let Some(text) = members.get(name).and_then(clean) {
            told.insert(name.to_owned(), text.into());
        }
    }
    let contacts = members.get("contacts").and_then(Value::as_array).map(Vec::as_slice);
    let contacts: Vec<_> =
        contacts.unwrap_or_default().iter().filter_map(clean).take(MOST_CONTACTS).collect();
    if !contacts.is_empty() {
        told.insert("contacts".to_owned(), contacts.into());
    }
    told
}

#[cfg(test)]
mod tests;
