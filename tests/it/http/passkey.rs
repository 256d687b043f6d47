//! Passkeys through the pages: challenges for the script, answers as forms, and the list in the account. What an
//! answer proves is tested with the op; here it is that each page asks the right one and says one thing to refusals.

use mcpcodex::ops;
use serde_json::Value;

use crate::support::{
    Browser, PASSWORD, Page, TestApp,
    authenticator::{Authenticator as _, Device, Page as Frame},
    operator,
};

/// A challenge as the script gets it.
struct Challenge {
    ceremony: String,
    options: Value,
}

impl Browser {
    fn challenge(&mut self, path: &str) -> Challenge {
        let page = self.ask_for(path);
        assert_eq!(page.status, 200, "{page:?}");
        let mut told = page.json();
        let ceremony = told["ceremony"].as_str().unwrap().to_owned();
        Challenge { ceremony, options: told["options"].take() }
    }

    fn ask_for(&mut self, path: &str) -> Page {
        let csrf = self.csrf();
        self.post(path, &[("csrf", csrf.as_str())])
    }

    /// Sends an answer with the form of the script.
    fn answer(&mut self, path: &str, ceremony: &str, answer: &str, more: &[(&str, &str)]) -> Page {
        let csrf = self.csrf();
        let mut fields = vec![("csrf", csrf.as_str()), ("ceremony", ceremony), ("answer", answer)];
        fields.extend(more);
        self.post(path, &fields)
    }

    /// What the script does where a passkey is made.
    fn make(&mut self, device: &mut Device, label: &str) -> Page {
        let Challenge { ceremony, options } = self.challenge("/passkey/register");
        let answer = device.make(&Frame::default(), &options);
        self.answer("/mfa/enroll/passkey", &ceremony, &answer, &[("label", label)])
    }

    /// What the script does where one is used.
    fn use_one(
        &mut self,
        device: &mut Device,
        asked: &str,
        path: &str,
        more: &[(&str, &str)],
    ) -> Page {
        let Challenge { ceremony, options } = self.challenge(asked);
        let answer = device.answer(&Frame::default(), &options);
        self.answer(path, &ceremony, &answer, more)
    }

    /// What the script does on the sign-in page.
    fn enter(&mut self, device: &mut Device, more: &[(&str, &str)]) -> Page {
        self.use_one(device, "/passkey/sign-in", "/login/passkey", more)
    }
}

impl TestApp {
    /// Someone with a passkey on a device, signed in with it; and their browser.
    fn with_passkey(&self, name: &str) -> (Browser, Device) {
        self.user(name);
        let (mut browser, mut device) = (self.login(name), Device::default());
        let page = browser.make(&mut device, "Laptop");
        assert_eq!(page.status, 200, "{page:?}");
        (browser, device)
    }

    fn lock(&self, name: &str) {
        let name = name.to_owned();
        self.write(move |tx| {
            let user = ops::user::find(tx, &name)?;
            ops::user::lock(tx, &operator(), &user.id).map(drop)
        });
    }
}

fn id_of(page: &Page) -> String {
    let (_, rest) = page.body.split_once("/account/passkeys/remove?id=").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

const WITH_SCRIPT: &str = "script-src 'self'; connect-src 'self'";

#[test]
fn passkey_made_in_a_session_brings_codes_and_signs_in_alone() {
    let server = TestApp::new();
    server.user("ann");
    let (mut browser, mut device) = (server.login("ann"), Device::default());
    assert!(browser.open("/account/passkeys").text_of("none").is_some());
    let before = browser.session().unwrap().to_owned();
    let page = browser.make(&mut device, "Laptop");
    assert!(page.text_of("codes").unwrap().lines().count() >= 8, "{page:?}");
    assert_ne!(browser.session().unwrap(), before, "a session with more rights is another one");
    assert!(browser.open("/account/passkeys").text_of("passkeys").unwrap().contains("Laptop"));

    let mut browser = server.browser();
    let page = browser.enter(&mut device, &[("remember_me", "true"), ("return_to", "/password")]);
    assert_eq!((page.status, page.location()), (303, "/password"));
    assert!(page.set_cookie("mcpcodex_session").unwrap().contains("Max-Age"), "{page:?}");
    let said = browser.open("/auth/session").json();
    assert_eq!(said["user"]["username"], "ann");
    assert_eq!(said["amr"], serde_json::json!(["swk", "user", "mfa"]));
    assert!(browser.open("/account/passkeys").body.contains("last used"));
}

#[test]
fn box_that_was_not_ticked_is_not_remembered() {
    let server = TestApp::new();
    let (_, mut device) = server.with_passkey("ann");
    let page = server.browser().enter(&mut device, &[("remember_me", "false")]);
    assert!(!page.set_cookie("mcpcodex_session").unwrap().contains("Max-Age"), "{page:?}");
}

#[test]
fn second_passkey_shows_no_codes_and_leads_back_to_the_list() {
    let server = TestApp::new();
    let (mut browser, _) = server.with_passkey("ann");
    let page = browser.make(&mut Device::default(), "");
    assert_eq!((page.status, page.location()), (303, "/account/passkeys?done=new"));
    let page = browser.follow(page);
    assert!(page.text_of("notice").is_some() && page.body.contains("Passkey 2"), "{page:?}");
}

#[test]
fn every_refusal_at_sign_in_says_the_same() {
    let server = TestApp::new();
    let (_, mut device) = server.with_passkey("ann");
    let (mut bobs, mut locked) = server.with_passkey("bob");
    let (mut stranger, mut unknown) = (server.browser(), Device::default());
    unknown.make(&Frame::default(), &bobs.challenge("/passkey/register").options);
    server.lock("bob");
    let mut refusals = Vec::new();

    refusals.push(stranger.enter(&mut locked, &[]));
    refusals.push(stranger.enter(&mut unknown, &[]));
    let elsewhere = server.browser().challenge("/passkey/sign-in");
    let answer = device.answer(&Frame::default(), &elsewhere.options);
    refusals.push(stranger.answer("/login/passkey", &elsewhere.ceremony, &answer, &[]));
    let late = stranger.challenge("/passkey/sign-in");
    let answer = device.answer(&Frame::default(), &late.options);
    server.advance(301);
    refusals.push(stranger.answer("/login/passkey", &late.ceremony, &answer, &[]));
    refusals.push(stranger.answer("/login/passkey", "", "", &[]));
    let spent = stranger.challenge("/passkey/sign-in");
    let answer = device.answer(&Frame::at("https://evil.example"), &spent.options);
    refusals.push(stranger.answer("/login/passkey", &spent.ceremony, &answer, &[]));
    let answer = device.answer(&Frame::default(), &spent.options);
    refusals.push(stranger.answer("/login/passkey", &spent.ceremony, &answer, &[]));

    let said: Vec<_> = refusals.iter().map(|page| (page.status, page.text_of("error"))).collect();
    let first = said.first().unwrap();
    assert_eq!((first.0, first.1.is_some()), (401, true), "{refusals:?}");
    assert!(said.iter().all(|one| one == first), "{said:?}");
    assert!(stranger.session().is_none() && !stranger.is_in());
    assert_eq!(stranger.enter(&mut device, &[]).status, 303, "a right answer is still taken");
}

#[test]
fn second_factor_is_asked_for_as_a_passkey_first_and_leads_in() {
    let server = TestApp::new();
    let (_, mut device) = server.with_passkey("ann");
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
    let page = browser.open("/mfa");
    assert!(page.form("/mfa/passkey").is_some() && page.text_of("passkey_needs").is_some());
    assert!(page.body.contains("/mfa/recovery"), "another way leads on: {page:?}");
    assert!(page.header("content-security-policy").contains(WITH_SCRIPT));

    let page = browser.answer("/mfa/passkey", "", "", &[]);
    assert_eq!(page.status, 401);
    assert!(page.text_of("error").is_some() && page.form("/mfa/passkey").is_some(), "{page:?}");
    let page = browser.use_one(&mut device, "/passkey/second-factor", "/mfa/passkey", &[]);
    assert_eq!((page.status, page.location()), (303, "/account"));
    let said = browser.open("/auth/session").json();
    assert_eq!(said["amr"], serde_json::json!(["pwd", "swk", "user", "mfa"]));
}

#[test]
fn challenges_of_one_purpose_answer_no_other() {
    let server = TestApp::new();
    let (_, mut device) = server.with_passkey("ann");
    let mut browser = server.browser();
    let alone = browser.challenge("/passkey/sign-in");
    browser.sign_in("ann", PASSWORD);
    let answer = device.answer(&Frame::default(), &alone.options);
    assert_eq!(browser.answer("/mfa/passkey", &alone.ceremony, &answer, &[]).status, 401);
    let second = browser.challenge("/passkey/second-factor");
    let answer = device.answer(&Frame::default(), &second.options);
    assert_eq!(browser.answer("/login/passkey", &second.ceremony, &answer, &[]).status, 401);
    assert!(browser.session().is_none());
}

#[test]
fn nobody_gets_a_challenge_where_they_do_not_stand() {
    let server = TestApp::new();
    server.user("ann");
    let mut stranger = server.browser();
    for path in ["/passkey/second-factor", "/passkey/confirm", "/passkey/register"] {
        let page = stranger.ask_for(path);
        assert!(matches!(page.status, 401 | 409), "{path}: {page:?}");
        assert!(page.json()["error"]["message"].as_str().is_some_and(|text| !text.is_empty()));
    }
    assert_eq!(server.login("ann").ask_for("/passkey/confirm").status, 409, "there is none to use");
    let csrf = stranger.csrf();
    let page = stranger
        .ask("POST", "/passkey/sign-in")
        .by_site("https://evil.example")
        .form(&[("csrf", csrf.as_str())])
        .send();
    assert_eq!(page.status, 403);
    assert!(page.json()["error"]["message"].is_string(), "the script can read it: {page:?}");
}

#[test]
fn old_sign_in_is_confirmed_by_passkey_before_one_is_added_or_removed() {
    let server = TestApp::new();
    let (mut browser, mut device) = server.with_passkey("ann");
    let list = browser.open("/account/passkeys");
    let id = id_of(&list);
    server.advance(301);
    let remove = format!("/account/passkeys/remove?id={id}");
    for path in ["/mfa/enroll/passkey", remove.as_str()] {
        let page = browser.open(path);
        assert!(page.location().starts_with("/login/confirm?return_to="), "{page:?}");
    }
    assert!(matches!(browser.ask_for("/passkey/register").status, 401 | 403));
    let csrf = browser.csrf();
    let page = browser.post("/account/passkeys/remove", &[("csrf", csrf.as_str()), ("id", &id)]);
    assert!(page.location().starts_with("/login/confirm"), "{page:?}");

    let page = browser.open("/login/confirm?return_to=/account/passkeys");
    assert!(page.form("/login/confirm/passkey").is_some(), "{page:?}");
    let before = browser.session().unwrap().to_owned();
    let more = [("return_to", "/account/passkeys")];
    let refused = browser.answer("/login/confirm/passkey", "", "", &more);
    assert_eq!((refused.status, refused.text_of("error").is_some()), (401, true));
    let page = browser.use_one(&mut device, "/passkey/confirm", "/login/confirm/passkey", &more);
    assert_eq!((page.status, page.location()), (303, "/account/passkeys"));
    assert_ne!(browser.session().unwrap(), before);
    let mut old = server.browser();
    old.set_cookie("mcpcodex_session", &before);
    assert!(!old.is_in(), "the new session takes the place of the old one");

    let page = browser.open(&remove);
    let page = browser.submit(&page, "/account/passkeys/remove", &[]);
    assert_eq!(page.location(), "/account/passkeys?done=removed");
    assert!(browser.follow(page).text_of("none").is_some());
    assert_eq!(server.browser().enter(&mut device, &[]).status, 401);
}

#[test]
fn session_is_not_confirmed_by_the_passkey_of_someone_else() {
    let server = TestApp::new();
    let (mut anns, _) = server.with_passkey("ann");
    let (_, mut bobs) = server.with_passkey("bob");
    let before = anns.session().unwrap().to_owned();
    let asked = anns.challenge("/passkey/confirm");
    let mut options = asked.options;
    options["publicKey"]["allowCredentials"] = serde_json::json!([]);
    let answer = bobs.answer(&Frame::default(), &options);
    let page = anns.answer("/login/confirm/passkey", &asked.ceremony, &answer, &[]);
    assert_eq!((page.status, anns.session()), (401, Some(before.as_str())));
}

#[test]
fn passkey_of_someone_else_can_neither_be_renamed_nor_removed() {
    let server = TestApp::new();
    let (mut anns, _) = server.with_passkey("ann");
    let (mut bobs, _) = server.with_passkey("bob");
    let id = id_of(&anns.open("/account/passkeys"));
    let csrf = bobs.csrf();
    let fields = [("csrf", csrf.as_str()), ("id", id.as_str()), ("label", "Mine now")];
    for path in ["/account/passkeys/rename", "/account/passkeys/remove"] {
        assert_eq!(bobs.post(path, &fields).status, 404, "{path}");
    }
    assert_eq!(bobs.open(&format!("/account/passkeys/remove?id={id}")).status, 404);
    assert!(anns.open("/account/passkeys").body.contains("Laptop"));
}

#[test]
fn passkey_gets_another_name_and_a_wrong_one_is_refused() {
    let server = TestApp::new();
    let (mut browser, _) = server.with_passkey("ann");
    let page = browser.open("/account/passkeys");
    let page = browser.submit(&page, "/account/passkeys/rename", &[("label", "Old <b>laptop</b>")]);
    let page = browser.follow(page);
    assert!(page.body.contains("Old &#60;b&#62;laptop"), "{page:?}");
    let refused = browser.submit(&page, "/account/passkeys/rename", &[("label", &"x".repeat(61))]);
    assert_eq!(refused.status, 400);
}

#[test]
fn copied_passkey_is_refused_and_the_list_says_why() {
    let server = TestApp::new();
    server.user("ann");
    let (mut browser, mut device) = (server.login("ann"), Device::default());
    device.counter = 7;
    browser.make(&mut device, "Key");
    device.counter = 6;
    assert_eq!(server.browser().enter(&mut device, &[]).status, 401);
    assert!(browser.open("/account/passkeys").body.contains("its counter went back"));
}

#[test]
fn passkey_is_made_on_the_way_in_where_the_role_needs_a_factor() {
    let server = TestApp::with(|config| {
        config.authentication.mfa.grace_period = std::time::Duration::ZERO;
    });
    server.admin("ann");
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa/enroll");
    assert!(browser.open("/mfa/enroll").body.contains("/mfa/enroll?method=webauthn"));
    let page = browser.open("/mfa/enroll/passkey");
    assert!(page.header("content-security-policy").contains(WITH_SCRIPT), "{page:?}");
    let mut device = Device::default();
    let page = browser.make(&mut device, "");
    let page = browser.submit(&page, "/mfa/codes", &[]);
    assert_eq!((page.status, page.location()), (303, "/account"));
    assert!(browser.is_in());
    assert_eq!(server.browser().enter(&mut device, &[]).location(), "/account");
}

#[test]
fn refused_answer_at_registration_changes_nothing_and_asks_again() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    let page = browser.answer("/mfa/enroll/passkey", "x", "{}", &[("label", "Blue key")]);
    assert_eq!(page.status, 422);
    assert!(page.text_of("error").is_some() && page.body.contains("Blue key"), "{page:?}");
    assert!(browser.open("/account/passkeys").text_of("none").is_some());
}

#[test]
fn where_browsers_know_no_passkeys_nothing_of_them_is_shown() {
    let address = TestApp::with(|config| {
        config.server.public_url = Some("http://127.0.0.1:8420".parse().unwrap());
    });
    let off = TestApp::with(|config| {
        config.authentication.mfa.providers.webauthn.enabled = false;
    });
    for server in [address, off] {
        server.user("ann");
        let mut browser = server.browser();
        let page = browser.open("/login");
        assert!(!page.body.contains("passkey") && !page.body.contains("webauthn"), "{page:?}");
        assert!(!page.header("content-security-policy").contains("script-src"));
        assert_eq!(browser.ask_for("/passkey/sign-in").status, 409);
        let mut inside = server.login("ann");
        assert!(!inside.open("/login/confirm").body.contains("passkey"));
        assert!(!inside.open("/account/passkeys").body.contains("/mfa/enroll/passkey"));
        assert!(matches!(inside.ask_for("/passkey/register").status, 409));
    }
}

#[test]
fn only_pages_with_a_script_may_run_one_and_only_ours() {
    let server = TestApp::new();
    let (mut inside, _) = server.with_passkey("ann");
    let mut outside = server.browser();
    let scripted =
        [outside.open("/login"), inside.open("/login/confirm"), inside.open("/mfa/enroll/passkey")];
    for page in &scripted {
        let csp = page.header("content-security-policy");
        assert!(csp.contains(WITH_SCRIPT) && csp.contains("default-src 'none'"), "{csp}");
        assert!(page.body.contains(mcpcodex::http::assets::url("passkey.js")), "{page:?}");
    }
    for page in [outside.open("/setup"), inside.open("/account"), inside.open("/account/passkeys")]
    {
        assert!(!page.header("content-security-policy").contains("script"), "{page:?}");
        assert!(!page.body.contains("<script"), "{page:?}");
    }
    let script = mcpcodex::http::assets::find(mcpcodex::http::assets::url("passkey.js")).unwrap();
    assert!(script.body.len() < 6_000, "{}", script.body.len());
}
