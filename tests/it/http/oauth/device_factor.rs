//! Sensitive scopes for a device: the person proves a second factor on the page, as for an app in the browser.

use mcpcodex::{
    config::Config,
    model::{
        client::GrantType,
        resource::{ResourceScope, Risk},
    },
    ops::{
        client,
        resource::{self, Change, New},
    },
};
use serde_json::Value;

use crate::{
    ops::oauth::fixture::operator,
    support::{Browser, PASSWORD, Page, TestApp, Totp},
};

const MCP: &str = "https://mcp.example.com/mcp";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Longer than a second factor counts as fresh.
const STALE: u64 = 301;

struct Place {
    server: TestApp,
    id: String,
}

/// A device that waits.
struct Waiting {
    own: String,
    shown: String,
}

impl Place {
    fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let server = TestApp::with(configure);
        let scopes = ["notes:read", "notes:delete"];
        let scopes = scopes.map(|name| ResourceScope::new(name, format!("Do {name}"))).to_vec();
        let settings = Change {
            risks: vec![("notes:delete".to_owned(), Risk::Sensitive)],
            ..Change::default()
        };
        let new = New { uri: MCP.to_owned(), scopes, settings, ..New::default() };
        let client = client::New {
            name: "Terminal".to_owned(),
            grant_types: vec![GrantType::DeviceCode.as_str().to_owned()],
            public: true,
            ..client::New::default()
        };
        let client = server.write(move |tx| {
            resource::add(tx, &operator(), new)?;
            Ok(client::create(tx, &operator(), client)?.client)
        });
        Self { server, id: client.id.to_string() }
    }

    fn ask(&self, scope: &str) -> Waiting {
        let form = [("client_id", self.id.as_str()), ("scope", scope), ("resource", MCP)];
        let mut device = self.server.browser();
        let page = device.ask("POST", "/device_authorization").by_program().form(&form).send();
        let json = page.json();
        let text =
            |name: &str| json[name].as_str().unwrap_or_else(|| panic!("{page:?}")).to_owned();
        Waiting { own: text("device_code"), shown: text("user_code") }
    }

    fn poll(&self, waiting: &Waiting) -> Value {
        let form = [("grant_type", GRANT), ("client_id", &self.id), ("device_code", &waiting.own)];
        self.server.browser().ask("POST", "/token").by_program().form(&form).send().json()
    }

    /// A person with a second factor, signed in so long ago that it is stale.
    fn stale(&self) -> (Browser, Totp) {
        let ann = self.server.user("ann");
        let totp = self.server.with_totp(&ann);
        let browser = self.server.login_with("ann", &totp);
        self.server.advance(STALE);
        (browser, totp)
    }
}

fn type_in(browser: &mut Browser, waiting: &Waiting) -> Page {
    let page = browser.open(&format!("/device?user_code={}", waiting.shown));
    browser.submit(&page, "/device", &[("user_code", &waiting.shown)])
}

fn allow(browser: &mut Browser, page: &Page) -> Page {
    browser.submit(page, "/device", &[("decision", "allow")])
}

#[test]
fn person_proves_the_second_factor_and_comes_back_to_the_code() {
    let place = Place::with(|_| ());
    let (mut browser, totp) = place.stale();
    let waiting = place.ask("notes:read notes:delete");
    let page = type_in(&mut browser, &waiting);
    assert_eq!((page.status, page.location()), (303, "/mfa"), "{page:?}");
    let page = browser.give_code(&place.server.code(&totp));
    assert_eq!(page.location(), format!("/device?user_code={}", waiting.shown));
    let page = browser.follow(page);
    assert!(!page.body.contains("decision"), "nothing is asked before the code is sent again");
    let page = type_in(&mut browser, &waiting);
    assert!(page.body.contains("Do notes:delete"), "{page:?}");
    assert_eq!(place.poll(&waiting)["error"], "authorization_pending");
    let page = allow(&mut browser, &page);
    assert!(page.body.contains("is connected"), "{page:?}");
    place.server.advance(6);
    assert_eq!(place.poll(&waiting)["scope"], "notes:read notes:delete");
}

#[test]
fn ordinary_scopes_need_no_factor_and_a_fresh_one_is_not_asked_for_again() {
    let place = Place::with(|_| ());
    let (mut browser, totp) = place.stale();
    let page = type_in(&mut browser, &place.ask("notes:read"));
    assert!(page.status == 200 && page.body.contains("Do notes:read"), "{page:?}");
    type_in(&mut browser, &place.ask("notes:delete"));
    browser.give_code(&place.server.code(&totp));
    let page = type_in(&mut browser, &place.ask("notes:delete"));
    assert!(page.status == 200 && page.body.contains("Do notes:delete"), "{page:?}");
}

#[test]
fn page_that_was_open_while_the_factor_went_stale_gives_nothing_and_can_still_say_no() {
    let place = Place::with(|_| ());
    let (mut browser, totp) = place.stale();
    // The factor is proved before the device asks, so that only its age counts.
    type_in(&mut browser, &place.ask("notes:delete"));
    browser.give_code(&place.server.code(&totp));
    place.server.advance(1);
    let (one, other) = (place.ask("notes:delete"), place.ask("notes:delete"));
    let (first, second) = (type_in(&mut browser, &one), type_in(&mut browser, &other));
    place.server.advance(STALE);
    let page = allow(&mut browser, &first);
    assert_eq!(page.location(), "/mfa", "{page:?}");
    assert_eq!(place.poll(&one)["error"], "authorization_pending");
    let page = browser.submit(&second, "/device", &[("decision", "deny")]);
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(place.poll(&other)["error"], "access_denied");
    // Where it was left, it goes on.
    let page = browser.give_code(&place.server.code(&totp));
    assert_eq!(page.location(), format!("/device?user_code={}", one.shown));
    let page = type_in(&mut browser, &one);
    assert!(allow(&mut browser, &page).body.contains("is connected"));
}

#[test]
fn person_without_a_factor_signs_in_again_and_enrols_one() {
    let place = Place::with(|_| ());
    place.server.user("ann");
    let mut browser = place.server.login("ann");
    let waiting = place.ask("notes:delete");
    let page = type_in(&mut browser, &waiting);
    let back = format!("%2Fdevice%3Fuser_code%3D{}", waiting.shown);
    assert_eq!(page.location(), format!("/login?second_factor=needed&return_to={back}"));
    let page = browser.follow(page);
    let page = browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert_eq!(page.location(), "/mfa/enroll", "{page:?}");
    assert_eq!(place.poll(&waiting)["error"], "authorization_pending");
}

#[test]
fn without_second_factors_here_sensitive_scopes_are_left_out() {
    let place = Place::with(|config| config.authentication.mfa.enabled = false);
    place.server.user("ann");
    let mut browser = place.server.login("ann");
    let waiting = place.ask("notes:read notes:delete");
    let page = type_in(&mut browser, &waiting);
    assert!(page.status == 200 && !page.body.contains("notes:delete"), "{page:?}");
    allow(&mut browser, &page);
    assert_eq!(place.poll(&waiting)["scope"], "notes:read");
}

#[test]
fn wrong_code_leads_to_no_second_factor() {
    let place = Place::with(|_| ());
    let (mut browser, _) = place.stale();
    place.ask("notes:delete");
    let page =
        type_in(&mut browser, &Waiting { own: String::new(), shown: "BCDF-GHJK".to_owned() });
    assert_eq!(page.status, 400, "{page:?}");
}
