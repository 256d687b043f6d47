//! `serve`, and the other commands beside it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use mcpcodex::{
    app::App,
    config::{self, Source},
    db::Clock,
    model::actor::Origin,
    ops,
};
use serde_json::{Value, json};

use super::Place;

pub(super) struct Server {
    process: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    pub(super) fn start(place: &Place) -> (Self, Value) {
        let mut command = place.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let first: Value = serde_json::from_str(&first).unwrap();
        let url = first["url"].as_str().unwrap().to_owned();
        (Self { process, out, url }, first)
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Status and body of a GET.
    fn get(&self, path: &str, cookie: &str) -> (u16, String) {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn stop(mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is over already, or the test has failed.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn first_line_says_where_and_the_server_answers_there_and_ends_well_on_sigterm() {
    let place = Place::new();
    let (mut server, first) = Server::start(&place);
    assert_eq!(first["event"], "listening");
    assert!(server.url.starts_with("http://127.0.0.1:"), "{first}");
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    assert_eq!(first["issuer"], format!("http://localhost:{port}"));
    assert_eq!(server.get("/healthz", "").0, 200);

    let setup = server.line();
    assert_eq!(setup["event"], "setup");
    let link = setup["url"].as_str().unwrap().to_owned();
    assert_eq!(place.run(&["auth", "setup", "link"]).out.trim(), link, "printed again");
    let path = link.split_once(&format!(":{port}")).unwrap().1;
    assert_eq!(server.get(path, "").0, 200);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn what_the_command_line_ends_the_running_server_honours_at_the_next_request() {
    let place = Place::new();
    place.person("alice", "user");
    let (server, _) = Server::start(&place);
    let cookie = |place: &Place| {
        let source = Source { file: Some(place.path("auth.config.yaml")), ..Source::default() };
        let mut config = config::load(&source).unwrap().config;
        config.storage.data_dir = place.path("mcpcodex-data");
        let app = App::open(config, None, Clock::system()).unwrap();
        let env = Arc::clone(&app.env);
        let job = move |tx: &mcpcodex::db::Write<'_>| {
            let user = ops::user::find(tx, "alice")?;
            let amr = vec!["pwd".to_owned()];
            let session = ops::session::open(tx, &env, &Origin::default(), &user, amr, false)?;
            ops::session::cookie(&env, &session)
        };
        let text = app.db.write_blocking(job).unwrap();
        format!("{}={text}", app.env.config.authentication.session.cookie_name)
    };

    let first = cookie(&place);
    assert_eq!(server.get("/auth/session", &first).0, 200);
    let sessions = place.json(&["session", "list", "--user", "alice"]);
    assert_eq!(sessions.as_array().unwrap().len(), 1);
    let id = sessions[0]["id"].as_str().unwrap();
    assert_eq!(place.json(&["session", "revoke", id]), json!({ "revoked": 1 }));
    assert_eq!(server.get("/auth/session", &first).0, 401);
    assert_eq!(place.json(&["session", "revoke", id]), json!({ "revoked": 0 }), "over already");

    let second = cookie(&place);
    assert_eq!(server.get("/auth/session", &second).0, 200);
    let validate = place.feed(&["auth", "validate", "--json"], second.split_once('=').unwrap().1);
    assert_eq!((validate.code, &validate.document()["kind"]), (0, &json!("session")));
    assert_eq!(place.json(&["user", "lock", "alice"])["sessions_ended"], 1);
    assert_eq!(server.get("/auth/session", &second).0, 401);
    let validate = place.feed(&["auth", "validate", "--json"], second.split_once('=').unwrap().1);
    assert_eq!(validate.code, 8);

    place.json(&["user", "unlock", "alice"]);
    let third = cookie(&place);
    assert_eq!(place.json(&["session", "revoke", "--all"]), json!({ "revoked": 1 }));
    assert_eq!(server.get("/auth/session", &third).0, 401);
}

#[test]
fn links_made_beside_the_server_lead_to_where_it_listens() {
    let place = Place::new();
    let (server, _) = Server::start(&place);
    let port = server.url.rsplit(':').next().unwrap();
    let args = ["user", "create", "bob", "--email", "b@example.com", "--invite"];
    let made = place.json(&args);
    let link = made["invite_url"].as_str().unwrap();
    assert!(link.starts_with(&format!("http://localhost:{port}/invite?token=")), "{link}");
    assert_eq!(server.get(link.split_once(&format!(":{port}")).unwrap().1, "").0, 200);
}

#[test]
fn second_server_on_a_folder_and_a_taken_port_are_conflicts_with_a_next_step() {
    let place = Place::new();
    let (_server, _) = Server::start(&place);
    let (code, error) = place.error(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 5, "{error}");
    assert!(error["message"].as_str().unwrap().contains("already running"), "{error}");

    let other = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, error) = other.error(&["serve", "--listen", &address]);
    assert_eq!(code, 5, "{error}");
    assert!(error["next"].as_str().unwrap().contains("--listen"), "{error}");
    assert!(!other.path("mcpcodex-data").exists());
}

#[test]
fn server_goes_on_when_nobody_reads_what_it_prints() {
    let place = Place::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = place.command(&["serve", "--json", "--listen", &free]);
    let mut process =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Closed before the first line is written.
    drop(process.stdout.take());
    drop(process.stderr.take());
    let start = std::time::Instant::now();
    while TcpStream::connect(&free).is_err() {
        assert!(start.elapsed().as_secs() < 20, "the server never listened");
        std::thread::yield_now();
    }
    let (url, out) = (format!("http://{free}"), BufReader::new(dead_pipe()));
    let server = Server { process, out, url };
    // Its own first call and both of its lines lie behind it by the time it has answered these.
    for _ in 0..50 {
        assert_eq!(server.get("/readyz", "").0, 200);
    }
    assert_eq!(server.stop(), Some(0));
}

/// A standard output that has nothing to say.
fn dead_pipe() -> ChildStdout {
    Command::new("true").stdout(Stdio::piped()).spawn().unwrap().stdout.take().unwrap()
}
