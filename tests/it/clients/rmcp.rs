//! rmcp, the SDK for Rust, from the first request to a renewed token. Codex and others are built on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ::rmcp::{
    RoleClient, ServiceExt as _,
    model::CallToolRequestParams,
    service::RunningService,
    transport::{
        StreamableHttpClientTransport,
        auth::{AuthClient, AuthorizationRequest, OAuthState},
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use axum::http::{HeaderMap, HeaderValue, header};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet},
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::notes::{self, Guard, Refused};
use crate::{
    cli::{PASSWORD, Place},
    support::{
        RUNTIME, node, packages,
        publisher::{Authority, Page, Publisher},
    },
};

const CALLBACK: &str = "http://127.0.0.1:6004/callback";

/// The real server, with one person who has a second factor, and a site that publishes a document about an app.
struct Served {
    place: Place,
    process: Child,
    issuer: String,
    document: String,
}

impl Served {
    /// With an issuer that has this path. Its port is one that passes everything on, since it must be known before the
    /// server chooses its own.
    fn start(path: &str) -> Self {
        let front = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let issuer = format!("http://{}{path}", front.local_addr().unwrap());
        let authority = Authority::new();
        let site = Publisher::start(&authority, &["localhost"]);
        let document = site.url("localhost", "/reader").to_string();
        let about = json!({ "client_id": document, "client_name": "Reader",
            "redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"] });
        site.put("/reader", Page::json(&about));
        let place = Place::bare();
        place.write("authority.pem", &authority.pem);
        let config = format!(
            "server: {{ public_url: \"{issuer}\" }}
authentication:
  tokens: {{ access_token: {{ algorithm: ES256, lifetime: 4 }} }}
  password: {{ hashing: {{ memory_kib: 64, iterations: 1 }} }}
  clients: {{ metadata_documents: any, local_documents: true, documents_ca: \"{}\" }}
",
            place.path("authority.pem").display()
        );
        place.write("auth.config.yaml", &config);
        let mut command = place.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let first: Value = serde_json::from_str(&first).unwrap();
        assert_eq!(first["issuer"], issuer.as_str());
        let behind: url::Url = first["url"].as_str().unwrap().parse().unwrap();
        RUNTIME.spawn(pass_on(front, behind.port().unwrap()));
        let served = Self { place, process, issuer, document };
        served.place.person("ada", "user");
        let factor = served.place.json(&["auth", "mfa", "enable", "--user", "ada", "--unverified"]);
        let person = json!({ "username": "ada", "password": PASSWORD, "secret": factor["secret"] });
        served.place.write("person.json", &person.to_string());
        served
    }

    /// Somebody opens the URL, signs in, allows, and is sent to the app: the URL of that.
    fn allow(&self, url: &str) -> String {
        let folder = folder();
        let output = Command::new(node(&folder))
            .args(["person.mjs", url])
            .current_dir(&folder)
            .env("MCPCODEX_PERSON", self.place.path("person.json"))
            .env("MCPCODEX_PERSON_OPENS", "no")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn resource(&self, url: &str) {
        let scopes = ["--scope", "notes:read=Read", "--scope", "notes:write=Write"];
        self.place.json(&[&["resource", "add", url, "--name", "Notes"], &scopes[..]].concat());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Every connection is one to another port of this computer.
async fn pass_on(front: TcpListener, port: u16) {
    while let Ok((mut near, _)) = front.accept().await {
        tokio::spawn(async move {
            let mut far = TcpStream::connect(("127.0.0.1", port)).await?;
            tokio::io::copy_bidirectional(&mut near, &mut far).await
        });
    }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    packages(&folder);
    folder
}

type Client = RunningService<RoleClient, ()>;

/// Signs in; `request` says as what.
async fn sign_in(served: &Served, url: &str, request: AuthorizationRequest) -> OAuthState {
    let mut state = OAuthState::new(url, None).await.unwrap();
    state.start_authorization(request).await.unwrap();
    let back = served.allow(&state.get_authorization_url().await.unwrap());
    state.handle_callback_url(&back).await.unwrap();
    state
}

/// A client that is connected.
async fn connect(served: &Served, url: &str, request: AuthorizationRequest) -> Client {
    let manager = sign_in(served, url, request).await.into_authorization_manager().unwrap();
    let client = AuthClient::new(reqwest::Client::new(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(url);
    ().serve(StreamableHttpClientTransport::with_client(client, config)).await.unwrap()
}

async fn read(client: &Client) -> String {
    let result = client.call_tool(CallToolRequestParams::new("read")).await.unwrap();
    serde_json::to_value(result).unwrap()["content"][0]["text"].as_str().unwrap().to_owned()
}

/// The clients of whom tokens came, and how many of each.
fn came(server: &notes::Server) -> BTreeMap<String, usize> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for token in server.tokens.lock().unwrap().iter() {
        let claims = token.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&from_base64url(claims)).unwrap();
        let client = claims["client_id"].as_str().unwrap().to_owned();
        all.entry(client).or_default().insert(token.clone());
    }
    all.into_iter().map(|(client, tokens)| (client, tokens.len())).collect()
}

fn from_base64url(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

async fn journeys(served: &Served) {
    let protected = notes::serve(&served.issuer, |url| served.resource(url)).await;
    let create = ["client", "create", "Reader", "--public", "--redirect-uri"];
    let made = served.place.json(&[&create[..], &["http://127.0.0.1/callback"]].concat());
    let by_hand = made["client_id"].as_str().unwrap();
    let mut clients = Vec::new();
    for request in [
        AuthorizationRequest::new(CALLBACK).with_preregistered_client(by_hand),
        AuthorizationRequest::new(CALLBACK).with_client_name("Reader by itself"),
        AuthorizationRequest::new(CALLBACK).with_client_metadata_url(&served.document),
    ] {
        let client = connect(served, &protected.url, request).await;
        assert_eq!(read(&client).await, "your notes");
        clients.push(client);
    }
    let listed = served.place.json(&["client", "list"]);
    let listed = listed.as_array().unwrap();
    let by_itself = listed.iter().find(|one| one["name"] == "Reader by itself").unwrap();
    let by_itself = by_itself["client_id"].as_str().unwrap();
    protected.tokens.lock().unwrap().clear();
    // They renew at half of so short a life, and nobody is asked again.
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let came = came(&protected);
        if [by_hand, by_itself, &served.document].iter().all(|id| came.get(*id) >= Some(&2)) {
            break;
        }
        assert!(Instant::now() < until, "not all were renewed: {came:?}");
        for client in &clients {
            assert_eq!(read(client).await, "your notes");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for client in clients {
        client.cancel().await.unwrap();
    }
}

#[test]
fn rmcp_signs_in_by_hand_by_itself_and_by_a_document_and_renews_its_tokens() {
    RUNTIME.block_on(journeys(&Served::start("")));
}

#[test]
fn rmcp_does_so_with_an_issuer_that_has_a_path() {
    RUNTIME.block_on(journeys(&Served::start("/auth")));
}

/// Status and challenge of a request with this token.
async fn asked(url: &str, token: Option<&str>) -> (u16, String) {
    let mut request = reqwest::Client::new().post(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    let challenge = answer.headers().get(header::WWW_AUTHENTICATE);
    let challenge = challenge.map_or("", |value| value.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), challenge)
}

async fn refusals(served: &Served) {
    let protected = notes::serve(&served.issuer, |url| served.resource(url)).await;
    let metadata = protected.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
    let told = format!("scope=\"notes:read\", resource_metadata=\"{metadata}\"");
    assert_eq!(asked(&protected.url, None).await, (401, format!("Bearer {told}")));
    let bad = (401, format!("Bearer error=\"invalid_token\", {told}"));
    assert_eq!(asked(&protected.url, Some("a.b.c")).await, bad);
    let request = AuthorizationRequest::new(CALLBACK).with_scopes(["notes:write"]);
    let state = sign_in(served, &protected.url, request).await;
    let writes = state.into_authorization_manager().unwrap().get_access_token().await.unwrap();
    let lacks = (403, format!("Bearer error=\"insufficient_scope\", {told}"));
    assert_eq!(asked(&protected.url, Some(&writes)).await, lacks);
}

#[test]
fn server_with_rmcp_tells_a_client_what_to_do() {
    RUNTIME.block_on(refusals(&Served::start("")));
}

#[test]
fn server_with_rmcp_takes_access_tokens_for_itself_alone() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let key = EncodingKey::from_ec_der(&pair.serialize_der());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("k".to_owned());
    let guard = Guard {
        keys: JwkSet { keys: vec![jwk] },
        algorithm: Algorithm::ES256,
        issuer: "https://auth.example".to_owned(),
        url: "https://mcp.example/mcp".to_owned(),
        metadata: String::new(),
        scope: "notes:read",
    };
    let token = |typ: &str, change: &dyn Fn(&mut Value)| {
        let mut header = Header::new(Algorithm::ES256);
        (header.typ, header.kid) = (Some(typ.to_owned()), Some("k".to_owned()));
        let mut claims = json!({ "iss": guard.issuer, "aud": guard.url, "exp": 4_102_444_800_u64,
            "scope": "notes:read notes:write" });
        change(&mut claims);
        encode(&header, &claims, &key).unwrap()
    };
    let check = |guard: &Guard, token: &str| {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        guard.check(&HeaderMap::from_iter([(header::AUTHORIZATION, value)])).map(drop)
    };
    let good = token("at+jwt", &|_| {});
    assert_eq!(check(&guard, &good), Ok(()));
    let without = |claim: &'static str| {
        token("at+jwt", &move |claims| drop(claims.as_object_mut().unwrap().remove(claim)))
    };
    for (what, bad) in [
        ("an ID token", token("JWT", &|_| {})),
        ("one for somebody else", token("at+jwt", &|claims| claims["aud"] = json!("https://b/"))),
        ("one of somebody else's", token("at+jwt", &|claims| claims["iss"] = json!("https://b/"))),
        ("one that is over", token("at+jwt", &|claims| claims["exp"] = json!(1))),
        ("one for nobody", without("aud")),
        ("one of nobody's", without("iss")),
        ("one without an end", without("exp")),
    ] {
        assert_eq!(check(&guard, &bad), Err(Refused::BadToken), "{what}");
    }
    assert_eq!(check(&guard, &without("scope")), Err(Refused::LacksScope));
    let other = Guard { algorithm: Algorithm::ES384, ..guard.clone() };
    assert_eq!(check(&other, &good), Err(Refused::BadToken), "an algorithm of its own choice");
}
