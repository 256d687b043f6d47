//! The demo app, used as a browser uses it: forms, redirects and cookies, through the whole router.

mod browser;
mod forged;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::StatusCode;
use mcpcodex::{
    app::App,
    config::{Config, tokens::SigningAlgorithm},
    db::Clock,
    http::{
        demo::{
            DemoApp, routes,
            serve::{self, Options},
        },
        router,
    },
    ops,
    time::Time,
};

use self::browser::Browser;

struct Stage {
    app: App,
    demo: Arc<DemoApp>,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.data_dir = folder.path().join("data");
        // What is slow on purpose, and an RSA key that takes long to find, prove nothing here.
        let hashing = &mut config.authentication.password.hashing;
        (hashing.memory_kib, hashing.iterations) = (8, 1);
        config.authentication.tokens.access_token.algorithm = SigningAlgorithm::Es256;
        let clock = Clock::manual(Time::from_secs(1_800_000_000));
        let app = App::open(config, None, clock).unwrap();
        let data = ops::demo::prepare(&app.db, &app.env).unwrap();
        let demo = DemoApp::new(&app, data);
        Self { app, demo, _folder: folder }
    }

    fn browser(&self) -> Browser {
        let extra = routes(Arc::clone(&self.demo));
        Browser::new(router::routes_with(self.app.clone(), extra))
    }

    fn code(&self) -> String {
        let device = self.demo.data.people.iter().find_map(|person| person.authenticator.clone());
        let (code, _) = device.unwrap().code(self.app.db.now()).unwrap();
        code.expose().to_owned()
    }

    fn password(&self, username: &str) -> &'static str {
        self.demo.data.people.iter().find(|person| person.username == username).unwrap().password
    }

    /// From the demo's button to the page after the password.
    async fn sign_in(&self, browser: &mut Browser, username: &str) {
        browser.open("/demo").await;
        browser.submit("/demo/start", &[]).await;
        assert!(browser.page.contains("name=\"username\""), "{}", browser.page);
        let password = self.password(username);
        browser.submit("/login", &[("username", username), ("password", password)]).await;
    }
}

#[tokio::test]
async fn password_only_user_sees_every_step_of_the_flow() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    stage.sign_in(&mut browser, "sam").await;
    assert!(browser.page.contains("Demo app"), "{}", browser.page);
    browser.submit("/consent", &[("decision", "allow")]).await;
    assert_eq!(browser.path, "/demo", "a reload must not carry the code");
    browser.must_show(&[
        "Signed in as <bdi>sam</bdi>",
        "code_challenge",
        "POST http://localhost:8420/token",
        "grant_type=authorization_code",
        "at+jwt",
        "nonce",
        "sam@demo.example",
        "preferred_username",
    ]);

    browser.submit("/demo/refresh", &[]).await;
    browser.must_show(&["grant_type=refresh_token", "Its only successor."]);
    browser.submit("/demo/repeat", &[]).await;
    browser.must_show(&["the same", "No second successor"]);
    browser.submit("/demo/introspect", &[]).await;
    browser.must_show(&["good at this moment", "&#34;active&#34;: true"]);
    browser.submit("/demo/revoke", &[]).await;
    browser.submit("/demo/introspect", &[]).await;
    browser.must_show(&["&#34;active&#34;: false"]);
    browser.submit("/demo/refresh", &[]).await;
    browser.must_show(&["invalid_grant"]);
}

#[tokio::test]
async fn second_factor_is_asked_and_named_in_the_tokens() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    stage.sign_in(&mut browser, "ada").await;
    browser.submit("/mfa", &[("code", &stage.code())]).await;
    browser.submit("/consent", &[("decision", "allow")]).await;
    browser.must_show(&["Signed in as <bdi>ada</bdi>", "pwd otp mfa"]);

    browser.submit("/demo/logout", &[]).await;
    browser.must_show(&["You are signed out", "Back to the demo app"]);
    browser.open("/demo").await;
    browser.must_show(&["Who to sign in as"]);
    browser.open("/account").await;
    assert_eq!(browser.path, "/login", "the session at the server ended too");
}

#[tokio::test]
async fn developer_without_a_factor_gets_in_within_the_grace_period() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    stage.sign_in(&mut browser, "dev").await;
    browser.submit("/consent", &[("decision", "allow")]).await;
    browser.must_show(&["Signed in as <bdi>dev</bdi>"]);
}

#[tokio::test]
async fn refusal_on_the_consent_page_reaches_the_app_as_an_error() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    stage.sign_in(&mut browser, "sam").await;
    browser.submit("/consent", &[("decision", "deny")]).await;
    assert_eq!(browser.path, "/demo");
    browser.must_show(&["Not signed in", "You pressed Deny", "access_denied"]);
    assert!(!browser.page.contains("/demo/refresh"), "{}", browser.page);
}

#[tokio::test]
async fn answer_with_another_state_is_refused_and_the_right_one_still_counts() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    stage.sign_in(&mut browser, "sam").await;

    let issuer = &stage.app.env.site.issuer;
    let forged = format!("/demo/callback?code=stolen&state=forged&iss={issuer}");
    let mut other = stage.browser();
    other.open(&forged).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
    other.must_show(&["Not signed in", "does not belong"]);

    let consent = browser.page.clone();
    browser.open(&forged).await;
    assert_eq!(browser.status, StatusCode::BAD_REQUEST);
    browser.page = consent;
    browser.submit("/consent", &[("decision", "allow")]).await;
    browser.must_show(&["Signed in as <bdi>sam</bdi>"]);
}

#[tokio::test]
async fn answer_of_another_issuer_is_refused_before_the_code_is_sent_anywhere() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    browser.open("/demo").await;
    let to = browser.submit_once("/demo/start", &[]).await.unwrap();
    let (_, rest) = to.split_once("&state=").unwrap();
    let sent = rest.split('&').next().unwrap();
    browser
        .open(&format!("/demo/callback?code=c&state={sent}&iss=https%3A%2F%2Fevil.example"))
        .await;
    browser.must_show(&["Not signed in", "does not come from the server that was asked"]);
    assert!(!browser.page.contains("POST http"), "{}", browser.page);
}

#[tokio::test]
async fn form_without_its_token_starts_nothing() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    browser.open("/demo").await;
    browser.post("/demo/start", "csrf=wrong").await;
    assert_eq!(browser.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn demo_is_not_there_without_the_flag() {
    let stage = Stage::new();
    let mut browser = Browser::new(router::routes(stage.app.clone()));
    for path in ["/demo", "/demo/callback?code=c&state=s"] {
        browser.open(path).await;
        assert_eq!(browser.status, StatusCode::NOT_FOUND, "{path}");
    }
    browser.post("/demo/start", "").await;
    assert_eq!(browser.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn demo_moves_to_the_address_that_its_answer_will_come_to() {
    let stage = Stage::new();
    let mut browser = stage.browser();
    let to = browser.get_once("127.0.0.1:8420", "/demo").await;
    assert_eq!(to.as_deref(), Some("http://localhost:8420/demo"));
}

/// What `serve --demo` prints, while it still runs.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    async fn shows(&self, words: &str) -> String {
        for _ in 0..1_000 {
            let text = self.text();
            if text.contains(words) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no {words:?} in {:?}", self.text());
    }
}

/// Runs the demo, hands what it printed to `look`, and gives all that it printed to the end.
async fn watch(json: bool, terminal: bool, until: &str, look: impl FnOnce(&str)) -> String {
    let screen = Screen::default();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let options = Options { listen: ([127, 0, 0, 1], 0).into(), json, terminal };
    let mut out = screen.clone();
    let run = tokio::spawn(async move {
        let stopped = async { stopped.await.unwrap_or_default() };
        serve::run(options, &mut out, stopped).await
    });
    look(&screen.shows(until).await);
    stop.send(()).unwrap();
    run.await.unwrap().unwrap();
    screen.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_name_people_and_address_and_nothing_is_left_behind() {
    let mut folder = std::path::PathBuf::new();
    let all = watch(true, true, "client_id", |text| {
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["event"], "listening");
        assert_eq!(lines[1]["event"], "demo");
        assert_eq!(lines[1]["client_id"], "demo");
        let issuer = lines[0]["issuer"].as_str().unwrap();
        assert_eq!(lines[1]["open"], format!("{issuer}/demo"));
        let people = lines[1]["people"].as_array().unwrap();
        assert_eq!(people.len(), 3);
        assert_eq!(people.iter().filter(|one| one["totp_secret"].is_string()).count(), 1);

        let port = lines[0]["url"].as_str().unwrap().rsplit_once(':').unwrap().1;
        std::net::TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
        folder = lines[1]["data_dir"].as_str().unwrap().into();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    })
    .await;
    assert_eq!(all.lines().count(), 2, "{all}");
    assert!(!folder.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn terminal_shows_the_code_live_and_a_pipe_shows_it_once() {
    let live = watch(false, true, "s left", |text| assert!(text.contains("ada"))).await;
    assert!(live.contains("\r\x1b[K  Code"), "{live:?}");
    assert!(live.ends_with("The demo has ended; its database is deleted.\n"), "{live:?}");
    let plain = watch(false, false, "Ctrl-C", |_| ()).await;
    assert_eq!(plain.matches("  Code ").count(), 1, "{plain}");
    assert!(!plain.contains('\x1b'), "{plain:?}");
}
