//! The answer to an authorization request on its way to the client, in the mode that it asked for (RFC 6749 §4.1.2,
//! RFC 9207, OAuth 2.0 Form Post Response Mode). What is answered is decided in `begin` and `authorize`.

use super::{Refusal, terms::Terms};
use crate::{
    db::Read,
    error::Result,
    model::{
        authorization::ResponseMode,
        client::{Client, ClientOrigin},
        id::TraceId,
        redirect::{host_of, is_local},
    },
    ops::env::Env,
    store,
};

/// An answer, ready to be sent through the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A URL to redirect to.
    Redirect(String),
    /// A form that the browser posts.
    Post(Post),
}

/// An answer in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The redirect URI to the letter.
    pub action: String,
    /// Names and values, each name once.
    pub fields: Vec<(String, String)>,
}

/// A refusal that waits for the person's own doing: nobody here vouches for where it would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The refusal.
    pub refusal: Refusal,
    /// Where it is told of.
    pub story: Option<TraceId>,
    /// The host or the scheme of the app, as a person should see it.
    pub place: String,
    /// Where the app would be told; none where a link cannot tell it.
    pub back: Option<String>,
}

/// Where an answer goes, once that is certain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Return<'a> {
    /// One of the client's redirect URIs.
    pub(super) uri: &'a str,
    /// The client's own mark.
    pub(super) state: Option<&'a str>,
    /// How the answer travels.
    pub(super) mode: ResponseMode,
}

impl Return<'_> {
    /// The answer that tells the client of a refusal (RFC 6749 §4.1.2.1).
    pub(super) fn refuse(self, env: &Env, refusal: &Refusal) -> Reply {
        let (code, why) = (refusal.code.as_str(), refusal.description.as_ref());
        self.answer(env, &[("error", code), ("error_description", why)])
    }

    /// The same, not sent before the person wants it.
    pub(super) fn hold(self, env: &Env, refusal: Refusal, story: Option<&TraceId>) -> Held {
        let back = match self.refuse(env, &refusal) {
            Reply::Redirect(url) => Some(url),
            Reply::Post(_) => None,
        };
        let scheme = || self.uri.split(':').next().unwrap_or_default().to_owned();
        Held {
            refusal,
            story: story.cloned(),
            place: host_of(self.uri).unwrap_or_else(scheme),
            back,
        }
    }

    /// An answer: `state` as it came and `iss` always.
    pub(super) fn answer(self, env: &Env, pairs: &[(&str, &str)]) -> Reply {
        let state = self.state.map(|state| ("state", state));
        let issuer = ("iss", Terms::of(env).issuer);
        let all = pairs.iter().copied().chain(state).chain([issuer]);
        match self.mode {
            ResponseMode::Query => Reply::Redirect(in_query(self.uri, all)),
            ResponseMode::FormPost => Reply::Post(Post {
                action: self.uri.to_owned(),
                fields: all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            }),
        }
    }
}

/// Whether a browser may be sent to `uri`, one of the client's own, before anybody has signed in (RFC 9700 §4.11.2). Who
/// registers by themselves chooses where that is, so that anyone could have this server lead to anywhere. An operator
/// vouches for what they entered or let in, and an answer to this very computer leads nowhere else.
pub(super) fn may_redirect(r: &Read<'_>, client: &Client, uri: &str) -> Result<bool> {
    match client.origin {
        ClientOrigin::BuiltIn | ClientOrigin::Static => Ok(true),
        ClientOrigin::Dynamic | ClientOrigin::Document if is_local(uri) => Ok(true),
        ClientOrigin::Dynamic | ClientOrigin::Document => {
            store::registration::is_approved(r, &client.id)
        }
    }
}

/// The redirect URI as it came, its own query first.
pub(super) fn in_query<'a>(
    uri: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let joint = match uri.find('?') {
        None => "?",
        Some(at) if at + 1 == uri.len() || uri.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", query.finish())
}
