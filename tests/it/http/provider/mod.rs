//! Sign-in at a provider, seen from the browser.

pub(super) mod hostile;
mod linked;
mod own;
mod upkeep;

use serde_json::json;

use crate::support::{
    Browser, PASSWORD, Page, TestApp,
    idp::{Idp, providers},
};

/// A server with one further provider, `corp`, that makes accounts.
pub(super) fn world(more: &str) -> (TestApp, Idp) {
    let idp = Idp::new();
    let more = format!("      label: Corp\n{more}");
    let more = if more.contains("accounts:") {
        more
    } else {
        format!("{more}      accounts: {{ create: true }}\n")
    };
    let yaml = idp.yaml("corp", &more);
    let server = TestApp::with(|config| providers(config, &[yaml]));
    idp.follow(&server.clock);
    (server, idp)
}

/// Goes to the provider and comes back.
pub(super) fn through(browser: &mut Browser, idp: &Idp, path: &str) -> Page {
    let page = browser.open(path);
    assert_eq!(page.status, 303, "{page:?}");
    let back = idp.answer(page.location());
    browser.open(&back)
}

pub(super) const LOGIN: &str = "/auth/login?provider=corp";

#[test]
fn person_comes_back_from_a_provider_with_an_account_of_its_claims() {
    let (server, idp) = world("");
    let mut browser = server.browser();
    let page = through(&mut browser, &idp, LOGIN);
    assert_eq!((page.status, page.location()), (303, "/account"), "{page:?}");
    let session = browser.open("/auth/session").json();
    assert_eq!(session["user"]["username"], "pia");
    assert_eq!(session["user"]["email"], "pia@corp.example");
    assert_eq!(session["user"]["name"], "Pia Person");
    assert_eq!(session["roles"], json!(["user"]));
    assert_eq!(session["mfa_verified"], false);
    assert_eq!(session["amr"], json!(["fed"]));
    // The second time it is the same account, whatever the address has become.
    idp.person(
        json!({ "sub": "pia-at-corp", "email": "other@corp.example", "email_verified": true }),
    );
    let mut other = server.browser();
    through(&mut other, &idp, LOGIN);
    assert_eq!(other.open("/auth/session").json()["user"]["id"], session["user"]["id"]);
    for event in ["user.create", "provider.link", "provider.sign_in", "session.open"] {
        assert!(server.events().iter().any(|one| one == event), "{event}");
    }
}

#[test]
fn request_to_the_provider_has_a_challenge_a_state_and_a_nonce_of_its_own() {
    let (server, idp) = world("");
    let asked: Vec<_> =
        (0..2).map(|_| idp.asked(server.browser().open(LOGIN).location()).parameters).collect();
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[0][name].len(), 43, "{name}");
        assert_ne!(asked[0][name], asked[1][name], "{name}");
    }
    assert_eq!(asked[0]["scope"], "openid profile email");
    let own = server.app.env.site.issuer.clone();
    assert_eq!(asked[0]["redirect_uri"], format!("{own}/auth/callback/corp"));
}

#[test]
fn second_factor_of_the_account_is_asked_for_all_the_same() {
    let (server, idp) = world("");
    through(&mut server.browser(), &idp, LOGIN);
    let pia = server.read(|r| mcpcodex::ops::user::find(r, "pia"));
    let totp = server.with_totp(&pia);
    let mut browser = server.browser();
    let page = through(&mut browser, &idp, LOGIN);
    assert_eq!(page.location(), "/mfa", "{page:?}");
    assert!(!browser.is_in());
    let page = browser.give_code(&server.code(&totp));
    assert_eq!(page.location(), "/account", "{page:?}");
    assert!(browser.is_in());
    assert_eq!(browser.open("/auth/session").json()["mfa_verified"], true);
}

#[test]
fn second_factor_of_the_provider_counts_only_where_it_is_trusted() {
    let (server, idp) = world("      trusted_amr: [mfa]\n      trusted_acr: [\"urn:corp:gold\"]\n");
    through(&mut server.browser(), &idp, LOGIN);
    let pia = server.read(|r| mcpcodex::ops::user::find(r, "pia"));
    server.with_totp(&pia);
    let cases = [
        (json!({ "amr": ["pwd", "mfa"] }), true),
        (json!({ "acr": "urn:corp:gold" }), true),
        (json!({ "amr": ["pwd"] }), false),
        (json!({ "acr": "urn:corp:silver" }), false),
        (json!({ "amr": "pwd mfa" }), false),
        (json!({}), false),
    ];
    for (claims, trusted) in cases {
        let more = claims.as_object().unwrap().clone();
        idp.twist(move |own| own.extend(more.clone()));
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        let to = if trusted { "/account" } else { "/mfa" };
        assert_eq!(page.location(), to, "{claims}");
        if trusted {
            assert_eq!(browser.open("/auth/session").json()["mfa_verified"], true, "{claims}");
        }
    }
}

#[test]
fn role_that_needs_a_factor_gets_the_grace_period_and_then_enrolment_and_a_trusted_provider_neither()
 {
    let roles = "      accounts: { create: true, claim: groups, map: [\"boss=admin\"] }\n";
    let (server, idp) = world(roles);
    idp.twist(|claims| drop(claims.insert("groups".into(), json!(["staff", "boss"]))));
    let mut browser = server.browser();
    assert_eq!(through(&mut browser, &idp, LOGIN).location(), "/account");
    assert_eq!(browser.open("/auth/session").json()["roles"], json!(["admin", "user"]));
    let grace = server.config().authentication.mfa.grace_period.as_secs();
    server.advance(grace + 1);
    assert_eq!(through(&mut server.browser(), &idp, LOGIN).location(), "/mfa/enroll");
    let trusted = server.restart_with(|config| {
        let corp = config.authentication.providers.0.get_mut("corp").unwrap();
        corp.trusted_amr = vec!["mfa".to_owned()];
    });
    idp.twist(|claims| {
        claims.insert("groups".into(), json!(["boss"]));
        claims.insert("amr".into(), json!(["mfa"]));
    });
    assert_eq!(through(&mut trusted.browser(), &idp, LOGIN).location(), "/account");
}

#[test]
fn roles_follow_the_provider_at_each_sign_in_of_an_account_that_it_made_and_of_no_other() {
    let roles = "      accounts: { create: true, claim: realm.roles, map: [\"dev=developer\"] }\n";
    let (server, idp) = world(roles);
    let pick = |browser: &mut Browser| browser.open("/auth/session").json()["roles"].clone();
    idp.twist(|claims| drop(claims.insert("realm".into(), json!({ "roles": ["dev"] }))));
    let mut first = server.browser();
    through(&mut first, &idp, LOGIN);
    assert_eq!(pick(&mut first), json!(["developer", "user"]));
    idp.twist(|claims| drop(claims.insert("realm".into(), json!({ "roles": [] }))));
    let mut second = server.browser();
    through(&mut second, &idp, LOGIN);
    assert_eq!(pick(&mut second), json!(["user"]));
    assert!(!first.is_in(), "what it had by the role that is gone, it has no more");
    // Sue was here before, and linked herself: her roles are the operator's matter.
    let sue = server.person("sue", &["developer"], PASSWORD);
    let (env, issuer) = (server.app.env(), idp.issuer().to_owned());
    server.write(move |tx| {
        let who = crate::support::operator();
        mcpcodex::ops::provider::link::link(tx, &env, &who, "sue", (&issuer, "sue-at-corp"))
    });
    idp.person(json!({ "sub": "sue-at-corp" }));
    let mut third = server.browser();
    through(&mut third, &idp, LOGIN);
    assert_eq!(third.open("/auth/session").json()["user"]["id"], json!(sue.id));
    assert_eq!(pick(&mut third), json!(["developer"]));
}

#[test]
fn programs_get_the_step_that_is_left_in_json() {
    let (server, idp) = world("");
    let mut browser = server.browser();
    let json = |browser: &mut Browser, back: &str| {
        browser.ask("GET", back).header("accept", "application/json").send()
    };
    let back = idp.answer(browser.open(LOGIN).location());
    let page = json(&mut browser, &back);
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert_eq!(page.json()["requires_mfa"], false);
    assert_eq!(page.json()["user"]["username"], "pia");
    assert!(browser.is_in());
    let pia = server.read(|r| mcpcodex::ops::user::find(r, "pia"));
    server.with_totp(&pia);
    let mut browser = server.browser();
    let back = idp.answer(browser.open(LOGIN).location());
    let page = json(&mut browser, &back).json();
    assert_eq!(page["requires_mfa"], true);
    assert_eq!(page["methods"], json!(["totp", "recovery"]));
    assert_eq!(page["mfa_token"].as_str().unwrap().len(), 43);
    assert_eq!(page["user"]["email"], "pia@corp.example");
    assert!(!browser.is_in());
}

#[test]
fn browser_that_comes_from_another_site_is_sent_on_by_a_page_of_ours() {
    let (server, idp) = world("");
    let mut browser = server.browser();
    let back = idp.answer(browser.open(LOGIN).location());
    let page = browser.ask("GET", &back).header("sec-fetch-site", "cross-site").send();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("/account"), "{}", page.body);
    assert!(page.set_cookie("mcpcodex_session").is_some());
    assert!(browser.is_in());
}

#[test]
fn sign_in_page_has_a_button_for_each_provider_and_leads_back_to_what_was_wanted() {
    let (server, idp) = world("");
    let mut browser = server.browser();
    let page = browser.open("/login?return_to=/account/security");
    let href = "/auth/login?provider=corp&#38;return_to=%2Faccount%2Fsecurity";
    assert!(page.body.contains(href) && page.body.contains("Sign in with Corp"), "{}", page.body);
    let page = through(&mut browser, &idp, &href.replace("&#38;", "&"));
    assert_eq!(page.location(), "/account/security");
}

#[test]
fn primary_provider_elsewhere_takes_the_place_of_the_password_page_and_leaves_a_way_in() {
    let idp = Idp::new();
    let issuer = idp.issuer().to_owned();
    let server = TestApp::with(|config| {
        config.server.public_url = Some("http://localhost:8420".parse().unwrap());
        config.authentication.primary.issuer = Some(issuer);
        config.authentication.primary.client_id = crate::support::idp::CLIENT.to_owned();
        config.credentials.client_secret =
            Some(mcpcodex::config::Secret::new(crate::support::idp::SECRET));
    });
    idp.follow(&server.clock);
    server.user("ann");
    let mut browser = server.browser();
    let page = browser.open("/login?return_to=/account/apps");
    assert_eq!(page.location(), "/auth/login?provider=primary&return_to=%2Faccount%2Fapps");
    let page = browser.follow(page);
    let asked = idp.asked(page.location()).parameters;
    assert_eq!(asked["scope"], "openid profile email mcpcodex:api");
    assert_eq!(asked["redirect_uri"], "http://localhost:8420/auth/callback");
    let back = idp.answer(page.location());
    assert_eq!(browser.open(&back).location(), "/account/apps");
    assert!(browser.is_in());
    // `/auth/login` names nobody and means the first one.
    assert!(idp.asked(server.browser().open("/auth/login").location()).parameters.len() > 5);
    let mut operator = server.browser();
    let page = operator.open("/login?local=yes");
    assert!(page.form("/login").is_some(), "{page:?}");
    operator.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert!(operator.is_in());
    let shown = server.restart_with(|config| {
        config.authentication.primary.passwords = mcpcodex::config::providers::Passwords::Shown;
    });
    let page = shown.browser().open("/login");
    assert!(page.form("/login").is_some() && page.body.contains("provider=primary"), "{page:?}");
}
