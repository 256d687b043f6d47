//! The release binary with people, clients and tokens, made by its own command line and its own pages.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hyper::{Response, StatusCode, body::Bytes, header};
use mcpcodex::crypto::{pkce, secret};
use serde_json::Value;

use crate::load::{Ask, Http, Measured, cpu_time, http};

const PASSWORD: &str = "Vexing-Otter7-Quilt";
const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// The protected server that asks about tokens: it may know only of those that are meant for it.
const RESOURCE: &str = "http://127.0.0.1:9/mcp";
const FAMILIES: usize = 64;
/// Each signs in as a person of its own: tries for one name are counted one after the other.
pub(crate) const BROWSERS: usize = 8;

/// A running server.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) url: String,
    pub(crate) process: Child,
    pub(crate) discovery: Vec<u8>,
    pub(crate) access_token: String,
    pub(crate) basic: String,
    pub(crate) refresh_tokens: Vec<String>,
    client: String,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

struct Folder(PathBuf);

impl Folder {
    fn cli(&self, arguments: &[&str], input: &str) -> Result<Value> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mcpcodex"))
            .args(["--json", "--no-input", "--data-dir"])
            .arg(self.0.join("data"))
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        child.stdin.take().context("no stdin")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "mcpcodex {arguments:?} ended with {}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// A browser's cookies.
#[derive(Clone, Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, response: &Response<Bytes>) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair =
                cookie.to_str().ok().and_then(|text| text.split(';').next()?.split_once('='));
            if let Some((name, value)) = pair {
                self.0.retain(|(own, _)| own != name);
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    async fn send(&mut self, http: &Http, ask: Ask) -> Result<Response<Bytes>> {
        let response = ask.with(header::COOKIE, &self.header()).send(http).await?;
        self.take(&response);
        Ok(response)
    }
}

fn field(page: &[u8], name: &str) -> Result<String> {
    let page = std::str::from_utf8(page)?;
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).context("no such field")?;
    Ok(after.split('"').next().unwrap_or_default().to_owned())
}

fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Peer {
    /// Starts the server on an empty folder and makes what the measurements need.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let folder = Folder(folder.to_owned());
        std::fs::write(
            folder.0.join("auth.config.yaml"),
            "authentication:\n  password:\n    history:\n      expiry_days: 0\n",
        )?;
        for n in 0..BROWSERS {
            let (name, email) = (format!("ann{n}"), format!("ann{n}@example.com"));
            folder
                .cli(&["user", "create", &name, "--email", &email, "--password-stdin"], PASSWORD)?;
        }
        let scopes = ["--scope", "offline_access"];
        let grants = ["--grant", "authorization_code", "--grant", "refresh_token"];
        let arguments: Vec<&str> =
            ["client", "create", "app", "--public", "--redirect-uri", REDIRECT]
                .into_iter()
                .chain(scopes)
                .chain(grants)
                .collect();
        let public = folder.cli(&arguments, "")?;
        folder.cli(&["resource", "add", RESOURCE, "--name", "Bench"], "")?;
        let confidential = folder.cli(
            &["client", "create", "resource server", "--grant", "none", "--resource", RESOURCE],
            "",
        )?;
        let text = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let pair = format!(
            "{}:{}",
            text(&confidential, "client_id"),
            text(&confidential, "client_secret")
        );
        let basic = format!(
            "Basic {}",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair)
        );

        let mut process = Command::new(env!("CARGO_BIN_EXE_mcpcodex"))
            .args(["serve", "--json", "-q", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.0.join("data"))
            .current_dir(&folder.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().context("no stdout")?;
        let mut line = String::new();
        tokio::task::block_in_place(|| BufReader::new(stdout).read_line(&mut line))?;
        let url = text(&serde_json::from_str(&line)?, "url");
        let mut peer = Self {
            url,
            process,
            discovery: Vec::new(),
            access_token: String::new(),
            basic,
            refresh_tokens: Vec::new(),
            client: text(&public, "client_id"),
        };
        peer.fill().await?;
        Ok(peer)
    }

    async fn fill(&mut self) -> Result<()> {
        let http = http();
        let found = Ask::get(&self.url, "/.well-known/openid-configuration").send(&http).await?;
        self.discovery = found.body().to_vec();
        let mut jar = Jar::default();
        let status = self.sign_in(&http, &mut jar, 0).await?;
        ensure!(status == StatusCode::SEE_OTHER, "sign-in answered {status}");
        for _ in 0..FAMILIES {
            let tokens = self.authorize(&http, &mut jar).await?;
            let text =
                |key: &str| tokens.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            self.access_token = text("access_token");
            self.refresh_tokens.push(text("refresh_token"));
        }
        // What is measured is the answer about a good token, so that it must be one.
        let body = encode(&[("token", &self.access_token)]);
        let told =
            Ask::form(&self.url, "/introspect", &body, Some(&self.basic)).send(&http).await?;
        let told: Value = serde_json::from_slice(told.body())?;
        ensure!(
            told.get("active").and_then(Value::as_bool) == Some(true),
            "introspection knows nothing of the token: {told}"
        );
        ensure!(
            self.refresh_tokens.iter().all(|token| !token.is_empty()),
            "a refresh token is missing"
        );
        Ok(())
    }

    async fn sign_in(&self, http: &Http, jar: &mut Jar, person: usize) -> Result<StatusCode> {
        if jar.0.is_empty() {
            let page = jar.send(http, Ask::get(&self.url, "/login")).await?;
            let csrf = field(page.body(), "csrf")?;
            jar.0.push(("csrf-of-the-page".to_owned(), csrf));
        }
        let csrf = jar
            .0
            .iter()
            .find(|(name, _)| name == "csrf-of-the-page")
            .map(|(_, value)| value.clone());
        let form = encode(&[
            ("csrf", &csrf.unwrap_or_default()),
            ("username", &format!("ann{person}")),
            ("password", PASSWORD),
        ]);
        let answer = jar.send(http, Ask::form(&self.url, "/login", &form, None)).await?;
        Ok(answer.status())
    }

    /// The code flow with consent, at most once asked.
    async fn authorize(&self, http: &Http, jar: &mut Jar) -> Result<Value> {
        let verifier = secret::random_token(32);
        let query = encode(&[
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", REDIRECT),
            // Without openid, so that a refresh signs one token: what its limit signs.
            ("scope", "offline_access"),
            ("resource", RESOURCE),
            ("code_challenge", &pkce::challenge_s256(verifier.expose())),
            ("code_challenge_method", "S256"),
        ]);
        let mut answer =
            jar.send(http, Ask::get(&self.url, &format!("/authorize?{query}"))).await?;
        if answer.status() == StatusCode::OK {
            let form = encode(&[
                ("csrf", &field(answer.body(), "csrf")?),
                ("request", &field(answer.body(), "request")?),
                ("shown", &field(answer.body(), "shown").unwrap_or_default()),
                ("decision", "allow"),
            ]);
            answer = jar.send(http, Ask::form(&self.url, "/consent", &form, None)).await?;
        }
        let to = location(&answer);
        let code = to
            .split("code=")
            .nth(1)
            .and_then(|rest| rest.split('&').next())
            .context("no code")?
            .to_owned();
        let form = encode(&[
            ("grant_type", "authorization_code"),
            ("client_id", &self.client),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier.expose()),
            ("resource", RESOURCE),
        ]);
        let answer = Ask::form(&self.url, "/token", &form, None).send(http).await?;
        ensure!(answer.status().is_success(), "the code exchange answered {}", answer.status());
        Ok(serde_json::from_slice(answer.body())?)
    }

    /// Refreshes every family again and again, each with the token it got last.
    pub(crate) async fn refresh_all(&self, span: Duration) -> Result<Measured> {
        let http = http();
        let (cpu, start) = (cpu_time(self.process.id())?, Instant::now());
        let tasks: Vec<_> = self
            .refresh_tokens
            .iter()
            .map(|token| {
                let (http, url, client, mut token) =
                    (http.clone(), self.url.clone(), self.client.clone(), token.clone());
                tokio::spawn(async move {
                    let mut requests = 0_u64;
                    while start.elapsed() < span {
                        let form = encode(&[
                            ("grant_type", "refresh_token"),
                            ("client_id", &client),
                            ("refresh_token", &token),
                        ]);
                        let answer = Ask::form(&url, "/token", &form, None).send(&http).await?;
                        ensure!(
                            answer.status().is_success(),
                            "a refresh answered {}",
                            answer.status()
                        );
                        let answer: Value = serde_json::from_slice(answer.body())?;
                        answer
                            .get("refresh_token")
                            .and_then(Value::as_str)
                            .context("no token")?
                            .clone_into(&mut token);
                        requests += 1;
                    }
                    anyhow::Ok(requests)
                })
            })
            .collect();
        self.gather(tasks, cpu, start).await
    }

    /// Signs in again and again from so many browsers.
    pub(crate) async fn sign_in_all(&self, span: Duration) -> Result<Measured> {
        let http = http();
        let (cpu, start) = (cpu_time(self.process.id())?, Instant::now());
        let run = |person| {
            let http = http.clone();
            async move {
                let (mut jar, mut requests) = (Jar::default(), 0_u64);
                while start.elapsed() < span {
                    let status = self.sign_in(&http, &mut jar, person).await?;
                    // A browser's next sign-in begins without the session of the last.
                    jar.0.retain(|(name, _)| name != "mcpcodex_session");
                    ensure!(status == StatusCode::SEE_OTHER, "a sign-in answered {status}");
                    requests += 1;
                }
                anyhow::Ok(requests)
            }
        };
        let requests: u64 =
            futures_util::future::try_join_all((0..BROWSERS).map(run)).await?.into_iter().sum();
        let wall = start.elapsed();
        Ok(Measured { requests, wall, cpu: cpu_time(self.process.id())?.saturating_sub(cpu) })
    }

    async fn gather(
        &self,
        tasks: Vec<tokio::task::JoinHandle<Result<u64>>>,
        cpu: Duration,
        start: Instant,
    ) -> Result<Measured> {
        let mut requests = 0;
        for task in tasks {
            requests += task.await??;
        }
        let wall = start.elapsed();
        Ok(Measured { requests, wall, cpu: cpu_time(self.process.id())?.saturating_sub(cpu) })
    }
}

fn location(answer: &Response<Bytes>) -> String {
    answer
        .headers()
        .get(header::LOCATION)
        .and_then(|to| to.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}
