//! The front door: who is told of what, and what the person must do.

use mcpcodex::{
    crypto::secret::Hashed,
    model::{id::RequestId, sign_in::Strength},
    ops::{
        client,
        oauth::{
            authorize::{self, Next},
            begin::{Begun, Unsure},
            consent::Destination,
        },
        resource,
    },
};

use super::fixture::*;

fn page(begun: Begun) -> Unsure {
    match begun {
        Begun::Page(unsure) => unsure,
        other @ (Begun::Waiting(_)
        | Begun::Redirect(_)
        | Begun::Post(_)
        | Begun::Held(_)
        | Begun::Pending(_)) => {
            panic!("no page: {other:?}")
        }
    }
}

/// The error of a refusal by redirect, which carries `iss` and the state to the letter.
fn error(world: &World, begun: Begun) -> String {
    let Begun::Redirect(url) = begun else { panic!("no redirect: {begun:?}") };
    error_of(world, &url, Some("st&te=1"))
}

fn error_of(world: &World, url: &str, state: Option<&str>) -> String {
    assert!(url.starts_with(&format!("{CALLBACK}&error=")), "{url}");
    assert_eq!(query(url, "iss").as_deref(), Some(world.env.site.issuer.as_str()));
    assert_eq!(query(url, "state").as_deref(), state);
    assert_eq!(query(url, "keep").as_deref(), Some("1"));
    assert!(query(url, "code").is_none());
    assert!(!query(url, "error_description").unwrap().is_empty());
    query(url, "error").unwrap()
}

#[test]
fn uncertain_client_or_redirect_is_never_redirected() {
    let world = world();
    let before = world.rows();
    assert_eq!(page(world.begin(&[("client_id", "")])), Unsure::UnknownClient);
    assert_eq!(page(world.begin(&[("client_id", "c_unknown")])), Unsure::UnknownClient);
    assert_eq!(page(world.begin(&[("redirect_uri", "")])), Unsure::UnknownRedirect);
    assert!(before.since(&world.db).tables.is_empty(), "a request was kept");
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert_eq!(page(world.begin(&[])), Unsure::SwitchedOff);
}

#[test]
fn unregistered_redirect_gets_a_page_in_every_spelling() {
    let world = world();
    let before = world.rows();
    for uri in [
        "HTTPS://app.example.com/callback?keep=1",
        "https://app.example.com/callback?keep=1%00",
        "https://app.example.com/callback?keep=1&",
        "https://app.example.com/callback?keep=1?",
        "https://app.example.com/callback?Keep=1",
        "https://app.example.com/callback?keep=%31",
        "https://app.example.com//callback?keep=1",
        "https://app.example.com\\@evil.example/callback?keep=1",
        "https://app.example.com./callback?keep=1",
        "https://\u{430}pp.example.com/callback?keep=1",
        "https://app.example.com/callback;x?keep=1",
        "https:app.example.com/callback?keep=1",
        "data:text/html,x",
        "*",
        "https://app.example.com/callback",
        "https://app.example.com/callback?keep=2",
        "https://app.example.com/callback?keep=1&x=1",
        "https://app.example.com/callback/?keep=1",
        "https://app.example.com/Callback?keep=1",
        "https://app.example.com/%63allback?keep=1",
        "https://app.example.com/x/../callback?keep=1",
        "https://app.example.com/%2e%2e/callback?keep=1",
        "https://app.example.com:443/callback?keep=1",
        "https://app.example.com:8443/callback?keep=1",
        "http://app.example.com/callback?keep=1",
        "https://APP.example.com/callback?keep=1",
        "https://evil.example/callback?keep=1",
        "https://app.example.com@evil.example/callback?keep=1",
        "https://app.example.com.evil.example/callback?keep=1",
        "https://app.example.com/callback?keep=1#f",
        "https://app.example.com/callback?keep=1#",
        " https://app.example.com/callback?keep=1",
        "https://app.example.com/callback?keep=1 ",
        "//app.example.com/callback?keep=1",
        "javascript:alert(1)",
        "http://localhost/cb",
        "http://0.0.0.0/cb",
        "http://127.1/cb",
        "http://127.0.0.1/other",
        "https://127.0.0.1/cb",
        "http://u@127.0.0.1/cb",
        "http://127.0.0.1:99999/cb",
        "http://[::1]/cb",
        "http://127.0.0.1/cb?x=1",
    ] {
        assert_eq!(page(world.begin(&[("redirect_uri", uri)])), Unsure::UnknownRedirect, "{uri}");
    }
    assert!(before.since(&world.db).tables.is_empty(), "a request was kept");
}

#[test]
fn port_is_free_on_a_loopback_registration() {
    let world = world();
    let uri = "http://127.0.0.1:49152/cb";
    let id = world.waiting(&[("redirect_uri", uri)]);
    let url = redirect(world.answer(&id, &world.signed_in, true));
    assert!(url.starts_with("http://127.0.0.1:49152/cb?code="), "{url}");
}

#[test]
fn repeated_parameter_is_told_to_the_client_only_when_that_is_certain() {
    let world = world();
    let before = world.rows();
    let twice = |name: &str, value: &str| {
        let mut pairs = params(&world.client, &[]);
        pairs.push((name.to_owned(), value.to_owned()));
        world.begin_raw(pairs)
    };
    assert_eq!(page(twice("client_id", world.client.id.as_str())), Unsure::Ambiguous);
    assert_eq!(page(twice("redirect_uri", CALLBACK)), Unsure::Ambiguous);
    for name in ["scope", "nonce", "code_challenge", "response_type", "unheard_of"] {
        let begun = match name {
            "unheard_of" => {
                let mut pairs = params(&world.client, &[("unheard_of", "1")]);
                pairs.push((name.to_owned(), "1".to_owned()));
                world.begin_raw(pairs)
            }
            _ => twice(name, "openid"),
        };
        assert_eq!(error(&world, begun), "invalid_request", "{name}");
    }
    let Begun::Redirect(url) = twice("state", "other") else { panic!() };
    assert_eq!(error_of(&world, &url, None), "invalid_request");
    assert!(before.since(&world.db).tables.is_empty(), "a request was kept");
}

#[test]
fn each_rule_of_the_request_has_its_error() {
    let world = world();
    let before = world.rows();
    let long = "x".repeat(600);
    let cases: [(&[(&str, &str)], &str); 21] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "id_token")], "unsupported_response_type"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("response_mode", "form_post.jwt")], "invalid_request"),
        (&[("request", "e30.e30.")], "request_not_supported"),
        (&[("request_uri", "http://127.0.0.1:1/")], "request_uri_not_supported"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", VERIFIER)], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("nonce", &long)], "invalid_request"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("resource", "https://unknown.example/")], "invalid_target"),
        (&[("resource", "/mcp")], "invalid_target"),
        (&[("resource", "https://mcp.example.com/mcp#x")], "invalid_target"),
        (&[("scope", "unheard-of")], "invalid_scope"),
        (&[("scope", "admin:users")], "invalid_scope"),
    ];
    for (over, expected) in cases {
        assert_eq!(error(&world, world.begin(over)), expected, "{over:?}");
    }
    let state = "s".repeat(2_049);
    let Begun::Redirect(url) = world.begin(&[("state", &state)]) else { panic!() };
    assert_eq!(error_of(&world, &url, None), "invalid_request");
    assert!(before.since(&world.db).tables.is_empty(), "a request was kept");
}

#[test]
fn state_comes_back_to_the_letter_with_code_and_issuer() {
    let world = world();
    let state = format!("{}\u{e4}%20+&=\"<", "x".repeat(2_000));
    let id = world.waiting(&[("state", &state)]);
    let url = redirect(world.answer(&id, &world.signed_in, true));
    assert!(url.starts_with(&format!("{CALLBACK}&code=")), "{url}");
    assert_eq!(query(&url, "state").as_deref(), Some(state.as_str()));
    assert_eq!(query(&url, "iss").as_deref(), Some(world.env.site.issuer.as_str()));
}

#[test]
fn request_is_found_in_its_own_browser_only_and_for_half_an_hour() {
    let world = world();
    let id = world.waiting(&[]);
    let other = world.decide_in(Hashed::of("another browser"), &id, Some(&world.signed_in));
    assert!(matches!(other, Next::Gone(_)));
    assert!(matches!(world.decide(&RequestId::from_text("r_none"), None), Next::Gone(_)));
    world.pass(30 * 60 - 1);
    assert!(matches!(world.decide(&id, None), Next::SignIn));
    world.pass(1);
    assert!(matches!(world.decide(&id, None), Next::Gone(_)));
}

#[test]
fn consent_is_asked_once_and_again_for_more() {
    let world = world();
    let Next::Consent(question) = world.decide(&world.waiting(&[]), Some(&world.signed_in)) else {
        panic!("consent was not asked")
    };
    assert_eq!(question.destination, Destination::Host("app.example.com".to_owned()));
    assert!(question.scopes.iter().all(|line| line.new));
    world.code(&[]);
    let again = world.decide(&world.waiting(&[]), Some(&world.signed_in));
    assert!(query(&redirect(again), "code").is_some());
    let fewer = world.decide(&world.waiting(&[("scope", "openid")]), Some(&world.signed_in));
    assert!(query(&redirect(fewer), "code").is_some());

    let more = world.waiting(&[("scope", "openid offline_access")]);
    let Next::Consent(question) = world.decide(&more, Some(&world.signed_in)) else {
        panic!("a new scope was not asked for")
    };
    let new: Vec<_> = question.scopes.iter().filter(|l| l.new).map(|l| l.scope.as_str()).collect();
    assert_eq!(new, ["offline_access"]);

    let elsewhere = world.waiting(&[("resource", MCP), ("scope", "openid")]);
    let asked = world.decide(&elsewhere, Some(&world.signed_in));
    assert!(matches!(asked, Next::Consent(_)), "another resource was not asked about: {asked:?}");
}

#[test]
fn another_client_or_person_has_its_own_consent() {
    let mut world = world();
    world.code(&[]);
    let ann = world.signed_in.clone();
    let bob = person(&world.db, "bob", "user");
    let bob = sign_in(&world.db, &world.env, &bob);
    assert!(matches!(world.decide(&world.waiting(&[]), Some(&bob)), Next::Consent(_)));
    world.client = world.another_client();
    assert!(matches!(world.decide(&world.waiting(&[]), Some(&ann)), Next::Consent(_)));
}

#[test]
fn built_in_client_asks_no_consent() {
    let world = world_with(|_| {}, |new| new.built_in = true);
    let next = world.decide(&world.waiting(&[]), Some(&world.signed_in));
    assert!(query(&redirect(next), "code").is_some());
}

#[test]
fn prompt_consent_asks_again_without_a_new_sign_in() {
    let world = world();
    world.code(&[]);
    let next = world.decide(&world.waiting(&[("prompt", "consent")]), Some(&world.signed_in));
    assert!(matches!(next, Next::Consent(_)), "{next:?}");
}

#[test]
fn prompt_none_shows_nothing() {
    let world = world();
    let ask = || world.waiting(&[("prompt", "none")]);
    let none = redirect(world.decide(&ask(), None));
    assert_eq!(error_of(&world, &none, Some("st&te=1")), "login_required");
    let unasked = redirect(world.decide(&ask(), Some(&world.signed_in)));
    assert_eq!(error_of(&world, &unasked, Some("st&te=1")), "consent_required");
    world.code(&[]);
    assert!(query(&redirect(world.decide(&ask(), Some(&world.signed_in))), "code").is_some());
    world.pass(60);
    let old = world.waiting(&[("prompt", "none"), ("max_age", "59")]);
    let old = redirect(world.decide(&old, Some(&world.signed_in)));
    assert_eq!(error_of(&world, &old, Some("st&te=1")), "login_required");
}

#[test]
fn prompt_login_and_max_age_want_a_sign_in_after_the_request() {
    let world = world();
    for over in [&[("prompt", "login")][..], &[("max_age", "0")], &[("max_age", "59")]] {
        world.pass(60);
        let id = world.waiting(over);
        let next = world.decide(&id, Some(&world.signed_in));
        assert!(matches!(next, Next::SignInAgain), "{over:?}: {next:?}");
        // A decision that is posted past the sign-in page does not help.
        let next = world.answer(&id, &world.signed_in, true);
        assert!(matches!(next, Next::SignInAgain), "{over:?}: {next:?}");
        world.pass(1);
        let fresh = sign_in(&world.db, &world.env, &world.user);
        let next = world.decide(&id, Some(&fresh));
        assert!(matches!(next, Next::Consent(_)), "{over:?}: {next:?}");
    }
    let next = world.decide(&world.waiting(&[("max_age", "3600")]), Some(&world.signed_in));
    assert!(matches!(next, Next::Consent(_)), "{next:?}");
}

#[test]
fn acr_values_want_a_session_with_two_factors() {
    let world = world();
    let mfa = ("acr_values", "urn:mcpcodex:acr:mfa");
    let id = world.waiting(&[mfa]);
    assert!(matches!(world.decide(&id, Some(&world.signed_in)), Next::SignInAgain));
    let next = world.answer(&id, &world.signed_in, true);
    assert!(matches!(next, Next::SignInAgain), "a posted decision does not help: {next:?}");
    let waiting = |over: &[(&str, &str)]| {
        let id = world.waiting(over);
        world
            .db
            .read(|r| authorize::waiting(r, &world.env, &id, &browser()))
            .unwrap()
            .unwrap()
            .strength
    };
    assert_eq!(waiting(&[mfa]), Strength::Mfa);
    assert_eq!(waiting(&[("prompt", "login")]), Strength::Fresh);
    assert_eq!(waiting(&[]), Strength::Usual);
    let none = world.waiting(&[mfa, ("prompt", "none")]);
    let url = redirect(world.decide(&none, Some(&world.signed_in)));
    assert_eq!(error_of(&world, &url, Some("st&te=1")), "login_required");

    let mut strong = world.signed_in.clone();
    strong.session.amr = ["pwd", "otp", "mfa"].map(str::to_owned).to_vec();
    assert!(matches!(world.decide(&id, Some(&strong)), Next::Consent(_)));
    // A wish that the password alone fulfils, or that nobody here knows, asks for nothing.
    for wish in ["urn:mcpcodex:acr:mfa urn:mcpcodex:acr:password", "urn:other:gold", ""] {
        let id = world.waiting(&[("acr_values", wish)]);
        let next = world.decide(&id, Some(&world.signed_in));
        assert!(matches!(next, Next::Consent(_)), "{wish}: {next:?}");
    }
}

#[test]
fn two_factors_cannot_be_had_where_they_are_switched_off_and_the_client_is_told() {
    let world = world_with(|config| config.authentication.mfa.enabled = false, |_| {});
    let id = world.waiting(&[("acr_values", "urn:mcpcodex:acr:mfa")]);
    let url = redirect(world.decide(&id, None));
    let told = error_of(&world, &url, Some("st&te=1"));
    assert_eq!(told, "unmet_authentication_requirements");
}

#[test]
fn answer_is_taken_once_and_denial_is_told() {
    let world = world();
    let id = world.waiting(&[]);
    let url = redirect(world.answer(&id, &world.signed_in, false));
    assert_eq!(error_of(&world, &url, Some("st&te=1")), "access_denied");
    assert!(matches!(world.answer(&id, &world.signed_in, true), Next::Gone(_)));
    let next = world.decide(&world.waiting(&[]), Some(&world.signed_in));
    assert!(matches!(next, Next::Consent(_)), "a denial was remembered as consent");
    let id = world.waiting(&[]);
    redirect(world.answer(&id, &world.signed_in, true));
    assert!(matches!(world.answer(&id, &world.signed_in, true), Next::Gone(_)));
}

#[test]
fn client_switched_off_while_the_person_reads_gets_nothing() {
    let world = world();
    let waiting = world.waiting(&[]);
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert!(matches!(world.answer(&waiting, &world.signed_in, true), Next::Gone(_)));
}

#[test]
fn redirect_withdrawn_while_the_person_reads_is_not_used() {
    let world = world();
    let waiting = world.waiting(&[]);
    let (id, uris) = (world.client.id.clone(), Some(vec!["https://new.example/cb".to_owned()]));
    let change = client::Change { redirect_uris: uris, ..client::Change::default() };
    world.db.write_blocking(move |tx| client::edit(tx, &operator(), &id, change)).unwrap();
    assert!(matches!(world.answer(&waiting, &world.signed_in, true), Next::Gone(_)));
}

#[test]
fn client_tied_to_a_resource_gets_no_other() {
    let world = world_with(|_| {}, |new| new.resources = vec![MCP.to_owned()]);
    let other =
        resource::New { uri: "https://other.example/".to_owned(), ..resource::New::default() };
    world.db.write_blocking(move |tx| resource::add(tx, &operator(), other)).unwrap();
    let begun = world.begin(&[("resource", "https://other.example")]);
    assert_eq!(error(&world, begun), "invalid_target");
    world.waiting(&[("resource", MCP)]);

    let free = super::fixture::world();
    let same =
        resource::New { uri: "https://other.example/".to_owned(), ..resource::New::default() };
    free.db.write_blocking(move |tx| resource::add(tx, &operator(), same)).unwrap();
    free.waiting(&[("resource", "https://other.example")]);
}

#[test]
fn admin_scope_needs_the_role() {
    let admin_client = |new: &mut client::New| {
        new.scopes = vec!["openid".to_owned(), "admin:users".to_owned()];
    };
    let world = world_with(|_| {}, admin_client);
    let only = world.waiting(&[("scope", "admin:users")]);
    let url = redirect(world.decide(&only, Some(&world.signed_in)));
    assert_eq!(error_of(&world, &url, Some("st&te=1")), "invalid_scope");
    let both = &[("scope", "openid admin:users")];
    assert_eq!(world.tokens(both).scope, "openid");

    let root = person(&world.db, "root", "admin");
    let root = sign_in(&world.db, &world.env, &root);
    let Next::Consent(question) = world.decide(&world.waiting(both), Some(&root)) else {
        panic!("consent was not asked")
    };
    let line = question.scopes.iter().find(|line| line.scope == "admin:users").unwrap();
    assert!(line.sensitive);
}
