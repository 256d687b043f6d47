//! What a request brings: parameters and JSON bodies. What is not known is refused, and told by its name.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse as _,
};
use serde::{
    Deserialize,
    de::{
        DeserializeOwned, Deserializer, IntoDeserializer, Visitor,
        value::{Error as Refused, MapDeserializer},
    },
    forward_to_deserialize_any,
};
use utoipa::ToSchema;

use super::problem::Problem;
use crate::{app::App, crypto::secret::sha256};

/// What can be read from a request's query.
pub trait Asked: Sized {
    /// Reads it, or says which parameter is wrong.
    fn read(app: &App, parts: &Parts) -> Result<Self, Problem>;
}

/// Parameters that are each left out or given once.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> Asked for Query<T> {
    fn read(_: &App, parts: &Parts) -> Result<Self, Problem> {
        parse(&pairs(parts)).map(Self)
    }
}

/// No parameter at all.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The pairs of a query.
pub fn pairs(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Reads pairs into a type all of whose members are optional.
pub fn parse<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Problem> {
    read(pairs).map_err(|error| {
        // Alone, only the wrong one fails.
        let wrong = pairs.chunks(1).find_map(|one| {
            let refused = read::<T>(one).err()?;
            one.first().map(|(name, _)| (name.as_str(), refused))
        });
        let message = error.to_string();
        let named = || message.split('`').nth(1).unwrap_or("?").to_owned();
        match wrong {
            Some((name, refused)) => Problem::parameter(name, refused.to_string()),
            None => Problem::parameter(&named(), message.clone()),
        }
    })
}

fn read<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Refused> {
    let words = pairs.iter().map(|(name, value)| (name.as_str(), Word(value)));
    T::deserialize(MapDeserializer::new(words))
}

/// A value of the query: a text, and a number or a truth value where one is wanted.
#[derive(Clone, Copy)]
struct Word<'a>(&'a str);

impl<'de> IntoDeserializer<'de> for Word<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $what:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            let wrong = |_| serde::de::Error::custom(concat!("this must be ", $what));
            visitor.$visit(self.0.parse().map_err(wrong)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Word<'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    parsed! {
        deserialize_bool visit_bool "true or false";
        deserialize_u32 visit_u32 "a whole number that is not too large";
        deserialize_i64 visit_i64 "a whole number that is not too large";
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A body: a JSON object whose members are all known, and what tells it from another.
#[derive(Clone, Debug)]
pub struct Body<T> {
    /// What it says.
    pub said: T,
    /// SHA-256 of it.
    pub digest: [u8; 32],
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let detail = "the body must be JSON: send Content-Type: application/json";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "unsupported_media_type", detail));
        }
        let bytes = bytes(request, app).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let said = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            wrong(&path, error.inner())
        })?;
        json.end().map_err(|error| wrong(".", &error))?;
        Ok(Self { said, digest: sha256(&bytes) })
    }
}

/// Points at the member that is wrong.
fn wrong(path: &str, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    // Where in the text it was is of no use to whoever made it by a program.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    if !error.is_data() {
        return Problem::member("", format!("the body is not JSON: {message}"));
    }
    let mut pointer = String::new();
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty() && *part != "?") {
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
    }
    let about_one = ["missing field", "unknown field", "duplicate field"];
    if let Some(name) = message.split('`').nth(1)
        && about_one.iter().any(|words| message.starts_with(words))
        && !pointer.ends_with(&format!("/{name}"))
    {
        pointer.push('/');
        pointer.push_str(name);
    }
    Problem::member(&pointer, message)
}

async fn bytes(request: Request, app: &App) -> Result<Bytes, Problem> {
    Bytes::from_request(request, app).await.map_err(|rejection| {
        let status = rejection.into_response().status();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Problem::new(status, "too_large", "the body is larger than this server takes");
        }
        Problem::invalid("the body was cut off")
    })
}

/// No body, or an empty JSON object: for what is said by the path alone.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl FromRequest<App> for Bare {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let bytes = bytes(request, app).await?;
        let empty = bytes.iter().all(u8::is_ascii_whitespace);
        if empty || serde_json::from_slice::<Empty>(&bytes).is_ok() {
            return Ok(Self);
        }
        Err(Problem::member("", "this takes no body, or an empty object"))
    }
}

/// An empty object.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}
