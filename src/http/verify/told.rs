//! What a proxy tells of the request that it asks about. None of it decides who is let in: it serves to lead a person back
//! after signing in, and to see whether a page of another site sent the request.
//!
//! nginx is configured to say `X-Original-URL` and `X-Original-Method`; Caddy and Traefik say `X-Forwarded-Proto`, `-Host`,
//! `-Uri` and `-Method` by themselves.

use axum::http::{HeaderMap, header};
use url::Url;

use crate::{app::App, error::Result, ops::verify::back};

/// What the proxy told.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    url: Option<String>,
    method: Option<String>,
    by_nginx: bool,
}

/// Whether a URL has this origin.
pub(super) fn is_at(url: &str, origin: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.origin().ascii_serialization() == origin)
}

/// The value of a header that came once.
fn once<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok().map(str::trim).filter(|text| !text.is_empty());
    if all.next().is_none() { first } else { None }
}

impl Told {
    /// Reads it.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let by_nginx = headers.contains_key("x-original-url");
        let (url, method) = if by_nginx {
            (once(headers, "x-original-url").map(str::to_owned), "x-original-method")
        } else {
            (forwarded(headers), "x-forwarded-method")
        };
        let method = once(headers, method).map(str::to_ascii_uppercase);
        Self { url, method, by_nginx }
    }

    /// Whether the proxy makes an answer of its own from a 401, as nginx does, and takes no other refusal than 401 and 403.
    pub(super) fn by_nginx(&self) -> bool {
        self.by_nginx
    }

    /// Whether a person waits for a page. Programs are never led anywhere.
    pub(super) fn is_a_person(&self, headers: &HeaderMap) -> bool {
        let page = once(headers, header::ACCEPT.as_str()).is_some_and(|all| {
            all.split(',')
                .any(|one| one.split(';').next().unwrap_or_default().trim() == "text/html")
        });
        let navigates = once(headers, "sec-fetch-mode").is_none_or(|mode| mode == "navigate");
        self.method.as_deref() == Some("GET") && page && navigates
    }

    /// Where the person signs in and is led back from; none when this may not lead there.
    pub(super) fn way_to_sign_in(&self, app: &App) -> Result<Option<String>> {
        let Some(text) = &self.url else { return Ok(None) };
        let known = app.db.read(|r| back::known(r, &app.env, text))?;
        Ok(known.map(|url| {
            let to: String = form_urlencoded::byte_serialize(url.as_str().as_bytes()).collect();
            format!("{}/auth/return?to={to}", app.env.site.issuer)
        }))
    }

    /// Whether the request came from a page of the site that it goes to, from one that is trusted, or from none: with the
    /// cookie of the person who is signed in, another page would act in their name. To follow a link is no act.
    pub(super) fn is_of_its_own_site(
        &self,
        headers: &HeaderMap,
        trusted: impl Fn(&str) -> Result<bool>,
    ) -> Result<bool> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let trusted = |origin: &str| {
            let own = self.url.as_deref().is_some_and(|url| is_at(url, origin));
            if own { Ok(true) } else { trusted(origin) }
        };
        match (text("sec-fetch-site"), text("origin")) {
            (Some("same-origin" | "none"), _) | (None, None) => Ok(true),
            (Some(_), Some(origin)) if trusted(origin)? => Ok(true),
            (Some(_), _) => Ok(self.follows_a_link(headers)),
            (None, Some(origin)) => trusted(origin),
        }
    }

    fn follows_a_link(&self, headers: &HeaderMap) -> bool {
        let says = |name: &str, word: &str| once(headers, name) == Some(word);
        matches!(self.method.as_deref(), Some("GET" | "HEAD"))
            && says("sec-fetch-mode", "navigate")
            && says("sec-fetch-dest", "document")
    }
}

fn forwarded(headers: &HeaderMap) -> Option<String> {
    let scheme = once(headers, "x-forwarded-proto")?;
    let host = once(headers, "x-forwarded-host")?;
    let path = once(headers, "x-forwarded-uri")?;
    // A path and nothing that would end the host's name elsewhere.
    let clean = path.starts_with('/') && !host.contains(['/', '\\', '?', '#', '@']);
    clean.then(|| format!("{scheme}://{host}{path}"))
}
