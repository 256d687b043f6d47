//! Lists by the page. A cursor names the last thing of the page before, so nothing comes twice and nothing is left out
//! while others come and go. It is sealed against change and good for the same question alone.

use axum::{
    Json,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    input::{Asked, pairs, parse},
    problem::Problem,
};
use crate::{
    app::App,
    crypto::secret::{b64, equal, unb64},
    ops::env::Env,
};

const USUAL: u32 = 50;
const MOST: u32 = 200;
const SEAL: usize = 16;

/// Which page.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only describes what Paged reads")]
pub struct PageParams {
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: `next_cursor` of the page before, with the same other parameters.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What asks for the next page; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The address of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The question for a page.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// Which things.
    pub filter: T,
    /// What the cursor says of the last thing of the page before.
    pub after: Option<Vec<String>>,
    limit: u32,
    path: String,
    asked: Vec<(String, String)>,
}

impl<T: DeserializeOwned> Asked for Paged<T> {
    fn read(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let (about, asked): (Vec<_>, Vec<_>) = pairs(parts)
            .into_iter()
            .partition(|(name, _)| ["limit", "cursor"].contains(&name.as_str()));
        let one = |wanted: &str| {
            let mut all = about.iter().filter(|(name, _)| name == wanted);
            match (all.next(), all.next()) {
                (_, Some(_)) => Err(Problem::parameter(wanted, "it came more than once")),
                (one, None) => Ok(one.map(|(_, value)| value.as_str())),
            }
        };
        let limit = match one("limit")? {
            None => USUAL,
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
                    Problem::parameter("limit", format!("this must be 1 to {MOST}"))
                })?
            }
        };
        let filter = parse(&asked)?;
        let path = parts.uri.path().to_owned();
        let place = place(&path, &asked);
        let after = one("cursor")?.map(|text| open(&app.env, &place, text)).transpose()?;
        Ok(Self { filter, after, limit, path, asked })
    }
}

/// What a cursor belongs to: the list and everything that was asked of it but the page.
fn place(path: &str, asked: &[(String, String)]) -> String {
    let mut asked: Vec<_> = asked.iter().collect();
    asked.sort();
    serde_json::json!([path, asked]).to_string()
}

fn mac(env: &Env, place: &str, body: &[u8]) -> Vec<u8> {
    let mut text = place.as_bytes().to_vec();
    text.push(0);
    text.extend_from_slice(body);
    env.keys.vault.mac("api cursor", &text).into_iter().take(SEAL).collect()
}

fn open(env: &Env, place: &str, text: &str) -> Result<Vec<String>, Problem> {
    let refuse = || {
        Problem::parameter("cursor", "it is none of this list with these parameters")
            .with_next("begin again without a cursor")
    };
    let bytes = unb64(text).ok_or_else(refuse)?;
    let (seal, body) = bytes.split_at_checked(SEAL).ok_or_else(refuse)?;
    if !equal(seal, &mac(env, place, body)) {
        return Err(refuse());
    }
    serde_json::from_slice(body).map_err(|_| refuse())
}

impl<T> Paged<T> {
    /// How many rows to fetch: one more than are shown tells whether there are more.
    pub fn fetch(&self) -> u32 {
        self.limit.saturating_add(1)
    }

    /// The only part of the cursor, for lists that go on by one.
    pub fn last(&self) -> Option<&str> {
        self.after.as_ref().and_then(|parts| parts.first()).map(String::as_str)
    }

    /// The page of these rows; `key` names a row for the cursor.
    pub fn answer<R, V: Serialize>(
        &self,
        env: &Env,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> Vec<String>,
        view: impl FnMut(&R) -> V,
    ) -> Response {
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let cursor = rows.last().filter(|_| more).map(|row| self.cursor(env, &key(row)));
        let next = cursor.as_ref().map(|cursor| self.next(env, cursor));
        let link = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
        let items: Vec<V> = rows.iter().map(view).collect();
        let mut response = Json(Page { items, next_cursor: cursor, next }).into_response();
        if let Some(value) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(header::LINK, value);
        }
        response
    }

    fn cursor(&self, env: &Env, key: &[String]) -> String {
        let body = serde_json::Value::from(key).to_string();
        let mut bytes = mac(env, &place(&self.path, &self.asked), body.as_bytes());
        bytes.extend_from_slice(body.as_bytes());
        b64(&bytes)
    }

    fn next(&self, env: &Env, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.asked);
        query.append_pair("limit", &self.limit.to_string()).append_pair("cursor", cursor);
        format!("{}{}?{}", env.site.path(), self.path, query.finish())
    }
}
