//! The part of a client's way that goes through a browser: the authorization endpoint, and the way back with a code.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use url::Url;

use super::{
    judge::{difference, text, texts, web},
    walk::{Found, Walk},
};
use crate::{
    crypto::{pkce, secret::random_token},
    net::probe::Ask,
};

/// As much of a browser's request as is read.
const MOST: usize = 16 * 1024;
const DONE: &str = "You may close this page and go back to the terminal.\n";

/// An authorization request.
#[derive(Debug)]
pub struct Request {
    /// Where the browser goes.
    pub url: Url,
    state: String,
    pub(super) verifier: String,
    pub(super) redirect_uri: String,
}

/// What the browser brought back, by name.
type Back = Vec<(String, String)>;

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
}

fn of<'b>(back: &'b [(String, String)], name: &str) -> Option<&'b str> {
    back.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
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
