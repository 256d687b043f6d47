//! Sensitive scopes: given only after a second factor that was proved just now, and without the password again.

use mcpcodex::{
    config::Config,
    crypto::pkce,
    model::{
        client::Client,
        resource::{ResourceScope, Risk},
        user::User,
    },
    ops::{
        client,
        resource::{self, Change, New},
    },
};
use serde_json::{Value, json};

use super::caller::encode;
use crate::{
    ops::oauth::fixture::{CALLBACK, VERIFIER, claims, operator, query},
    support::{Browser, PASSWORD, Page, TestApp, Totp},
};

const MCP: &str = "https://mcp.example.com/mcp";
/// Longer than a second factor counts as fresh.
const STALE: u64 = 301;

pub(super) struct Place {
    pub(super) server: TestApp,
    pub(super) client: Client,
    pub(super) ann: User,
}

impl Place {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let server = TestApp::with(configure);
        let ann = server.user("ann");
        let scopes = ["notes:read", "notes:write", "notes:delete"];
        let scopes = scopes.map(|name| ResourceScope::new(name, format!("Do {name}"))).to_vec();
        let settings = Change {
            risks: vec![("notes:delete".to_owned(), Risk::Sensitive)],
            defaults: vec![("notes:delete".to_owned(), false)],
            ..Change::default()
        };
        let new = New { uri: MCP.to_owned(), scopes, settings, ..New::default() };
        let client = client::New {
            name: "App".to_owned(),
            redirect_uris: vec![CALLBACK.to_owned()],
            public: true,
            ..client::New::default()
        };
        let client = server.write(move |tx| {
            resource::add(tx, &operator(), new)?;
            Ok(client::create(tx, &operator(), client)?.client)
        });
        Self { server, client, ann }
    }

    pub(super) fn path(&self, scope: &str, more: &[(&str, &str)]) -> String {
        let challenge = pkce::challenge_s256(VERIFIER);
        let mut pairs = vec![
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("scope", scope),
            ("resource", MCP),
        ];
        pairs.extend(more);
        format!("/authorize?{}", encode(&pairs))
    }

    /// Allows it if asked, and exchanges the code: the claims of the tokens.
    pub(super) fn finish(&self, browser: &mut Browser, page: Page) -> (Value, Value) {
        let page = if page.status == 200 {
            browser.submit(&page, "/consent", &[("decision", "allow")])
        } else {
            page
        };
        let code = query(page.location(), "code").unwrap_or_else(|| panic!("no code: {page:?}"));
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("code", &code),
        ];
        let answer = browser.ask("POST", "/token").by_program().form(&form).send().json();
        let token = |name: &str| claims(answer[name].as_str().unwrap());
        (token("access_token"), token("id_token"))
    }

    pub(super) fn code(&self, totp: &Totp) -> String {
        self.server.code(totp)
    }
}

const ASKED: &str = "openid notes:read notes:delete";

#[test]
fn stale_session_proves_the_second_factor_alone_and_goes_on_to_consent() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    let began = browser.session().unwrap().to_owned();
    place.server.advance(STALE);
    let stepped_at = place.server.clock.now();
    let page = browser.open(&place.path(ASKED, &[]));
    assert_eq!((page.status, page.location()), (303, "/mfa"), "{page:?}");
    assert!(browser.is_in(), "signed in all the while");
    let page = browser.give_code(&place.code(&totp));
    assert!(page.location().starts_with("/authorize/continue?request=r_"), "{page:?}");
    assert_ne!(browser.session(), Some(began.as_str()), "more rights, another id");
    let page = browser.follow(page);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Do notes:delete"), "{}", page.body);
    let (access, id) = place.finish(&mut browser, page);
    assert_eq!(access["scope"], ASKED);
    for claims in [&access, &id] {
        assert_eq!(claims["acr"], "urn:mcpcodex:acr:mfa");
        assert_eq!(claims["auth_time"], stepped_at.secs());
        let amr = claims["amr"].as_array().unwrap();
        assert!(amr.contains(&json!("pwd")) && amr.contains(&json!("otp")), "{amr:?}");
    }
}

#[test]
fn ordinary_scopes_of_the_same_resource_need_no_factor_and_more_of_them_no_password() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    place.server.advance(STALE);
    let page = browser.open(&place.path("openid notes:read", &[]));
    assert_eq!(page.status, 200, "{page:?}");
    place.finish(&mut browser, page);
    // A further scope, later: one question about it, nothing else.
    place.server.advance(STALE);
    let page = browser.open(&place.path("openid notes:read notes:write", &[]));
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(place.finish(&mut browser, page).0["scope"], "openid notes:read notes:write");
}

#[test]
fn factor_of_the_last_five_minutes_is_fresh_and_an_earlier_consent_is_no_factor() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    place.server.advance(STALE - 1);
    let page = browser.open(&place.path(ASKED, &[]));
    assert_eq!(page.status, 200, "{page:?}");
    place.finish(&mut browser, page);
    place.server.advance(1);
    let page = browser.open(&place.path(ASKED, &[]));
    assert_eq!(page.location(), "/mfa", "what was allowed before is not given unseen: {page:?}");
    let page = browser.give_code(&place.code(&totp));
    let page = browser.follow(page);
    assert!(query(page.location(), "code").is_some(), "asked only once: {page:?}");
}

#[test]
fn consent_that_was_read_for_long_is_answered_if_the_factor_came_after_the_request() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    place.server.advance(STALE);
    browser.open(&place.path(ASKED, &[]));
    place.server.advance(1);
    let page = browser.give_code(&place.code(&totp));
    let page = browser.follow(page);
    place.server.advance(STALE);
    assert_eq!(place.finish(&mut browser, page).0["scope"], ASKED);
}

#[test]
fn consent_page_that_was_open_before_the_scope_took_a_factor_gives_nothing() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    place.server.advance(STALE);
    let page = browser.open(&place.path("openid notes:write", &[]));
    let change =
        Change { risks: vec![("notes:write".to_owned(), Risk::Sensitive)], ..Change::default() };
    place.server.write(move |tx| {
        let id = resource::find(tx, &operator(), MCP)?.id;
        resource::edit(tx, &operator(), &id, change)
    });
    let page = browser.submit(&page, "/consent", &[("decision", "allow")]);
    assert_eq!(page.location(), "/mfa", "{page:?}");
}

#[test]
fn whoever_signs_in_for_it_is_asked_for_both_factors_once() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.browser();
    let page = browser.open(&place.path(ASKED, &[]));
    let page = browser.follow(page);
    let page = browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert_eq!(page.location(), "/mfa");
    let page = browser.give_code(&place.code(&totp));
    let page = browser.follow(page);
    assert_eq!(place.finish(&mut browser, page).0["scope"], ASKED);
}

#[test]
fn person_without_a_factor_signs_in_again_and_enrols_one_even_though_signed_in() {
    let place = Place::new();
    let mut browser = place.server.login("ann");
    let page = browser.open(&place.path(ASKED, &[]));
    assert!(page.location().starts_with("/login?request="), "{page:?}");
    let page = browser.follow(page);
    let page = browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert_eq!(page.location(), "/mfa/enroll", "{page:?}");
    // Without it, nothing is given.
    let page = browser.open(&place.path(ASKED, &[]));
    assert!(page.location().starts_with("/login"), "{page:?}");
    // An app that asks for ordinary things is not held up.
    assert_eq!(browser.open(&place.path("openid notes:read", &[])).status, 200);
}

#[test]
fn without_second_factors_here_sensitive_scopes_are_left_out() {
    let place = Place::with(|config| config.authentication.mfa.enabled = false);
    let mut browser = place.server.login("ann");
    let page = browser.open(&place.path(ASKED, &[]));
    assert_eq!(page.status, 200, "{page:?}");
    assert!(!page.body.contains("notes:delete"));
    assert_eq!(place.finish(&mut browser, page).0["scope"], "openid notes:read");
    let page = browser.open(&place.path("notes:delete", &[]));
    assert_eq!(query(page.location(), "error").as_deref(), Some("invalid_scope"), "{page:?}");
}

#[test]
fn request_that_may_show_no_page_is_told_so() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    let page = browser.open(&place.path(ASKED, &[]));
    place.finish(&mut browser, page);
    let silent = place.path(ASKED, &[("prompt", "none")]);
    assert!(query(browser.open(&silent).location(), "code").is_some(), "while it is fresh");
    place.server.advance(STALE);
    let page = browser.open(&silent);
    assert_eq!(query(page.location(), "error").as_deref(), Some("login_required"), "{page:?}");
}

#[test]
fn wrong_code_opens_nothing_and_a_step_up_outlives_no_session() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    place.server.advance(STALE);
    let asked = browser.open(&place.path(ASKED, &[]));
    assert_eq!(asked.location(), "/mfa");
    let page = browser.give_code("000000");
    assert_eq!(page.status, 401, "{page:?}");
    let page = browser.open(&place.path(ASKED, &[]));
    assert_eq!(page.location(), "/mfa", "{page:?}");
    // Signed out elsewhere: a second factor alone is no sign-in.
    let everywhere = place.ann.id.clone();
    place.server.advance(60);
    place.server.write(move |tx| {
        mcpcodex::ops::session::revoke_of_user(tx, &operator(), &everywhere).map(drop)
    });
    let page = browser.open("/mfa");
    if page.status == 200 {
        let page = browser.submit(&page, "/mfa", &[("code", &place.code(&totp))]);
        assert!(page.location().starts_with("/login"), "{page:?}");
    }
    assert!(!browser.is_in());
}

#[test]
fn step_up_of_one_browser_helps_no_other_and_leaves_the_account_guarded() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    place.server.advance(STALE);
    let mut other = place.server.login_with("ann", &totp);
    place.server.advance(STALE);
    browser.open(&place.path(ASKED, &[]));
    let page = browser.give_code(&place.code(&totp));
    assert!(page.location().starts_with("/authorize/continue"));
    assert_eq!(other.open(&place.path(ASKED, &[])).location(), "/mfa");
    // It was no sign-in: what could cost the account still wants the password.
    let page = browser.open("/password");
    assert!(page.location().starts_with("/login/confirm"), "{page:?}");
    // The sign-in's cookie in a browser without the session opens nothing.
    let mut thief = place.server.browser();
    for name in ["mcpcodex_browser", "mcpcodex_sign_in"] {
        thief.set_cookie(name, other.cookie(name).unwrap());
    }
    place.server.advance(30);
    let page = thief.give_code(&place.code(&totp));
    assert!(page.location().starts_with("/login") && thief.session().is_none(), "{page:?}");
}

#[test]
fn refresh_keeps_a_sensitive_scope_that_was_given() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    let mut browser = place.server.login_with("ann", &totp);
    let page = browser.open(&place.path(ASKED, &[]));
    let page = browser.submit(&page, "/consent", &[("decision", "allow")]);
    let code = query(page.location(), "code").unwrap();
    let id = place.client.id.as_str();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", &code),
    ];
    let first = browser.ask("POST", "/token").by_program().form(&form).send().json();
    place.server.advance(2_000);
    let token = first["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", token)];
    let again = browser.ask("POST", "/token").by_program().form(&form).send().json();
    assert_eq!(again["scope"], ASKED);
}
