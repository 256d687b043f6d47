//! The rest of a client's way: the authorization endpoint, the sign-in in a browser, the token in use, and several
//! refreshes at once, which is what logs people out in practice.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use url::Url;

use super::{
    judge::{Challenge, difference, text, texts, web},
    registration::{Registered, words},
    walk::{Found, Walk, initialize, message},
};
use crate::{
    crypto::{pkce, secret::random_token},
    net::probe::{Answer, Ask},
};

/// Refreshes that are sent at the same moment.
const AT_ONCE: usize = 5;
/// As much of a browser's request as is read.
const MOST: usize = 16 * 1024;
const DONE: &str = "You may close this page and go back to the terminal.\n";

/// An authorization request.
#[derive(Debug)]
pub struct Request {
    /// Where the browser goes.
    pub url: Url,
    state: String,
    verifier: String,
    redirect_uri: String,
}

/// What the browser brought back, by name.
type Back = Vec<(String, String)>;

struct Tokens {
    access: String,
    refresh: Option<String>,
}

impl Walk<'_> {
    /// The request that a client makes.
    pub fn request(&self, found: &Found, client: &str, redirect_uri: &str) -> Option<Request> {
        let mut url = text(&found.server, "authorization_endpoint").and_then(web)?;
        let (state, verifier) = (random_token(16), random_token(32));
        let listed = texts(&found.server, "scopes_supported").unwrap_or_default();
        let mut scopes = found.scopes.clone().unwrap_or_default();
        if listed.contains(&"offline_access") && !scopes.is_empty() {
            scopes.push_str(" offline_access");
        }
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", client)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_challenge", &pkce::challenge_s256(verifier.expose()))
            .append_pair("code_challenge_method", "S256")
            .append_pair("state", state.expose())
            .append_pair("resource", self.typed);
        if !scopes.is_empty() {
            query.append_pair("scope", &scopes);
        }
        drop(query);
        let (state, verifier) = (state.expose().to_owned(), verifier.expose().to_owned());
        Some(Request { url, state, verifier, redirect_uri: redirect_uri.to_owned() })
    }

    /// Whether the authorization endpoint takes the request: a page, or a redirect to one.
    pub async fn knock(&mut self, request: &Request) -> Option<()> {
        const STEP: &str = "authorization endpoint";
        let answer = match self.probe.send(Ask::get(&request.url).with("accept", "text/html")).await
        {
            Ok(answer) => answer,
            Err(why) => {
                self.report.bad(
                    STEP,
                    format!("no answer: {why}"),
                    &["at the authorization server: is this address reachable for browsers?"],
                );
                return None;
            }
        };
        let place = answer.header("location").unwrap_or_default();
        match answer.status {
            200 => self.report.good(STEP, "a page"),
            300..=399 if place.starts_with(&request.redirect_uri) => {
                let url = Url::parse(place).ok();
                let pairs: Back =
                    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default();
                let saw = ["error", "error_description"].iter().filter_map(|name| of(&pairs, name));
                let saw = saw.collect::<Vec<_>>().join(": ");
                let fix = "at the authorization server: allow this client the resource and its scopes; with mcpcodex: mcpcodex resource list";
                self.report.bad(STEP, format!("refused: {saw}"), &[fix]);
                return None;
            }
            300..=399 => self.report.good(
                STEP,
                format!("a redirect to {}", place.split('?').next().unwrap_or_default()),
            ),
            status => {
                let fix = "at the authorization server: see what its page says to this address";
                self.report.bad(STEP, format!("{status} at {}", request.url), &[fix]);
                return None;
            }
        }
        Some(())
    }

    /// Waits for the browser to come back with a code.
    pub async fn come_back(
        &mut self,
        listener: &TcpListener,
        found: &Found,
        request: &Request,
        within: Duration,
    ) -> Option<String> {
        const STEP: &str = "sign-in";
        let Ok(Ok(back)) = tokio::time::timeout(within, receive(listener)).await else {
            let fix = "sign in with the address above, or give it more time by --wait";
            self.report.bad(
                STEP,
                format!("nobody came back within {} seconds", within.as_secs()),
                &[fix],
            );
            return None;
        };
        if let Some(error) = of(&back, "error") {
            let more = of(&back, "error_description").unwrap_or_default();
            self.report.bad(
                STEP,
                format!("refused: {error} {more}"),
                &["at the authorization server: see its log for the reason"],
            );
            return None;
        }
        let server = "at the authorization server: ";
        if of(&back, "state") != Some(&request.state) {
            let fix = format!("{server}give state back as it came");
            self.report.bad(STEP, "state is missing or another", &[&fix]);
            return None;
        }
        let promised = found.server.get("authorization_response_iss_parameter_supported");
        let iss = of(&back, "iss");
        let own = text(&found.server, "issuer").unwrap_or(&found.issuer);
        if let Some(what) = iss.and_then(|iss| difference(own, iss)) {
            let fix = format!("{server}iss must be the issuer letter by letter (RFC 9207)");
            self.report.bad(STEP, format!("iss is not the issuer: they differ in {what}"), &[&fix]);
        } else if iss.is_none() && promised == Some(&Value::Bool(true)) {
            let fix = format!("{server}send iss, as its document promises (RFC 9207)");
            self.report.bad(STEP, "iss is missing", &[&fix]);
        }
        let code = of(&back, "code").map(str::to_owned);
        match code {
            Some(_) => self.report.good(STEP, "the browser came back with a code"),
            None => self.report.bad(
                STEP,
                "the browser came back without a code",
                &[&format!("{server}see its log")],
            ),
        }
        code
    }

    /// Code to token, token to tools, and the refreshes.
    pub async fn use_it(
        &mut self,
        found: &Found,
        client: &Registered,
        request: &Request,
        code: &str,
    ) -> Option<()> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", request.redirect_uri.as_str()),
            ("code_verifier", request.verifier.as_str()),
            ("resource", self.typed),
        ];
        let tokens = self.token(found, client, &form).await?;
        self.tools(&tokens.access).await?;
        let Some(refresh) = tokens.refresh else {
            let fix = "at the authorization server: give refresh tokens to clients whose grant_types have refresh_token, or people sign in again every hour";
            self.report.odd("refresh", "there is no refresh token", &[fix]);
            return Some(());
        };
        let last = self.race(found, client, &refresh).await;
        self.forget(found, client, &last).await;
        Some(())
    }

    async fn token(
        &mut self,
        found: &Found,
        client: &Registered,
        form: &[(&str, &str)],
    ) -> Option<Tokens> {
        const STEP: &str = "token";
        let server = "at the authorization server: ";
        let answer = match ask_token(self.probe, found, client, form).await {
            Ok(answer) => answer,
            Err(why) => {
                self.report.bad(STEP, why, &[&format!("{server}is its token endpoint reachable?")]);
                return None;
            }
        };
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let access = text(&document, "access_token");
        let (200, Some(access)) = (answer.status, access) else {
            let fix =
                format!("{server}its log says why; clients need 200 and JSON with an access_token");
            self.report.bad(STEP, words(&answer), &[&fix]);
            return None;
        };
        let mut wrong = Vec::new();
        if !text(&document, "token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
            wrong.push("token_type is not Bearer");
        }
        if document.get("expires_in").and_then(Value::as_u64).is_none() {
            wrong.push("expires_in is no number");
        }
        if text(&document, "scope").is_none() {
            wrong.push("scope is missing");
        }
        if !answer.header("cache-control").is_some_and(|value| value.contains("no-store")) {
            wrong.push("Cache-Control is not no-store");
        }
        if wrong.is_empty() {
            self.report
                .good(STEP, format!("scope {}", text(&document, "scope").unwrap_or_default()));
        } else {
            self.report.odd(
                STEP,
                wrong.join(", "),
                &[&format!("{server}answer as RFC 6749 §5.1 says")],
            );
        }
        let refresh = text(&document, "refresh_token").map(str::to_owned);
        Some(Tokens { access: access.to_owned(), refresh })
    }

    /// `tools/list` with a token.
    pub async fn tools(&mut self, token: &str) -> Option<()> {
        const STEP: &str = "tools/list";
        let bearer = format!("Bearer {token}");
        let ask = |body: &Value, session: Option<&str>| {
            let ask = message(&self.url, body).with("authorization", bearer.as_str());
            match session {
                Some(session) => ask.with("mcp-session-id", session),
                None => ask,
            }
        };
        let first = match self.probe.send(ask(&initialize(), None)).await {
            Ok(first) => first,
            Err(why) => return self.unused(STEP, &why),
        };
        if matches!(first.status, 401 | 403) {
            self.not_accepted(&first);
            return None;
        }
        let session = first.header("mcp-session-id").map(str::to_owned);
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        drop(self.probe.send(ask(&ready, session.as_deref())).await);
        let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {} });
        let answer = match self.probe.send(ask(&list, session.as_deref())).await {
            Ok(answer) => answer,
            Err(why) => return self.unused(STEP, &why),
        };
        if matches!(answer.status, 401 | 403) {
            self.not_accepted(&answer);
            return None;
        }
        match tools(&answer) {
            Some(count) => self.report.good(STEP, format!("{count} tools")),
            None => {
                let saw = format!("{} without a list of tools", answer.status);
                self.report.odd(
                    STEP,
                    saw,
                    &["at the MCP server: the token was taken; see its log for the rest"],
                );
            }
        }
        Some(())
    }

    fn unused(&mut self, step: &'static str, why: &str) -> Option<()> {
        self.report.bad(step, format!("no answer: {why}"), &["at the MCP server: see its log"]);
        None
    }

    /// The most common end of a sign-in that went well.
    fn not_accepted(&mut self, answer: &Answer) {
        let challenge = Challenge::read(&answer.all("www-authenticate")).bearer;
        let said = ["error", "error_description", "scope"]
            .iter()
            .filter_map(|name| challenge.get(*name).map(|value| format!(", {name}: {value}")));
        let saw = format!("the token was refused: {}{}", answer.status, said.collect::<String>());
        let here = format!(
            "at the MCP server: it must take tokens of this issuer whose aud is {}, by the issuer's keys and algorithm",
            self.typed
        );
        let there = "at the authorization server: with mcpcodex, mcpcodex auth validate says what is in a token";
        self.report.bad("tools/list", saw, &[&here, there]);
    }

    /// Several refreshes with one token at once: each must succeed, and the last must still be good afterwards.
    async fn race(&mut self, found: &Found, client: &Registered, refresh: &str) -> String {
        const STEP: &str = "refresh race";
        let fix = "at the authorization server: answer a retry within some seconds by the same successor; with mcpcodex: authentication.tokens.refresh_token.retry_window";
        let mut under_way = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (probe, found, client) = (self.probe.clone(), found.clone(), client.clone());
            let refresh = refresh.to_owned();
            under_way.spawn(async move {
                let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
                ask_token(&probe, &found, &client, &form).await
            });
        }
        let (mut good, mut seen, mut last) = (0_usize, Vec::new(), refresh.to_owned());
        while let Some(Ok(answer)) = under_way.join_next().await {
            match answer {
                Ok(answer) if answer.status == 200 => {
                    good += 1;
                    last = renewed(&answer).unwrap_or(last);
                }
                Ok(answer) => seen.push(words(&answer)),
                Err(why) => seen.push(why),
            }
        }
        if good < AT_ONCE {
            seen.dedup();
            let saw =
                format!("{good} of {AT_ONCE} refreshes at once succeeded: {}", seen.join("; "));
            self.report.bad(STEP, saw, &[fix]);
            return last;
        }
        let form = [("grant_type", "refresh_token"), ("refresh_token", last.as_str())];
        match ask_token(self.probe, found, client, &form).await {
            Ok(answer) if answer.status == 200 => {
                self.report.good(STEP, format!("{AT_ONCE} at once, and still signed in"));
                renewed(&answer).unwrap_or(last)
            }
            Ok(answer) => {
                let saw =
                    format!("after {AT_ONCE} at once the newest token is over: {}", words(&answer));
                self.report.bad(STEP, saw, &[fix]);
                last
            }
            Err(why) => {
                self.report.bad(STEP, why, &[fix]);
                last
            }
        }
    }

    /// Nothing of the visit stays good.
    async fn forget(&mut self, found: &Found, client: &Registered, refresh: &str) {
        let Some(url) = text(&found.server, "revocation_endpoint").and_then(web) else { return };
        let form = [("token", refresh), ("client_id", client.id.as_str())];
        drop(self.probe.send(Ask::form(&url, &form)).await);
    }
}

fn of<'b>(back: &'b [(String, String)], name: &str) -> Option<&'b str> {
    back.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

fn renewed(answer: &Answer) -> Option<String> {
    let document: Value = serde_json::from_slice(&answer.body).ok()?;
    text(&document, "refresh_token").map(str::to_owned)
}

async fn ask_token(
    probe: &crate::net::probe::Probe,
    found: &Found,
    client: &Registered,
    form: &[(&str, &str)],
) -> Result<Answer, String> {
    let url = text(&found.server, "token_endpoint").and_then(web);
    let url = url.ok_or_else(|| "there is no token endpoint".to_owned())?;
    let mut form = form.to_vec();
    form.push(("client_id", client.id.as_str()));
    form.extend(client.secret.as_deref().map(|secret| ("client_secret", secret)));
    probe.send(Ask::form(&url, &form).with("accept", "application/json")).await
}

/// How many tools a JSON-RPC answer lists, sent as JSON or as an event.
fn tools(answer: &Answer) -> Option<usize> {
    let text = String::from_utf8_lossy(&answer.body);
    let event = text.lines().find_map(|line| line.strip_prefix("data:")).unwrap_or(&text);
    let message: Value = serde_json::from_str(event.trim()).ok()?;
    Some(message.get("result")?.get("tools")?.as_array()?.len())
}

/// The first request for the callback; anything else that a browser asks for is answered by 404.
async fn receive(listener: &TcpListener) -> std::io::Result<Back> {
    loop {
        let (stream, _) = listener.accept().await?;
        // A connection that says nothing must not keep the one that matters waiting.
        let read = tokio::time::timeout(Duration::from_secs(5), answer_browser(stream)).await;
        if let Ok(Ok(Some(back))) = read {
            return Ok(back);
        }
    }
}

async fn answer_browser(mut stream: TcpStream) -> std::io::Result<Option<Back>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MOST {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
    let query = path.and_then(|path| path.strip_prefix("/callback?"));
    let back: Option<Back> =
        query.map(|query| form_urlencoded::parse(query.as_bytes()).into_owned().collect());
    let (status, text) = if back.is_some() { ("200 OK", DONE) } else { ("404 Not Found", "") };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(back)
}
