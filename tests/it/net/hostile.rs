//! Servers that answer wrongly, slowly, endlessly or in somebody else's name.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mcpcodex::{
    model::fetch::{Fault, Fetched},
    net::{
        client::{Fetcher, Looking, Lookup, MOST, Policy},
        guard::Reach,
    },
};
use serde_json::json;

use crate::support::{
    RUNTIME,
    publisher::{Authority, Names, Page, Publisher},
};

const NAME: &str = "app.example.com";

struct Scene {
    publisher: Publisher,
    fetcher: Fetcher,
}

impl Scene {
    fn new(within: Duration) -> Self {
        let authority = Authority::new();
        let publisher = Publisher::start(&authority, &[NAME]);
        let fetcher = fetcher(Some(&authority), within);
        Self { publisher, fetcher }
    }

    fn fetch(&self, page: Page, etag: Option<&str>) -> Result<Fetched, Fault> {
        self.publisher.put("/client.json", page);
        let url = self.publisher.url(NAME, "/client.json");
        RUNTIME.block_on(self.fetcher.fetch(&url, etag))
    }
}

fn fetcher(authority: Option<&Authority>, within: Duration) -> Fetcher {
    let authorities = authority.map(|authority| authority.pem.clone().into_bytes());
    let names = Names::default();
    names.put(NAME, &[&["127.0.0.1"]]);
    names.put("other.example.com", &[&["127.0.0.1"]]);
    let policy = Policy { reach: Reach::Local, authorities, within };
    Fetcher::with(&policy, Arc::new(names)).unwrap()
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Page {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Page::Answer(status, headers, body.into())
}

/// A resolver that never answers.
struct Never;

impl Lookup for Never {
    fn look_up(&self, _name: String) -> Looking {
        Box::pin(std::future::pending())
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn good_document_comes_with_its_etag_and_how_long_it_is_fresh() {
    let scene = Scene::new(Duration::from_secs(3));
    let document = json!({ "client_name": "Ä" });
    let headers = [JSON, ("etag", "\"a1\""), ("cache-control", "public, max-age=600")];
    let page = answer(200, &headers, document.to_string());
    let body = Fetched::Body {
        bytes: document.to_string().into_bytes(),
        etag: Some("\"a1\"".to_owned()),
        fresh: Some(Duration::from_secs(600)),
    };
    assert_eq!(scene.fetch(page.clone(), None), Ok(body.clone()));
    let unchanged = Fetched::Unchanged { fresh: Some(Duration::from_secs(600)) };
    assert_eq!(scene.fetch(page.clone(), Some("\"a1\"")), Ok(unchanged));
    assert_eq!(scene.fetch(page, Some("\"a0\"")), Ok(body));
    let head = scene.publisher.asked()[0].head.to_lowercase();
    for line in ["accept: application/json", "accept-encoding: identity", "user-agent: mcpcodex/"] {
        assert!(head.contains(line), "{head}");
    }
    for line in ["cookie", "referer", "authorization"] {
        assert!(!head.contains(line), "{head}");
    }
}

#[test]
fn anything_but_200_with_json_is_refused_and_no_redirect_is_followed() {
    let scene = Scene::new(Duration::from_secs(3));
    let other = scene.publisher.url(NAME, "/other.json");
    scene.publisher.put("/other.json", Page::Json("{}".to_owned()));
    for status in [301, 302, 303, 307, 308] {
        let page = answer(status, &[JSON, ("location", other.as_str())], "{}");
        assert_eq!(scene.fetch(page, None), Err(Fault::Redirect(status)));
    }
    assert!(scene.publisher.asked().iter().all(|asked| asked.path == "/client.json"));
    for status in [201, 203, 204, 206, 400, 401, 403, 404, 410, 429, 500, 503] {
        assert_eq!(scene.fetch(answer(status, &[JSON], "{}"), None), Err(Fault::Status(status)));
    }
    // Nobody asked whether it has changed.
    assert_eq!(scene.fetch(answer(304, &[JSON], ""), None), Err(Fault::Status(304)));
    let html = answer(200, &[("content-type", "text/html")], "<p>sign in</p>");
    assert_eq!(scene.fetch(html, None), Err(Fault::Type("text/html".to_owned())));
    assert_eq!(scene.fetch(answer(200, &[], "{}"), None), Err(Fault::Type(String::new())));
    let words = answer(200, &[("content-type", "text/x-\u{7f}<b>")], "{}");
    assert!(scene.fetch(words, None).is_err());
}

#[test]
fn document_that_is_large_endless_or_packed_is_left_unread() {
    let scene = Scene::new(Duration::from_secs(3));
    let large = format!("{{\"x\": \"{}\"}}", "y".repeat(70_000));
    assert_eq!(scene.fetch(answer(200, &[JSON], large), None), Err(Fault::Large(MOST)));
    assert_eq!(scene.fetch(Page::Flood, None), Err(Fault::Large(MOST)));
    let most = vec![b' '; MOST];
    assert!(scene.fetch(answer(200, &[JSON], most.clone()), None).is_ok());
    let more = [most.as_slice(), b" "].concat();
    assert_eq!(scene.fetch(answer(200, &[JSON], more), None), Err(Fault::Large(MOST)));
    // The first bytes of a gzip file: whether it is a bomb is never found out.
    let packed = answer(200, &[JSON, ("content-encoding", "gzip")], vec![0x1f, 0x8b, 8, 0]);
    assert_eq!(scene.fetch(packed, None), Err(Fault::Encoded));
    // One that says nothing of being packed comes as the bytes it is.
    let bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
    let body = scene.fetch(answer(200, &[JSON], bytes.clone()), None).unwrap();
    assert!(matches!(body, Fetched::Body { bytes: own, .. } if own == bytes));
    assert_eq!(scene.fetch(Page::Half, None), Err(Fault::Broken));
}

#[test]
fn endless_document_is_cut_off_long_before_a_megabyte() {
    let scene = Scene::new(Duration::from_secs(3));
    for round in 1..=5 {
        assert_eq!(scene.fetch(Page::Flood, None), Err(Fault::Large(MOST)));
        // What was read, and what stood in the buffers of both sides.
        let sent = scene.publisher.flooded();
        assert!(sent < round * (4 << 20), "{sent} bytes after {round} rounds");
    }
}

#[test]
fn server_that_never_says_hello_costs_no_more_than_the_time_there_is() {
    let within = Duration::from_millis(700);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = url::Url::parse(&format!(
        "https://{NAME}:{}/client.json",
        silent.local_addr().unwrap().port()
    ))
    .unwrap();
    let start = Instant::now();
    let fault = RUNTIME.block_on(fetcher(None, within).fetch(&url, None)).unwrap_err();
    assert_eq!(fault, Fault::Slow(within));
    assert!(start.elapsed() < within * 2, "{:?}", start.elapsed());
    drop(silent);
}

#[test]
fn server_that_hangs_or_drips_costs_no_more_than_the_time_there_is() {
    let within = Duration::from_millis(700);
    let scene = Scene::new(within);
    for page in [Page::Hang, Page::Drip] {
        let start = Instant::now();
        assert_eq!(scene.fetch(page, None), Err(Fault::Slow(within)));
        assert!(start.elapsed() < within * 2, "{:?}", start.elapsed());
    }
    let policy = Policy { reach: Reach::Local, authorities: None, within };
    let fetcher = Fetcher::with(&policy, Arc::new(Never)).unwrap();
    let url = scene.publisher.url(NAME, "/client.json");
    assert_eq!(RUNTIME.block_on(fetcher.fetch(&url, None)), Err(Fault::Slow(within)));
}

#[test]
fn server_must_prove_its_name_to_an_authority_that_is_trusted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let publisher = Publisher::start(&authority, &[NAME]);
    publisher.put("/client.json", Page::Json("{}".to_owned()));
    let (url, wrong) =
        (publisher.url(NAME, "/client.json"), publisher.url("other.example.com", "/client.json"));
    let within = Duration::from_secs(3);
    let ask = |fetcher: &Fetcher, url| RUNTIME.block_on(fetcher.fetch(url, None));
    assert!(ask(&fetcher(Some(&authority), within), &url).is_ok());
    for (fetcher, url) in [
        (fetcher(Some(&authority), within), &wrong),
        (fetcher(Some(&other), within), &url),
        (fetcher(None, within), &url),
    ] {
        let fault = ask(&fetcher, url).unwrap_err();
        let Fault::Connection(why) = &fault else { panic!("{fault:?}") };
        assert!(why.contains("certificate"), "{why}");
    }
    assert_eq!(publisher.asked().len(), 1, "no request goes to a server that proves nothing");
    // Nobody listens at all.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = url::Url::parse(&format!("https://{NAME}:{}/x", closed.port())).unwrap();
    let fault = ask(&fetcher(Some(&authority), within), &gone).unwrap_err();
    assert!(matches!(fault, Fault::Connection(_)), "{fault:?}");
}

#[test]
fn authorities_that_cannot_be_read_are_refused_at_the_start() {
    let policy = Policy { authorities: Some(b"no certificate".to_vec()), ..Policy::default() };
    // Nothing in it is nothing to add; something broken in it is a mistake.
    drop(Fetcher::new(&policy));
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let policy = Policy { authorities: Some(broken), ..Policy::default() };
    assert!(Fetcher::new(&policy).is_err());
}
