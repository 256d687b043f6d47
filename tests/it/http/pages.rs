//! The pages of the sign-in: no step can be skipped, no cookie is worth anything before its time.

use std::time::Duration;

use mcpcodex::ops;

use crate::support::{
    Browser, OTHER_PASSWORD, PASSWORD, Page, TestApp, Totp, browser_of, operator,
};

/// Every page that wants something before it is shown.
const GUARDED: [&str; 16] = [
    "/account",
    "/account/security",
    "/account/security/remove?id=x",
    "/account/sessions",
    "/account/apps",
    "/account/keys",
    "/account/keys/new",
    "/login/confirm",
    "/mfa?method=sms",
    "/mfa/enroll?method=totp",
    "/mfa",
    "/mfa/recovery",
    "/mfa/enroll",
    "/mfa/codes",
    "/password",
    "/consent?request=r_x",
];

/// Every form that does something, with fields that would be right somewhere.
const FORMS: [&str; 19] = [
    "/mfa",
    "/mfa/send",
    "/mfa/enroll",
    "/mfa/enroll/send",
    "/login/confirm",
    "/account/profile",
    "/account/security/remove",
    "/account/sessions/end",
    "/account/devices/forget",
    "/account/devices/distrust",
    "/account/apps/disconnect",
    "/account/keys/new",
    "/account/keys/revoke",
    "/mfa/codes",
    "/mfa/codes/new",
    "/password",
    "/account/sessions/end-others",
    "/consent",
    "/auth/logout",
];

/// Where someone may stand on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Nowhere,
    SecondFactor,
    Enroll,
    RecoveryCodes,
    PasswordExpired,
}

impl Stage {
    const ALL: [Self; 5] = [
        Self::Nowhere,
        Self::SecondFactor,
        Self::Enroll,
        Self::RecoveryCodes,
        Self::PasswordExpired,
    ];

    /// The page of this step.
    fn page(self) -> &'static str {
        match self {
            Self::Nowhere => "/login",
            Self::SecondFactor => "/mfa",
            Self::Enroll => "/mfa/enroll",
            Self::RecoveryCodes => "/mfa/codes",
            Self::PasswordExpired => "/password",
        }
    }

    /// What may be opened or posted to here.
    fn open(self) -> &'static [&'static str] {
        match self {
            Self::Nowhere => &[],
            Self::SecondFactor => &["/mfa", "/mfa?method=sms", "/mfa/recovery", "/mfa/send"],
            Self::Enroll => &["/mfa/enroll", "/mfa/enroll?method=totp", "/mfa/enroll/send"],
            Self::RecoveryCodes => &["/mfa/codes", "/mfa/codes/new"],
            Self::PasswordExpired => &["/password"],
        }
    }
}

/// A browser that stands at a step.
fn standing(stage: Stage) -> (TestApp, Browser) {
    let server = TestApp::with(|config| config.authentication.mfa.grace_period = Duration::ZERO);
    let role = match stage {
        Stage::Enroll | Stage::RecoveryCodes => "admin",
        Stage::Nowhere | Stage::SecondFactor | Stage::PasswordExpired => "user",
    };
    let ann = server.person("ann", &[role], PASSWORD);
    let mut browser = server.browser();
    match stage {
        Stage::Nowhere => drop(browser.open("/login")),
        Stage::SecondFactor => {
            server.with_totp(&ann);
            browser.sign_in("ann", PASSWORD);
        }
        Stage::Enroll => drop(browser.sign_in("ann", PASSWORD)),
        Stage::RecoveryCodes => {
            browser.sign_in("ann", PASSWORD);
            enroll(&server, &mut browser);
        }
        Stage::PasswordExpired => {
            server.advance(90 * 86_400);
            browser.sign_in("ann", PASSWORD);
        }
    }
    (server, browser)
}

/// Scans the key on the enrolment page and gives the first code; what is shown then.
fn enroll(server: &TestApp, browser: &mut Browser) -> (Totp, Page) {
    let page = browser.open("/mfa/enroll?method=totp");
    let key = page.text_of("secret").unwrap();
    let app = Totp::from_base32(&key, server.app.env.totp_settings());
    let page = browser.submit(&page, "/mfa/enroll", &[("code", &server.code(&app))]);
    (app, page)
}

/// Whether an answer gives away nothing and leads only to `stage` or to the beginning.
fn leads_only_to(page: &Page, stage: Stage) -> bool {
    match page.status {
        303 => {
            let to = page.location();
            to == stage.page() || to == "/login" || to.starts_with("/login?return_to=")
        }
        400 | 401 | 403 | 404 => page.set_cookie("mcpcodex_session").is_none(),
        _ => false,
    }
}

#[test]
fn no_page_opens_at_another_step_than_its_own() {
    for stage in Stage::ALL {
        let (server, browser) = standing(stage);
        for path in GUARDED {
            if stage.open().contains(&path) {
                continue;
            }
            let page = browser.clone().open(path);
            assert!(leads_only_to(&page, stage), "{path} at {stage:?}: {page:?}");
            assert!(!page.body.contains("ann@example.com"), "{path} at {stage:?}: {page:?}");
        }
        assert!(!browser.clone().is_in(), "{stage:?}");
        assert_eq!(browser.clone().open("/auth/session").status, 401, "{stage:?}");
        assert_eq!(server.read(|r| ops::session::count(r, &operator())), 0, "{stage:?}");
    }
}

#[test]
fn no_form_is_taken_at_another_step_than_its_own() {
    for stage in Stage::ALL {
        let (server, mut browser) = standing(stage);
        let csrf = browser.csrf();
        let hash = |server: &TestApp| {
            let ann = server.read(|r| ops::user::find(r, "ann"));
            server.read(|r| mcpcodex::store::user::password_hash(r, &ann.id))
        };
        let (events, before) = (server.events().len(), hash(&server));
        for path in FORMS {
            if stage.open().contains(&path) {
                continue;
            }
            let fields = [
                ("csrf", csrf.as_str()),
                ("code", "123456"),
                ("method", "totp"),
                ("password", PASSWORD),
                ("new_password", OTHER_PASSWORD),
                ("decision", "allow"),
                ("request", "r_x"),
                ("stage", "4"),
                ("step", "done"),
            ];
            let page = browser.clone().post(path, &fields);
            assert!(leads_only_to(&page, stage), "{path} at {stage:?}: {page:?}");
        }
        assert_eq!(server.events().len(), events, "{stage:?}: {:?}", server.events());
        assert_eq!(hash(&server), before, "{stage:?}");
        assert_eq!(server.read(|r| ops::session::count(r, &operator())), 0, "{stage:?}");
        // And the sign-in still stands where it stood.
        if stage != Stage::Nowhere {
            assert_eq!(browser.clone().open(stage.page()).status, 200, "{stage:?}");
        }
    }
}

#[test]
fn no_code_goes_to_an_app_before_the_last_step() {
    for stage in Stage::ALL {
        let (server, browser) = standing(stage);
        let made = server.write(|tx| {
            let new = ops::client::New {
                name: "App".to_owned(),
                redirect_uris: vec!["https://app.example.com/cb".to_owned()],
                public: true,
                ..ops::client::New::default()
            };
            ops::client::create(tx, &operator(), new)
        });
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", made.client.id.as_str())
            .append_pair("redirect_uri", "https://app.example.com/cb")
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("state", "s")
            .append_pair("code_challenge", &mcpcodex::crypto::pkce::challenge_s256(&"a".repeat(43)))
            .append_pair("code_challenge_method", "S256")
            .finish();
        let mut browser = browser.clone();
        let page = browser.open(&format!("/authorize?{query}"));
        let to = page.location().to_owned();
        assert!(to.starts_with("/login?request=r_"), "{stage:?}: {page:?}");
        let request = to.rsplit('=').next().unwrap();
        let page = browser.open(&format!("/authorize/continue?request={request}"));
        assert!(page.location().starts_with("/login?request="), "{stage:?}: {page:?}");
        let csrf = browser.csrf();
        let fields =
            [("csrf", csrf.as_str()), ("request", request), ("decision", "allow"), ("shown", "x")];
        let page = browser.post("/consent", &fields);
        assert!(!page.location().contains("code="), "{stage:?}: {page:?}");
        assert!(!page.location().starts_with("https://app"), "{stage:?}: {page:?}");
    }
}

#[test]
fn each_step_ends_in_the_session_and_in_the_page_that_was_wanted() {
    let (server, mut browser) = standing(Stage::Enroll);
    let (app, page) = enroll(&server, &mut browser);
    assert_eq!(page.text_of("codes").unwrap().lines().count(), 10);
    assert!(browser.session().is_none(), "not before the codes are stored");
    let page = browser.submit(&page, "/mfa/codes", &[]);
    assert_eq!((page.status, page.location()), (303, "/account"));
    assert!(browser.is_in());
    assert!(browser.cookie("mcpcodex_sign_in").is_none());

    server.advance(30);
    let mut second = server.browser();
    let page = second.open("/login?return_to=%2Fpassword");
    let page = second.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert_eq!(page.location(), "/mfa");
    let page = second.give_code(&server.code(&app));
    assert_eq!(page.location(), "/password");
    assert_eq!(second.follow_all(page).status, 200);
    assert_eq!(second.visit("/").path, "/account");
}

#[test]
fn codes_page_that_was_lost_shows_a_new_set_and_never_the_old_one() {
    let (_, mut browser) = standing(Stage::RecoveryCodes);
    let page = browser.open("/mfa/codes");
    assert_eq!(page.text_of("codes"), None);
    let page = browser.submit(&page, "/mfa/codes/new", &[]);
    assert_eq!(page.text_of("codes").unwrap().lines().count(), 10);
}

#[test]
fn factor_comes_before_the_new_password() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    server.advance(90 * 86_400);
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
    assert_eq!(browser.open("/password").location(), "/mfa");
    let page = browser.give_code(&server.code(&app));
    assert_eq!(page.location(), "/password");
    assert!(browser.session().is_none());
    let page = browser.open("/password");
    let same = browser.submit(&page, "/password", &[("new_password", PASSWORD)]);
    assert_eq!(same.status, 422);
    let page = browser.submit(&page, "/password", &[("new_password", OTHER_PASSWORD)]);
    assert_eq!((page.status, page.location()), (303, "/account"));
    assert!(browser.is_in());
}

#[test]
fn sign_in_that_was_begun_is_worth_nothing_in_another_browser_or_after_a_quarter_of_an_hour() {
    let (server, browser) = standing(Stage::SecondFactor);
    let mut thief = server.browser();
    thief.open("/login");
    thief.set_cookie("mcpcodex_sign_in", browser.cookie("mcpcodex_sign_in").unwrap());
    assert_eq!(thief.open("/mfa").location(), "/login");
    server.advance(899);
    assert_eq!(browser.clone().open("/mfa").status, 200);
    server.advance(1);
    assert_eq!(browser.clone().open("/mfa").location(), "/login");
}

#[test]
fn lock_and_new_password_end_a_sign_in_that_was_begun() {
    for at in 0..2 {
        let server = TestApp::new();
        let ann = server.user("ann");
        let app = server.with_totp(&ann);
        let mut browser = server.browser();
        browser.sign_in("ann", PASSWORD);
        let page = browser.open("/mfa");
        if at == 0 {
            let id = ann.id.clone();
            server.write(move |tx| ops::user::lock(tx, &operator(), &id));
        } else {
            server.set_password(&ann, OTHER_PASSWORD);
        }
        let page = browser.submit(&page, "/mfa", &[("code", &server.code(&app))]);
        assert_eq!(page.location(), "/login", "{at}");
        assert!(browser.session().is_none());
    }
}

#[test]
fn session_id_is_new_at_sign_in_whatever_cookie_was_there_before() {
    let server = TestApp::new();
    let (ann, mallory) = (server.user("ann"), server.user("mallory"));
    let (_, planted) = server.session_of(&mallory, false);
    for cookie in [planted.as_str(), "abc", "s_0000", &"x".repeat(3_000)] {
        let mut browser = server.browser();
        browser.set_cookie("mcpcodex_session", cookie);
        let page = browser.open("/login?return_to=/account");
        browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
        let own = browser.session().unwrap().to_owned();
        assert_ne!(own, cookie);
        assert!(browser.open("/account").body.contains(&ann.email));
        // What was planted opens nothing of hers, and not even its own any more.
        let mut thief = server.browser();
        thief.set_cookie("mcpcodex_session", cookie);
        assert!(!thief.is_in(), "{cookie:.20}");
    }
}

#[test]
fn every_sign_in_and_every_factor_makes_a_session_of_its_own() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let mut browser = server.login("ann");
    let first = browser.session().unwrap().to_owned();
    let app = server.with_totp(&ann);
    browser.sign_in("ann", PASSWORD);
    // After the password alone there is no new session, and the old one is dead.
    assert!(!browser.is_in());
    browser.give_code(&server.code(&app));
    let second = browser.session().unwrap().to_owned();
    assert_ne!(first, second);
    server.advance(30);
    let page = browser.open("/login?return_to=/account");
    browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    browser.give_code(&server.code(&app));
    assert_ne!(browser.session().unwrap(), second);
    let mut old = server.browser();
    old.set_cookie("mcpcodex_session", &second);
    assert!(!old.is_in(), "the session before the new sign-in lives on");
}

#[test]
fn browser_cookie_that_someone_planted_gives_them_no_share_in_the_sign_in() {
    let server = TestApp::new();
    server.user("ann");
    // The attacker knows the victim's browser cookie, since they set it.
    let mut attacker = server.browser();
    attacker.open("/login");
    let mut victim = server.browser();
    victim.set_cookie("mcpcodex_browser", attacker.cookie("mcpcodex_browser").unwrap());
    victim.sign_in("ann", PASSWORD);
    assert!(victim.is_in());
    assert!(!attacker.is_in());
    assert_eq!(attacker.open("/mfa").location(), "/login");
}

#[test]
fn logout_ends_the_session_everywhere_and_takes_the_cookies_away() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    let kept = browser.clone();
    // Asking by a link only asks.
    let page = browser.open("/logout");
    assert_eq!(page.status, 200);
    assert!(browser.is_in());
    browser.submit(&page, "/logout", &[]);
    assert!(browser.session().is_none());
    assert!(!kept.clone().is_in());
    assert!(!kept.at(&browser_of(&server.another())).is_in());
}

#[test]
fn password_change_asks_for_the_old_one_under_the_same_limit_and_ends_the_other_sessions() {
    let server = TestApp::new();
    server.user("ann");
    let (mut browser, mut other) = (server.login("ann"), server.login("ann"));
    let page = browser.open("/password");
    for _ in 0..5 {
        let fields = [("password", "wrong"), ("new_password", OTHER_PASSWORD)];
        assert_eq!(browser.submit(&page, "/password", &fields).status, 422);
        server.advance(8);
    }
    let fields = [("password", PASSWORD), ("new_password", OTHER_PASSWORD)];
    assert_eq!(browser.submit(&page, "/password", &fields).status, 422, "paused");
    server.advance(900);
    let mut browser = server.login("ann");
    let page = browser.open("/password");
    let page = browser.submit(&page, "/password", &fields);
    assert_eq!(page.location(), "/account/security?done=password");
    assert!(browser.is_in() && !other.is_in());
    assert_eq!(server.browser().sign_in("ann", PASSWORD).status, 401);
}

#[test]
fn setup_page_shows_nothing_without_its_link_and_nothing_after_the_setup() {
    let server = TestApp::new();
    let env = server.app.env();
    let link = server.write(move |tx| ops::setup::link(tx, &env, &operator())).unwrap();
    let path = link.url.strip_prefix("http://localhost:8420").unwrap().to_owned();
    let mut browser = server.browser();
    for wrong in ["/setup", "/setup?token=", "/setup?token=a.b", &path[..path.len() - 2]] {
        assert_eq!(browser.open(wrong).status, 404, "{wrong}");
    }
    let page = browser.open(&path);
    let fields = [("username", "root"), ("email", "root@example.com"), ("new_password", PASSWORD)];
    // The name is optional, as the page says.
    assert_eq!(browser.submit(&page, "/setup", &fields).status, 200);
    assert_eq!(browser.open(&path).status, 404);
    let again = browser.submit(
        &page,
        "/setup",
        &[("username", "eve"), ("email", "e@example.com"), ("new_password", OTHER_PASSWORD)],
    );
    assert_eq!(again.status, 404);
    assert_eq!(server.read(|r| ops::user::count(r, &operator())), 1);
    server.login("root");
}

#[test]
fn return_path_never_leaves_this_server() {
    let server = TestApp::new();
    server.user("ann");
    for evil in [
        "//evil.example/",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/%0d%0aLocation:%20https://evil.example",
        "/\t/evil.example",
        " //evil.example",
    ] {
        let mut browser = server.browser();
        let page = browser.open("/login");
        let fields = [("username", "ann"), ("password", PASSWORD), ("return_to", evil)];
        let page = browser.submit(&page, "/login", &fields);
        let to = page.location();
        assert!(to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'), "{evil}: {to}");
    }
}

#[test]
fn invited_person_is_not_told_that_they_are_the_administrator() {
    let server = TestApp::new();
    let env = server.app.env();
    let created = server.write(move |tx| {
        let new = ops::user::New {
            username: "ann".to_owned(),
            email: "ann@example.com".to_owned(),
            ..ops::user::New::default()
        };
        ops::user::create(tx, &env, &operator(), &new, &ops::user::FirstPassword::Invite)
    });
    let url = created.invite.unwrap().url;
    let path = format!("/invite{}", url.split_once("/invite").unwrap().1);
    let mut browser = server.browser();
    let page = browser.open(&path);
    let done = browser.submit(&page, "/invite", &[("new_password", PASSWORD)]);
    assert_eq!(done.status, 200, "{done:?}");
    assert!(done.body.contains("Your account is ready"), "{done:?}");
    assert!(!done.body.contains("dministrator"), "{done:?}");
}
