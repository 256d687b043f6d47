//! What a browser does, without a screen: keeps cookies, follows redirects, fills in forms.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use tower::ServiceExt as _;

const HOST: &str = "localhost:8420";

pub(super) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    /// Where it stands, without the query.
    pub(super) path: String,
    pub(super) page: String,
    pub(super) status: StatusCode,
}

impl Browser {
    pub(super) fn new(router: Router) -> Self {
        let (path, page) = (String::new(), String::new());
        Self { router, cookies: BTreeMap::new(), path, page, status: StatusCode::OK }
    }

    /// Opens a path and follows redirects.
    pub(super) async fn open(&mut self, path: &str) {
        let to = self.send(Method::GET, HOST, path, String::new()).await;
        self.follow(to).await;
    }

    /// One GET by another of the server's names; gives where it redirects to.
    pub(super) async fn get_once(&mut self, host: &str, path: &str) -> Option<String> {
        self.send(Method::GET, host, path, String::new()).await
    }

    /// Sends a body to a path as it is.
    pub(super) async fn post(&mut self, path: &str, body: &str) {
        let to = self.send(Method::POST, HOST, path, body.to_owned()).await;
        self.follow(to).await;
    }

    /// Sends the form of this page that goes to `action`, with `typed` in its fields, and follows redirects.
    pub(super) async fn submit(&mut self, action: &str, typed: &[(&str, &str)]) {
        let to = self.submit_once(action, typed).await;
        self.follow(to).await;
    }

    /// The same without following.
    pub(super) async fn submit_once(
        &mut self,
        action: &str,
        typed: &[(&str, &str)],
    ) -> Option<String> {
        let start = format!("action=\"{action}\"");
        let (_, form) = self
            .page
            .split_once(&start)
            .unwrap_or_else(|| panic!("no form to {action}: {}", self.page));
        let (form, _) = form.split_once("</form>").unwrap();
        let mut body = form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input type=\"hidden\" name=\"").skip(1) {
            let (name, rest) = input.split_once("\" value=\"").unwrap();
            body.append_pair(name, rest.split_once('"').unwrap().0);
        }
        body.extend_pairs(typed);
        let body = body.finish();
        self.send(Method::POST, HOST, action, body).await
    }

    pub(super) fn must_show(&self, words: &[&str]) {
        for word in words {
            assert!(self.page.contains(word), "no {word:?} in {}: {}", self.path, self.page);
        }
    }

    async fn follow(&mut self, mut to: Option<String>) {
        for _ in 0..10 {
            let Some(url) = to else { return };
            let path = url.strip_prefix("http://localhost:8420").unwrap_or(&url);
            let path = path.split('#').next().unwrap().to_owned();
            to = self.send(Method::GET, HOST, &path, String::new()).await;
        }
        panic!("redirected without end");
    }

    async fn send(
        &mut self,
        method: Method,
        host: &str,
        path: &str,
        body: String,
    ) -> Option<String> {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))))
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie::Cookie::parse(cookie.to_str().unwrap()).unwrap();
            match cookie.max_age() {
                Some(age) if age.is_zero() => self.cookies.remove(cookie.name()),
                _ => self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned()),
            };
        }
        self.status = response.status();
        self.path = path.split('?').next().unwrap().to_owned();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        self.page = String::from_utf8_lossy(&bytes).into_owned();
        to
    }
}
