//! A form from a client: its parameters, each once, and the credentials that came with it.
//! Whether they are right is found out in `ops/client`.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts as _, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{error::OAuthError, resolve::Resolver, told::told};
use crate::{
    app::App,
    crypto::{jwt, secret::Plain},
    http::{extract::From, fields::Fields},
    model::{
        actor::{Actor, Origin},
        trace::{Kind, Rule},
    },
    ops::{
        client::Presented,
        oauth::{
            Code, Refusal, assertion,
            dpop::{self, Proof},
        },
    },
};

const ASSERTION_TYPE: &str = "client_assertion_type";
const FORM: &str = "application/x-www-form-urlencoded";

/// A form and who says that it sent it.
#[derive(Clone, Debug)]
pub struct ClientForm {
    /// The parameters.
    pub fields: Fields,
    /// The credentials.
    pub shown: Presented,
    /// Whether they came by HTTP Basic.
    pub basic: bool,
    /// The proof of a key that came along, where tokens or codes are bound to keys (RFC 9449 §5, §10.1); signed by that key,
    /// and not looked at any further. Elsewhere the header means nothing and is not read.
    pub proof: Option<Proof>,
}

impl FromRequest<App> for ClientForm {
    type Rejection = OAuthError;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let kind = attempt(request.uri().path());
        let (mut parts, body) = request.into_parts();
        let Ok(From(origin)) = From::from_request_parts(&mut parts, app).await;
        let mut came = Vec::new();
        let bound = match kind {
            Some(Kind::Token | Kind::Push) => one_proof(&parts.headers),
            Some(Kind::Authorize | Kind::Device | Kind::Register | Kind::SignIn) | None => Ok(None),
        };
        let read =
            Self::read(Request::from_parts(parts, body), app, origin.clone(), &mut came).await;
        let read = read.and_then(|form| Ok(Self { proof: bound?, ..form }));
        match (read, kind) {
            (Err(refused), Some(kind)) => Err(told(app, origin, kind, came, refused).await),
            (read, _) => read,
        }
    }
}

/// What is attempted at an endpoint, where that is told.
fn attempt(path: &str) -> Option<Kind> {
    let (_, endpoint) = path.rsplit_once('/')?;
    match endpoint {
        "token" => Some(Kind::Token),
        "par" => Some(Kind::Push),
        "device_authorization" => Some(Kind::Device),
        _ => None,
    }
}

impl ClientForm {
    /// Reads a request; `came` gets its parameters as soon as there are any.
    async fn read(
        request: Request,
        app: &App,
        origin: Origin,
        came: &mut Vec<(String, String)>,
    ) -> Result<Self, OAuthError> {
        // In a URL, logs and histories keep them (RFC 6749 §2.3.1); and one that stands in both places came twice (§3.2).
        if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
            Fields::parse(query.as_bytes()).pairs().clone_into(came);
            return Err(OAuthError::request("parameters belong into the body, not into the URL"));
        }
        let resolver = request.extensions().get::<Arc<Resolver>>().map(Arc::clone);
        let headers = request.headers().clone();
        let fields = form(request, app).await?;
        fields.pairs().clone_into(came);
        let (mut shown, basic) = credentials(&headers, &fields)?;
        if let Some(resolver) = resolver {
            let who = Actor::anonymous(origin);
            for (id, _) in &shown.readings {
                let known = resolver.know(app, &who, id).await?;
                known.map_err(|problem| OAuthError::document(&problem, basic))?;
            }
            if let (Some(text), Some((id, _))) = (statement(&fields), shown.readings.first()) {
                shown.proof = Some(resolver.prove(app, &who, id, text).await?);
            }
        }
        Ok(Self { fields, shown, basic, proof: None })
    }
}

/// The one proof of a request, if there is one.
pub fn one_proof(headers: &HeaderMap) -> Result<Option<Proof>, Refusal> {
    let mut all = headers.get_all("dpop").iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        let why = "the DPoP header came more than once";
        return Err(Refusal::new(Code::InvalidDpopProof, Rule::DpopProof, why));
    }
    Ok(Some(dpop::read(value.to_str().unwrap_or_default())?))
}

impl ClientForm {
    /// The thumbprint of the key that is proved, once the proof is accepted.
    pub fn jkt(&self) -> Option<String> {
        self.proof.as_ref().map(|proof| proof.jkt.clone())
    }

    /// A parameter; one without a value counts as left out (RFC 6749 §3.2).
    pub fn take(&self, name: &str) -> Option<String> {
        self.fields.get(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// Every value of a parameter that may be repeated.
    pub fn all(&self, name: &str) -> Vec<String> {
        let pairs = self.fields.pairs().iter();
        pairs
            .filter(|(own, value)| own == name && !value.is_empty())
            .map(|(_, v)| v.clone())
            .collect()
    }
}

/// Reads a form body of the right type with nothing repeated but `resource` and `audience` (RFC 8693 §2.1).
pub async fn form(request: Request, app: &App) -> Result<Fields, OAuthError> {
    if !is_form(request.headers()) {
        return Err(OAuthError::media_type());
    }
    let bytes = Bytes::from_request(request, app).await.map_err(|refused| {
        if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
            OAuthError::form_too_large()
        } else {
            OAuthError::request("the body was cut off")
        }
    })?;
    let fields = Fields::parse(&bytes);
    if fields.repeated(&["resource", "audience"]).is_some() {
        return Err(OAuthError::repeated());
    }
    Ok(fields)
}

/// Whether the body is a form in UTF-8.
pub fn is_form(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let form = parts.next().is_some_and(|mime| mime.eq_ignore_ascii_case(FORM));
    form && parts.all(|parameter| {
        let charset = parameter
            .split_once('=')
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        charset
            .is_none_or(|(_, value)| value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
    })
}

fn credentials(headers: &HeaderMap, fields: &Fields) -> Result<(Presented, bool), OAuthError> {
    let (id, secret) = (fields.get("client_id"), fields.get("client_secret"));
    let id = id.filter(|id| !id.is_empty());
    // Some clients send the access token that ended along when they renew it: it authenticates no client.
    let mut header = headers.get_all(header::AUTHORIZATION).iter().filter(|value| !token(value));
    if fields.get("client_assertion").is_some() || fields.get(ASSERTION_TYPE).is_some() {
        if secret.is_some() || header.next().is_some() {
            return Err(OAuthError::request("two ways of client authentication in one request"));
        }
        let text = statement(fields).ok_or_else(|| {
            OAuthError::request("client_assertion needs client_assertion_type, a JWT bearer's")
        })?;
        let id = id.map(str::to_owned).or_else(|| jwt::unproven(text, "sub"));
        let id = id.ok_or_else(|| OAuthError::client(false))?;
        return Ok((Presented { readings: vec![(id, None)], ..Presented::default() }, false));
    }
    let Some(value) = header.next() else {
        let id = id.ok_or_else(|| OAuthError::client(false))?;
        let secret = secret.map(|secret| Plain::new(secret.to_owned()));
        return Ok((
            Presented { readings: vec![(id.to_owned(), secret)], ..Presented::default() },
            false,
        ));
    };
    if header.next().is_some() {
        return Err(OAuthError::request("the Authorization header came more than once"));
    }
    if secret.is_some() {
        return Err(OAuthError::request("two ways of client authentication in one request"));
    }
    let readings = value.to_str().ok().and_then(basic).ok_or_else(|| OAuthError::client(true))?;
    // Some clients repeat their id in the body; another one there is a contradiction.
    if id.is_some_and(|id| !readings.iter().any(|(own, _)| own == id)) {
        return Err(OAuthError::request("client_id differs from that of the Authorization header"));
    }
    Ok((Presented { readings, in_header: true, proof: None }, true))
}

/// The client's signed statement about itself (RFC 7523 §2.2), if its type says that it is one.
fn statement(fields: &Fields) -> Option<&str> {
    let fits = fields.get(ASSERTION_TYPE) == Some(assertion::TYPE);
    fields.get("client_assertion").filter(|text| fits && !text.is_empty())
}

/// Whether an Authorization header shows an access token (RFC 6750 §2.1, RFC 9449 §7.1).
fn token(value: &HeaderValue) -> bool {
    let scheme =
        value.to_str().ok().and_then(|text| text.split_once(' ')).map(|(scheme, _)| scheme);
    scheme.is_some_and(|name| {
        name.eq_ignore_ascii_case("bearer") || name.eq_ignore_ascii_case("dpop")
    })
}

/// Reads HTTP Basic: id and secret form-encoded first (RFC 6749 §2.3.1), then as many clients send them, raw.
fn basic(value: &str) -> Option<Vec<(String, Option<Plain>)>> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let raw = (id.to_owned(), Some(Plain::new(secret.to_owned())));
    let decoded = (decode(id), Some(Plain::new(decode(secret))));
    let same = decoded.0 == raw.0
        && decoded.1.as_ref().map(Plain::expose) == raw.1.as_ref().map(Plain::expose);
    Some(if same { vec![decoded] } else { vec![decoded, raw] })
}

fn decode(text: &str) -> String {
    // What separates pairs in a form is an ordinary letter here.
    let one = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(one.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode(text));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        headers
    }

    fn readings(text: &str) -> Vec<(String, String)> {
        let (shown, basic) = credentials(&header(text), &Fields::default()).unwrap();
        assert!(basic);
        shown.readings.into_iter().map(|(id, s)| (id, s.unwrap().expose().to_owned())).collect()
    }

    #[test]
    fn basic_credentials_are_read_encoded_first_and_then_raw() {
        let pair = |id: &str, secret: &str| (id.to_owned(), secret.to_owned());
        assert_eq!(readings("app:secret"), [pair("app", "secret")]);
        assert_eq!(readings("app:a%3Ab%25"), [pair("app", "a:b%"), pair("app", "a%3Ab%25")]);
        assert_eq!(readings("app:a+b&c=d:e"), [pair("app", "a b&c=d:e"), pair("app", "a+b&c=d:e")]);
        assert_eq!(readings("app:"), [pair("app", "")]);
    }

    #[test]
    fn two_ways_of_authentication_are_refused_and_an_equal_id_is_not() {
        let fields = |text: &str| Fields::parse(text.as_bytes());
        assert!(credentials(&header("app:s"), &fields("client_secret=s")).is_err());
        assert!(credentials(&header("app:s"), &fields("client_id=other")).is_err());
        assert!(credentials(&header("app:s"), &fields("client_id=app")).is_ok());
        assert!(credentials(&HeaderMap::new(), &fields("client_secret=s")).is_err());
    }

    #[test]
    fn access_token_beside_the_form_is_no_authentication_and_spoils_none() {
        let fields = |text: &str| Fields::parse(text.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer ended"));
        let (shown, basic) = credentials(&headers, &fields("client_id=app")).unwrap();
        assert!(!basic && matches!(shown.readings.as_slice(), [(id, None)] if id == "app"));
        let (shown, _) = credentials(&headers, &fields("client_id=app&client_secret=s")).unwrap();
        assert!(matches!(shown.readings.as_slice(), [(_, Some(_))]));
        assert!(credentials(&headers, &fields("grant_type=refresh_token")).is_err());
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Digest x"));
        assert!(credentials(&headers, &fields("client_id=app")).is_err());
    }

    #[test]
    fn only_forms_in_utf_8_are_read() {
        let is = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
            is_form(&headers)
        };
        assert!(is(FORM) && is("application/x-www-form-urlencoded; charset=UTF-8"));
        for other in [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded;charset=utf-7",
            "application/x-www-form-urlencoded; charset=utf-16",
            "multipart/form-data; boundary=x",
            "",
        ] {
            assert!(!is(other), "{other}");
        }
        assert!(!is_form(&HeaderMap::new()));
    }
}
