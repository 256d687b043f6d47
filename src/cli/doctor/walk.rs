//! The way of every MCP client from the address that a person typed to the authorization server, step by step. A step
//! that fails ends it, since no client gets further either.

use serde_json::{Value, json};
use url::Url;

use super::{
    cors::{ORIGIN, is_open},
    judge::{self, Challenge, at, difference, inserted, issuer_documents, nulls, text, texts, web},
    report::Report,
};
use crate::net::probe::{Answer, Ask, Probe};

/// The protocol that the doctor speaks.
pub const PROTOCOL: &str = "2025-11-25";

/// Who is examined, by what.
#[derive(Debug)]
pub struct Walk<'a> {
    /// Sends requests.
    pub probe: &'a Probe,
    /// Takes what is found.
    pub report: &'a mut Report,
    /// The address as it was typed.
    pub typed: &'a str,
    /// The same, read.
    pub url: Url,
}

/// What the way led to.
#[derive(Clone, Debug)]
pub struct Found {
    /// The scopes to ask for, as the challenge or the resource's document says.
    pub scopes: Option<String>,
    /// The issuer, letter by letter.
    pub issuer: String,
    /// The authorization server's document.
    pub server: Value,
}

/// The first message of a client.
pub fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": PROTOCOL,
            "capabilities": {},
            "clientInfo": { "name": "mcpcodex doctor", "version": env!("CARGO_PKG_VERSION") },
        },
    })
}

/// A message to an MCP server.
pub fn message(url: &Url, body: &Value) -> Ask {
    Ask::json(url, body)
        .with("accept", "application/json, text/event-stream")
        .with("mcp-protocol-version", PROTOCOL)
}

impl Walk<'_> {
    /// Goes all of it; none when no client could go on.
    pub async fn discover(&mut self) -> Option<Found> {
        let challenge = self.challenge().await?;
        let resource = self.resource(&challenge).await?;
        let issuer = self.judge_resource(&resource)?;
        let server = self.server(&issuer).await?;
        self.judge_server(&server)?;
        self.cors(&server).await;
        let listed = || texts(&resource, "scopes_supported").map(|all| all.join(" "));
        let scopes = challenge.bearer.get("scope").cloned().or_else(listed);
        Some(Found { scopes: scopes.filter(|scopes| !scopes.is_empty()), issuer, server })
    }

    /// POST without a token must be answered by 401 and a bearer challenge.
    async fn challenge(&mut self) -> Option<Challenge> {
        const STEP: &str = "challenge";
        let answer = match self.probe.send(message(&self.url, &initialize())).await {
            Ok(answer) => answer,
            Err(why) => {
                let fix = "at the MCP server: is it running, and is this its address?";
                self.report.bad(STEP, format!("no answer: {why}"), &[fix]);
                return None;
            }
        };
        let challenge = Challenge::read(&answer.all("www-authenticate"));
        if answer.status != 401 {
            self.not_challenged(&answer);
            return None;
        }
        if !challenge.has_bearer() {
            let fix =
                "at the MCP server: answer with WWW-Authenticate: Bearer resource_metadata=\"...\"";
            self.report.bad(STEP, "401 without a Bearer challenge", &[fix]);
            // Clients still look at the usual places.
            return Some(challenge);
        }
        let metadata = challenge.bearer.get("resource_metadata");
        let saw = match metadata {
            Some(url) => format!("401, Bearer, resource_metadata={url}"),
            None => "401, Bearer".to_owned(),
        };
        if !challenge.bearer_first() {
            let fix =
                "at the MCP server: put the Bearer challenge first; some clients read no other";
            self.report.odd(STEP, format!("{saw}, but not first"), &[fix]);
        } else if challenge.bearer.contains_key("error") {
            let fix = "at the MCP server: leave error out when no token came (RFC 6750 §3.1)";
            self.report.odd(STEP, format!("{saw}, with an error although no token came"), &[fix]);
        } else if metadata.is_none() {
            let fix = "at the MCP server: add resource_metadata=\"...\", or clients have to guess the address";
            self.report.odd(STEP, saw, &[fix]);
        } else {
            self.report.good(STEP, saw);
        }
        Some(challenge)
    }

    fn not_challenged(&mut self, answer: &Answer) {
        const STEP: &str = "challenge";
        let (status, place) = (answer.status, answer.header("location").unwrap_or_default());
        let saw = format!("{status} instead of 401");
        match status {
            200..=299 => self.report.bad(
                STEP,
                format!("{saw}: it works without a token, so no client will sign in"),
                &["at the MCP server: refuse requests without a token by 401, POST, GET and DELETE alike"],
            ),
            300..=399 => self.report.bad(
                STEP,
                format!("{saw}: a redirect to {place}"),
                &["use the address that it leads to; clients post to the typed one, and it is the one that tokens are for"],
            ),
            404 | 405 => self.report.bad(
                STEP,
                saw,
                &["is the path right? MCP servers are often at /mcp", "at the MCP server: check for a token before the route"],
            ),
            403 => self.report.bad(
                STEP,
                saw,
                &["at the MCP server: 403 says that a token lacks something; without a token it is 401"],
            ),
            500.. => self.report.bad(STEP, saw, &["at the MCP server: see its log; a proxy before it may be the one that fails"]),
            _ => self.report.bad(STEP, saw, &["at the MCP server: answer 401 with a Bearer challenge"]),
        }
    }

    /// The resource's own document (RFC 9728): where the challenge says, else at the two usual places.
    async fn resource(&mut self, challenge: &Challenge) -> Option<Value> {
        const STEP: &str = "resource metadata";
        const NAME: &str = "oauth-protected-resource";
        let mut places =
            vec![inserted(&self.url, NAME), at(&self.url, &format!("/.well-known/{NAME}"))];
        places.dedup();
        if let Some(named) = challenge.bearer.get("resource_metadata") {
            let Some(url) = web(named) else {
                let fix = "at the MCP server: resource_metadata must be an absolute http or https address";
                self.report.bad(STEP, format!("the challenge names {named}"), &[fix]);
                return None;
            };
            places = vec![url];
        }
        let fix = [
            "at the MCP server: publish {\"resource\": ..., \"authorization_servers\": [...]} there as JSON (RFC 9728)",
            "with mcpcodex: register the resource, and name the document that it serves in resource_metadata",
        ];
        self.document(STEP, &places, &fix).await
    }

    /// The first JSON object at one of these places; the last failure is told.
    async fn document(
        &mut self,
        step: &'static str,
        places: &[Url],
        fix: &[&str],
    ) -> Option<Value> {
        let mut saw = Vec::new();
        for place in places {
            let ask = Ask::get(place)
                .with("accept", "application/json")
                .with("origin", ORIGIN)
                .with("mcp-protocol-version", PROTOCOL);
            let answer = match self.probe.send(ask).await {
                Ok(answer) => answer,
                Err(why) => {
                    saw.push(format!("{place}: {why}"));
                    continue;
                }
            };
            match object(&answer) {
                Ok(document) => {
                    self.judge_form(step, place, &answer, &document);
                    return Some(document);
                }
                Err(why) => {
                    saw.push(format!("{place}: {why}"));
                    // Some clients take anything but "not here" for a fault, and look no further.
                    if !(400..500).contains(&answer.status) {
                        break;
                    }
                }
            }
        }
        self.report.bad(step, saw.join("; "), fix);
        None
    }

    fn judge_form(&mut self, step: &'static str, place: &Url, answer: &Answer, document: &Value) {
        let (kind, nulls) = (answer.media_type(), nulls(document));
        if kind != "application/json" {
            let saw = format!("{place} comes as {kind:?}");
            self.report.odd(step, saw, &["send it with Content-Type: application/json"]);
        }
        if !is_open(answer) {
            let saw = format!("{place} may not be read by scripts of other sites (CORS)");
            let fix = "send Access-Control-Allow-Origin: * with it, or apps in a browser fail";
            self.report.odd(step, saw, &[fix]);
        }
        if !nulls.is_empty() {
            let saw = format!("{place} has null for {}", nulls.join(", "));
            self.report.odd(
                step,
                saw,
                &["leave members out that have no value: many clients refuse null"],
            );
        }
    }

    fn judge_resource(&mut self, document: &Value) -> Option<String> {
        const STEP: &str = "resource";
        let typed = self.typed;
        let Some(resource) = text(document, "resource") else {
            let fix = format!("at the MCP server: set resource to {typed}");
            self.report.bad(STEP, "its document has no resource", &[&fix]);
            return None;
        };
        if let Some(what) = difference(typed, resource) {
            let saw = format!(
                "its document is for {resource}, and {typed} was typed: they differ in {what}"
            );
            let server = format!("at the MCP server: set resource to {typed}, letter by letter");
            let other = format!("or give people the address {resource}");
            let proxy = proxy(what, "at the MCP server");
            let fix: Vec<&str> =
                [server.as_str(), other.as_str()].into_iter().chain(proxy.as_deref()).collect();
            self.report.bad(STEP, saw, &fix);
        } else {
            self.report.good(STEP, resource);
        }
        if texts(document, "scopes_supported").is_some_and(|all| all.contains(&"offline_access")) {
            let fix = "at the MCP server: leave offline_access out; it is a matter of the authorization server";
            self.report.odd(STEP, "scopes_supported has offline_access", &[fix]);
        }
        let servers = texts(document, "authorization_servers").unwrap_or_default();
        let Some(issuer) = servers.first().filter(|issuer| web(issuer).is_some()) else {
            let fix =
                "at the MCP server: name the issuer, letter by letter as its own document has it";
            self.report.bad(STEP, "authorization_servers names no http or https address", &[fix]);
            return None;
        };
        Some((*issuer).to_owned())
    }

    async fn server(&mut self, issuer: &str) -> Option<Value> {
        const STEP: &str = "authorization server";
        let places = issuer_documents(&web(issuer)?);
        let fix = [
            "at the MCP server: does authorization_servers name the right issuer?",
            "at the authorization server: serve its metadata there (RFC 8414); with mcpcodex set server.public_url to the issuer",
        ];
        let document = self.document(STEP, &places, &fix).await?;
        let Some(own) = text(&document, "issuer") else {
            let fix = format!("at the authorization server: set issuer to {issuer}");
            self.report.bad(STEP, "its document has no issuer", &[&fix]);
            return None;
        };
        match difference(own, issuer) {
            None => self.report.good(STEP, own),
            Some(what) => {
                let saw = format!(
                    "it calls itself {own}, the MCP server calls it {issuer}: they differ in {what}"
                );
                let here = format!(
                    "at the MCP server: write {own} in authorization_servers, as a plain text: URL types such as \
                     AnyHttpUrl add a slash"
                );
                let there = "at the authorization server: or give the issuer a path, where nothing adds a slash";
                let proxy = proxy(what, "at the authorization server");
                let fix: Vec<&str> =
                    proxy.as_deref().into_iter().chain([here.as_str(), there]).collect();
                self.report.bad(STEP, saw, &fix);
            }
        }
        Some(document)
    }

    fn judge_server(&mut self, document: &Value) -> Option<()> {
        const STEP: &str = "endpoints";
        let mut usable = true;
        let secure = text(document, "issuer").is_some_and(|own| own.starts_with("https:"));
        for name in ["authorization_endpoint", "token_endpoint"] {
            let endpoint = text(document, name).and_then(web);
            match endpoint {
                None => {
                    let fix = format!(
                        "at the authorization server: {name} must be an http or https address"
                    );
                    self.report.bad(
                        STEP,
                        format!("{name} is missing or none that may be opened"),
                        &[&fix],
                    );
                    usable = false;
                }
                Some(url) if secure && url.scheme() == "http" => {
                    let fix = proxy("http and https", "at the authorization server");
                    let saw = format!("{name} is {url}, though the issuer is https");
                    self.report.bad(STEP, saw, &[fix.as_deref().unwrap_or_default()]);
                }
                Some(url) if !judge::is_safe(&url) => {
                    let fix = "at the authorization server: use https; some clients refuse http but on the same computer";
                    self.report.odd(STEP, format!("{name} is {url}"), &[fix]);
                }
                Some(_) => {}
            }
        }
        if !usable {
            return None;
        }
        let methods = texts(document, "code_challenge_methods_supported").unwrap_or_default();
        if methods.contains(&"S256") {
            self.report.good("PKCE", "S256");
        } else {
            let fix = "at the authorization server: list S256 in code_challenge_methods_supported; clients must refuse without it";
            self.report.bad(
                "PKCE",
                format!("code_challenge_methods_supported is {methods:?}"),
                &[fix],
            );
        }
        Some(())
    }
}

/// What to change when one side says http and the other https: most often a proxy ends TLS, and the server behind it does
/// not know.
fn proxy(what: &str, place: &str) -> Option<String> {
    (what == "http and https").then(|| {
        format!(
            "{place}: if a proxy before it ends TLS, tell the server its public https address; with mcpcodex \
             server.public_url"
        )
    })
}

/// The body as a JSON object, or why it is none.
pub fn object(answer: &Answer) -> Result<Value, String> {
    match answer.status {
        200 => {}
        300..=399 => {
            let place = answer.header("location").unwrap_or_default();
            return Err(format!("{}, a redirect to {place}", answer.status));
        }
        status => return Err(status.to_string()),
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(document) if document.is_object() => Ok(document),
        Ok(_) | Err(_) if answer.media_type() == "text/html" => Err(
            "200 with a web page instead of JSON: is everything unknown answered by the same page?"
                .to_owned(),
        ),
        Ok(_) => Err("200, but no JSON object".to_owned()),
        Err(_) => Err("200, but no JSON".to_owned()),
    }
}
