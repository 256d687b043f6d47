//! The one client that fetches from addresses that others choose. A name is resolved once, what may not be dialled is
//! dropped, and exactly what is left is dialled: between the check and the connection nothing is looked up again.

use std::{
    error::Error as _,
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Response, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{self, HeaderMap},
};
use url::Url;

use super::guard::{self, Reach};
use crate::{
    error::{Error, Result},
    model::fetch::{Fault, Fetched},
};

/// How long a document may take, all in all.
pub const WITHIN: Duration = Duration::from_secs(5);
/// The most bytes that a document may have. Those in use have a few hundred.
pub const MOST: usize = 16 * 1024;
/// As much as is kept of another side's words.
const WORDS: usize = 120;

/// What the client may do.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How far it may go.
    pub reach: Reach,
    /// Certificates (PEM) of authorities to trust besides the system's.
    pub authorities: Option<Vec<u8>>,
    /// How long a document may take; [`WITHIN`] outside of tests.
    pub within: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { reach: Reach::Public, authorities: None, within: WITHIN }
    }
}

/// The addresses of a name, later.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who knows the addresses of a name.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of `name`, in the order in which they are to be tried.
    fn look_up(&self, name: String) -> Looking;
}

/// The system's resolver.
#[derive(Debug)]
pub struct System;

impl Lookup for System {
    fn look_up(&self, name: String) -> Looking {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Fetches documents.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: reqwest::Client,
    reach: Reach,
    within: Duration,
}

impl Fetcher {
    /// With the system's resolver.
    pub fn new(policy: &Policy) -> Result<Self> {
        Self::with(policy, Arc::new(System))
    }

    /// With a resolver of one's own.
    pub fn with(policy: &Policy, lookup: Arc<dyn Lookup>) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .pool_max_idle_per_host(0)
            .connect_timeout(policy.within)
            .timeout(policy.within)
            .user_agent(concat!("mcpcodex/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Guarded { lookup, reach: policy.reach }));
        if let Some(pem) = &policy.authorities {
            let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
                Error::invalid("documents_ca", "the extra authorities cannot be read")
                    .with_next("give a file of certificates in PEM")
                    .with_source(error)
            })?;
            builder = builder.tls_certs_merge(found);
        }
        let client = builder.build().map_err(|error| {
            Error::internal("nothing can be fetched over HTTPS")
                .with_next("install the system's certificates (package ca-certificates)")
                .with_source(error)
        })?;
        Ok(Self { client, reach: policy.reach, within: policy.within })
    }

    /// Whether a URL may be fetched, as far as the URL alone can tell.
    pub fn admits(&self, url: &Url) -> Result<(), Fault> {
        guard::check(url, self.reach)
    }

    /// Fetches JSON from `url`. `etag` is that of the document that is known already.
    pub async fn fetch(&self, url: &Url, etag: Option<&str>) -> Result<Fetched, Fault> {
        self.admits(url)?;
        // Around everything: no part of it may have forgotten its own limit.
        let whole = tokio::time::timeout(self.within, self.ask(url, etag));
        whole.await.unwrap_or(Err(Fault::Slow(self.within)))
    }

    async fn ask(&self, url: &Url, etag: Option<&str>) -> Result<Fetched, Fault> {
        let mut request = self
            .client
            .get(url.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = request.send().await.map_err(|error| self.fault(&error, url))?;
        let fresh = freshness(response.headers());
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && etag.is_some() {
            return Ok(Fetched::Unchanged { fresh });
        }
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return Err(Fault::Redirect(status.as_u16()));
        }
        if status != StatusCode::OK {
            return Err(Fault::Status(status.as_u16()));
        }
        check_form(response.headers())?;
        let etag = text(response.headers(), header::ETAG)
            .filter(|etag| etag.len() <= WORDS)
            .map(str::to_owned);
        let bytes = self.read(response, url).await?;
        Ok(Fetched::Body { bytes, etag, fresh })
    }

    async fn read(&self, mut response: Response, url: &Url) -> Result<Vec<u8>, Fault> {
        let said = response.content_length().and_then(|length| usize::try_from(length).ok());
        if said.is_some_and(|length| length > MOST) {
            return Err(Fault::Large(MOST));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.fault(&error, url))? {
            if bytes.len().saturating_add(chunk.len()) > MOST {
                return Err(Fault::Large(MOST));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn fault(&self, error: &reqwest::Error, url: &Url) -> Fault {
        if error.is_timeout() {
            return Fault::Slow(self.within);
        }
        let mut deepest = None;
        let mut source = error.source();
        while let Some(one) = source {
            if let Some(fault) = one.downcast_ref::<Fault>() {
                return fault.clone();
            }
            (deepest, source) = (Some(one), one.source());
        }
        let words = deepest.map(ToString::to_string).unwrap_or_default();
        if error.is_connect() && !words.is_empty() {
            return Fault::Connection(tidy(&words));
        }
        if error.is_connect() {
            return Fault::Unknown(url.host_str().unwrap_or_default().to_owned());
        }
        Fault::Broken
    }
}

/// The media type and the encoding.
fn check_form(headers: &HeaderMap) -> Result<(), Fault> {
    let encoded = |value: &&str| !value.eq_ignore_ascii_case("identity");
    let encodings = headers.get_all(header::CONTENT_ENCODING);
    if encodings.iter().any(|value| value.to_str().ok().as_ref().is_none_or(encoded)) {
        return Err(Fault::Encoded);
    }
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json"
        || essence
            .strip_prefix("application/")
            .and_then(|rest| rest.strip_suffix("+json"))
            .is_some_and(|name| !name.is_empty());
    if is_json { Ok(()) } else { Err(Fault::Type(tidy(kind))) }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// How long an answer may be kept: `Cache-Control` without what `Age` says has passed (RFC 9111 §4.2).
fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let mut fresh = None;
    for value in headers.get_all(header::CACHE_CONTROL) {
        for word in value.to_str().ok()?.split(',') {
            let word = word.trim().to_ascii_lowercase();
            if matches!(word.as_str(), "no-store" | "no-cache") {
                return Some(Duration::ZERO);
            }
            if let Some(seconds) = word.strip_prefix("max-age=") {
                let seconds = seconds.trim_matches('"').parse().unwrap_or(0);
                fresh = Some(fresh.unwrap_or(u64::MAX).min(seconds));
            }
        }
    }
    let age = text(headers, header::AGE).and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    fresh.map(|fresh| Duration::from_secs(fresh.saturating_sub(age)))
}

/// Words of another side, fit for a page, a log and a terminal.
fn tidy(words: &str) -> String {
    words.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(WORDS).collect()
}

/// Resolves and checks in one.
pub(super) struct Guarded {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) reach: Reach,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (name, reach) = (name.as_str().to_owned(), self.reach);
        let looking = self.lookup.look_up(name.clone());
        Box::pin(async move {
            let all = looking.await.unwrap_or_default();
            let none = all.is_empty();
            let open: Vec<SocketAddr> = all
                .into_iter()
                .filter(|address| guard::admits(*address, reach))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if open.is_empty() {
                let fault = if none { Fault::Unknown(name) } else { Fault::Inner(name) };
                return Err(fault.into());
            }
            let dialled: Addrs = Box::new(open.into_iter());
            Ok(dialled)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn freshness_is_what_cache_control_leaves_after_age() {
        let fresh = |all: &[(&'static str, &str)]| freshness(&headers(all)).map(|f| f.as_secs());
        assert_eq!(fresh(&[]), None);
        assert_eq!(fresh(&[("cache-control", "public")]), None);
        assert_eq!(fresh(&[("cache-control", "public, Max-Age=3600")]), Some(3600));
        assert_eq!(fresh(&[("cache-control", "max-age=3600"), ("age", "600")]), Some(3000));
        assert_eq!(fresh(&[("cache-control", "max-age=60"), ("age", "600")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "max-age=60, no-store")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "no-cache")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "max-age=-1")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "max-age=99999999999999999999")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "max-age=9, max-age=5")]), Some(5));
    }

    #[test]
    fn only_json_in_plain_is_read() {
        let check = |all: &[(&'static str, &str)]| check_form(&headers(all));
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/oauth-client+json",
            "application/jwk-set+json",
        ] {
            assert_eq!(check(&[("content-type", good)]), Ok(()), "{good}");
        }
        for bad in ["text/html", "text/json", "application/+json", "application/jsonp", ""] {
            assert_eq!(check(&[("content-type", bad)]), Err(Fault::Type(bad.to_owned())), "{bad}");
        }
        assert_eq!(check(&[]), Err(Fault::Type(String::new())));
        let json = ("content-type", "application/json");
        assert_eq!(check(&[json, ("content-encoding", "identity")]), Ok(()));
        for bad in ["gzip", "br", "identity, gzip"] {
            assert_eq!(check(&[json, ("content-encoding", bad)]), Err(Fault::Encoded), "{bad}");
        }
    }
}
