//! The account pages: each person sees and changes what is theirs, and nothing of anybody else.

use mcpcodex::{
    model::{
        factor::Method,
        id::{ClientId, UserId},
        user::User,
    },
    ops::{
        self,
        apikey::{Good, Whose},
    },
    store,
};

use crate::support::{Browser, PASSWORD, Page, TestApp, carrier::with_messages, operator};

/// The id in the form of a page that posts to `action`, among several.
fn ids(page: &Page, action: &str, field: &str) -> Vec<String> {
    let all = crate::support::html::forms(&page.body).into_iter();
    let forms = all.filter(|form| form.action == action);
    forms.map(|form| form.value(field).unwrap().to_owned()).collect()
}

fn post(browser: &mut Browser, path: &str, field: (&str, &str)) -> Page {
    let csrf = browser.csrf();
    browser.post(path, &[("csrf", csrf.as_str()), field])
}

#[test]
fn every_page_leads_to_every_other_and_says_which_it_is() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    let pages =
        ["/account", "/account/security", "/account/sessions", "/account/apps", "/account/keys"];
    for own in pages {
        let page = browser.open(own);
        assert_eq!(page.status, 200, "{own}");
        for other in pages {
            let current = format!("href=\"{other}\" aria-current=\"page\"");
            assert_eq!(page.body.contains(&current), other == own, "{other} on {own}");
            assert!(page.body.contains(&format!("href=\"{other}\"")), "{other} on {own}");
        }
        assert!(page.body.len() < 15_000, "{own}: {}", page.body.len());
    }
}

#[test]
fn person_changes_their_name_and_is_told_why_not() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    let page = browser.open("/account");
    let page = browser.submit(&page, "/account/profile", &[("name", "Änn & Co")]);
    assert_eq!(page.location(), "/account?done=name");
    let page = browser.follow(page);
    assert!(page.text_of("notice").unwrap().contains("name was changed"));
    assert_eq!(page.text_of("who").as_deref(), Some("Änn & Co"));
    let page = browser.submit(&page, "/account/profile", &[("name", "a\u{202e}b")]);
    assert_eq!(page.status, 422);
    assert!(page.text_of("error").unwrap().contains("invisible"), "{page:?}");
    assert_eq!(server.read(|r| ops::user::find(r, "ann")).name, "Änn & Co");
    assert!(server.events().contains(&"user.rename".to_owned()));
}

#[test]
fn session_of_someone_else_is_not_ended() {
    let server = TestApp::new();
    server.user("ann");
    let bob = server.user("bob");
    let (mut ann, mut hers, mut his) =
        (server.login("ann"), server.login("ann"), server.login("bob"));
    let page = ann.open("/account/sessions");
    let others = ids(&page, "/account/sessions/end", "id");
    assert_eq!(others.len(), 1);
    let of_bob = server.read(|r| ops::session::list(r, &operator(), Some(&bob.id), 9));
    let theirs = of_bob[0].session.id.as_str();
    assert_eq!(post(&mut ann, "/account/sessions/end", ("id", theirs)).status, 403);
    assert_eq!(post(&mut ann, "/account/sessions/end", ("id", "s_0")).status, 404);
    assert!(his.is_in() && hers.is_in());
    let page = post(&mut ann, "/account/sessions/end", ("id", &others[0]));
    assert_eq!(page.location(), "/account/sessions?done=ended");
    assert!(!hers.is_in() && ann.is_in());
}

#[test]
fn browsers_are_listed_trusted_and_forgotten_by_their_owner_alone() {
    let server = TestApp::with(|c| c.authentication.mfa.trusted_device.enabled = true);
    let ann = server.user("ann");
    server.user("bob");
    let app = server.with_totp(&ann);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    let page = browser.open("/mfa");
    browser.submit(&page, "/mfa", &[("code", &server.code(&app)), ("trust_device", "true")]);
    let page = browser.open("/account/sessions");
    assert!(page.body.contains("Trusted until"), "{page:?}");
    let devices = ids(&page, "/account/devices/forget", "id");
    assert_eq!(devices.len(), 1);
    let mut stranger = server.login("bob");
    assert_eq!(post(&mut stranger, "/account/devices/forget", ("id", &devices[0])).status, 403);
    let page = browser.submit(&page, "/account/devices/distrust", &[]);
    let page = browser.follow(page);
    assert!(!page.body.contains("Trusted until") && page.text_of("notice").is_some());
    let page = browser.submit(&page, "/account/devices/forget", &[]);
    let page = browser.follow(page);
    assert!(ids(&page, "/account/devices/forget", "id").is_empty(), "{page:?}");
    assert_eq!(post(&mut browser, "/account/devices/forget", ("id", &devices[0])).status, 404);
}

fn enrolled(server: &TestApp, user: &User) -> Vec<Method> {
    server.read(|r| ops::factor::enrolled(r, &user.id))
}

#[test]
fn factor_is_removed_after_a_question_and_only_ones_own() {
    let server = TestApp::with(with_messages);
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let app = server.with_totp(&ann);
    server.with_contact(&ann, Method::Sms, "+4915112345642");
    let his = server.with_totp(&bob);
    let mut browser = server.login_with("ann", &app);
    let page = browser.open("/account/security");
    assert!(page.body.contains("SMS to +49 ••• ••42") && !page.body.contains("12345642"));
    let links: Vec<String> = page
        .body
        .split("href=\"")
        .filter(|rest| rest.starts_with("/account/security/remove?id="))
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(links.len(), 2);
    let mut stranger = server.login_with("bob", &his);
    let id = links[0].split_once("id=").unwrap().1;
    assert_eq!(stranger.open(&links[0]).status, 404);
    assert_eq!(post(&mut stranger, "/account/security/remove", ("id", id)).status, 404);
    assert_eq!(enrolled(&server, &ann), [Method::Totp, Method::Sms]);
    for (at, left) in [(0, vec![Method::Sms]), (1, Vec::new())] {
        let page = browser.open(&links[at]);
        assert_eq!(page.body.contains("your only second factor"), left.is_empty(), "{page:?}");
        let page = browser.submit(&page, "/account/security/remove", &[]);
        assert_eq!(page.location(), "/account/security?done=removed");
        assert_eq!(enrolled(&server, &ann), left);
    }
    let page = browser.open("/account/security");
    assert!(page.text_of("no_factor").is_some(), "{page:?}");
    assert_eq!(enrolled(&server, &bob), [Method::Totp]);
}

#[test]
fn only_factor_that_a_role_needs_stays() {
    let server = TestApp::new();
    let root = server.admin("root");
    let app = server.with_totp(&root);
    let mut browser = server.login_with("root", &app);
    let page = browser.open("/account/security");
    let link = page.body.split("href=\"").find(|rest| rest.contains("/remove?id=")).unwrap();
    let page = browser.open(link.split('"').next().unwrap());
    let page = browser.submit(&page, "/account/security/remove", &[]);
    assert_eq!(page.status, 409);
    assert!(page.body.contains("this is the only one"), "{page:?}");
    assert_eq!(enrolled(&server, &root), [Method::Totp]);
}

/// An app that holds a consent of someone.
fn let_in(server: &TestApp, user: &UserId) -> ClientId {
    let user = user.clone();
    server.write(move |tx| {
        let new = ops::client::New {
            name: "Notes <b>".to_owned(),
            redirect_uris: vec!["https://app.example.com/cb".to_owned()],
            public: true,
            ..ops::client::New::default()
        };
        let client = ops::client::create(tx, &operator(), new)?.client.id;
        let scopes = mcpcodex::model::scope::ScopeSet::parse("openid email offline_access");
        store::consent::put(tx, &user, &client, "", &scopes)?;
        Ok(client)
    })
}

#[test]
fn app_is_shown_with_what_it_may_do_and_disconnected_by_its_person_alone() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.user("bob");
    let client = let_in(&server, &ann.id);
    let mut browser = server.login("ann");
    let page = browser.open("/account/apps");
    for words in
        ["Notes &#60;b&#62;", "See your e-mail address", "Stay signed in while you are away"]
    {
        assert!(page.body.contains(words), "{words}: {page:?}");
    }
    let mut stranger = server.login("bob");
    let refused = post(&mut stranger, "/account/apps/disconnect", ("client", client.as_str()));
    assert_eq!(refused.status, 404);
    let page = browser.submit(&page, "/account/apps/disconnect", &[]);
    let page = browser.follow(page);
    assert!(page.text_of("no_apps").is_some() && page.text_of("notice").is_some(), "{page:?}");
    assert!(server.events().contains(&"consent.revoke".to_owned()));
}

#[test]
fn key_is_shown_once_and_works_until_its_owner_revokes_it() {
    let server = TestApp::new();
    server.user("ann");
    server.user("bob");
    let mut browser = server.login("ann");
    let page = browser.open("/account/keys/new");
    let fields = [("label", "ci <deploy>"), ("scope_read:models", "true"), ("days", "30")];
    let made = browser.submit(&page, "/account/keys/new", &fields);
    let key = made.text_of("key").unwrap();
    let inspected = || server.read(|r| ops::apikey::inspect(r, &server.app.env, &key)).ok();
    let Good { key: row, user: owner, .. } = inspected().unwrap();
    assert_eq!((owner.username.as_str(), row.scopes.to_string().as_str()), ("ann", "read:models"));
    assert_eq!(row.expires_at.unwrap().since(server.clock.now()).as_secs(), 30 * 86_400);
    let page = browser.open("/account/keys");
    assert!(page.body.contains("ci &#60;deploy&#62;") && !page.body.contains(&key), "{page:?}");
    let id = ids(&page, "/account/keys/revoke", "id").remove(0);
    let mut stranger = server.login("bob");
    assert_eq!(post(&mut stranger, "/account/keys/revoke", ("id", &id)).status, 403);
    assert!(inspected().is_some());
    let page = browser.submit(&page, "/account/keys/revoke", &[]);
    assert_eq!(page.location(), "/account/keys?done=revoked");
    assert!(inspected().is_none());
    assert!(ids(&browser.open("/account/keys"), "/account/keys/revoke", "id").is_empty());
}

#[test]
fn key_that_falls_due_says_so_and_is_replaced_on_the_page_with_a_recent_sign_in() {
    let server = TestApp::new();
    server.user("ann");
    server.user("bob");
    let mut browser = server.login("ann");
    let page = browser.open("/account/keys/new");
    let fields = [("label", "ci"), ("scope_read:models", "true"), ("days", "")];
    let key = browser.submit(&page, "/account/keys/new", &fields).text_of("key").unwrap();
    server.browser().ask("GET", "/auth/api-key").by_program().header("x-api-key", &key).send();
    let marks = server.app.seen.take();
    server.write(move |tx| ops::seen::write(tx, &marks));
    server.advance(80 * 86_400);
    let mut browser = server.login("ann");
    let page = browser.open("/account/keys");
    assert!(page.body.contains("Replace it by 31 May"), "{page:?}");
    assert!(page.body.contains("from 198.51.100.7"), "{page:?}");
    let id = ids(&page, "/account/keys/rotate", "id").remove(0);
    let mut stranger = server.login("bob");
    assert_eq!(post(&mut stranger, "/account/keys/rotate", ("id", &id)).status, 403);
    server.advance(301);
    let stale = browser.submit(&page, "/account/keys/rotate", &[]);
    assert!(stale.location().starts_with("/login/confirm"), "{stale:?}");
    let mut browser = server.login("ann");
    let page = browser.open("/account/keys");
    let made = browser.submit(&page, "/account/keys/rotate", &[]);
    let next = made.text_of("key").unwrap();
    assert!(made.text_of("replaces").unwrap().contains("22 May"), "{made:?}");
    let good = |key: &str| server.read(|r| ops::apikey::inspect(r, &server.app.env, key)).is_ok();
    assert!(good(&next) && good(&key) && next != key);
    let page = browser.open("/account/keys");
    assert!(!page.body.contains("Replace it by") && !page.body.contains(&next), "{page:?}");
    assert_eq!(ids(&page, "/account/keys/rotate", "id").len(), 1);
    server.advance(86_400);
    assert!(good(&next) && !good(&key));
}

#[test]
fn key_is_not_made_with_more_than_its_owner_may_or_with_nothing() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    let page = browser.open("/account/keys/new");
    assert!(!page.body.contains("admin:users"), "{page:?}");
    for (fields, status) in [
        (vec![("label", "x"), ("scope_admin:users", "true"), ("days", "")], 403),
        (vec![("label", "x"), ("days", "")], 422),
        (vec![("label", ""), ("scope_read:models", "true"), ("days", "")], 422),
        (vec![("label", "x"), ("scope_no:such", "true"), ("days", "")], 422),
        (vec![("label", "x"), ("scope_read:models", "true"), ("days", "1e9")], 422),
    ] {
        let page = browser.submit(&page, "/account/keys/new", &fields);
        assert_eq!(page.status, status, "{fields:?}: {page:?}");
    }
    let ann = server.read(|r| ops::user::find(r, "ann"));
    assert!(server.read(|r| ops::apikey::list(r, &operator(), Whose::User(&ann.id), 9)).is_empty());

    let off = server.another_with(|c| c.authentication.api_keys.enabled = false);
    let page = browser.at(&crate::support::browser_of(&off)).open("/account/keys");
    assert!(!page.body.contains("id=\"new_key\"") && page.body.contains("takes no API keys"));
}

#[test]
fn german_reads_german_on_every_account_page() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    for (path, words) in [
        ("/account", "Ihr Name"),
        ("/account/security", "Zweiter Faktor"),
        ("/account/sessions", "Hier sind Sie angemeldet"),
        ("/account/apps", "keiner App"),
        ("/account/keys", "API-Schlüssel"),
        ("/account/keys/new", "Was er darf"),
        ("/login/confirm", "Bestätigen Sie"),
    ] {
        let page = browser.ask("GET", path).header("accept-language", "de").send();
        assert!(page.body.contains(words), "{path}: {page:?}");
    }
}
