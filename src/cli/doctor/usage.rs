//! What a client does with its code: a token, the tools by it, and several refreshes at once, which is what logs people
//! out in practice.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    judge::{Challenge, text, web},
    registration::{Registered, words},
    sign_in::Request,
    walk::{Found, Walk, initialize, message},
};
use crate::net::probe::{Answer, Ask, Probe};

/// Refreshes that are sent at the same moment.
const AT_ONCE: usize = 5;

struct Tokens {
    access: String,
    refresh: Option<String>,
}

impl Walk<'_> {
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
        if let Some(count) = tools(&answer) {
            self.report.good(STEP, format!("{count} tools"));
        } else {
            let saw = format!("{} without a list of tools", answer.status);
            let fix = "at the MCP server: the token was taken; see its log for the rest";
            self.report.odd(STEP, saw, &[fix]);
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

fn renewed(answer: &Answer) -> Option<String> {
    let document: Value = serde_json::from_slice(&answer.body).ok()?;
    text(&document, "refresh_token").map(str::to_owned)
}

async fn ask_token(
    probe: &Probe,
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
