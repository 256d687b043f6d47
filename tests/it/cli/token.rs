//! `token`: the device grant from the command line, against a server that runs.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
    sync::Arc,
};

use mcpcodex::{
    app::App,
    config::{self, Source},
    crypto::secret::Hashed,
    db::Clock,
    model::actor::Origin,
    ops::{
        self,
        oauth::device::{self, Answered, Decision, Looked},
        session::SignedIn,
    },
};

use super::{Place, serve::Server};

/// A client for devices; its id, and its secret if it has one.
fn client(place: &Place, public: bool) -> (String, Option<String>) {
    let mut args = vec!["client", "create", "Tool"];
    args.extend(["--grant", "urn:ietf:params:oauth:grant-type:device_code"]);
    if public {
        args.push("--public");
    }
    let made = place.json(&args);
    let secret = made["client_secret"].as_str().map(str::to_owned);
    (made["client_id"].as_str().unwrap().to_owned(), secret)
}

/// What a person does on the page.
fn allow(place: &Place, name: &'static str, code: &str) {
    let source = Source { file: Some(place.path("auth.config.yaml")), ..Source::default() };
    let mut config = config::load(&source).unwrap().config;
    config.storage.data_dir = place.path("mcpcodex-data");
    let app = App::open(config, None, Clock::system()).unwrap();
    let (env, code) = (Arc::clone(&app.env), code.to_owned());
    let answered = app.db.write_blocking(move |tx| {
        let (user, amr) = (ops::user::find(tx, name)?, vec!["pwd".to_owned()]);
        let session = ops::session::open(tx, &env, &Origin::default(), &user, amr, false)?;
        let signed_in = SignedIn { session, user };
        let who = signed_in.actor(Origin::default());
        let asked = (&Hashed::of("this browser"), &signed_in);
        let Looked::Question(question) = device::look(tx, &env, &who, asked, &code)? else {
            panic!("no device waits for {code}");
        };
        let decision = Decision { request: &question.request, allow: true, shown: &question.shown };
        device::answer(tx, &env, &who, &signed_in, decision)
    });
    assert_eq!(answered.unwrap(), Answered::Allowed("Tool".to_owned()));
}

#[test]
fn token_is_printed_alone_once_a_person_has_allowed_it() {
    let place = Place::new();
    let (_server, first) = Server::start(&place);
    let issuer = first["issuer"].as_str().unwrap();
    place.person("ann", "user");
    for (public, json) in [(true, false), (false, true)] {
        let (id, secret) = client(&place, public);
        let mut args =
            vec!["token", "--issuer", issuer, "--client", &id, "--scope", "openid profile"];
        args.extend(json.then_some("--json"));
        let mut command = place.command(&args);
        if let Some(secret) = &secret {
            command.env("MCPCODEX_CLIENT_SECRET", secret);
        }
        let mut running = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut talk = BufReader::new(running.stderr.take().unwrap());
        let (mut said, mut code) = (String::new(), String::new());
        while code.is_empty() {
            let mut line = String::new();
            assert!(talk.read_line(&mut line).unwrap() > 0, "{said}");
            if let Some(found) = line.strip_prefix("Enter   ") {
                found.trim().clone_into(&mut code);
            }
            said.push_str(&line);
        }
        assert!(said.contains(&format!("Open    {issuer}/device\n")), "{said}");
        assert_eq!(said.contains('█'), !json, "a QR code for people alone: {said}");
        allow(&place, "ann", &code);
        let mut out = String::new();
        running.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert!(running.wait().unwrap().success(), "{out}");
        let token = if json {
            let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
            assert_eq!(answer["scope"], "openid profile");
            answer["access_token"].as_str().unwrap().to_owned()
        } else {
            out.trim().to_owned()
        };
        let found = place.json_fed(&["auth", "validate", "-"], &token);
        assert_eq!((&found["valid"], &found["kind"]), (&true.into(), &"access_token".into()));
        assert_eq!(found["client_id"], id.as_str());
    }
}

#[test]
fn server_that_cannot_be_asked_or_will_not_is_said_plainly() {
    let place = Place::new();
    let refused = |args: &[&str]| {
        let args: Vec<&str> = ["token", "--client", "x"].iter().chain(args).copied().collect();
        let ran = place.run(&args);
        (ran.code, ran.err)
    };
    let (code, said) = refused(&["--issuer", "http://auth.example.com"]);
    assert!(code == 2 && said.contains("without encryption"), "{said}");
    let (code, said) = refused(&["--issuer", "http://127.0.0.1:1"]);
    assert!(code == 3 && said.contains("cannot be asked"), "{said}");
    let (_server, first) = Server::start(&place);
    let issuer = first["issuer"].as_str().unwrap();
    let (code, said) = refused(&["--issuer", issuer]);
    assert!(code == 4 && said.contains("invalid_client"), "{said}");
    let (code, said) = refused(&["--issuer", &issuer.replace("localhost", "127.0.0.1")]);
    assert!(code == 5 && said.contains("calls itself"), "{said}");
    let secret = place.run(&["token", "--client", "x", "--secret", "s"]);
    assert_eq!(secret.code, 2, "a secret in the arguments");
}
