//! The API, as programs use it: over the router, with real tokens and keys.

mod collections;
mod frame;
mod matrix;
mod once;
mod paging;
mod people;
mod rights;
mod tricks;

use mcpcodex::{
    model::{apikey::KeyRow, user::User},
    ops::{self, apikey::New, client},
};
use serde_json::{Value, json};

use crate::support::{Browser, Page, TestApp, browser_of, operator};

pub(crate) const ADMINISTER: &str = "admin:users";
pub(crate) const OWN: &str = "mcpcodex:api";
const CALLBACK: &str = "http://127.0.0.1/callback";
const CLIENT: &str = "program";
// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A program with what it shows, at a server.
pub(crate) struct Program {
    browser: Browser,
    shown: Option<(&'static str, String)>,
}

impl Program {
    /// One that shows nothing.
    pub(crate) fn nobody(server: &TestApp) -> Self {
        Self { browser: browser_of(&server.app), shown: None }
    }

    /// One with an access token of a person.
    pub(crate) fn of(server: &TestApp, user: &User, scopes: &str) -> Self {
        let token = token(server, user, scopes);
        Self::shows(server, "authorization", format!("Bearer {token}"))
    }

    /// One with an API key of a person.
    pub(crate) fn key(server: &TestApp, user: &User, scopes: &[&str]) -> Self {
        Self::shows(server, "x-api-key", key(server, user, scopes).1)
    }

    pub(crate) fn shows(server: &TestApp, header: &'static str, value: String) -> Self {
        Self { browser: browser_of(&server.app), shown: Some((header, value)) }
    }

    /// An administrator's.
    pub(crate) fn admin(server: &TestApp) -> Self {
        Self::of(server, &server.admin("root"), ADMINISTER)
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Page {
        let mut browser = self.browser.clone();
        let mut asking = browser.ask(method, path).by_program();
        if let Some((name, value)) = &self.shown {
            asking = asking.header(name, value);
        }
        for (name, value) in headers {
            asking = asking.header(name, value);
        }
        match body {
            Some(body) => asking.body("application/json", body.to_string()).send(),
            None => asking.send(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Page {
        self.ask("GET", path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Page {
        self.ask("POST", path, &[], Some(body))
    }

    pub(crate) fn act(&self, path: &str) -> Page {
        self.ask("POST", path, &[], None)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Page {
        self.ask("PATCH", path, &[], Some(body))
    }

    pub(crate) fn delete(&self, path: &str) -> Page {
        self.ask("DELETE", path, &[], None)
    }

    /// The answer to something that must go well.
    pub(crate) fn good(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let page = self.ask(method, path, &[], body);
        assert!((200..300).contains(&page.status), "{method} {path}: {page:?}");
        page.json()
    }
}

/// An API key of a person, and its text.
pub(crate) fn key(server: &TestApp, user: &User, scopes: &[&str]) -> (KeyRow, String) {
    let new = New {
        name: "ci".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        requests_per_minute: Some(1_000_000),
        burst_size: Some(1_000_000),
        ..New::default()
    };
    let (env, owner) = (server.app.env(), user.clone());
    let made = server.write(move |tx| ops::apikey::create(tx, &env, &operator(), &owner, &new));
    let text = made.text.expose().to_owned();
    (KeyRow { key: made.key, username: user.username.clone(), agent: None }, text)
}

/// The client that all these programs are.
pub(crate) fn client_of(server: &TestApp) {
    let there = server.read(|r| client::find(r, &operator(), CLIENT).map(Some).or(Ok(None)));
    if there.is_some() {
        return;
    }
    let words = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let new = client::New {
        name: "Program".to_owned(),
        id: Some(CLIENT.to_owned()),
        redirect_uris: words(&[CALLBACK]),
        public: true,
        scopes: words(&["openid", "profile", "email", ADMINISTER, OWN]),
        // It asks no consent.
        built_in: true,
        ..client::New::default()
    };
    server.write(move |tx| client::create(tx, &operator(), new).map(drop));
}

/// An access token that a person gave a program, by code.
pub(crate) fn token(server: &TestApp, user: &User, scopes: &str) -> String {
    token_with(server, user, scopes, None)
}

/// [`token`], with this proof of a key at the end.
pub(crate) fn token_with(
    server: &TestApp,
    user: &User,
    scopes: &str,
    proof: Option<&str>,
) -> String {
    client_of(server);
    let (_, cookie) = server.session_of(user, false);
    let mut browser = server.browser();
    browser.set_cookie(&server.config().authentication.session.cookie_name, &cookie);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", scopes),
        ("state", "s"),
    ]);
    let mut page = browser.open(&format!("/authorize?{}", query.finish()));
    while !page.location().starts_with(CALLBACK) {
        page = browser.follow(page);
    }
    let url = url::Url::parse(page.location()).unwrap();
    let (_, code) = url.query_pairs().find(|(name, _)| name == "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("code", code.as_ref()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let mut browser = server.browser();
    let asking = browser.ask("POST", "/token").by_program().form(&form);
    let asking = proof.into_iter().fold(asking, |asking, proof| asking.header("dpop", proof));
    let page = asking.send();
    assert_eq!(page.status, 200, "{page:?}");
    page.json()["access_token"].as_str().unwrap().to_owned()
}

/// A refusal: its status, and its code, once it is seen to be problem details.
pub(crate) fn refusal(page: &Page) -> (u16, String) {
    assert_eq!(page.header("content-type"), "application/problem+json", "{page:?}");
    let body = page.json();
    assert_eq!(body["status"], json!(page.status), "{body}");
    let code = body["code"].as_str().unwrap().to_owned();
    assert_eq!(body["type"], json!(format!("urn:mcpcodex:problem:{code}")));
    assert!(["title", "detail"].iter().all(|name| body[name].is_string()), "{body}");
    (page.status, code)
}
