//! The description of the API (`OpenAPI` 3.1), made from the code of its endpoints: what holds for all of them is added here.

use std::sync::LazyLock;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::problem::{Details, MEDIA_TYPE};
use crate::crypto::secret::{b64, sha256};

/// The document and its tag.
static DOCUMENT: LazyLock<(Value, String)> = LazyLock::new(|| {
    let document = finish(super::endpoints().into_openapi());
    let hash = sha256(document.to_string().as_bytes());
    let tag = format!("\"{}\"", b64(hash.get(..16).unwrap_or_default()));
    (document, tag)
});

/// `GET /api/openapi.json`.
pub async fn show(headers: HeaderMap) -> Response {
    let (document, tag) = &*DOCUMENT;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(document).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn finish(mut openapi: OpenApi) -> Value {
    openapi.info = utoipa::openapi::Info::new("mcpcodex", env!("CARGO_PKG_VERSION"));
    openapi.info.description = Some(
        "Everything that an operator does, for programs. See docs/api.md for a session with it."
            .to_owned(),
    );
    let mut document = serde_json::to_value(openapi).unwrap_or_default();
    if let Some(components) = document.pointer_mut("/components").and_then(Value::as_object_mut) {
        let schemes = json!({
            "access_token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "An access token of this server, for its configured audience." },
            "api_key": { "type": "apiKey", "in": "header", "name": "X-API-Key",
                "description": "An API key; it may also come as a bearer token." },
        });
        components.insert("securitySchemes".to_owned(), schemes);
        if let Some(Value::Object(schemas)) = components.get_mut("schemas") {
            schemas.extend(schemas_of_problems());
        }
    }
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                if let Some(operation) = operation.as_object_mut() {
                    describe(path, method, operation);
                }
            }
        }
    }
    document
}

fn schemas_of_problems() -> Map<String, Value> {
    let mut all = Vec::new();
    all.push((
        <Details as utoipa::ToSchema>::name().into_owned(),
        <Details as utoipa::PartialSchema>::schema(),
    ));
    <Details as utoipa::ToSchema>::schemas(&mut all);
    all.into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default()))
        .collect()
}

/// Adds what every endpoint has: who may ask, the refusals, and the conditions.
fn describe(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let tag = operation.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str);
    let name = operation.get("operationId").and_then(Value::as_str);
    if let (Some(tag), Some(name)) = (tag, name) {
        let name = format!("{tag}.{name}");
        operation.insert("operationId".to_owned(), name.into());
    }
    let own = path.starts_with("/api/v1/me");
    let scopes = if path == "/api/v1/me" {
        json!([])
    } else if own {
        json!([crate::ops::api::OWN])
    } else {
        json!([crate::ops::api::ADMINISTER])
    };
    let mut ways = vec![json!({ "access_token": scopes })];
    if !own || path == "/api/v1/me" {
        ways.push(json!({ "api_key": scopes }));
    }
    operation.insert("security".to_owned(), ways.into());
    let header = |name: &str, what: &str| {
        json!({ "name": name, "in": "header", "required": false, "description": what,
            "schema": { "type": "string" } })
    };
    let creates = operation.get("responses").is_some_and(|all| all.get("201").is_some());
    let one = path.contains('{');
    let mut more = Vec::new();
    if creates {
        let mut key = header("Idempotency-Key", "The same for each repetition of this creation.");
        if let Some(schema) = key.get_mut("schema") {
            *schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" });
        }
        more.push(key);
    }
    match method {
        "get" if one => more.push(header("If-None-Match", "Entity tags of what is known already.")),
        "post" | "patch" | "delete" if one && !own && !creates => {
            more.push(header(
                "If-Match",
                "The entity tag of what was read: refused if it was changed since.",
            ));
        }
        _ => {}
    }
    if !more.is_empty()
        && let Some(list) =
            operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut()
    {
        list.extend(more);
    }
    let problem = json!({ "description": "A refusal (RFC 9457).", "content": {
        MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        if method == "get" && one {
            responses.insert("304".to_owned(), json!({ "description": "It is as it was." }));
        }
        responses.insert("default".to_owned(), problem);
    }
}
