//! The real program under floods of requests that nobody has to sign in for: its memory and its file stay bounded.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use mcpcodex::crypto::pkce;
use serde_json::json;

use super::{CHEAP, Place, serve::Server};

/// As many connections send at once.
const CONNECTIONS: usize = 16;
const CALLBACK: &str = "https://a.example/callback";
const FORM: &str = "application/x-www-form-urlencoded";

type Request<'r> = dyn Fn(usize) -> (&'static str, String, &'static str, String) + Sync + 'r;

/// Sends requests `0..count` over connections that stay open; answers how often each status came, and the last body.
fn flood(host: &str, count: usize, request: &Request<'_>) -> (BTreeMap<u16, usize>, String) {
    let one = |lane: usize| {
        let mut stream = TcpStream::connect(host).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let (mut seen, mut last) = (BTreeMap::new(), String::new());
        for n in (lane..count).step_by(CONNECTIONS) {
            let (method, path, media, body) = request(n);
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            let (status, body) = answer(&mut answers);
            *seen.entry(status).or_insert(0) += 1;
            last = body;
        }
        (seen, last)
    };
    std::thread::scope(|scope| {
        let lanes = (0..CONNECTIONS).map(|lane| scope.spawn(move || one(lane)));
        let lanes: Vec<_> = lanes.collect();
        let (mut all, mut last) = (BTreeMap::new(), String::new());
        for lane in lanes {
            let (seen, body) = lane.join().unwrap();
            for (status, count) in seen {
                *all.entry(status).or_insert(0) += count;
            }
            last = if body.is_empty() { last } else { body };
        }
        (all, last)
    })
}

fn answer(answers: &mut BufReader<TcpStream>) -> (u16, String) {
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        assert!(answers.read_line(&mut line).unwrap() > 0, "the server hung up");
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().unwrap();
        } else if let Some(rest) = line.strip_prefix("content-length:") {
            length = rest.trim().parse().unwrap();
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    answers.read_exact(&mut body).unwrap();
    (status, String::from_utf8(body).unwrap())
}

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What the process takes and what it has written, in kB.
#[derive(Clone, Copy, Debug)]
struct Size {
    memory: u64,
    file: u64,
    log: u64,
}

fn size(server: &Server, data: &Path) -> Size {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let memory = line.trim().trim_end_matches(" kB").parse().unwrap();
    let kb = |name: &str| std::fs::metadata(data.join(name)).map_or(0, |file| file.len() / 1_024);
    Size { memory, file: kb("mcpcodex.db"), log: kb("mcpcodex.db-wal") }
}

fn metadata(n: usize) -> String {
    let uris = (0..9).map(|at| format!("https://a.example/{n}/{at}/{}", "x".repeat(250)));
    let uris: Vec<String> = uris.chain([CALLBACK.to_owned()]).collect();
    json!({
        "client_name": format!("Tool {n}"), "token_endpoint_auth_method": "none",
        "redirect_uris": uris,
        "grant_types": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
        ],
    })
    .to_string()
}

/// What one form is answered with.
fn ask(host: &str, path: &'static str, fields: &[(&str, &str)]) -> (u16, serde_json::Value) {
    let body = encode(fields);
    let (seen, answer) = flood(host, 1, &|_| ("POST", path.into(), FORM, body.clone()));
    let status = *seen.keys().next().unwrap();
    (status, serde_json::from_str(&answer).unwrap())
}

#[test]
fn what_the_command_line_changes_of_a_client_or_a_resource_counts_at_the_very_next_request() {
    const MCP: &str = "https://mcp.example.com/mcp";
    let place = Place::new();
    let resource = ["resource", "add", MCP, "--name", "Notes", "--scope", "notes:read=Read notes"];
    place.json(&resource);
    let create = [
        "client",
        "create",
        "Service",
        "--grant",
        "client_credentials",
        "--auth-method",
        "client_secret_post",
        "--resource",
        MCP,
    ];
    let made = place.json(&create);
    let (id, secret) =
        (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let (server, first) = Server::start(&place);
    let host = first["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let own = [("client_id", id), ("client_secret", secret)];
    let wish = [
        own[0],
        own[1],
        ("grant_type", "client_credentials"),
        ("resource", MCP),
        ("scope", "notes:read"),
    ];
    for _ in 0..3 {
        let (status, given) = ask(host, "/token", &wish);
        assert_eq!(status, 200, "{given}");
        let token = given["access_token"].as_str().unwrap().to_owned();
        let told = || ask(host, "/introspect", &[own[0], own[1], ("token", &token)]);
        // Asked often enough that every connection of the server has seen it.
        (0..20).for_each(|_| assert_eq!(told().1["active"], true));
        place.json(&["client", "disable", "Service"]);
        assert_eq!(told().0, 401, "disabled");
        place.json(&["client", "enable", "Service"]);
        assert_eq!(told().0, 200, "enabled");
    }
    let (_, given) = ask(host, "/token", &wish);
    let token = given["access_token"].as_str().unwrap().to_owned();
    let told = |secret: &str| {
        ask(host, "/introspect", &[own[0], ("client_secret", secret), ("token", &token)])
    };
    assert_eq!(told(secret).1["active"], true);
    let rotated = place.json(&["client", "secret", "rotate", "Service"]);
    assert_eq!(told(secret).0, 401, "the old secret");
    let secret = rotated["client_secret"].as_str().unwrap();
    let (_, given) = ask(
        host,
        "/token",
        &wish.map(|(name, value)| (name, if name == "client_secret" { secret } else { value })),
    );
    let token = given["access_token"].as_str().unwrap().to_owned();
    let told = || ask(host, "/introspect", &[own[0], ("client_secret", secret), ("token", &token)]);
    assert_eq!(told().1["active"], true);
    place.json(&["resource", "delete", MCP, "--yes"]);
    assert_eq!(told().0, 401, "with the only resource that it was for, it is switched off");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn memory_and_file_stay_bounded_under_floods_of_every_open_door() {
    let place = Place::new();
    place.write(
        "auth.config.yaml",
        &CHEAP.replace("authentication:\n", "authentication:\n  clients: { most: 500 }\n"),
    );
    let (server, first) = Server::start(&place);
    let data = place.path("mcpcodex-data");
    let host = first["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let json = "application/json";
    let (_, body) = flood(&host, 1, &|n| ("POST", "/register".into(), json, metadata(n)));
    let id = serde_json::from_str::<serde_json::Value>(&body).unwrap();
    let id = id["client_id"].as_str().unwrap().to_owned();
    let before = size(&server, &data);

    let (seen, _) = flood(&host, 10_000, &|n| ("POST", "/register".into(), json, metadata(n)));
    let registered = size(&server, &data);
    println!("start {before:?}\n10,000 registrations {registered:?} {seen:?}");
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), [201, 429]);
    assert!(seen[&201] < 1_200 && seen[&429] > 8_000, "{seen:?}");
    // 10,000 of them would be fifty thousand kB.
    assert!(registered.file + registered.log < 24_000, "{registered:?}");

    let (state, challenge) = ("s".repeat(1_500), pkce::challenge_s256(&"v".repeat(43)));
    let wish = [
        ("client_id", id.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let wish = encode(&wish);
    let device = encode(&[("client_id", &id), ("scope", "openid")]);
    let nobody = "/authorize?client_id=nobody".to_owned();
    // How many of each: where a person signs in, two endpoints of programs, and two that only refuse.
    let round = |[wait, push, begin, page, refuse]: [usize; 5]| {
        let get = |count, path: &str| {
            flood(&host, count, &|_| ("GET", path.to_owned(), FORM, String::new())).0
        };
        let post = |count, path: &str, body: &str| {
            flood(&host, count, &|_| ("POST", path.to_owned(), FORM, body.to_owned())).0
        };
        let doors = [
            get(wait, &format!("/authorize?{wish}")),
            post(push, "/par", &wish),
            post(begin, "/device_authorization", &device),
            get(page, &nobody),
            post(refuse, "/token", "client_id=nobody"),
        ];
        assert!(doors.iter().all(|seen| seen.keys().all(|status| *status < 500)), "{doors:?}");
        println!("{doors:?}");
        size(&server, &data)
    };
    // As many as there may be of each, and more of each.
    let first = round([5_200, 1_000, 400, 2_100, 2_100]);
    println!("one flood of all doors {first:?}");
    let second = round([800; 5]);
    println!("another {second:?}");
    // The first fills what there may be of each; the second finds it full.
    assert!(second.memory < first.memory + 8_000, "memory grows: {first:?}, {second:?}");
    assert!(second.memory < before.memory + 48_000, "{before:?}, {second:?}");
    assert!(second.file + second.log < 64_000, "{second:?}");
    assert!(second.file < first.file + first.file / 10, "the file grows: {first:?}, {second:?}");
    assert_eq!(server.stop(), Some(0));
}
