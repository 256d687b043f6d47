//! What a request tells about itself: from where, which browser, whose session, a form that is really ours.
//! Extractors authenticate; they never write.

use std::net::{IpAddr, SocketAddr};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, Method, Uri, header, request::Parts},
    response::AppendHeaders,
};
use cookie::Cookie;

use super::{
    cookies,
    error::PageError,
    fields::Fields,
    lang::{self, Lang, Text},
};
use crate::{
    app::App,
    crypto::secret::{self, Hashed, Plain},
    error::Error,
    model::actor::Origin,
    ops::{
        self,
        env::Env,
        session::{NoSession, SignedIn},
    },
};

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .and_then(|cookie| cookie.value_raw())
}

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct From(pub Origin);

impl FromRequestParts<App> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip().to_canonical());
        let address = peer.map(|peer| client_address(&app.env, peer, &parts.headers));
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self(Origin {
            address: address.map(|address| address.to_string()).unwrap_or_default(),
            user_agent: agent.unwrap_or_default().chars().take(256).collect(),
        }))
    }
}

/// The peer, or, behind trusted proxies only, the right-most address that is not one of them.
fn client_address(env: &Env, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let trusted = |address: IpAddr| {
        env.config.server.trusted_proxies.iter().any(|net| net.contains(&address))
    };
    if !trusted(peer) {
        return peer;
    }
    let named: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    // From the right: each hop is vouched for by the one after it; what stands left of a stranger is hearsay.
    let mut hops = named.iter().rev().map_while(|hop| hop.trim().parse::<IpAddr>().ok());
    hops.find(|hop| !trusted(hop.to_canonical())).unwrap_or(peer).to_canonical()
}

/// The browser, by a cookie it got with its first page.
#[derive(Clone, Debug)]
pub struct Browser {
    value: Plain,
    /// Whether the cookie must be set with this answer.
    fresh: bool,
    lang: Lang,
    /// Whether an app has just asked for that language, which then stays.
    lang_asked: bool,
    here: Option<String>,
    device: Option<Hashed>,
}

impl Browser {
    /// What rows are bound to.
    pub fn hash(&self) -> Hashed {
        Hashed::of(self.value.expose())
    }

    /// The cookie that it got with an earlier sign-in, hashed.
    pub fn device(&self) -> Option<&Hashed> {
        self.device.as_ref()
    }

    /// The token that forms of this browser carry (RFC 9700 §4.7).
    pub fn csrf(&self, env: &Env) -> String {
        secret::b64(&env.keys.vault.mac("csrf", self.value.expose().as_bytes()))
    }

    /// The cookies to set: its own for a browser that came without, and the language that an app asked for.
    pub fn set_cookies(&self, env: &Env) -> AppendHeaders<Vec<(HeaderName, String)>> {
        let own = self.fresh.then(|| cookies::browser(env, self.value.expose()));
        let lang = self.lang_asked.then(|| cookies::language(env, self.lang));
        let all = own.into_iter().chain(lang);
        AppendHeaders(all.map(|cookie| (header::SET_COOKIE, cookie)).collect())
    }

    /// The language in which it is answered.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The text `key` in that language.
    pub fn t(&self, key: &'static str) -> Text {
        self.lang.t(key)
    }

    /// The path that gives the page of this request again; none after a form.
    pub fn here(&self) -> Option<&str> {
        self.here.as_deref()
    }

    /// Takes the language that an authorization request in a form asks for.
    pub fn asked_for(&mut self, ui_locales: &str) {
        if let Some(lang) = lang::by_ui_locales(ui_locales) {
            (self.lang, self.lang_asked) = (lang, true);
        }
    }
}

impl FromRequestParts<App> for Browser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        let known = cookie(&parts.headers, cookies::BROWSER).filter(|value| value.len() == 43);
        let (lang, lang_asked) = lang::wanted(&parts.headers, &parts.uri);
        let device = cookie(&parts.headers, cookies::DEVICE).map(Hashed::of);
        let fresh = known.is_none();
        let value =
            known.map_or_else(|| secret::random_token(32), |value| Plain::new(value.to_owned()));
        let here = here(&parts.method, &parts.uri);
        Ok(Self { value, fresh, lang, lang_asked, here, device })
    }
}

/// The address of what was asked for, if asking again shows it again.
fn here(method: &Method, uri: &Uri) -> Option<String> {
    let address = uri.path_and_query().filter(|_| *method == Method::GET)?;
    Some(address.as_str().to_owned())
}

/// The session behind the cookie, if there is a good one.
#[derive(Clone, Debug)]
pub struct MaybeSession(pub Option<SignedIn>);

impl FromRequestParts<App> for MaybeSession {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(find_session(&parts.headers, app)?.and_then(Result::ok)))
    }
}

/// The session behind the cookie, or why there is none; `None` without a cookie.
pub fn find_session(
    headers: &HeaderMap,
    app: &App,
) -> Result<Option<Result<SignedIn, NoSession>>, Error> {
    let name = &app.env.config.authentication.session.cookie_name;
    let Some(value) = cookie(headers, name) else { return Ok(None) };
    app.db.read(|r| ops::session::resume(r, &app.env, &app.seen, value)).map(Some)
}

/// A good session; anyone else is sent to sign in.
#[derive(Clone, Debug)]
pub struct Session(pub SignedIn);

impl FromRequestParts<App> for Session {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        match find_session(&parts.headers, app)?.and_then(Result::ok) {
            Some(signed_in) => Ok(Self(signed_in)),
            None => Err(PageError::SignIn(way_back(parts))),
        }
    }
}

/// The page to come back to. What a form carried would be lost on the way, so its sender begins at the account again.
fn way_back(parts: &Parts) -> String {
    here(&parts.method, &parts.uri).unwrap_or_else(|| "/account".to_owned())
}

/// A good session whose owner has just proved, with every factor they have, who they are; anyone else confirms it
/// first.
#[derive(Clone, Debug)]
pub struct RecentSession(pub SignedIn);

impl FromRequestParts<App> for RecentSession {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let Session(signed_in) = Session::from_request_parts(parts, app).await?;
        if is_recent(app, &signed_in)? {
            return Ok(Self(signed_in));
        }
        Err(PageError::Confirm(way_back(parts)))
    }
}

/// Whether the owner of a session may do what could cost them the account.
pub fn is_recent(app: &App, signed_in: &SignedIn) -> Result<bool, Error> {
    let who = signed_in.actor(Origin::default());
    app.db.read(|r| ops::session::is_recent(r, &app.env, &who))
}

/// A form that one of our own pages sent from this browser: content type, origin and CSRF token agree.
#[derive(Clone, Debug)]
pub struct PageForm(pub Fields);

impl FromRequest<App> for PageForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        refuse_foreign(&parts.headers, &app.env)?;
        let form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|mime| {
                mime.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !form {
            return Err(forged());
        }
        let Ok(browser) = Browser::from_request_parts(&mut parts, app).await;
        let expected = browser.csrf(&app.env);
        let request = Request::from_parts(parts, body);
        let bytes = Bytes::from_request(request, app).await.map_err(|_| {
            PageError::Core(Error::invalid("form", "the form was too large or cut off"))
        })?;
        let fields = Fields::parse(&bytes);
        if browser.fresh || !secret::equal(fields.text("csrf").as_bytes(), expected.as_bytes()) {
            return Err(forged());
        }
        if let Some(name) = fields.repeated(&[]) {
            return Err(PageError::Core(Error::invalid(
                "form",
                format!("the field \"{name}\" came twice"),
            )));
        }
        Ok(Self(fields))
    }
}

/// Refuses what a page of another site sent. `Sec-Fetch-Site` is the browser's own word and
/// decides when it is there: under `Referrer-Policy: no-referrer` our own forms carry `Origin: null`.
pub fn refuse_foreign(headers: &HeaderMap, env: &Env) -> Result<(), PageError> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), None | Some("null")) | (None, None) => true,
        (Some("same-origin" | "none") | None, Some(origin)) => env.site.is_origin(origin),
        (Some(_), _) => false,
    };
    if ours { Ok(()) } else { Err(forged()) }
}

fn forged() -> PageError {
    PageError::Core(
        Error::denied("this form did not come from a page of this server, or the page was too old")
            .with_next("go back, reload the page and try again; cookies must be allowed"),
    )
}
