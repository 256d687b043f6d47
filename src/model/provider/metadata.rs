//! What a provider publishes about itself (OpenID Connect Discovery 1.0 §3).

use serde_json::{Map, Value};
use url::{Host, Url};

/// The parts of a provider's metadata that are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Where people are sent.
    pub authorization: Url,
    /// Where codes become tokens.
    pub token: Url,
    /// Where its keys are.
    pub keys: Url,
    /// Where it tells about people.
    pub userinfo: Option<Url>,
    /// Where tokens are given back (RFC 7009).
    pub revocation: Option<Url>,
    /// Whether each answer says who it comes from (RFC 9207 §3).
    pub promises_iss: bool,
    /// Whether the client's secret goes into the form instead of the header.
    pub secret_by_form: bool,
}

impl Metadata {
    /// Reads the metadata of `issuer`. `Err` says what is wrong with it.
    pub fn read(issuer: &str, found: &Map<String, Value>) -> Result<Self, String> {
        let text = |name: &str| found.get(name).and_then(Value::as_str);
        // Letter by letter (Discovery 1.0 §4.3): who may publish under one name must not speak in another's.
        if text("issuer") != Some(issuer) {
            let said: String = text("issuer").unwrap_or_default().chars().take(200).collect();
            return Err(format!("its metadata names another issuer: {said:?}"));
        }
        let home = Url::parse(issuer).map_err(|_| "its issuer is no URL".to_owned())?;
        let endpoint = |name: &str| -> Result<Option<Url>, String> {
            let Some(value) = found.get(name) else { return Ok(None) };
            let url = value.as_str().and_then(|text| Url::parse(text).ok());
            let url = url.filter(|url| url.fragment().is_none() && is_safe(url, &home));
            url.map(Some).ok_or_else(|| format!("{name} is no https address"))
        };
        let needed = |name: &str| -> Result<Url, String> {
            endpoint(name)?.ok_or_else(|| format!("{name} is missing"))
        };
        let listed = |name: &str| -> Vec<&str> {
            let all = found.get(name).and_then(Value::as_array);
            all.into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let challenges = listed("code_challenge_methods_supported");
        if !challenges.is_empty() && !challenges.contains(&"S256") {
            return Err("it does not take code_challenge_method S256".to_owned());
        }
        let methods = listed("token_endpoint_auth_methods_supported");
        let promises = found.get("authorization_response_iss_parameter_supported");
        Ok(Self {
            authorization: needed("authorization_endpoint")?,
            token: needed("token_endpoint")?,
            keys: needed("jwks_uri")?,
            userinfo: endpoint("userinfo_endpoint")?,
            revocation: endpoint("revocation_endpoint")?,
            promises_iss: promises == Some(&Value::Bool(true)),
            secret_by_form: !methods.is_empty()
                && !methods.contains(&"client_secret_basic")
                && methods.contains(&"client_secret_post"),
        })
    }
}

/// https; or http on this computer, for a provider on this computer.
fn is_safe(url: &Url, home: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none() && url.has_host();
    bare && (url.scheme() == "https" || (url.scheme() == "http" && is_here(url) && is_here(home)))
}

/// Whether a URL leads to this computer.
pub fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example.com/realm";

    fn read(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Metadata, String> {
        let mut found = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.com/authorize",
            "token_endpoint": "https://id.example.com/token",
            "jwks_uri": "https://id.example.com/keys",
        });
        let map = found.as_object_mut().unwrap();
        change(map);
        Metadata::read(ISSUER, map)
    }

    #[test]
    fn issuer_is_compared_letter_by_letter() {
        assert!(read(|_| ()).is_ok());
        for other in ["https://id.example.com/realm/", "https://id.example.com/Realm", ""] {
            let why = read(|map| drop(map.insert("issuer".into(), other.into()))).unwrap_err();
            assert!(why.contains("another issuer"), "{other}: {why}");
        }
        assert!(read(|map| drop(map.remove("issuer"))).is_err());
    }

    #[test]
    fn endpoints_must_be_there_and_https() {
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            assert!(read(|map| drop(map.remove(name))).unwrap_err().contains("missing"), "{name}");
            for wrong in [
                json!("http://id.example.com/x"),
                json!("http://127.0.0.1/x"),
                json!("file:///etc/passwd"),
                json!("https://user@id.example.com/x"),
                json!("https://id.example.com/x#y"),
                json!("/x"),
                json!(7),
            ] {
                let why = read(|map| drop(map.insert(name.into(), wrong.clone()))).unwrap_err();
                assert!(why.contains(name), "{name} {wrong}: {why}");
            }
        }
    }

    #[test]
    fn provider_without_s256_is_refused_and_a_silent_one_is_not() {
        let with = |list: Value| {
            read(|map| drop(map.insert("code_challenge_methods_supported".into(), list)))
        };
        assert!(with(json!(["plain"])).is_err());
        assert!(with(json!(["plain", "S256"])).is_ok());
    }

    #[test]
    fn secret_goes_into_the_form_only_where_the_header_is_not_taken() {
        let with = |list: Value| {
            read(|map| drop(map.insert("token_endpoint_auth_methods_supported".into(), list)))
                .unwrap()
                .secret_by_form
        };
        assert!(with(json!(["client_secret_post"])));
        assert!(!with(json!(["client_secret_post", "client_secret_basic"])));
        assert!(!with(json!(["none"])));
        assert!(!read(|_| ()).unwrap().secret_by_form);
    }
}
