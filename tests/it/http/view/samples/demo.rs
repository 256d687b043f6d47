//! The demo app's pages.

use mcpcodex::http::view::{Action, Block, DemoResult, DemoStart, Person, Step};

use super::{Rendered, Words};

const AUTHORIZE: [(&str, &str, &str); 8] = [
    ("response_type", "code", "Asks for an authorization code, the only kind OAuth 2.1 keeps."),
    ("client_id", "demo", "Which app is asking."),
    (
        "redirect_uri",
        "http://localhost:8420/demo/callback",
        "Where the answer goes; compared character by character.",
    ),
    ("scope", "openid profile email offline_access", "What the app wants to do."),
    ("state", "l2V9Yb1c0nQ", "Ties the answer to this browser."),
    ("nonce", "t6Jm2sFq8xw", "Ties the ID token to this request."),
    (
        "code_challenge",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "SHA-256 of a secret that the app keeps until step 3.",
    ),
    ("code_challenge_method", "S256", "How the challenge was made; nothing else is accepted."),
];

const CLAIMS: &str = r#"{
  "iss": "http://localhost:8420",
  "sub": "01940f2e-7f6b-7c52-a6f4-1f5f7a6f2d11",
  "aud": "http://localhost:8420/api",
  "client_id": "demo",
  "scope": "openid profile email offline_access",
  "iat": 1795432364,
  "exp": 1795433264
}"#;

pub(super) fn pages(w: Words) -> Vec<Rendered> {
    let person = |username: &str, about: &str, second_factor: bool, code: Option<&str>| Person {
        username: w.text(username),
        password: w.text("correct-horse-7-Battery"),
        about: w.text(about),
        second_factor,
        code: code.map(|c| w.text(c)),
    };
    let start = DemoStart {
        shell: w.shell(),
        sign_in: w.form("/demo/start"),
        people: vec![
            person("ada", "administrator with a second factor", true, Some("492 039")),
            person("dev", "developer with a second factor", true, None),
            person("uma", "an ordinary user", false, None),
        ],
        error: None,
    };
    let refused = DemoStart {
        error: Some(w.text("You pressed Deny, so that the app was given nothing.")),
        ..start.clone()
    };
    let action = |label: &str, path: &str, primary| Action {
        label: w.text(label),
        form: w.form(path),
        primary,
    };
    let block = |label: &str, text: &str, folded| Block {
        label: w.text(label),
        text: w.text(text),
        folded,
    };
    let raw = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", "eyJpc3Mi".repeat(30), "sWq9xZ2b".repeat(42));
    let steps = vec![
        Step {
            number: 1,
            title: w.text("Authorization request"),
            explain: w.text("The app sends the browser here: GET http://localhost:8420/authorize with these parameters."),
            rows: AUTHORIZE.iter().map(|(n, v, about)| (w.text(n), w.text(v), w.text(about))).collect(),
            ..Step::default()
        },
        Step {
            number: 4,
            title: w.text("Access token, decoded"),
            explain: w.text("A signed JWT (RFC 9068) that a server can check by itself."),
            blocks: vec![
                block("Header", "{\n  \"typ\": \"at+jwt\",\n  \"alg\": \"RS256\"\n}", false),
                block("Claims", CLAIMS, false),
                block("Raw token", &raw, true),
            ],
            ..Step::default()
        },
        Step {
            number: 6,
            title: w.text("Refresh"),
            explain: w.text("Trades the refresh token for new tokens; the old one is spent."),
            actions: vec![action("Refresh now", "/demo/refresh", true)],
            ..Step::default()
        },
    ];
    let result = DemoResult {
        shell: w.shell(),
        who: w.label("ada"),
        error: None,
        steps,
        actions: vec![
            action("Introspect", "/demo/introspect", false),
            action("Sign out", "/demo/logout", false),
        ],
    };
    let denied = DemoResult {
        error: Some(w.text("You pressed Deny, so the app was given nothing.")),
        ..result.clone()
    };
    vec![
        ("demo_start", start.render()),
        ("demo_start_denied", refused.render()),
        ("demo_result", result.render()),
        ("demo_result_denied", denied.render()),
    ]
}
