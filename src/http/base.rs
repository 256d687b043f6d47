//! An issuer with a path, such as `https://example.com/id`. Inside, everything is at the root; here requests come in from
//! below the path and answers go out to it. A proxy in front may keep the path or cut it off: both work, since a
//! request may come with it or without, and what a browser is told always has it.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, Uri, header, uri::PathAndQuery},
    middleware::{self, Next},
    response::Response,
};

use crate::config::site::Site;

/// Where a page of ours names a path of ours. A quote that somebody typed is escaped, so that none of these can
/// stand in a text.
const PLACES: [&str; 6] = [
    " href=\"/",
    " action=\"/",
    " src=\"/",
    " data-challenge=\"/",
    " data-ask=\"/",
    " content=\"0;url=/",
];
/// No page of ours comes near.
const LARGEST_PAGE: usize = 4 * 1024 * 1024;
/// Paths of ours that begin with `/auth` and are no page's below an issuer's path of that name.
const OWN: [&str; 4] = ["/auth/session", "/auth/callback", "/auth/verify", "/auth/mfa/verify"];

/// The router as it is reached below the issuer's path; without such a path, itself.
pub fn under(site: &Site, router: Router) -> Router {
    let base = site.path().to_owned();
    if base.is_empty() {
        return router;
    }
    let through = move |request: Request, next: Next| pass(base.clone(), request, next);
    Router::new().fallback_service(router).layer(middleware::from_fn(through))
}

async fn pass(base: String, mut request: Request, next: Next) -> Response {
    if let Some(uri) = inside(&base, request.uri()) {
        *request.uri_mut() = uri;
    }
    outside(&base, next.run(request).await).await
}

/// The address without the issuer's path, if it has it.
fn inside(base: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base).filter(|_| !OWN.contains(&uri.path()))?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let rest = if rest.is_empty() { "/" } else { rest };
    let rest = uri.query().map_or_else(|| rest.to_owned(), |query| format!("{rest}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

/// The answer with the issuer's path before every path of ours.
async fn outside(base: &str, mut response: Response) -> Response {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let location = location.filter(|to| to.starts_with('/') && !to.starts_with("//"));
    if let Some(to) = location.and_then(|to| HeaderValue::try_from(format!("{base}{to}")).ok()) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/html")) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_PAGE).await else {
        return Response::from_parts(head, Body::empty());
    };
    head.headers.remove(header::CONTENT_LENGTH);
    match std::str::from_utf8(&bytes) {
        Ok(page) => Response::from_parts(head, Body::from(rebased(base, page))),
        Err(_) => Response::from_parts(head, Body::from(bytes)),
    }
}

fn rebased(base: &str, page: &str) -> String {
    PLACES.iter().fold(page.to_owned(), |page, place| {
        let place = place.trim_end_matches('/');
        let mut parts = page.split(place);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            out.push_str(place);
            if part.starts_with('/') && !part.starts_with("//") {
                out.push_str(base);
            }
            out.push_str(part);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(uri: &str) -> Option<String> {
        inside("/id", &uri.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn path_is_cut_off_where_it_is_and_only_as_a_whole() {
        assert_eq!(path("/id/login?a=/id/b").as_deref(), Some("/login?a=/id/b"));
        assert_eq!(path("/id").as_deref(), Some("/"));
        assert_eq!(path("/id/").as_deref(), Some("/"));
        assert_eq!(path("http://h.example/id/x").as_deref(), Some("http://h.example/x"));
        for other in ["/login", "/ideas", "/x/id/login", "/", "*"] {
            assert_eq!(path(other), None, "{other}");
        }
        let own = |uri: &str| inside("/auth", &uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(own("/auth/session"), None);
        assert_eq!(own("/auth/auth/session").as_deref(), Some("/auth/session"));
        assert_eq!(own("/auth/login").as_deref(), Some("/login"));
    }

    #[test]
    fn own_paths_of_a_page_get_the_path_and_nothing_else_does() {
        let page = r#"<a href="/account">x</a><form action="/login"><a href="//other.example/">y</a>
<img src="/assets/a.svg"><a href="https://c.example/">z</a><meta http-equiv="refresh" content="0;url=/go">
<p data-challenge="/passkey"> href=&#34;/no</p><a href="data:text/plain,/x">"#;
        let expected = r#"<a href="/id/account">x</a><form action="/id/login"><a href="//other.example/">y</a>
<img src="/id/assets/a.svg"><a href="https://c.example/">z</a><meta http-equiv="refresh" content="0;url=/id/go">
<p data-challenge="/id/passkey"> href=&#34;/no</p><a href="data:text/plain,/x">"#;
        assert_eq!(rebased("/id", page), expected);
    }
}
