//! Which language a page speaks, from the first request of an app to the last page, and on pages of errors.

use mcpcodex::ops;

use crate::support::{Browser, PASSWORD, Page, TestApp, operator};

fn lang(page: &Page) -> &str {
    page.body.split_once("<html lang=\"").unwrap().1.split('"').next().unwrap()
}

/// Opens a page as a browser set to this language.
fn open(browser: &mut Browser, path: &str, accept: &str) -> Page {
    browser.ask("GET", path).header("accept-language", accept).send()
}

/// An authorization request of a new app, with more parameters.
fn request(server: &TestApp, more: &str) -> String {
    let made = server.write(|tx| {
        let new = ops::client::New {
            name: "App".to_owned(),
            redirect_uris: vec!["https://app.example.com/cb".to_owned()],
            public: true,
            ..ops::client::New::default()
        };
        ops::client::create(tx, &operator(), new)
    });
    let challenge = mcpcodex::crypto::pkce::challenge_s256(&"a".repeat(43));
    format!(
        "/authorize?client_id={}&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&response_type=code&scope=openid\
         &state=s&code_challenge={challenge}&code_challenge_method=S256{more}",
        made.client.id.as_str()
    )
}

#[test]
fn page_speaks_the_language_of_the_browser_and_english_to_all_others() {
    let server = TestApp::new();
    for (accept, tag, heading) in [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "<h1>Anmelden</h1>"),
        ("en-GB,de;q=0.9", "en", "<h1>Sign in</h1>"),
        ("fr", "en", "<h1>Sign in</h1>"),
    ] {
        let page = open(&mut server.browser(), "/login", accept);
        assert_eq!(lang(&page), tag, "{accept}");
        assert!(page.body.contains(heading), "{accept}: {page:?}");
    }
}

#[test]
fn language_that_an_app_asks_for_holds_until_its_consent_is_answered_and_on() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.browser();
    let page = browser.open(&request(&server, "&ui_locales=fr%20de-CH%20en"));
    assert!(page.set_cookie("mcpcodex_language").is_some_and(|cookie| cookie.contains("HttpOnly")));
    let page = browser.follow_all(page);
    assert_eq!((page.path.split('?').next().unwrap(), lang(&page)), ("/login", "de"));
    let wrong = [("username", "ann"), ("password", "wrong")];
    let refused = browser.submit(&page, "/login", &wrong);
    assert!(refused.text_of("error").unwrap().contains("Das hat nicht geklappt"), "{refused:?}");
    assert!(refused.text_of("error").unwrap().contains("1 Sekunde"), "{refused:?}");
    server.advance(2);
    let page = browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    let page = browser.follow_all(page);
    assert_eq!(lang(&page), "de");
    assert!(page.body.contains("bittet um Zugriff"), "{page:?}");
    assert!(page.body.contains("Wissen, wer Sie sind"), "{page:?}");
    assert_eq!(lang(&browser.open("/account")), "de");
}

#[test]
fn pushed_request_may_ask_for_a_language_and_what_the_address_says_beside_it_counts_less() {
    let server = TestApp::new();
    let path = request(&server, "&ui_locales=fr%20de");
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(path.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let client = &fields.iter().find(|(name, _)| name == "client_id").unwrap().1;
    let push = |fields: &[(String, String)]| {
        let mut app = server.browser();
        let told = app.ask("POST", "/par").by_program().form(fields).send().json();
        let uri: String =
            form_urlencoded::byte_serialize(told["request_uri"].as_str().unwrap().as_bytes())
                .collect();
        format!("/authorize?client_id={client}&request_uri={uri}")
    };
    for more in ["", "&ui_locales=en"] {
        let mut browser = server.browser();
        let page = browser.open(&format!("{}{more}", push(&fields)));
        let page = browser.follow_all(page);
        assert_eq!((page.path.split('?').next().unwrap(), lang(&page)), ("/login", "de"), "{more}");
    }
    let silent: Vec<_> = fields.iter().filter(|(name, _)| name != "ui_locales").cloned().collect();
    let mut browser = server.browser();
    let page = browser.open(&push(&silent));
    assert_eq!(lang(&browser.follow_all(page)), "en");
    // Under another client's name it is not this request.
    let mut browser = server.browser();
    let foreign = push(&fields).replace(client.as_str(), "c_other");
    assert_eq!(lang(&browser.open(&foreign)), "en");
}

#[test]
fn request_in_a_form_may_ask_for_a_language_too() {
    let server = TestApp::new();
    let mut browser = server.browser();
    let query = request(&server, "&ui_locales=de");
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(query.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let page = browser.post("/authorize", &fields);
    let page = browser.follow_all(page);
    assert_eq!(lang(&page), "de", "{page:?}");
}

#[test]
fn switch_at_the_foot_turns_the_page_that_it_stands_on_and_keeps_it_turned() {
    let server = TestApp::new();
    let mut browser = server.browser();
    let page = browser.open("/login?return_to=/password");
    let href = page.body.split_once("id=\"language_de\" href=\"").unwrap().1;
    let href = href.split('"').next().unwrap().replace("&#38;", "&");
    let page = browser.open(&href);
    assert_eq!((page.status, page.location()), (303, "/login?return_to=/password"));
    let page = browser.follow_all(page);
    assert_eq!(lang(&page), "de");
    assert!(page.body.contains("id=\"language_en\""), "{page:?}");
    assert_eq!(lang(&browser.open("/login")), "de");
}

#[test]
fn switch_leads_nowhere_else_and_takes_no_other_language() {
    let server = TestApp::new();
    let mut browser = server.browser();
    for to in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let page = browser.open(&format!("/language?to=de&return_to={to}"));
        assert_eq!(page.location(), "/account", "{to}");
    }
    let page = server.browser().open("/language?to=fr%3B%20Domain%3Dx&return_to=/login");
    assert!(page.set_cookie("mcpcodex_language").is_none(), "{page:?}");
    assert_eq!(page.location(), "/login");
}

#[test]
fn switch_is_not_shown_where_the_page_would_be_lost() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.browser();
    let page = browser.open("/login");
    let refused = browser.submit(&page, "/login", &[("username", "ann"), ("password", "wrong")]);
    assert!(!refused.body.contains("language_de"), "{refused:?}");
    let long = format!("/login?return_to=/{}", "x".repeat(3_000));
    assert!(!browser.open(&long).body.contains("language_de"));
}

#[test]
fn pages_of_errors_speak_the_language_too() {
    let server = TestApp::new();
    let mut browser = server.browser();
    let page = open(&mut browser, "/nothing/here", "de");
    assert_eq!((page.status, lang(&page)), (404, "de"));
    assert_eq!(page.text_of("what").unwrap(), "Unter dieser Adresse gibt es keine Seite.");
    let page = open(&mut browser, "/setup?token=wrong", "de");
    assert_eq!(lang(&page), "de");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let forged = browser.ask("POST", "/login").header("accept-language", "de").form(&[("a", "b")]);
    let page = forged.send();
    assert_eq!(page.status, 403);
    assert!(page.text_of("next").unwrap().contains("laden Sie die Seite neu"), "{page:?}");
}

#[test]
fn errors_of_names_are_told_beside_the_form_in_its_language() {
    let server = TestApp::new();
    let env = server.app.env();
    let link = server.write(move |tx| ops::setup::link(tx, &env, &operator())).unwrap();
    let path = format!("/setup{}", link.url.split_once("/setup").unwrap().1);
    let mut browser = server.browser();
    browser.set_cookie("mcpcodex_language", "de");
    let page = browser.open(&path);
    let fields = [("username", "a b"), ("email", "a@example.com"), ("new_password", "x")];
    let refused = browser.submit(&page, "/setup", &fields);
    assert!(refused.text_of("error").unwrap().contains("Lassen Sie die Leerzeichen weg"));
    let fields = [("username", "ab"), ("email", "a@example.com"), ("new_password", "passwort")];
    let refused = browser.submit(&page, "/setup", &fields);
    assert!(refused.text_of("broken").unwrap().contains("Verwenden Sie mindestens"), "{refused:?}");
}

#[test]
fn discovery_lists_the_languages() {
    let page = TestApp::new().browser().open("/.well-known/openid-configuration");
    assert_eq!(page.json()["ui_locales_supported"], serde_json::json!(["en", "de"]));
}
