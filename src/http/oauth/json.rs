//! A JSON object from a client, read so that no two readers could take it for different things.

use std::fmt;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use super::error::OAuthError;
use crate::{app::App, model::registration::Members};

/// As large as the metadata of a client may be.
const LARGEST: usize = 16 * 1024;

/// The members of a JSON object of at most 16 KiB, each there once.
#[derive(Clone, Debug)]
pub struct Object(pub Members);

impl FromRequest<App> for Object {
    type Rejection = OAuthError;

    async fn from_request(request: Request, _: &App) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            return Err(OAuthError::not_json());
        }
        // Read here and not by the extractor of bodies, whose bound is another.
        let bytes =
            to_bytes(request.into_body(), LARGEST).await.map_err(|_| OAuthError::too_large())?;
        // How deep it may go is bounded by the reader.
        let members = serde_json::from_slice::<Once>(&bytes).map_err(|error| {
            let at = format!("line {}, column {}", error.line(), error.column());
            OAuthError::metadata(format!(
                "the body must be one JSON object in which no member comes twice ({at})"
            ))
        })?;
        Ok(Self(members.0))
    }
}

/// Whether the body says that it is JSON, or says nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let mime = value.to_str().unwrap_or("?").split(';').next().unwrap_or_default().trim();
    let mime = mime.to_ascii_lowercase();
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

/// An object in which no name comes twice: readers differ in which of them they take.
struct Once(Members);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Once;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
                let mut members = Members::new();
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member came twice"));
                    }
                }
                Ok(Once(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
