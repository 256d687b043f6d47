//! A provider that people sign in at, asked as its client asks it. The operator has named its issuer, which may be
//! anywhere; what its metadata names on other hosts must be on the public internet, unless the issuer is this computer.

use std::{sync::Arc, time::Duration};

use reqwest::{RequestBuilder, header, redirect};
use serde_json::{Map, Value};
use url::Url;

use super::{
    client::{Guarded, System},
    guard::{self, Reach},
};
use crate::{
    config::Secret,
    error::{Error, Result},
    model::{fetch::Fault, provider::is_here},
};

/// How long one answer may take, all in all.
pub const WITHIN: Duration = Duration::from_secs(5);
/// The most bytes of one answer.
const MOST: usize = 256 * 1024;
/// As much of another side's words as is repeated.
const WORDS: usize = 120;

/// Our client there.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret, if it has one.
    pub secret: Option<Secret>,
    /// Whether the secret goes into the form.
    pub by_form: bool,
}

/// What a provider answered to a form.
#[derive(Clone, Debug)]
pub enum Answer {
    /// 200 and an object.
    Given(Map<String, Value>),
    /// An OAuth error (RFC 6749 §5.2): its code, which is theirs to choose, cut and defused.
    Refused(String),
}

/// A client for one provider.
#[derive(Clone, Debug)]
pub struct Asker {
    home: Url,
    own: reqwest::Client,
    others: reqwest::Client,
}

impl Asker {
    /// For the provider of `issuer`. `authorities`: certificates (PEM) to trust besides the system's. Fails with
    /// `Invalid` when they cannot be read, or when the issuer would be asked without encryption.
    pub fn new(issuer: &str, authorities: Option<&[u8]>) -> Result<Self> {
        let home = Url::parse(issuer)
            .map_err(|error| Error::invalid("issuer", "the issuer is no URL").with_source(error))?;
        if home.scheme() != "https" && !is_here(&home) {
            return Err(Error::invalid("issuer", "the provider would be asked without encryption")
                .with_next("use https; http is for providers on this computer"));
        }
        let guarded = Guarded { lookup: Arc::new(System), reach: Reach::Public };
        let others = builder(authorities)?.https_only(true).dns_resolver(Arc::new(guarded));
        Ok(Self { home, own: made(builder(authorities)?)?, others: made(others)? })
    }

    /// The metadata (OpenID Connect Discovery 1.0 §4).
    pub async fn metadata(&self) -> Result<Map<String, Value>, Fault> {
        let mut url = self.home.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{path}/.well-known/openid-configuration"));
        self.get(&url, None).await
    }

    /// JSON from an address of the provider's, with an access token if that is to be shown.
    pub async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Map<String, Value>, Fault> {
        let mut request = self.client(url)?.get(url.clone());
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        match read(request).await? {
            (200, body) => object(&body),
            (status, _) if (300..400).contains(&status) => Err(Fault::Redirect(status)),
            (status, _) => Err(Fault::Status(status)),
        }
    }

    /// Posts a form as our client there.
    pub async fn post(
        &self,
        url: &Url,
        who: &Credentials,
        form: &[(&str, &str)],
    ) -> Result<Answer, Fault> {
        let mut form = form.to_vec();
        let mut request = self.client(url)?.post(url.clone());
        match &who.secret {
            Some(secret) if who.by_form => {
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
        if (300..400).contains(&status) {
            return Err(Fault::Redirect(status));
        }
        if status == 200 {
            // RFC 7009 §2.2: an answer to a revocation may be empty.
            let empty = body.iter().all(u8::is_ascii_whitespace);
            return Ok(Answer::Given(if empty { Map::new() } else { object(&body)? }));
        }
        let code = object(&body).ok().and_then(|body| {
            body.get("error").and_then(Value::as_str).map(tidy).filter(|code| !code.is_empty())
        });
        match code {
            // A fault of theirs is no word about what was sent.
            Some(code) if status < 500 && status != 429 => Ok(Answer::Refused(code)),
            Some(_) | None => Err(Fault::Status(status)),
        }
    }

    /// Where an address may be asked from: the issuer's own host as the operator has named it, others in public only.
    fn client(&self, url: &Url) -> Result<&reqwest::Client, Fault> {
        let here = is_here(url) && is_here(&self.home);
        if url.scheme() != "https" && !here {
            return Err(Fault::Url("is not https"));
        }
        if here || url.host() == self.home.host() {
            return Ok(&self.own);
        }
        guard::check(url, Reach::Public)?;
        Ok(&self.others)
    }
}

fn builder(authorities: Option<&[u8]>) -> Result<reqwest::ClientBuilder> {
    let builder = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .pool_max_idle_per_host(2)
        .connect_timeout(WITHIN)
        .timeout(WITHIN)
        .user_agent(concat!("mcpcodex/", env!("CARGO_PKG_VERSION")));
    let Some(pem) = authorities else { return Ok(builder) };
    let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
        Error::invalid("ca", "the extra authorities cannot be read")
            .with_next("give a file of certificates in PEM")
            .with_source(error)
    })?;
    Ok(builder.tls_certs_merge(found))
}

fn made(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder
        .build()
        .map_err(|error| Error::internal("no HTTP client can be made").with_source(error))
}

async fn read(request: RequestBuilder) -> Result<(u16, Vec<u8>), Fault> {
    let request = request
        .header(header::ACCEPT, "application/json")
        .header(header::ACCEPT_ENCODING, "identity");
    // Around everything: no part of it may have forgotten its own limit.
    tokio::time::timeout(WITHIN, whole(request)).await.unwrap_or(Err(Fault::Slow(WITHIN)))
}

async fn whole(request: RequestBuilder) -> Result<(u16, Vec<u8>), Fault> {
    let mut response = request.send().await.map_err(|error| fault(&error))?;
    let said = response.content_length().and_then(|length| usize::try_from(length).ok());
    if said.is_some_and(|length| length > MOST) {
        return Err(Fault::Large(MOST));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        if body.len().saturating_add(chunk.len()) > MOST {
            return Err(Fault::Large(MOST));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status().as_u16(), body))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) | Err(_) => Err(Fault::Type("something that is no JSON object".to_owned())),
    }
}

fn fault(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::Slow(WITHIN);
    }
    let mut words = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(one) = source {
        if let Some(fault) = one.downcast_ref::<Fault>() {
            return fault.clone();
        }
        words = one.to_string();
        source = one.source();
    }
    if error.is_connect() { Fault::Connection(tidy(&words)) } else { Fault::Broken }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Words of another side, fit for a page, a log and a terminal.
fn tidy(words: &str) -> String {
    words.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(WORDS).collect()
}
