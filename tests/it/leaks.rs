//! Secrets are planted through the ops and pages; then every byte on disk and in the log is searched for them.

use std::{fs, path::Path};

use mcpcodex::{app::MASTER_KEY_FILE, model::user::User, ops};

use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp, log, operator};

/// A secret, and the forms in which it must not be found.
struct Canary {
    name: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    fn new(name: &'static str, secret: &[u8]) -> Self {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
        assert!(secret.len() >= 10, "{name} is too short to be looked for");
        let hex = secret.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let mut forms = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
        // In base64 the text depends on where the secret begins: three ways, without the ragged ends.
        for shift in 0..3 {
            let shifted = [&b"xx"[..shift], secret].concat();
            for text in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
                forms.push(text.as_bytes()[4..text.len() - 2].to_vec());
            }
        }
        // As a form field and as a debug listing of bytes.
        forms.push(form_urlencoded::byte_serialize(secret).collect::<String>().into_bytes());
        let listed: Vec<String> = secret.iter().take(8).map(u8::to_string).collect();
        forms.push(listed.join(", ").into_bytes());
        Self { name, forms }
    }

    fn is_in(&self, haystack: &Haystack) -> bool {
        self.forms.iter().any(|form| haystack.0.contains(&Haystack::new(form).0))
    }
}

/// Bytes as text with a character for each, since the standard library searches text fast.
struct Haystack(String);

impl Haystack {
    fn new(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().map(char::from).collect())
    }
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.push((name, fs::read(&path).unwrap()));
        }
    }
    found
}

fn refuse_leaks(server: &TestApp, canaries: &[Canary]) {
    let files = files(server.data_dir());
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"mcpcodex.db") && names.contains(&MASTER_KEY_FILE), "{names:?}");
    for (name, bytes) in files {
        let bytes = Haystack::new(&bytes);
        for canary in canaries {
            // The key that seals the others has to stand somewhere.
            let own = name == MASTER_KEY_FILE && canary.name == "master key";
            assert!(own || !canary.is_in(&bytes), "the {} stands in {name}", canary.name);
        }
    }
}

/// A mail with a link, as far as it comes with a carrier that repeats what it got.
fn mail_a_link(server: &TestApp, secret: &'static str) {
    let env = server.app.env();
    server.write(move |tx| {
        let plain = |text: &str| mcpcodex::crypto::secret::Plain::new(text.to_owned());
        let outgoing = mcpcodex::model::message::Outgoing {
            recipient: "ann@example.com".to_owned(),
            subject: "A link".to_owned(),
            text: plain(&format!("https://auth.example.com/reset?token={secret}\n")),
            template: None,
            hide: vec![plain(secret)],
        };
        let carrier = mcpcodex::model::message::Carrier::Smtp;
        let message = ops::outbox::Message {
            kind: mcpcodex::model::message::Kind::Reset,
            carrier,
            outgoing,
            user: None,
            lifetime: std::time::Duration::from_secs(600),
        };
        ops::outbox::queue(tx, &env, &message)?;
        ops::outbox::claim(tx, &env, carrier, 1).map(drop)
    });
}

/// API keys: made, shown, shown for their successor, replaced.
fn plant_keys(server: &TestApp, ann: &User, plant: &mut impl FnMut(&'static str, &str)) {
    let (env, owner) = (server.app.env(), ann.clone());
    let key = server.write(move |tx| {
        let new = ops::apikey::New {
            name: "ci".to_owned(),
            scopes: vec!["read:models".to_owned()],
            ..ops::apikey::New::default()
        };
        ops::apikey::create(tx, &env, &operator(), &owner, &new)
    });
    plant("API key", key.text.expose());
    plant("API key without its prefix", key.text.expose().trim_start_matches("mcp_"));
    let bearer = format!("Bearer {}", key.text.expose());
    let page = server.browser().ask("GET", "/auth/api-key").header("authorization", &bearer).send();
    assert_eq!(page.status, 200);
    let page = server
        .browser()
        .ask("POST", "/auth/api-key/rotate")
        .header("x-api-key", key.text.expose())
        .send();
    assert_eq!(page.status, 403);
    let (env, id) = (server.app.env(), key.key.id.clone());
    let next = server
        .write(move |tx| ops::apikey::rotate(tx, &env, &operator(), &id, ops::apikey::Old::Leaked));
    plant("rotated API key", next.made.text.expose());
    let marks = server.app.seen.take();
    server.write(move |tx| ops::seen::write(tx, &marks));
}

/// Uses everything that has a secret, and gives back the secrets.
fn plant(server: &TestApp) -> Vec<Canary> {
    let mut canaries = Vec::new();
    let mut plant = |name, secret: &str| canaries.push(Canary::new(name, secret.as_bytes()));

    let env = server.app.env();
    let link = server.write(move |tx| ops::setup::link(tx, &env, &operator())).unwrap();
    let token = link.url.split_once("token=").unwrap().1.to_owned();
    plant("setup link's token", &token);
    plant("setup link's proof", token.split_once('.').unwrap().1);
    let mut browser = server.browser();
    let page = browser.open(&format!("/setup?token={token}"));
    let fields = [("username", "root"), ("email", "root@example.com"), ("new_password", PASSWORD)];
    assert_eq!(browser.submit(&page, "/setup", &fields).status, 200);
    plant("password", PASSWORD);

    let ann = server.user("ann");
    server.set_password(&ann, OTHER_PASSWORD);
    plant("new password", OTHER_PASSWORD);
    server.set_password(&ann, PASSWORD.replace("71", "84").as_str());
    plant("newest password", PASSWORD.replace("71", "84").as_str());

    let mistyped = "My secret but mistyped passw0rd";
    server.browser().sign_in("ann", mistyped);
    plant("mistyped password", mistyped);
    // Typed into the wrong field, as happens.
    let misplaced = "Tangerine-Password_55 misplaced";
    server.browser().sign_in(misplaced, "x");
    plant("password typed as the user name", misplaced);
    server.advance(60);

    let token = "mailed-token-4f7a1c9e2b";
    mail_a_link(server, token);
    plant("token of a link in a mail", token);

    let app = server.with_totp(&ann);
    plant("TOTP seed in base32", &app.base32);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD.replace("71", "84").as_str());
    plant("sign-in's token", browser.cookie("mcpcodex_sign_in").unwrap());
    browser.give_recovery_code(&app.recovery[0]);
    for code in &app.recovery {
        plant("recovery code", code);
        plant("recovery code without dashes", &code.replace('-', ""));
    }
    let cookie = browser.session().unwrap().to_owned();
    plant("session cookie", &cookie);
    plant("session cookie's signature", cookie.rsplit('.').next().unwrap());
    plant("browser cookie", browser.cookie("mcpcodex_browser").unwrap());
    plant("CSRF token", &browser.csrf());
    assert!(browser.is_in());

    plant_keys(server, &ann, &mut plant);

    let client = server.write(|tx| {
        let new = ops::client::New {
            name: "App".to_owned(),
            redirect_uris: vec!["https://app.example.com/cb".to_owned()],
            ..ops::client::New::default()
        };
        ops::client::create(tx, &operator(), new)
    });
    let secret = client.secret.unwrap();
    plant("client secret", secret.expose());
    let id = client.client.id.to_string();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", id.as_str()),
        ("client_secret", secret.expose()),
    ];
    server.browser().ask("POST", "/token").by_program().form(&form).send();

    let master = fs::read_to_string(server.data_dir().join(MASTER_KEY_FILE)).unwrap();
    plant("master key", master.trim());
    canaries.push(Canary::new("TOTP seed", &app.seed));
    canaries
}

#[test]
fn no_secret_stands_on_disk_or_in_the_log() {
    log::listen();
    let server = TestApp::new();
    let canaries = plant(&server);
    assert!(canaries.len() >= 30, "{}", canaries.len());
    // While it runs, with what is only in the write-ahead log, and after it was closed.
    assert!(server.data_dir().join("mcpcodex.db-wal").exists());
    refuse_leaks(&server, &canaries);
    let server = server.restart();
    refuse_leaks(&server, &canaries);

    // That something is logged at all is what makes the search worth anything.
    tracing::debug!(target: "leaks", "the log is heard");
    let log = Haystack::new(&log::everything());
    assert!(log.0.contains("the log is heard"));
    for canary in &canaries {
        // What everybody's password is stands in no other test's log either.
        assert!(!canary.is_in(&log), "the {} stands in the log", canary.name);
    }
}

#[test]
fn search_finds_a_canary_in_each_of_its_forms() {
    use base64::Engine as _;
    let canary = Canary::new("test", b"a secret of some length");
    let found = |bytes: &[u8]| canary.is_in(&Haystack::new(bytes));
    let base64 = base64::engine::general_purpose::STANDARD;
    for before in ["", "1", "12", "123"] {
        let text = base64.encode(format!("{before}a secret of some length and more"));
        assert!(found(text.as_bytes()), "{before:?}");
    }
    assert!(found(b"x=a+secret+of+some+length&y"));
    assert!(found(b"6120736563726574206f6620736f6d65206c656e677468"));
    assert!(found(format!("{:?}", b"a secret of some length").as_bytes()));
    assert!(!found(b"a secret of some other length"));
}

#[cfg(unix)]
#[test]
fn everything_in_the_data_folder_is_for_its_owner_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let command = format!("umask 000; exec '{}' key list", env!("CARGO_BIN_EXE_mcpcodex"));
    let output = std::process::Command::new("sh")
        .args(["-c", &command])
        .env("MCPCODEX_DATA_DIR", &data)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let mut seen = 0;
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 2);
}

#[cfg(unix)]
#[test]
fn folder_database_or_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = TestApp::new();
    let data = server.data_dir().to_owned();
    for (name, mode, right) in [
        ("", 0o755, 0o700),
        ("mcpcodex.db", 0o640, 0o600),
        ("mcpcodex.db-wal", 0o604, 0o600),
        (MASTER_KEY_FILE, 0o644, 0o600),
    ] {
        let path = if name.is_empty() { data.clone() } else { data.join(name) };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let open = || mcpcodex::app::App::open(server.config().clone(), None, server.clock.clone());
        let error = open().unwrap_err();
        assert!(error.next().unwrap().contains("chmod"), "{name}: {error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(right)).unwrap();
        open().unwrap();
    }
}
