//! What someone does to their own account by a form of its pages.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    app::App,
    http::{
        error::PageError,
        extract::{From, PageForm, RecentSession, Session},
        fields::Fields,
    },
    model::{actor::Actor, id::UserId},
    ops::session::SignedIn,
};

/// A form of ours, sent by someone who is signed in.
#[derive(Clone, Debug)]
pub struct Act {
    /// Their session.
    pub signed_in: SignedIn,
    /// They, as the asker of what the form is about.
    pub who: Actor,
    /// What the form says.
    pub fields: Fields,
}

impl Act {
    /// Whose account it is.
    pub fn user(&self) -> UserId {
        self.signed_in.user.id.clone()
    }
}

impl FromRequest<App> for Act {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let Ok(From(origin)) = From::from_request_parts(&mut parts, app).await;
        let Session(signed_in) = Session::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts, body);
        let PageForm(fields) = PageForm::from_request(request, app).await?;
        Ok(Self { who: signed_in.actor(origin), signed_in, fields })
    }
}

/// [`Act`] of someone who has just proved who they are; anyone else does so first.
#[derive(Clone, Debug)]
pub struct RecentAct(pub Act);

impl FromRequest<App> for RecentAct {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        RecentSession::from_request_parts(&mut parts, app).await?;
        Act::from_request(Request::from_parts(parts, body), app).await.map(Self)
    }
}

/// Back to a page, which says what was done.
pub fn done(page: &str, what: &str) -> Response {
    Redirect::to(&format!("{page}?done={what}")).into_response()
}
