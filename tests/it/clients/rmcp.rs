//! rmcp, the SDK for Rust, from the first request to a renewed token. Codex and others are built on it.

use std::{
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
use serde_json::{Value, json};

use super::notes;
use crate::{
    cli::{PASSWORD, Place},
    support::{RUNTIME, node, packages},
};

const CALLBACK: &str = "http://127.0.0.1:6004/callback";

/// The real server, with one person who has a second factor.
struct Served {
    place: Place,
    process: Child,
    issuer: String,
}

impl Served {
    fn start(config: &str) -> Self {
        let place = Place::bare();
        place.write("auth.config.yaml", config);
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
        let served = Self { place, process, issuer: first["issuer"].as_str().unwrap().to_owned() };
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
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    packages(&folder);
    folder
}

type Client = RunningService<RoleClient, ()>;

/// A client that is connected; `request` says as what.
async fn connect(served: &Served, url: &str, request: AuthorizationRequest) -> Client {
    let mut state = OAuthState::new(url, None).await.unwrap();
    state.start_authorization(request).await.unwrap();
    let back = served.allow(&state.get_authorization_url().await.unwrap());
    state.handle_callback_url(&back).await.unwrap();
    let manager = state.into_authorization_manager().unwrap();
    let client = AuthClient::new(reqwest::Client::new(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(url);
    ().serve(StreamableHttpClientTransport::with_client(client, config)).await.unwrap()
}

async fn read(client: &Client) -> String {
    let result = client.call_tool(CallToolRequestParams::new("read")).await.unwrap();
    serde_json::to_value(result).unwrap()["content"][0]["text"].as_str().unwrap().to_owned()
}

fn register_resource(served: &Served, url: &str) {
    served.place.json(&["resource", "add", url, "--name", "Notes", "--scope", "notes:read=Read"]);
}

#[test]
fn rmcp_signs_in_calls_a_tool_and_renews_its_token_before_it_ends() {
    let served = Served::start(
        "authentication:
  tokens: { access_token: { algorithm: ES256, lifetime: 4 } }
  password: { hashing: { memory_kib: 64, iterations: 1 } }
",
    );
    RUNTIME.block_on(async {
        let server = notes::serve(&served.issuer, |url| register_resource(&served, url)).await;
        let made = served.place.json(&[
            "client",
            "create",
            "Reader",
            "--public",
            "--redirect-uri",
            "http://127.0.0.1/callback",
        ]);
        let by_hand = AuthorizationRequest::new(CALLBACK)
            .with_preregistered_client(made["client_id"].as_str().unwrap());
        let client = connect(&served, &server.url, by_hand).await;
        assert_eq!(read(&client).await, "your notes");
        // It renews at half of so short a life, and nobody is asked again.
        let until = Instant::now() + Duration::from_secs(20);
        while server.tokens.lock().unwrap().len() < 2 {
            assert!(Instant::now() < until, "the token was never renewed");
            assert_eq!(read(&client).await, "your notes");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        client.cancel().await.unwrap();
    });
}
