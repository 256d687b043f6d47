//! A browser without a network: it keeps cookies and sends what real ones send, to the router in this process.
//! What it is told to do with a page is left to the tests; it follows no redirect unasked.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::Url;

use super::{ADDRESS, RUNTIME, html};

/// What the browser calls itself.
pub(crate) const USER_AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A browser; a clone has the same cookies and goes its own way.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    base: Url,
    /// Where it is.
    pub(crate) address: String,
    /// Cookies by name.
    pub(crate) cookies: BTreeMap<String, String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The path that was asked for.
    pub(crate) path: String,
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body as text.
    pub(crate) body: String,
}

impl Page {
    /// A header as text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where a redirect leads; empty when this is none.
    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// The `Set-Cookie` headers, whole.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        let all = self.headers.get_all(header::SET_COOKIE);
        all.iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The `Set-Cookie` header of one cookie, whole.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<&str> {
        let start = format!("{name}=");
        self.set_cookies().into_iter().find(|cookie| cookie.starts_with(&start))
    }

    /// The form that posts to `action`, if the page has one.
    pub(crate) fn form(&self, action: &str) -> Option<html::Form> {
        html::forms(&self.body).into_iter().find(|form| form.action == action)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The text inside the element with this id.
    pub(crate) fn text_of(&self, id: &str) -> Option<String> {
        html::text_of(&self.body, id)
    }
}

/// A request that is being put together.
#[must_use]
pub(crate) struct Asking<'b> {
    browser: &'b mut Browser,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
    cookies: bool,
}

impl Browser {
    /// Without cookies, for the server that answers at `base`.
    pub(crate) fn new(router: Router, base: &Url) -> Self {
        Self { router, base: base.clone(), address: ADDRESS.to_owned(), cookies: BTreeMap::new() }
    }

    /// The same browser at another server, for example one that was started again.
    #[must_use]
    pub(crate) fn at(&self, other: &Self) -> Self {
        Self { router: other.router.clone(), base: other.base.clone(), ..self.clone() }
    }

    /// The same browser at another address.
    #[must_use]
    pub(crate) fn from(mut self, address: &str) -> Self {
        self.address = address.to_owned();
        self
    }

    /// A cookie, if it is there.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// The session cookie of the default configuration, if it is there.
    pub(crate) fn session(&self) -> Option<&str> {
        self.cookie("mcpcodex_session")
    }

    /// Plants a cookie.
    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Begins a request as the browser makes it when a person types the address.
    pub(crate) fn ask(&mut self, method: &str, path: &str) -> Asking<'_> {
        let mut headers = HeaderMap::new();
        let host = self.base.host_str().unwrap();
        let host = self.base.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        for (name, value) in [
            ("host", host.as_str()),
            ("user-agent", USER_AGENT),
            ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("accept-language", "en"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Asking {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            headers,
            body: Vec::new(),
            cookies: true,
            browser: self,
        }
    }

    /// Opens a page, as by a typed address. Follows nothing.
    pub(crate) fn open(&mut self, path: &str) -> Page {
        self.ask("GET", path).send()
    }

    /// Goes where an answer sends the browser; the answer itself when it sends nowhere.
    pub(crate) fn follow(&mut self, page: Page) -> Page {
        if page.location().is_empty() {
            return page;
        }
        let path = self.own_path(page.location());
        self.ask("GET", &path).header("sec-fetch-site", "same-origin").send()
    }

    /// Opens a page and follows redirects to the end, at most ten.
    pub(crate) fn visit(&mut self, path: &str) -> Page {
        let page = self.open(path);
        self.follow_all(page)
    }

    /// Follows redirects to the end, at most ten, and not off this server.
    pub(crate) fn follow_all(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            let to = page.location();
            if to.is_empty() || (!to.starts_with('/') && !to.starts_with(self.base.as_str())) {
                return page;
            }
            page = self.follow(page);
        }
        panic!("more than ten redirects: {page:?}");
    }

    /// Fills in the form of `page` that posts to `action` and sends it, as a person does.
    pub(crate) fn submit(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.form(action).unwrap_or_else(|| panic!("no form for {action} in {page:?}"));
        self.post(&form.action, &form.filled(fields))
    }

    /// Posts fields as a form of our own pages does. The pages say `Referrer-Policy: no-referrer`, under which
    /// browsers send `Origin: null`.
    pub(crate) fn post<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        path: &str,
        fields: &[(N, V)],
    ) -> Page {
        self.ask("POST", path)
            .header("sec-fetch-site", "same-origin")
            .header("origin", "null")
            .form(fields)
            .send()
    }

    /// A CSRF token for this browser, as any page with a form gives it; for forms that no page shows now.
    pub(crate) fn csrf(&mut self) -> String {
        for path in ["/login", "/logout"] {
            let page = self.open(path);
            let forms = html::forms(&page.body);
            if let Some(token) = forms.iter().find_map(|form| form.value("csrf")) {
                return token.to_owned();
            }
        }
        // Signed in: the sign-in page leads away, but not when it is told where to go next.
        let page = self.open("/login?return_to=/account");
        let forms = html::forms(&page.body);
        forms.iter().find_map(|form| form.value("csrf")).unwrap().to_owned()
    }

    fn own_path(&self, location: &str) -> String {
        let url = self.base.join(location).unwrap();
        assert_eq!(url.origin(), self.base.origin(), "a redirect to another server: {location}");
        url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    fn keep(&mut self, page: &Page) {
        for text in page.set_cookies() {
            let cookie = cookie::Cookie::parse(text.to_owned()).unwrap();
            let gone = cookie.max_age().is_some_and(cookie::time::Duration::is_zero);
            if gone {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }
}

impl Asking<'_> {
    /// Sets a header, in place of what the browser would send.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// Leaves a header out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// As a program rather than a browser: no `Sec-Fetch-*`, no `Origin`.
    pub(crate) fn by_program(self) -> Self {
        ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "accept-language"]
            .into_iter()
            .fold(self, Self::without)
            .header("accept", "*/*")
            .header("user-agent", "curl/8.5.0")
    }

    /// As a page of another site makes the browser send it. The cookies go along, as in a browser that knows no
    /// `SameSite`.
    pub(crate) fn by_site(self, origin: &str) -> Self {
        self.header("sec-fetch-site", "cross-site").header("origin", origin)
    }

    /// Sends no cookies.
    pub(crate) fn without_cookies(mut self) -> Self {
        self.cookies = false;
        self
    }

    /// The body, as a form.
    pub(crate) fn form<N: AsRef<str>, V: AsRef<str>>(self, fields: &[(N, V)]) -> Self {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(fields);
        self.body("application/x-www-form-urlencoded", encoded.finish())
    }

    /// The body, as it is.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sends it and keeps the cookies that come back.
    pub(crate) fn send(self) -> Page {
        let Self { browser, method, path, mut headers, body, cookies } = self;
        if cookies && !browser.cookies.is_empty() {
            let all: Vec<String> =
                browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert(header::COOKIE, HeaderValue::from_str(&all.join("; ")).unwrap());
        }
        let peer: SocketAddr = SocketAddr::new(browser.address.parse().unwrap(), 50_000);
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        *request.headers_mut() = headers;
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = browser.router.clone();
        let page = RUNTIME.block_on(async move {
            let Ok(response) = router.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Page {
                path,
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            }
        });
        browser.keep(&page);
        page
    }
}
