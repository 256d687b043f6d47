//! Telling, for whoever asks later, why a request was refused that came to nothing else.

use super::{client_form::ClientForm, error::OAuthError};
use crate::{
    app::App,
    db::Write,
    error::{Error, Kind as Failure, Result},
    http::error::PageError,
    model::{
        actor::{Actor, Origin},
        trace::{Kind, Rule},
    },
    ops::{
        env::Env,
        trace::{self, Brought, Grounds},
    },
};

/// A refusal under the name of its story. When nothing can be written the refusal stays what it is.
pub async fn told(
    app: &App,
    origin: Origin,
    kind: Kind,
    pairs: Vec<(String, String)>,
    refused: OAuthError,
) -> OAuthError {
    let (refusal, who) = (refused.refusal(), Actor::anonymous(origin));
    let told = app
        .db
        .write(move |tx| {
            let grounds = Grounds { pairs: &pairs, ..Grounds::default() };
            trace::alone(tx, &who, kind, refusal, &grounds)
        })
        .await;
    match told {
        Ok(refusal) => refused.told_as(refusal),
        Err(error) => {
            tracing::warn!(%error, "why a request was refused could not be written down");
            refused
        }
    }
}

/// The refusal of a client that did not prove who it is, under the name of its story.
pub fn unproved(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    (form, kind): (&ClientForm, Kind),
    refused: OAuthError,
) -> Result<OAuthError> {
    let came = Brought::new(kind, form.fields.pairs());
    let refusal = trace::unproved(tx, env, who, &form.shown, &came, refused.refusal())?;
    Ok(refused.told_as(refusal))
}

/// An error page under the name of its story: for what the person's browser sent wrong. Whatever else fails has a
/// reference of its own, or needs none.
pub async fn page(app: &App, who: Actor, kind: Kind, rule: Rule, error: Error) -> PageError {
    if error.kind() != Failure::Invalid {
        return error.into();
    }
    match app.db.write(move |tx| trace::page(tx, &who, kind, None, rule)).await {
        Ok(story) => PageError::Told(error, story),
        Err(_) => error.into(),
    }
}
