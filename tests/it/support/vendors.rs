//! Carriers of messages: servers of ours that take a request only if it is what the vendor documents, answer in the
//! vendor's words, and can be told to fail. And a real mail server, from a package.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use base64::Engine as _;
use serde_json::{Value, json};
use url::Url;

use super::RUNTIME;

/// An account at the SMS vendor.
pub(crate) const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Its token.
pub(crate) const TOKEN: &str = "twilio-token-of-the-tests";
/// The number that messages come from.
pub(crate) const FROM: &str = "+15005550006";
/// The key at the mail vendor.
pub(crate) const KEY: &str = "SG.key-of-the-tests";

/// What a vendor is to do with the next request instead of judging it.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answer with this.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Never answer.
    Hang,
}

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Number or address.
    pub(crate) to: String,
    /// The body of an SMS, or of a mail.
    pub(crate) text: String,
    /// All of it.
    pub(crate) body: String,
}

#[derive(Clone, Copy)]
enum Sort {
    Sms,
    Mail,
}

/// A vendor.
#[derive(Clone)]
pub(crate) struct Vendor {
    /// Where it is.
    pub(crate) url: Url,
    shared: Arc<Shared>,
}

struct Shared {
    sort: Sort,
    script: Mutex<VecDeque<Reply>>,
    taken: Mutex<Vec<Taken>>,
    refused: Mutex<Vec<String>>,
}

impl Vendor {
    /// One that carries SMS.
    pub(crate) fn sms() -> Self {
        Self::start(Sort::Sms)
    }

    /// One that carries mail.
    pub(crate) fn mail() -> Self {
        Self::start(Sort::Mail)
    }

    fn start(sort: Sort) -> Self {
        let shared = Arc::new(Shared {
            sort,
            script: Mutex::default(),
            taken: Mutex::default(),
            refused: Mutex::default(),
        });
        let listener = RUNTIME.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        RUNTIME.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, shared }
    }

    /// Says what is to become of the next requests.
    pub(crate) fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.script.lock().unwrap().extend(replies);
    }

    /// What arrived: refused by script or taken, but always well formed.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        let refused = self.shared.refused.lock().unwrap().clone();
        assert!(refused.is_empty(), "the vendor would refuse: {refused:#?}");
        self.shared.taken.lock().unwrap().clone()
    }

    /// Why requests were refused that are not what the vendor documents.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.shared.refused.lock().unwrap().clone()
    }

    /// Waits until so many requests arrived.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Taken> {
        until("requests at the vendor", || Some(self.taken()).filter(|taken| taken.len() >= count))
    }
}

/// Waits until there is something.
#[expect(clippy::disallowed_methods, reason = "what is waited for happens in another process")]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let judged = match shared.sort {
        Sort::Sms => judge_sms(&method, &uri, &headers, &text),
        Sort::Mail => judge_mail(&method, &uri, &headers, &text),
    };
    let (to, said) = match judged {
        Ok(good) => good,
        Err((status, words)) => {
            shared.refused.lock().unwrap().push(words.to_string());
            return (status, axum::Json(words)).into_response();
        }
    };
    let number = {
        let mut taken = shared.taken.lock().unwrap();
        taken.push(Taken { to: to.clone(), text: said.clone(), body: text });
        taken.len()
    };
    let reply = shared.script.lock().unwrap().pop_front();
    match (reply, shared.sort) {
        (Some(Reply::Hang), _) => std::future::pending().await,
        (Some(Reply::Answer(status, headers, body)), _) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        (None, Sort::Sms) => {
            let id = format!("SM{number:032x}");
            let words = json!({
                "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": said,
                "date_created": "Mon, 02 Mar 2026 10:00:00 +0000", "date_sent": null,
                "date_updated": "Mon, 02 Mar 2026 10:00:00 +0000", "direction": "outbound-api",
                "error_code": null, "error_message": null, "from": FROM, "messaging_service_sid": null,
                "num_media": "0", "num_segments": "1", "price": null, "price_unit": null, "sid": id,
                "status": "queued", "to": to,
                "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{id}.json"),
            });
            (StatusCode::CREATED, axum::Json(words)).into_response()
        }
        (None, Sort::Mail) => {
            (StatusCode::ACCEPTED, [("x-message-id", format!("mail-{number}"))]).into_response()
        }
    }
}

type Judged = Result<(String, String), (StatusCode, Value)>;

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// `POST /2010-04-01/Accounts/{AccountSid}/Messages.json`, as Twilio documents it.
fn judge_sms(method: &Method, uri: &Uri, headers: &HeaderMap, body: &str) -> Judged {
    let refuse = |status: u16, code: u32, message: String| {
        let words = json!({
            "code": code, "message": message, "status": status,
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        });
        Err((StatusCode::from_u16(status).unwrap(), words))
    };
    if uri.to_string() != format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json") {
        return refuse(404, 20404, format!("The requested resource {uri} was not found"));
    }
    if method != Method::POST {
        return refuse(405, 20004, format!("Method {method} not allowed"));
    }
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    if header(headers, "authorization") != format!("Basic {basic}") {
        return refuse(401, 20003, "Authenticate".to_owned());
    }
    if header(headers, "content-type") != "application/x-www-form-urlencoded" {
        return refuse(415, 20415, "Unsupported content type".to_owned());
    }
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names != ["Body", "From", "To"] && names != ["Body", "MessagingServiceSid", "To"] {
        return refuse(400, 20001, format!("Unknown parameters: {names:?}"));
    }
    let field = |wanted: &str| {
        fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str())
    };
    let (to, said) = (field("To"), field("Body"));
    let is_number = |text: &str| {
        text.strip_prefix('+').is_some_and(|digits| {
            (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        })
    };
    if !is_number(to) {
        return refuse(400, 21211, format!("The 'To' number {to} is not a valid phone number."));
    }
    let from = field("From");
    if from != FROM && !field("MessagingServiceSid").starts_with("MG") {
        return refuse(400, 21212, format!("The 'From' number {from} is not valid"));
    }
    if said.is_empty() {
        return refuse(400, 21602, "Message body is required.".to_owned());
    }
    if said.chars().count() > 1600 {
        return refuse(
            400,
            21617,
            "The concatenated message body exceeds 1600 characters".to_owned(),
        );
    }
    Ok((to.to_owned(), said.to_owned()))
}

/// `POST /v3/mail/send`, as `SendGrid` documents it.
fn judge_mail(method: &Method, uri: &Uri, headers: &HeaderMap, body: &str) -> Judged {
    let refuse = |status: u16, field: Option<&str>, message: &str| {
        let words = json!({ "errors": [{ "message": message, "field": field, "help": null }] });
        Err((StatusCode::from_u16(status).unwrap(), words))
    };
    if uri.path() != "/v3/mail/send" || method != Method::POST {
        return refuse(404, None, "not found");
    }
    if header(headers, "authorization") != format!("Bearer {KEY}") {
        return refuse(
            401,
            None,
            "The provided authorization grant is invalid, expired, or revoked",
        );
    }
    if header(headers, "content-type") != "application/json" {
        return refuse(415, None, "Content-Type should be application/json.");
    }
    let Ok(mail) = serde_json::from_str::<Value>(body) else {
        return refuse(400, None, "Bad Request");
    };
    let known =
        ["personalizations", "from", "subject", "content", "template_id", "tracking_settings"];
    let members = mail.as_object().unwrap();
    if let Some(unknown) = members.keys().find(|name| !known.contains(&name.as_str())) {
        return refuse(400, Some(unknown), "Additional property is not allowed");
    }
    if !mail["from"]["email"].as_str().is_some_and(|from| from.contains('@')) {
        return refuse(400, Some("from.email"), "The from email does not contain a valid address.");
    }
    let person = &mail["personalizations"][0];
    let Some(to) = person["to"][0]["email"].as_str().filter(|to| to.contains('@')) else {
        return refuse(
            400,
            Some("personalizations.0.to"),
            "The to array is required for all personalization objects, and must have at least one email object with a valid email address.",
        );
    };
    if mail["personalizations"].as_array().unwrap().len() != 1
        || person["to"].as_array().unwrap().len() != 1
    {
        return refuse(400, Some("personalizations"), "one person at a time");
    }
    if let Some(template) = mail["template_id"].as_str() {
        if !template.starts_with("d-") || mail.get("content").is_some() {
            return refuse(400, Some("template_id"), "The template_id must be a valid GUID");
        }
        return Ok((to.to_owned(), person["dynamic_template_data"].to_string()));
    }
    if mail["subject"].as_str().is_none_or(str::is_empty) {
        return refuse(400, Some("subject"), "The subject is required.");
    }
    let content = mail["content"].as_array().cloned().unwrap_or_default();
    match content.as_slice() {
        [one]
            if one["type"] == "text/plain"
                && one["value"].as_str().is_some_and(|v| !v.is_empty()) =>
        {
            Ok((to.to_owned(), one["value"].as_str().unwrap().to_owned()))
        }
        _ => refuse(
            400,
            Some("content"),
            "The content value must be a string at least one character in length.",
        ),
    }
}

/// A mail server from a package, in a process of its own.
pub(crate) struct MailServer {
    process: Child,
    out: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) port: u16,
}

impl MailServer {
    /// Starts one; `options` are those of `tests/e2e/mail-server.mjs`.
    pub(crate) fn start(options: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
        super::packages(&folder);
        let mut process = Command::new(super::node(&folder))
            .arg("mail-server.mjs")
            .arg(options.to_string())
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It warns of the certificate that it brings along, which no test takes.
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs");
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let first = line(&mut out);
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        Self { process, out, port }
    }

    /// The next mail that came in, with its envelope.
    pub(crate) fn mail(&mut self) -> Value {
        line(&mut self.out)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn line(out: &mut BufReader<ChildStdout>) -> Value {
    let mut text = String::new();
    out.read_line(&mut text).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}
