//! Where an endpoint stands: whoever asks, the database, and what the request says about versions and repetition.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{asker::Asking, problem::Problem};
use crate::{
    app::App,
    crypto::secret::{b64, sha256},
    db::{Read, Write},
    error::{Error, Result as CoreResult},
    model::actor::{Actor, Origin},
    ops::{
        api::{
            Asker,
            once::{self, Made, Once},
        },
        env::Env,
    },
};

const KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The surroundings of an endpoint.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What was opened.
    pub app: App,
    /// Who asks.
    pub asker: Asker,
    origin: Origin,
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
    key: Option<String>,
    line: String,
}

/// Entity tags as a condition names them (RFC 9110 §13.1).
#[derive(Clone, Debug)]
enum Tags {
    Any,
    These(Vec<String>),
}

impl Tags {
    fn read(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let all: Vec<&str> = headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        match all.as_slice() {
            [] => None,
            ["*"] => Some(Self::Any),
            _ => Some(Self::These(all.into_iter().map(str::to_owned).collect())),
        }
    }

    fn hold(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(all) => all.iter().any(|one| one == tag),
        }
    }

    /// The weak comparison, which is enough for reading (RFC 9110 §8.8.3.2).
    fn hold_weakly(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(all) => all.iter().any(|one| one.strip_prefix("W/").unwrap_or(one) == tag),
        }
    }
}

/// The strong entity tag of what is shown: a hash of all of it.
fn tag(shown: &impl Serialize) -> CoreResult<String> {
    let bytes = serde_json::to_vec(shown);
    let bytes = bytes
        .map_err(|source| Error::internal("an answer cannot be written").with_source(source))?;
    let hash = sha256(&bytes);
    Ok(format!("\"{}\"", b64(hash.get(..16).unwrap_or_default())))
}

fn tagged(mut response: Response, tag: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

fn stale() -> Problem {
    let detail = "it was changed since you read it: If-Match does not name what it is now";
    Problem::new(StatusCode::PRECONDITION_FAILED, "stale", detail).with_next("read it again")
}

impl Desk {
    /// For a request of somebody who is known.
    pub fn new(app: App, asking: Asking, parts: &Parts) -> Result<Self, Problem> {
        let Asking { asker, origin } = asking;
        let headers = &parts.headers;
        let line = format!("{} {}", parts.method, parts.uri);
        Ok(Self {
            app,
            asker,
            origin,
            if_match: Tags::read(headers, &header::IF_MATCH),
            if_none_match: Tags::read(headers, &header::IF_NONE_MATCH),
            key: key(headers)?,
            line,
        })
    }

    /// Configuration, keys, addresses.
    pub fn env(&self) -> &Env {
        &self.app.env
    }

    /// Reads.
    pub fn read<T>(
        &self,
        job: impl FnOnce(&Read<'_>, &Env, &Actor) -> CoreResult<T>,
    ) -> Result<T, Problem> {
        let who = self.asker.actor(self.origin.clone());
        Ok(self.app.db.read(|r| job(r, &self.app.env, &who))?)
    }

    /// Reads what takes a while, on a thread that may wait.
    pub async fn read_long<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Read<'_>, &Env, &Actor) -> CoreResult<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (app, who) = (self.app.clone(), self.asker.actor(self.origin.clone()));
        blocking(move || app.db.read(|r| job(r, &app.env, &who))).await
    }

    /// Changes, in one transaction in which whoever asks is looked at once more.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>, &Env, &Actor) -> CoreResult<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (env, asker, origin) = (self.app.env(), self.asker.clone(), self.origin.clone());
        let job = move |tx: &Write<'_>| {
            let who = asker.again(tx, &env)?.actor(origin);
            job(tx, &env, &who)
        };
        Ok(self.app.db.write(job).await?)
    }

    /// Changes something that can be read: `current` is what a reader would see of it. Refused when the request was made for
    /// another version.
    pub async fn change<V: Serialize, T: Send + 'static>(
        &self,
        current: impl FnOnce(&Read<'_>, &Env, &Actor) -> CoreResult<V> + Send + 'static,
        job: impl FnOnce(&Write<'_>, &Env, &Actor) -> CoreResult<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let condition = self.if_match.clone();
        let done = self.write(move |tx, env, who| {
            if let Some(tags) = condition {
                let now = current(tx, env, who)?;
                if !tags.hold(&tag(&now)?) {
                    return Ok(None);
                }
            }
            job(tx, env, who).map(Some)
        });
        done.await?.ok_or_else(stale)
    }

    /// Shows something with its tag, or says that the asker has it already.
    pub fn show(&self, shown: &impl Serialize) -> Result<Response, Problem> {
        let tag = tag(shown)?;
        if self.if_none_match.as_ref().is_some_and(|tags| tags.hold_weakly(&tag)) {
            return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), &tag));
        }
        Ok(tagged(Json(shown).into_response(), &tag))
    }

    /// Makes something: 201, with its address. With `Idempotency-Key`, once.
    pub async fn create<V: Serialize>(
        &self,
        digest: &[u8; 32],
        job: impl FnOnce(&Write<'_>, &Env, &Actor) -> CoreResult<(String, V)> + Send + 'static,
    ) -> Result<Response, Problem> {
        let mut request = self.line.clone().into_bytes();
        request.extend_from_slice(digest);
        let once = self.key.clone().map(|key| Once {
            principal: self.asker.principal(),
            key,
            request: sha256(&request),
        });
        let made = self.write(move |tx, env, who| {
            once::once(tx, env, once.as_ref(), || {
                let (location, body) = job(tx, env, who)?;
                let body = serde_json::to_value(body).map_err(|source| {
                    Error::internal("an answer cannot be written").with_source(source)
                })?;
                Ok(json!({ "location": location, "body": body }).to_string().into_bytes())
            })
        });
        let (answer, before) = match made.await? {
            Made::Now(answer) => (answer, false),
            Made::Before(answer) => (answer, true),
            Made::Other => return Err(mismatch()),
        };
        created(&answer, before)
    }
}

/// Does what takes a while on a thread that may wait.
pub async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> CoreResult<T> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(job).await;
    let done = done.map_err(|source| Error::internal("a thread broke off").with_source(source));
    Ok(done??)
}

/// The answer to a creation; the issuer's path is put before the address on the way out.
fn created(answer: &[u8], before: bool) -> Result<Response, Problem> {
    let mut answer: Value = serde_json::from_slice(answer)
        .map_err(|source| Error::internal("a kept answer cannot be read").with_source(source))?;
    let location = answer.get("location").and_then(Value::as_str).unwrap_or_default().to_owned();
    let body = answer.get_mut("body").map(Value::take).unwrap_or_default();
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Some(value) =
        Some(location).filter(|place| !place.is_empty()).and_then(|place| place.parse().ok())
    {
        response.headers_mut().insert(header::LOCATION, value);
    }
    if before {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn mismatch() -> Problem {
    let detail = "this Idempotency-Key was used for another request";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch", detail)
        .with_next("take a new key for each creation, and the same one to repeat it")
}

/// The one `Idempotency-Key` of a request.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all(KEY).iter();
    let Some(value) = all.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=255).contains(&text.len()));
    match (text, all.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => Err(Problem::parameter("Idempotency-Key", "one value of 1 to 255 ASCII characters")),
    }
}

/// Nothing of the path is left to the endpoint but a text.
#[derive(Clone, Debug)]
pub struct Id(pub String);

impl FromRequestParts<App> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, app).await;
        let missing =
            |_| Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing");
        path.map(|axum::extract::Path(id)| Self(id)).map_err(missing)
    }
}
