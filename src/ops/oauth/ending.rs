//! How a waiting authorization request ends without a code: its client is told, or the person alone, or nobody is left to
//! tell.

use super::{Refusal, authorize::Next, reply::Return};
use crate::{
    db::Write,
    error::Result,
    model::{
        actor::Actor,
        authorization::AuthorizationRequest,
        id::TraceId,
        trace::{Kind, Rule},
    },
    ops::{
        env::Env,
        trace::{self, Grounds},
    },
    store,
};

/// Answers the client with an error, once.
pub(super) fn refuse(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    request: &AuthorizationRequest,
    refusal: Refusal,
) -> Result<Next> {
    if !store::authorization::take_request(tx, &request.id)? {
        return gone(tx, who, request.trace.as_ref());
    }
    let story = request.trace.as_ref();
    let refusal = trace::refuse(tx, story, refusal, &Grounds::default())?;
    Ok(back(request).refuse(env, &refusal).into())
}

/// The same where nobody has signed in: unless the browser may be led to the client, the person is told instead.
pub(super) fn refuse_or_hold(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    request: &AuthorizationRequest,
    refusal: Refusal,
    led: bool,
) -> Result<Next> {
    if led {
        return refuse(tx, env, who, request, refusal);
    }
    if !store::authorization::take_request(tx, &request.id)? {
        return gone(tx, who, request.trace.as_ref());
    }
    let story = request.trace.as_ref();
    let refusal = trace::refuse(tx, story, refusal, &Grounds::default())?;
    Ok(Next::Held(Box::new(back(request).hold(env, refusal, story))))
}

/// There is nothing to answer: told where the request's own story is, or in one of its own.
pub(super) fn gone(tx: &Write<'_>, who: &Actor, story: Option<&TraceId>) -> Result<Next> {
    trace::page(tx, who, Kind::Authorize, story, Rule::RequestGone).map(Next::Gone)
}

/// Where the answer to a request goes.
pub(super) fn back(request: &AuthorizationRequest) -> Return<'_> {
    Return {
        uri: &request.redirect_uri,
        state: request.state.as_deref(),
        mode: request.response_mode,
    }
}
