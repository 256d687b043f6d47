//! Telling an app something at an address of its own: one form, one status. What a stranger registered is held to the
//! same guard as what is fetched from strangers; what the operator entered may be on a private network.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::redirect;
use url::Url;

use super::{
    client::{Guarded, Policy, System},
    guard::{self, Reach},
};
use crate::{
    error::{Error, Result},
    model::fetch::Fault,
};

/// How long an app may take, all in all.
pub const WITHIN: Duration = Duration::from_secs(5);

/// Posts forms.
#[derive(Clone)]
pub struct Poster {
    own: reqwest::Client,
    strangers: reqwest::Client,
    reach: Reach,
}

impl fmt::Debug for Poster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poster").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Poster {
    /// With `policy` for the addresses of strangers. Fails with `Invalid` when its authorities cannot be read.
    pub fn new(policy: &Policy) -> Result<Self> {
        let reach = policy.reach;
        let guarded = Guarded { lookup: Arc::new(System), reach };
        let strangers = builder(policy)?.https_only(true).dns_resolver(Arc::new(guarded));
        Ok(Self { own: made(builder(policy)?)?, strangers: made(strangers)?, reach })
    }

    /// Posts a form; passes with any status of success. `is_own`: the operator entered the address.
    pub async fn post(&self, url: &str, form: &[(&str, &str)], is_own: bool) -> Result<(), Fault> {
        let url = Url::parse(url).map_err(|_| Fault::Url("is none"))?;
        let client = if is_own {
            &self.own
        } else {
            guard::check(&url, self.reach)?;
            &self.strangers
        };
        let asked = client.post(url).form(form).header("accept", "*/*").send();
        // What the app says beside its status is not read.
        let answer = match tokio::time::timeout(WITHIN, asked).await {
            Ok(Ok(answer)) => answer.status(),
            Ok(Err(error)) => return Err(fault(&error)),
            Err(_) => return Err(Fault::Slow(WITHIN)),
        };
        if answer.is_success() {
            Ok(())
        } else if answer.is_redirection() {
            Err(Fault::Redirect(answer.as_u16()))
        } else {
            Err(Fault::Status(answer.as_u16()))
        }
    }
}

fn builder(policy: &Policy) -> Result<reqwest::ClientBuilder> {
    let builder = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        .connect_timeout(WITHIN)
        .timeout(WITHIN)
        .user_agent(concat!("mcpcodex/", env!("CARGO_PKG_VERSION")));
    let Some(pem) = &policy.authorities else { return Ok(builder) };
    let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
        Error::invalid("documents_ca", "the extra authorities cannot be read")
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

fn fault(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::Slow(WITHIN);
    }
    let mut source = std::error::Error::source(error);
    while let Some(one) = source {
        if let Some(fault) = one.downcast_ref::<Fault>() {
            return fault.clone();
        }
        source = one.source();
    }
    if error.is_connect() { Fault::Connection("no connection".to_owned()) } else { Fault::Broken }
}
