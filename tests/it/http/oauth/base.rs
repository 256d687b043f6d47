//! An issuer with a path, behind a proxy that keeps it and behind one that cuts it off: a browser signs in and allows, a
//! client gets its tokens. Over real sockets, since the path is what is tested.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
};

use mcpcodex::{http, ops::client};

use crate::{
    ops::oauth::fixture::{CALLBACK, VERIFIER, operator, query},
    support::{PASSWORD, RUNTIME, TestApp, html},
};

/// A browser in front of a proxy: it goes where it is told, below the public address only.
struct Visitor {
    agent: reqwest::Client,
    server: SocketAddr,
    /// Whether the proxy takes the path away.
    cuts: bool,
    cookies: BTreeMap<String, (String, String)>,
}

struct Seen {
    status: u16,
    location: String,
    body: String,
}

const PUBLIC: &str = "http://auth.example";

impl Visitor {
    fn go(&mut self, method: &str, path: &str, form: &[(String, String)]) -> Seen {
        assert!(path.starts_with("/id/"), "a browser is led out of the path: {path}");
        let inner = if self.cuts { path.trim_start_matches("/id") } else { path };
        let sent: Vec<String> = self
            .cookies
            .iter()
            .filter(|(_, (_, under))| path.starts_with(under.as_str()))
            .map(|(name, (value, _))| format!("{name}={value}"))
            .collect();
        let url = format!("http://{}{inner}", self.server);
        let mut asked = self.agent.request(method.parse().unwrap(), url);
        asked = asked.header("host", "auth.example").header("cookie", sent.join("; "));
        if method == "POST" {
            asked = asked
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .body(super::caller::encode(form));
        }
        let (head, body) = RUNTIME.block_on(async {
            let answer = asked.send().await.unwrap();
            let head = (answer.status().as_u16(), answer.headers().clone());
            (head, answer.text().await.unwrap())
        });
        for text in head.1.get_all("set-cookie") {
            let cookie = cookie::Cookie::parse(text.to_str().unwrap().to_owned()).unwrap();
            let under = cookie.path().unwrap().to_owned();
            self.cookies.insert(cookie.name().to_owned(), (cookie.value().to_owned(), under));
        }
        let location = head.1.get("location").map_or("", |value| value.to_str().unwrap());
        Seen { status: head.0, location: location.to_owned(), body }
    }

    /// Goes on from redirect to redirect, as long as they stay with us.
    fn follow(&mut self, method: &str, path: &str, form: &[(String, String)]) -> Seen {
        let mut seen = self.go(method, path, form);
        for _ in 0..8 {
            if seen.status != 303 || !seen.location.starts_with('/') {
                return seen;
            }
            let next = seen.location.clone();
            seen = self.go("GET", &next, &[]);
        }
        panic!("no end of redirects: {}", seen.location)
    }

    fn submit(&mut self, page: &Seen, end: &str, fields: &[(&str, &str)]) -> Seen {
        let forms = html::forms(&page.body);
        let form = forms.iter().find(|form| form.action.ends_with(end));
        let form = form.unwrap_or_else(|| panic!("no form for {end}: {}", page.body));
        let filled = form.filled(fields);
        self.follow("POST", &form.action, &filled)
    }
}

fn walk(cuts: bool) {
    let public = url::Url::parse(&format!("{PUBLIC}/id")).unwrap();
    let app = TestApp::with(|config| config.server.public_url = Some(public));
    app.user("ann");
    let new = client::New {
        name: "App".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        public: true,
        ..client::New::default()
    };
    let client = app.write(move |tx| client::create(tx, &operator(), new)).client.id;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving =
        RUNTIME.spawn(http::serve(listener, app.app.clone(), async move { drop(stopped.await) }));
    let agent =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut visitor = Visitor { agent, server, cuts, cookies: BTreeMap::new() };

    let pairs = [
        ("client_id", client.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("code_challenge", &mcpcodex::crypto::pkce::challenge_s256(VERIFIER)),
        ("code_challenge_method", "S256"),
        ("scope", "openid"),
    ];
    let first = format!("/id/authorize?{}", super::caller::encode(&pairs));
    let login = visitor.follow("GET", &first, &[]);
    assert_eq!(login.status, 200, "{}", login.body);
    for own in [" href=\"/", " action=\"/", " src=\"/", " data-challenge=\"/"] {
        for (at, _) in login.body.match_indices(own) {
            let rest = &login.body[at + own.len()..];
            assert!(rest.starts_with("id/"), "leads out of the path: {own}{}", &rest[..40]);
        }
    }
    let style = login.body.split("href=\"").find(|rest| rest.contains("/assets/app.")).unwrap();
    let style = style.split('"').next().unwrap().to_owned();
    assert_eq!(visitor.go("GET", &style, &[]).status, 200, "{style}");

    let consent = visitor.submit(&login, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert_eq!(consent.status, 200, "{}", consent.body);
    let done = visitor.submit(&consent, "/consent", &[("decision", "allow")]);
    assert!(done.location.starts_with(CALLBACK), "{}", done.location);
    assert_eq!(query(&done.location, "iss").as_deref(), Some("http://auth.example/id"));
    let code = query(&done.location, "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", &code),
    ];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let tokens = visitor.go("POST", "/id/token", &form);
    assert_eq!(tokens.status, 200, "{}", tokens.body);

    let account = visitor.follow("GET", "/id/account", &[]);
    assert!(account.body.contains("ann"), "signed in below the path: {}", account.body);
    let nowhere = visitor.go("GET", "/id/nowhere", &[]);
    assert_eq!(nowhere.status, 404);
    assert!(nowhere.body.contains("href=\"/id/account\""), "{}", nowhere.body);
    let out = visitor.submit(&account, "/logout", &[]);
    assert_eq!(out.status, 200, "{}", out.body);
    assert!(visitor.follow("GET", "/id/account", &[]).body.contains("password"));
    for (name, (_, under)) in &visitor.cookies {
        let session = name == "mcpcodex_session";
        assert_eq!(under, if session { "/" } else { "/id" }, "{name}");
    }
    drop(stop);
    RUNTIME.block_on(serving).unwrap().unwrap();
}

#[test]
fn person_signs_in_and_out_behind_a_proxy_that_keeps_the_path() {
    walk(false);
}

#[test]
fn person_signs_in_and_out_behind_a_proxy_that_cuts_the_path_off() {
    walk(true);
}
