//! How a client becomes known at the authorization server: by a document of its own, by registering itself, or not at
//! all. What the doctor registers it takes away again.

use serde_json::{Value, json};
use url::Url;

use super::{
    judge::{nulls, text, texts, web},
    walk::{Found, Walk},
};
use crate::net::probe::{Answer, Ask};

const STEP: &str = "registration";

/// A client to go on with.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its `client_id`.
    pub id: String,
    /// Its secret, if the server insists on one.
    pub secret: Option<String>,
    /// Whether the doctor registered it.
    made: bool,
    /// Where and by what it is removed (RFC 7592).
    manage: Option<(Url, String)>,
}

impl Registered {
    /// One that was registered by other means.
    pub fn known(id: String) -> Self {
        Self { id, secret: None, made: false, manage: None }
    }
}

impl Walk<'_> {
    /// Tries what the server offers. `redirect_uri` is where a sign-in would come back.
    pub async fn register(&mut self, found: &Found, redirect_uri: &str) -> Option<Registered> {
        let server = &found.server;
        let by_document =
            server.get("client_id_metadata_document_supported") == Some(&Value::Bool(true));
        let methods = texts(server, "token_endpoint_auth_methods_supported").unwrap_or_default();
        if by_document && methods.contains(&"none") {
            self.report.good(STEP, "apps may name themselves by the URL of a document");
        } else if by_document {
            let fix = "at the authorization server: list none in token_endpoint_auth_methods_supported; some clients ask for it";
            self.report.odd(
                STEP,
                "apps may name themselves by a document, but \"none\" is not listed",
                &[fix],
            );
        }
        let Some(endpoint) = text(server, "registration_endpoint").and_then(web) else {
            if !by_document {
                let fix = [
                    "at the authorization server: allow metadata documents or dynamic registration",
                    "with mcpcodex: authentication.clients.metadata_documents, .dynamic_registration; or register each app by hand",
                ];
                self.report.bad(STEP, "neither a document nor a registration is offered", &fix);
            }
            return None;
        };
        let body = json!({
            "client_name": "mcpcodex doctor",
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        });
        let fix = [
            "at the authorization server: let anyone register, or at least apps with these redirect URIs",
            "with mcpcodex: authentication.clients.dynamic_registration: open",
        ];
        let answer = match self.probe.send(Ask::json(&endpoint, &body)).await {
            Ok(answer) if matches!(answer.status, 200 | 201) => answer,
            Ok(answer) => {
                let saw = format!("{endpoint}: {}", words(&answer));
                self.refused(by_document, saw, &fix);
                return None;
            }
            Err(why) => {
                self.refused(by_document, format!("{endpoint}: {why}"), &fix);
                return None;
            }
        };
        self.judge_registration(&answer)
    }

    /// Where documents do, a closed registration hurts older clients alone.
    fn refused(&mut self, by_document: bool, saw: String, fix: &[&str]) {
        if by_document {
            self.report.odd(STEP, saw, fix);
        } else {
            self.report.bad(STEP, saw, fix);
        }
    }

    fn judge_registration(&mut self, answer: &Answer) -> Option<Registered> {
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let Some(id) = text(&document, "client_id") else {
            let fix = "at the authorization server: answer 201 with a JSON object that has a client_id (RFC 7591 §3.2.1)";
            self.report.bad(STEP, words(answer), &[fix]);
            return None;
        };
        let nulls = nulls(&document);
        if texts(&document, "redirect_uris").is_none() {
            let fix = "at the authorization server: repeat what was registered, redirect_uris above all (RFC 7591 §3.2.1)";
            self.report.bad(STEP, "the answer has no redirect_uris", &[fix]);
        } else if !nulls.is_empty() {
            let fix = "at the authorization server: leave members out that have no value: many clients refuse null";
            self.report.bad(STEP, format!("the answer has null for {}", nulls.join(", ")), &[fix]);
        } else if answer.status != 201 {
            let fix = "at the authorization server: a registration is answered by 201";
            self.report.odd(STEP, format!("registered, but answered by {}", answer.status), &[fix]);
        } else {
            self.report.good(STEP, "apps may register themselves");
        }
        let manage = text(&document, "registration_client_uri").and_then(web);
        let token = text(&document, "registration_access_token").map(str::to_owned);
        Some(Registered {
            id: id.to_owned(),
            secret: text(&document, "client_secret").map(str::to_owned),
            made: true,
            manage: manage.zip(token),
        })
    }

    /// Takes the registration away again, as far as the server lets it.
    pub async fn unregister(&mut self, client: &Registered) {
        const STEP: &str = "clean-up";
        let Some((url, token)) = &client.manage else {
            if client.made {
                let saw = "the doctor's registration stays: no token came to remove it by";
                self.report.good(STEP, saw);
            }
            return;
        };
        let ask = Ask::delete(url).with("authorization", format!("Bearer {token}"));
        match self.probe.send(ask).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                self.report.good(STEP, "the doctor's own registration is removed");
            }
            Ok(answer) => self.left(&client.id, &words(&answer)),
            Err(why) => self.left(&client.id, &why),
        }
    }

    fn left(&mut self, id: &str, why: &str) {
        let fix = format!("at the authorization server: remove the client {id} by hand");
        self.report.odd(
            "clean-up",
            format!("the doctor's registration is still there: {why}"),
            &[&fix],
        );
    }
}

/// Status and the server's own words.
pub fn words(answer: &Answer) -> String {
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (error, more) = (text(&document, "error"), text(&document, "error_description"));
    let all = [Some(answer.status.to_string()), error.map(str::to_owned), more.map(str::to_owned)];
    all.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
