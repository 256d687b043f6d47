//! Signing keys take turns while a real server is asked by many at once, and nobody notices.

use std::{
    collections::HashMap,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    app::App,
    crypto::jwt::{Header, SigningKey, VerifyingKey},
    db::Clock,
    http,
    ops::{
        client,
        key::{self, rotation},
    },
    time::Time,
};
use serde_json::Value;

use super::caller::{FORM, encode};
use crate::{
    ops::oauth::fixture::{CALLBACK, MCP, World, claims, operator, refresh_token, world_with},
    support::RUNTIME,
};

const HOUR: u64 = 3_600;
/// How long a client believes its copy of the JWKS, as the server's Cache-Control says.
const COPY: Duration = Duration::from_secs(300);

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Server {
    fn start(world: &World) -> Self {
        let app = App { db: world.db.clone(), env: Arc::clone(&world.env), seen: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        RUNTIME.spawn(http::serve(listener, app, async move { drop(stopped.await) }));
        Self { address, stop: Some(stop) }
    }

    /// Status and body of one request on a connection of its own.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:8420\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            request.extend([*name, ": ", *value, "\r\n"]);
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// A resource server, or an app that checks its ID tokens: it keeps a copy of the JWKS and does not look again
/// before its time, not even for a key that it does not know.
struct Verifier {
    keys: HashMap<String, VerifyingKey>,
    fetched: Option<Time>,
}

impl Verifier {
    fn verify(&mut self, server: &Server, clock: &Clock, token: &str) -> Result<(), String> {
        if self.fetched.is_none_or(|at| clock.now().since(at) >= COPY) {
            // The copy is as old as the request for it.
            self.fetched = Some(clock.now());
            let (status, body) = server.ask("GET", "/.well-known/jwks.json", &[], "");
            assert_eq!(status, 200);
            let jwks: Value = serde_json::from_str(&body).unwrap();
            let keys = jwks["keys"].as_array().unwrap().iter();
            self.keys = keys
                .map(|jwk| VerifyingKey::from_jwk(jwk).unwrap())
                .map(|key| (key.kid().to_owned(), key))
                .collect();
        }
        let kid = Header::read(token).unwrap().kid.unwrap();
        let key = self.keys.get(&kid).ok_or_else(|| format!("{kid} is unknown"))?;
        key.verify(token).map(drop).map_err(|refusal| refusal.to_string())
    }
}

/// An app that lives through it all.
struct Worker<'a> {
    server: &'a Server,
    clock: &'a Clock,
    client: String,
    refresh: String,
    basic: String,
    verifier: Verifier,
    /// Access tokens that are not over yet.
    alive: Vec<(String, Time)>,
    failures: Vec<String>,
}

impl Worker<'_> {
    fn cycle(&mut self) {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client.as_str()),
            ("refresh_token", self.refresh.as_str()),
        ];
        let headers = [("content-type", FORM)];
        let (status, body) = self.server.ask("POST", "/token", &headers, &encode(&form));
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        self.refresh = answer["refresh_token"].as_str().unwrap().to_owned();
        let access = answer["access_token"].as_str().unwrap().to_owned();
        let id = answer["id_token"].as_str().unwrap();
        if let Err(why) = self.verifier.verify(self.server, self.clock, id) {
            self.failures.push(format!("ID token: {why}"));
        }
        let end = Time::from_secs(claims(&access)["exp"].as_i64().unwrap());
        self.alive.push((access, end));
        let tokens = std::mem::take(&mut self.alive);
        for (token, end) in tokens {
            let found = self.check(&token);
            // The clock may have moved on meanwhile; what is over may be refused.
            if self.clock.now() >= end {
                continue;
            }
            self.failures.extend(found.err());
            self.alive.push((token, end));
        }
        // The oldest and the newest say all.
        let middle = 1..self.alive.len().saturating_sub(3).max(1);
        self.alive.drain(middle);
    }

    fn check(&mut self, token: &str) -> Result<(), String> {
        self.verifier
            .verify(self.server, self.clock, token)
            .map_err(|why| format!("JWKS: {why}"))?;
        let bearer = format!("Bearer {token}");
        let (status, body) = self.server.ask("GET", "/userinfo", &[("authorization", &bearer)], "");
        if status != 200 {
            return Err(format!("userinfo: {status} {body}"));
        }
        let headers = [("content-type", FORM), ("authorization", self.basic.as_str())];
        let form = encode(&[("token", token)]);
        let (status, body) = self.server.ask("POST", "/introspect", &headers, &form);
        let active = status == 200 && body.contains("\"active\":true");
        if active { Ok(()) } else { Err(format!("introspection: {status} {body}")) }
    }
}

fn brisk_world() -> World {
    world_with(
        |config| {
            let keys = &mut config.authentication.tokens.signing_keys;
            keys.rotate_after = Duration::from_secs(3 * HOUR);
            keys.publish_ahead = Duration::from_secs(HOUR);
        },
        |_| {},
    )
}

#[test]
fn no_verification_fails_while_keys_are_staged_rotated_and_retired() {
    const WORKERS: usize = 4;
    let world = brisk_world();
    let server = Server::start(&world);
    let new = client::New {
        name: "Resource server".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        resources: vec![MCP.to_owned()],
        ..client::New::default()
    };
    let made = world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap();
    let secret = made.secret.unwrap();
    let basic =
        format!("Basic {}", STANDARD.encode(format!("{}:{}", made.client.id, secret.expose())));
    let cycles: Vec<AtomicUsize> = (0..WORKERS).map(|_| AtomicUsize::new(0)).collect();
    let over = AtomicBool::new(false);
    let first = world.db.read(|r| store_signer(r, &world)).unwrap();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = cycles
            .iter()
            .map(|done| {
                let refresh = refresh_token(&world.tokens(&[("resource", MCP)]));
                let mut worker = Worker {
                    server: &server,
                    clock: &world.clock,
                    client: world.client.id.to_string(),
                    refresh,
                    basic: basic.clone(),
                    verifier: Verifier { keys: HashMap::new(), fetched: None },
                    alive: Vec::new(),
                    failures: Vec::new(),
                };
                let over = &over;
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        worker.cycle();
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    worker.failures
                })
            })
            .collect();
        // Twelve hours in steps of five minutes; in each every worker gets through a whole cycle.
        for _ in 0..(12 * HOUR / 300) {
            world.pass(300);
            let before: Vec<usize> = cycles.iter().map(|n| n.load(Ordering::Relaxed)).collect();
            let turned = scope.spawn(|| rotation::turn(&world.db, &world.env).unwrap());
            {
                let env = Arc::clone(&world.env);
                world.db.write_blocking(move |tx| mcpcodex::ops::sweep::sweep(tx, &env)).unwrap();
            }
            turned.join().unwrap();
            while cycles.iter().zip(&before).any(|(n, was)| n.load(Ordering::Relaxed) <= *was)
                && !threads.iter().any(std::thread::ScopedJoinHandle::is_finished)
            {
                std::thread::yield_now();
            }
        }
        over.store(true, Ordering::Relaxed);
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} failed: {:?}", failures.len(), failures.first());
    let keys = world.db.read(|r| key::list(r, &world.env, &operator())).unwrap();
    assert!(keys.len() >= 4, "{} keys took turns", keys.len());
    assert!(!world.db.read(key::jwks).unwrap().to_string().contains(first.kid()));
}

fn store_signer(
    r: &mcpcodex::db::Read<'_>,
    world: &World,
) -> mcpcodex::error::Result<Arc<SigningKey>> {
    key::signer(r, &world.env, mcpcodex::crypto::jwt::Algorithm::ES256)
}

#[test]
fn emergency_ends_the_tokens_of_a_key_and_refreshing_mends_it() {
    let world = brisk_world();
    let server = Server::start(&world);
    let tokens = world.tokens(&[]);
    let userinfo = |token: &str| {
        let bearer = format!("Bearer {token}");
        server.ask("GET", "/userinfo", &[("authorization", &bearer)], "").0
    };
    let old = tokens.access_token.expose();
    assert_eq!(userinfo(old), 200);
    let env = Arc::clone(&world.env);
    let kid = world.db.read(|r| store_signer(r, &world)).unwrap().kid().to_owned();
    world
        .db
        .write_blocking(move |tx| {
            let fresh = SigningKey::generate(mcpcodex::crypto::jwt::Algorithm::ES256)?;
            rotation::retire(tx, &env, &operator(), &kid, Some(&fresh))
        })
        .unwrap();
    assert_eq!(userinfo(old), 401);
    let form = encode(&[
        ("grant_type", "refresh_token"),
        ("client_id", world.client.id.as_str()),
        ("refresh_token", &refresh_token(&tokens)),
    ]);
    let (status, body) = server.ask("POST", "/token", &[("content-type", FORM)], &form);
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(userinfo(answer["access_token"].as_str().unwrap()), 200);
}
