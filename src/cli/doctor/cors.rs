//! What apps that run in a browser need besides: that its scripts may read the answers (CORS). Others do without, so
//! nothing here is more than odd.

use serde_json::Value;

use super::{
    judge::{text, web},
    walk::Walk,
};
use crate::net::probe::{Answer, Ask};

/// Where a script might come from; nobody's.
pub const ORIGIN: &str = "https://doctor.invalid";

/// Whether a script from anywhere may read an answer.
pub fn is_open(answer: &Answer) -> bool {
    let allowed = answer.header("access-control-allow-origin");
    allowed.is_some_and(|origin| origin == "*" || origin == ORIGIN)
}

impl Walk<'_> {
    /// Whether scripts may post to the endpoints that programs use.
    pub async fn cors(&mut self, server: &Value) {
        const STEP: &str = "CORS";
        let mut closed = Vec::new();
        for name in ["token_endpoint", "registration_endpoint"] {
            let Some(url) = text(server, name).and_then(web) else { continue };
            let ask = Ask::options(&url)
                .with("origin", ORIGIN)
                .with("access-control-request-method", "POST")
                .with("access-control-request-headers", "content-type,mcp-protocol-version");
            let Ok(answer) = self.probe.send(ask).await else { continue };
            let headers = answer.header("access-control-allow-headers").unwrap_or_default();
            let headers = headers.to_ascii_lowercase();
            let takes = headers == "*" || headers.contains("mcp-protocol-version");
            if !(200..300).contains(&answer.status) || !is_open(&answer) {
                closed.push(format!("{name} refuses scripts of other sites ({})", answer.status));
            } else if !takes {
                closed.push(format!("{name} refuses the header MCP-Protocol-Version"));
            }
        }
        if closed.is_empty() {
            self.report.good(STEP, "apps in a browser may use it");
        } else {
            let fix = "at the authorization server: allow any origin, without credentials, and the headers \
                       Authorization, Content-Type and MCP-Protocol-Version; else apps in a browser fail";
            self.report.odd(STEP, closed.join("; "), &[fix]);
        }
    }
}
