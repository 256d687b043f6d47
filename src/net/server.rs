//! An authorization server that the operator has named, asked as a client asks it: its metadata (RFC 8414), and tokens
//! for a device (RFC 8628). Unlike what apps publish it may be anywhere, this computer included.

use std::{net::IpAddr, time::Duration};

use reqwest::RequestBuilder;
use serde_json::{Map, Value};
use url::{Host, Url};

use crate::{
    config::Secret,
    error::{Error, Result},
};

/// How long one answer may take.
const WITHIN: Duration = Duration::from_secs(20);
/// The longest answer that is read.
const MOST: usize = 256 * 1024;
/// As much of another side's words as is repeated.
const WORDS: usize = 200;
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret, if it has one.
    pub secret: Option<Secret>,
}

/// What a person needs to know to let the device in.
#[derive(Clone, Debug)]
pub struct Waiting {
    device_code: Secret,
    /// What they type.
    pub user_code: String,
    /// Where.
    pub uri: String,
    /// The same with the code filled in, where the server gives that.
    pub complete: Option<String>,
    /// How long they have.
    pub lifetime: Duration,
    /// How long to wait between two polls.
    pub interval: Duration,
}

/// What a poll came to.
#[derive(Clone, Debug)]
pub enum Polled {
    /// The whole answer, with the tokens.
    Tokens(Map<String, Value>),
    /// Nobody has answered.
    Pending,
    /// The same, and the polls are to be five seconds further apart.
    SlowDown,
    /// No answer came; it may be asked again, more slowly.
    Silent(String),
    /// No.
    Refused(Refused),
}

/// An OAuth error (RFC 6749 §5.2).
#[derive(Clone, Debug)]
pub struct Refused {
    /// The code.
    pub error: String,
    /// The server's words about it.
    pub description: Option<String>,
}

/// An authorization server with a device authorization endpoint.
#[derive(Clone, Debug)]
pub struct Server {
    client: reqwest::Client,
    device: Url,
    token: Url,
    by_post: bool,
}

impl Server {
    /// Reads the server's metadata. Fails when it is not there, names another issuer, or knows no devices.
    pub async fn discover(issuer: &str) -> Result<Self> {
        let url = Url::parse(issuer).map_err(|error| {
            Error::invalid("issuer", "the issuer must be a URL").with_source(error)
        })?;
        safe(&url)?;
        let client = client()?;
        let metadata = metadata(&client, &url).await?;
        let named = metadata.get("issuer").and_then(Value::as_str).unwrap_or_default();
        if named.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(Error::conflict(format!(
                "the server at {issuer} calls itself \"{}\"",
                tidy(named)
            ))
            .with_next("give that as --issuer, letter by letter"));
        }
        let endpoint = |name: &str| {
            let text = metadata.get(name).and_then(Value::as_str).unwrap_or_default();
            let url = Url::parse(text).map_err(|_| {
                Error::absent(format!("{issuer} offers no {name}"))
                    .with_next("ask whoever runs it to switch the device grant on")
            })?;
            safe(&url).map(|()| url)
        };
        let methods = metadata.get("token_endpoint_auth_methods_supported");
        let methods: Vec<&str> = methods
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        Ok(Self {
            device: endpoint("device_authorization_endpoint")?,
            token: endpoint("token_endpoint")?,
            by_post: !methods.is_empty() && !methods.contains(&"client_secret_basic"),
            client,
        })
    }

    /// Begins to wait for a person.
    pub async fn begin(
        &self,
        who: &Asker,
        scopes: &[String],
        resources: &[String],
    ) -> Result<Waiting> {
        let scope = scopes.join(" ");
        let mut form: Vec<(&str, &str)> = Vec::new();
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        form.extend(resources.iter().map(|resource| ("resource", resource.as_str())));
        let answer = self.post(&self.device, who, form).await.map_err(|why| unreachable(&why))?;
        match answer {
            Answer::Body(body) => waiting(&body),
            Answer::Refused(refused) => Err(refused.into_error()),
        }
    }

    /// Asks whether the person has answered.
    pub async fn poll(&self, who: &Asker, waiting: &Waiting) -> Polled {
        let form =
            vec![("grant_type", DEVICE_GRANT), ("device_code", waiting.device_code.expose())];
        match self.post(&self.token, who, form).await {
            Ok(Answer::Body(body)) if body.get("access_token").is_some_and(Value::is_string) => {
                Polled::Tokens(body)
            }
            Ok(Answer::Body(_)) => Polled::Silent("an answer without a token".to_owned()),
            Ok(Answer::Refused(refused)) => match refused.error.as_str() {
                "authorization_pending" => Polled::Pending,
                "slow_down" => Polled::SlowDown,
                _ => Polled::Refused(refused),
            },
            Err(why) => Polled::Silent(why),
        }
    }

    async fn post<'a>(
        &self,
        url: &Url,
        who: &'a Asker,
        mut form: Vec<(&'a str, &'a str)>,
    ) -> Result<Answer, String> {
        let mut request = self.client.post(url.clone()).header("accept", "application/json");
        match &who.secret {
            Some(secret) if self.by_post => {
                form.push(("client_id", &who.client_id));
                form.push(("client_secret", secret.expose()));
            }
            // Form-encoded first (RFC 6749 §2.3.1).
            Some(secret) => {
                request =
                    request.basic_auth(encoded(&who.client_id), Some(encoded(secret.expose())));
            }
            None => form.push(("client_id", &who.client_id)),
        }
        let (status, body) = read(request.form(&form)).await?;
        let Ok(Value::Object(body)) = serde_json::from_slice(&body) else {
            return Err(format!("{status} and no JSON"));
        };
        if (200..300).contains(&status) {
            return Ok(Answer::Body(body));
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(tidy);
        match text("error") {
            Some(_) if status >= 500 => Err(format!("a fault of its own ({status})")),
            Some(error) => {
                Ok(Answer::Refused(Refused { error, description: text("error_description") }))
            }
            None => Err(format!("{status} without an error code")),
        }
    }
}

enum Answer {
    Body(Map<String, Value>),
    Refused(Refused),
}

impl Refused {
    /// The refusal as the person reads it.
    pub fn into_error(self) -> Error {
        let description = self.description.map(|text| format!(": {text}")).unwrap_or_default();
        Error::denied(format!("the server refused: {}{description}", self.error))
    }
}

fn waiting(body: &Map<String, Value>) -> Result<Waiting> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let seconds = |name: &str| body.get(name).and_then(Value::as_u64).map(Duration::from_secs);
    let (Some(device_code), Some(user_code), Some(uri)) =
        (text("device_code"), text("user_code"), text("verification_uri"))
    else {
        return Err(Error::conflict("the server's answer lacks a code or an address"));
    };
    Ok(Waiting {
        device_code: Secret::new(device_code),
        user_code: tidy(&user_code),
        uri: tidy(&uri),
        complete: text("verification_uri_complete").map(|text| tidy(&text)),
        lifetime: seconds("expires_in").unwrap_or(Duration::from_secs(600)),
        interval: seconds("interval").unwrap_or(Duration::from_secs(5)),
    })
}

/// A client for servers of the operator's choice. It follows no redirect, since a secret would go along.
fn client() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(WITHIN)
        .user_agent(concat!("mcpcodex/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::internal("no HTTP client can be made").with_source(error))
}

/// The metadata: at the path of RFC 8414 §3, else at that of OpenID Connect Discovery §4.
async fn metadata(client: &reqwest::Client, issuer: &Url) -> Result<Map<String, Value>> {
    let path = issuer.path().trim_end_matches('/');
    let places = [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ];
    let mut why = String::new();
    for place in places {
        let mut url = issuer.clone();
        url.set_path(&place);
        url.set_query(None);
        let request = client.get(url).header("accept", "application/json");
        match read(request).await {
            Ok((200, body)) => {
                if let Ok(Value::Object(metadata)) = serde_json::from_slice(&body) {
                    return Ok(metadata);
                }
                "no JSON".clone_into(&mut why);
            }
            Ok((status, _)) => why = format!("status {status}"),
            Err(error) => return Err(unreachable(&error)),
        }
    }
    Err(Error::absent(format!("{issuer} publishes no metadata ({why})"))
        .with_next("is it the issuer of an OAuth or OpenID Connect server?"))
}

async fn read(request: RequestBuilder) -> Result<(u16, Vec<u8>), String> {
    let mut response = request.send().await.map_err(|error| said(&error))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| said(&error))? {
        if body.len().saturating_add(chunk.len()) > MOST {
            return Err("an answer that is far too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

/// The deepest reason, without the address, which may hold more than should be shown.
fn said(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut words = "the connection failed".to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(one) = source {
        words = one.to_string();
        source = one.source();
    }
    tidy(&words)
}

fn unreachable(why: &str) -> Error {
    Error::absent(format!("the server cannot be asked: {why}"))
        .with_next("check --issuer, and whether the server runs")
}

/// Secrets go over HTTPS, or not further than this computer.
fn safe(url: &Url) -> Result<()> {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && here) {
        return Ok(());
    }
    Err(Error::invalid(
        "issuer",
        format!("{} would be asked without encryption", tidy(url.as_str())),
    )
    .with_next("use https; http is for servers on this computer"))
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Words of another side, fit for a terminal.
fn tidy(words: &str) -> String {
    words.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_this_computer_encrypted_or_not_at_all() {
        for good in
            ["https://auth.example", "http://localhost:8420", "http://127.0.0.1:1", "http://[::1]/"]
        {
            assert!(safe(&Url::parse(good).unwrap()).is_ok(), "{good}");
        }
        for bad in ["http://auth.example", "http://192.168.0.2:8420", "ftp://localhost/"] {
            assert!(safe(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn answer_without_an_interval_means_five_seconds() {
        let body = serde_json::json!({
            "device_code": "d", "user_code": "A\u{1b}[31mB", "verification_uri": "https://h/device",
        });
        let waiting = waiting(body.as_object().unwrap()).unwrap();
        assert_eq!(waiting.interval, Duration::from_secs(5));
        assert_eq!(waiting.user_code, "A[31mB", "nothing of the server's moves the cursor");
        assert!(super::waiting(&Map::new()).is_err());
    }
}
