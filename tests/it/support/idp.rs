//! A provider of ours that people sign in at: honest unless a test scripts it otherwise, also in ways that no library for
//! providers would let it be.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use mcpcodex::{
    config::{Config, Environment, load},
    crypto::{
        jwt::{Algorithm, SigningKey},
        pkce,
        secret::sha256,
    },
    db::Clock,
};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::RUNTIME;

/// Our client there.
pub(crate) const CLIENT: &str = "mcpcodex-at-corp";
/// Its secret.
pub(crate) const SECRET: &str = "a secret of thirty-two characters";

/// What an endpoint answers instead of the truth.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    /// A status with this body, as JSON.
    Json(u16, String),
    /// A redirect.
    Redirect(String),
    /// More than anybody reads.
    Flood,
    /// Nothing, for ever.
    Hang,
}

/// What changes the claims of a token before it is signed.
type Twist = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;
/// What makes a token of its claims instead of signing them.
type Forge = Arc<dyn Fn(&SigningKey, &Map<String, Value>) -> String + Send + Sync>;

#[derive(Default)]
struct Shared {
    url: String,
    clock: Mutex<Option<Clock>>,
    keys: Mutex<Vec<Arc<SigningKey>>>,
    person: Mutex<Map<String, Value>>,
    told: Mutex<Map<String, Value>>,
    twist: Mutex<Option<Twist>>,
    forge: Mutex<Option<Forge>>,
    metadata: Mutex<Map<String, Value>>,
    instead: Mutex<BTreeMap<String, Instead>>,
    codes: Mutex<BTreeMap<String, Asked>>,
    grants: Mutex<BTreeMap<String, Asked>>,
    seen: Mutex<Vec<(String, BTreeMap<String, String>)>>,
    lifetime: Mutex<u64>,
    count: Mutex<u32>,
    no_refresh: Mutex<bool>,
}

/// An authorization request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Idp {
    shared: Arc<Shared>,
}

impl Idp {
    /// One that says that Pia is there.
    pub(crate) fn new() -> Self {
        let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            url,
            keys: Mutex::new(vec![Arc::new(SigningKey::generate(Algorithm::ES256).unwrap())]),
            lifetime: Mutex::new(3_600),
            ..Shared::default()
        });
        let routes = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        RUNTIME.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let idp = Self { shared };
        idp.person(json!({
            "sub": "pia-at-corp",
            "email": "pia@corp.example",
            "email_verified": true,
            "name": "Pia Person",
            "preferred_username": "pia",
        }));
        idp
    }

    /// Its issuer.
    pub(crate) fn issuer(&self) -> &str {
        &self.shared.url
    }

    /// Takes the time from the server under test.
    pub(crate) fn follow(&self, clock: &Clock) {
        *self.shared.clock.lock().unwrap() = Some(clock.clone());
    }

    /// Says who signs in from now on.
    pub(crate) fn person(&self, claims: Value) {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        *self.shared.person.lock().unwrap() = claims;
        self.shared.told.lock().unwrap().clear();
    }

    /// Says what the user info tells instead of the person's claims.
    pub(crate) fn tells(&self, claims: Value) {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        *self.shared.told.lock().unwrap() = claims;
    }

    /// Changes the claims of every ID token.
    pub(crate) fn twist(&self, twist: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) {
        *self.shared.twist.lock().unwrap() = Some(Arc::new(twist));
    }

    /// Makes ID tokens in another way than by signing them.
    pub(crate) fn forge(
        &self,
        forge: impl Fn(&SigningKey, &Map<String, Value>) -> String + Send + Sync + 'static,
    ) {
        *self.shared.forge.lock().unwrap() = Some(Arc::new(forge));
    }

    /// Is honest again.
    pub(crate) fn honest(&self) {
        *self.shared.twist.lock().unwrap() = None;
        *self.shared.forge.lock().unwrap() = None;
        self.shared.instead.lock().unwrap().clear();
        self.shared.told.lock().unwrap().clear();
    }

    /// Adds to, or changes, what the metadata says; null takes away.
    pub(crate) fn metadata(&self, name: &str, value: Value) {
        self.shared.metadata.lock().unwrap().insert(name.to_owned(), value);
    }

    /// Answers a path in another way.
    pub(crate) fn instead(&self, path: &str, instead: Instead) {
        self.shared.instead.lock().unwrap().insert(path.to_owned(), instead);
    }

    /// Signs with a new key; the old one is gone.
    pub(crate) fn rotate(&self) {
        *self.shared.keys.lock().unwrap() =
            vec![Arc::new(SigningKey::generate(Algorithm::ES256).unwrap())];
    }

    /// Seconds that access tokens live from now on.
    pub(crate) fn lifetime(&self, seconds: u64) {
        *self.shared.lifetime.lock().unwrap() = seconds;
    }

    /// Gives no refresh tokens.
    pub(crate) fn without_refresh(&self) {
        *self.shared.no_refresh.lock().unwrap() = true;
    }

    /// Takes every refresh token back.
    pub(crate) fn forget_grants(&self) {
        self.shared.grants.lock().unwrap().clear();
    }

    /// The forms that came to a path.
    pub(crate) fn seen(&self, path: &str) -> Vec<BTreeMap<String, String>> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|(own, _)| own == path).map(|(_, form)| form.clone()).collect()
    }

    /// The person agrees to the request behind an authorization URL: where the browser goes, below our server.
    pub(crate) fn answer(&self, location: &str) -> String {
        let asked = self.asked(location);
        let state = asked.parameters["state"].clone();
        let redirect = Url::parse(&asked.parameters["redirect_uri"]).unwrap();
        let code = self.code(asked);
        let issuer = self.issuer().to_owned();
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("code", &code), ("state", &state), ("iss", &issuer)])
            .finish();
        format!("{}?{query}", redirect.path())
    }

    /// The parameters of an authorization URL, which must be one of ours.
    pub(crate) fn asked(&self, location: &str) -> Asked {
        let url = Url::parse(location).unwrap_or_else(|_| panic!("no URL: {location:?}"));
        assert_eq!(format!("{}/authorize", self.issuer()), location.split('?').next().unwrap());
        let parameters: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(parameters["response_type"], "code");
        assert_eq!(parameters["code_challenge_method"], "S256");
        assert_eq!(parameters["client_id"], CLIENT);
        Asked { parameters }
    }

    /// A code for a request.
    pub(crate) fn code(&self, asked: Asked) -> String {
        let code = self.fresh("code");
        self.shared.codes.lock().unwrap().insert(code.clone(), asked);
        code
    }

    fn fresh(&self, what: &str) -> String {
        fresh(&self.shared, what)
    }

    /// A logout token (Back-Channel Logout 1.0 §2.4) with changed claims.
    pub(crate) fn logout_token(&self, change: impl FnOnce(&mut Map<String, Value>)) -> String {
        let now = now(&self.shared);
        let mut claims = json!({
            "iss": self.issuer(),
            "aud": CLIENT,
            "sub": self.shared.person.lock().unwrap()["sub"],
            "iat": now,
            "exp": now + 120,
            "jti": self.fresh("jti"),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        change(claims.as_object_mut().unwrap());
        self.shared.keys.lock().unwrap()[0].sign("logout+jwt", &claims).unwrap()
    }

    /// The configuration of a provider that this is, as the file has it, with more lines.
    pub(crate) fn yaml(&self, name: &str, more: &str) -> String {
        let issuer = self.issuer();
        format!(
            "    {name}:\n      issuer: {issuer}\n      client_id: {CLIENT}\n      client_secret: ${{IDP_SECRET}}\n{more}"
        )
    }
}

/// Sets `authentication.providers`, as a file would.
pub(crate) fn providers(config: &mut Config, yaml: &[String]) {
    let text = format!("authentication:\n  providers:\n{}", yaml.concat());
    let env = Environment::from_pairs([("IDP_SECRET", SECRET)]);
    let loaded = load::from_text(&text, "auth.config.yaml", &env);
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    config.authentication.providers = loaded.config.authentication.providers;
}

fn now(shared: &Shared) -> i64 {
    let clock = shared.clock.lock().unwrap().clone();
    clock.unwrap_or_else(Clock::system).now().secs()
}

fn fresh(shared: &Shared, what: &str) -> String {
    let mut count = shared.count.lock().unwrap();
    *count += 1;
    format!("{what}-{count}-{}", shared.url.rsplit(':').next().unwrap())
}

fn answer(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let path = uri.path().to_owned();
    let mut form: BTreeMap<String, String> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    if let Some(shown) = headers.get(header::AUTHORIZATION) {
        form.insert("authorization".to_owned(), shown.to_str().unwrap().to_owned());
    }
    shared.seen.lock().unwrap().push((path.clone(), form.clone()));
    let instead = shared.instead.lock().unwrap().get(&path).cloned();
    match instead {
        Some(Instead::Json(status, body)) => return answer(status, body),
        Some(Instead::Redirect(to)) => {
            return (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
        }
        Some(Instead::Flood) => {
            return answer(200, format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20)));
        }
        Some(Instead::Hang) => std::future::pending::<()>().await,
        None => {}
    }
    match (method, path.as_str()) {
        (Method::GET, "/.well-known/openid-configuration") => answer(200, discovery(&shared)),
        (Method::GET, "/keys") => {
            let keys: Vec<Value> =
                shared.keys.lock().unwrap().iter().map(|key| key.jwk()).collect();
            answer(200, json!({ "keys": keys }).to_string())
        }
        (Method::POST, "/token") => token(&shared, &form),
        (Method::GET, "/userinfo") => {
            let told = shared.told.lock().unwrap().clone();
            let told = if told.is_empty() { shared.person.lock().unwrap().clone() } else { told };
            answer(200, Value::Object(told).to_string())
        }
        (Method::POST, "/revoke") => {
            shared.grants.lock().unwrap().remove(&form["token"]);
            StatusCode::OK.into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn discovery(shared: &Shared) -> String {
    let url = &shared.url;
    let mut all = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "revocation_endpoint": format!("{url}/revoke"),
        "authorization_response_iss_parameter_supported": true,
    });
    let map = all.as_object_mut().unwrap();
    for (name, value) in shared.metadata.lock().unwrap().iter() {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
    all.to_string()
}

fn token(shared: &Shared, form: &BTreeMap<String, String>) -> Response {
    let basic = base64::engine::general_purpose::STANDARD
        .encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+")));
    if form.get("authorization") != Some(&format!("Basic {basic}")) {
        return answer(401, json!({ "error": "invalid_client" }).to_string());
    }
    let refused = || answer(400, json!({ "error": "invalid_grant" }).to_string());
    let asked = match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => {
            // Once.
            let Some(asked) = shared.codes.lock().unwrap().remove(&form["code"]) else {
                return refused();
            };
            let fits = pkce::verify(&form["code_verifier"], &asked.parameters["code_challenge"])
                && form["redirect_uri"] == asked.parameters["redirect_uri"];
            if !fits {
                return refused();
            }
            asked
        }
        Some("refresh_token") => {
            let grant = shared.grants.lock().unwrap().remove(&form["refresh_token"]);
            let Some(grant) = grant else { return refused() };
            grant
        }
        _ => return answer(400, json!({ "error": "unsupported_grant_type" }).to_string()),
    };
    let access = fresh(shared, "access");
    let mut given = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": *shared.lifetime.lock().unwrap(),
        "id_token": id_token(shared, &asked, &access),
    });
    if !*shared.no_refresh.lock().unwrap() {
        let refresh = fresh(shared, "refresh");
        shared.grants.lock().unwrap().insert(refresh.clone(), asked);
        given["refresh_token"] = refresh.into();
    }
    answer(200, given.to_string())
}

fn id_token(shared: &Shared, asked: &Asked, access: &str) -> String {
    let now = now(shared);
    let mut claims = shared.person.lock().unwrap().clone();
    let half = URL_SAFE_NO_PAD.encode(&sha256(access.as_bytes())[..16]);
    for (name, value) in [
        ("iss", json!(shared.url)),
        ("aud", json!(CLIENT)),
        ("iat", json!(now)),
        ("exp", json!(now + 300)),
        ("nonce", json!(asked.parameters["nonce"])),
        ("at_hash", json!(half)),
    ] {
        claims.insert(name.to_owned(), value);
    }
    if let Some(twist) = shared.twist.lock().unwrap().clone() {
        twist(&mut claims);
    }
    let key = Arc::clone(&shared.keys.lock().unwrap()[0]);
    match shared.forge.lock().unwrap().clone() {
        Some(forge) => forge(&key, &claims),
        None => key.sign("JWT", &claims).unwrap(),
    }
}
