//! Reading a document: what is not known is passed over, what is known must be right.

use serde_json::{Map, Value};

use super::{Flaw, check_keys};
use crate::model::{
    client::{AuthMethod, Client, GrantType},
    redirect::RedirectUri,
    scope::{STANDARD, ScopeSet},
};

const MOST_URIS: usize = 32;
const LONGEST_NAME: usize = 100;
const LONGEST_URI: usize = 2_048;
/// The members that are one address.
const ADDRESSES: [&str; 8] = [
    "client_uri",
    "logo_uri",
    "tos_uri",
    "policy_uri",
    "jwks_uri",
    "sector_identifier_uri",
    "initiate_login_uri",
    "backchannel_logout_uri",
];
/// What an app known by a document may do; the rest takes somebody's word for it.
const GRANTS: [GrantType; 3] =
    [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode];

/// What an app says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    name: String,
    redirect_uris: Vec<RedirectUri>,
    auth_method: AuthMethod,
    grant_types: Vec<GrantType>,
    scopes: ScopeSet,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    client_uri: Option<String>,
    post_logout_redirect_uris: Vec<String>,
    dpop_bound: bool,
    par_required: bool,
}

impl Document {
    /// Reads the document at `client_id` (RFC 7591 §2 has its members).
    pub fn read(client_id: &str, bytes: &[u8]) -> Result<Self, Flaw> {
        let Ok(Value::Object(all)) = serde_json::from_slice(bytes) else {
            return Err(Flaw::NotAnObject);
        };
        let members = Members(&all);
        match members.text("client_id")? {
            None => return Err(Flaw::Missing("client_id")),
            Some(own) if own != client_id => return Err(Flaw::OtherId),
            Some(_) => {}
        }
        members.without_secrets()?;
        members.only_https()?;
        let auth_method = match members.text("token_endpoint_auth_method")? {
            None | Some("none") => AuthMethod::None,
            Some("private_key_jwt") => AuthMethod::PrivateKeyJwt,
            Some(other) if other.contains("secret") => return Err(Flaw::Secret(tidy(other))),
            Some(other) => return Err(Flaw::Method(tidy(other))),
        };
        let (jwks, jwks_uri) = members.keys(auth_method)?;
        Ok(Self {
            name: members.name()?,
            redirect_uris: members.redirect_uris("redirect_uris", true)?,
            auth_method,
            grant_types: members.grant_types()?,
            scopes: members.scopes()?,
            jwks,
            jwks_uri,
            client_uri: members.text("client_uri")?.map(str::to_owned),
            post_logout_redirect_uris: members
                .redirect_uris("post_logout_redirect_uris", false)?
                .iter()
                .map(|uri| uri.as_str().to_owned())
                .collect(),
            dpop_bound: members.flag("dpop_bound_access_tokens")?,
            par_required: members.flag("require_pushed_authorization_requests")?,
        })
    }

    /// Writes it into a client. What an operator decided about the client stays: its state, its resources, whether
    /// it may retry. An address to be told of logouts is not taken, since this server would send there unasked.
    pub fn apply(self, client: &mut Client) {
        client.name = self.name;
        client.redirect_uris = self.redirect_uris;
        client.auth_method = self.auth_method;
        client.grant_types = self.grant_types;
        client.scopes = self.scopes;
        client.jwks = self.jwks;
        client.jwks_uri = self.jwks_uri;
        client.client_uri = self.client_uri;
        client.post_logout_redirect_uris = self.post_logout_redirect_uris;
        client.dpop_bound = self.dpop_bound;
        client.par_required = self.par_required;
    }
}

struct Members<'d>(&'d Map<String, Value>);

impl<'d> Members<'d> {
    /// A member; null and the empty text count as left out.
    fn get(&self, name: &str) -> Option<&'d Value> {
        self.0.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    fn text(&self, name: &'static str) -> Result<Option<&'d str>, Flaw> {
        let wrong = || Flaw::Member(name.to_owned(), "a text");
        self.get(name).map(|value| value.as_str().ok_or_else(wrong)).transpose()
    }

    fn flag(&self, name: &'static str) -> Result<bool, Flaw> {
        let wrong = || Flaw::Member(name.to_owned(), "true or false");
        Ok(self.get(name).map(|value| value.as_bool().ok_or_else(wrong)).transpose()? == Some(true))
    }

    fn texts(&self, name: &'static str) -> Result<Option<Vec<&'d str>>, Flaw> {
        let wrong = || Flaw::Member(name.to_owned(), "a list of texts");
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(wrong)?;
        list.iter().map(|one| one.as_str().ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
    }

    fn without_secrets(&self) -> Result<(), Flaw> {
        let secret = self.0.keys().find(|name| name.starts_with("client_secret"));
        secret.map_or(Ok(()), |name| Err(Flaw::Secret(tidy(name))))
    }

    /// Addresses for people and programs are https; those that answers go to have rules of their own, and members that
    /// nobody here knows are nobody's business (RFC 7591 §2). None of them is fetched but `jwks_uri`.
    fn only_https(&self) -> Result<(), Flaw> {
        let addresses = ADDRESSES.into_iter().filter_map(|name| Some((name, self.get(name)?)));
        for (name, value) in addresses {
            let fits = value.as_str().is_some_and(|text| {
                text.len() <= LONGEST_URI
                    && text.starts_with("https://")
                    && url::Url::parse(text).is_ok()
            });
            if !fits {
                return Err(Flaw::Member(tidy(name), "an https URL"));
            }
        }
        Ok(())
    }

    fn name(&self) -> Result<String, Flaw> {
        let name = self.text("client_name")?.map(str::trim).filter(|name| !name.is_empty());
        let name = name.ok_or(Flaw::Missing("client_name"))?;
        if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            let wanted = "a text of 1 to 100 characters, on one line";
            return Err(Flaw::Member("client_name".to_owned(), wanted));
        }
        Ok(name.to_owned())
    }

    fn redirect_uris(&self, name: &'static str, needed: bool) -> Result<Vec<RedirectUri>, Flaw> {
        let found = self.texts(name)?.unwrap_or_default();
        if found.is_empty() && needed {
            return Err(Flaw::Missing(name));
        }
        if found.len() > MOST_URIS {
            return Err(Flaw::Member(name.to_owned(), "a list of at most 32"));
        }
        let read = |text: &&str| {
            RedirectUri::parse(text).map_err(|error| Flaw::Redirect(tidy(&error.to_string())))
        };
        let mut uris: Vec<RedirectUri> = Vec::with_capacity(found.len());
        for uri in found.iter().map(read) {
            let uri = uri?;
            if !uris.contains(&uri) {
                uris.push(uri);
            }
        }
        Ok(uris)
    }

    /// Grant types that are not known, or not for everyone, are passed over, but something must be left.
    fn grant_types(&self) -> Result<Vec<GrantType>, Flaw> {
        let Some(words) = self.texts("grant_types")? else { return Ok(GrantType::USUAL.to_vec()) };
        let grants: Vec<GrantType> =
            GRANTS.into_iter().filter(|grant| words.contains(&grant.as_str())).collect();
        if grants.iter().all(|grant| *grant == GrantType::RefreshToken) {
            let wanted = "a list with authorization_code in it";
            return Err(Flaw::Member("grant_types".to_owned(), wanted));
        }
        Ok(grants)
    }

    /// The most that the app may ask for, if it says so. It need not, and rights to administer are never among them.
    fn scopes(&self) -> Result<ScopeSet, Flaw> {
        let own = ScopeSet::parse(self.text("scope")?.unwrap_or_default());
        let own = own.filter(|scope| !scope.starts_with(crate::model::scope::ADMIN_PREFIX));
        Ok(if own.is_empty() { ScopeSet::from_words(STANDARD) } else { own })
    }

    fn keys(&self, method: AuthMethod) -> Result<(Option<Value>, Option<String>), Flaw> {
        let (jwks, uri) = (self.get("jwks"), self.text("jwks_uri")?);
        if jwks.is_some() && uri.is_some() {
            return Err(Flaw::Keys("jwks and jwks_uri exclude each other"));
        }
        if method == AuthMethod::PrivateKeyJwt && jwks.is_none() && uri.is_none() {
            return Err(Flaw::Keys("private_key_jwt needs jwks or jwks_uri"));
        }
        if let Some(jwks) = jwks {
            check_keys(jwks).map_err(Flaw::Keys)?;
        }
        Ok((jwks.cloned(), uri.map(str::to_owned)))
    }
}

/// Words of a document, fit for a log and a terminal.
fn tidy(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(200).collect()
}
