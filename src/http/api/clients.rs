//! `/api/v1/clients`: apps that ask for tokens. What is done to one is in `client_acts`.

use axum::{Json, response::Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::Id,
    input::{Bare, Body},
    page::{Page, PageParams, Paged},
    problem::Problem,
    users::needle,
};
use crate::{
    db::Read,
    error::Result as CoreResult,
    model::{
        actor::Actor,
        client::{Client as Row, ClientOrigin, ClientState},
        id::ClientId,
    },
    ops::{
        self,
        client::{Change, New, Slice},
        env::Env,
    },
    view::{
        agent::Deleted,
        client::{Client, Made, Summary},
    },
};

/// The states of a client.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateWord {
    /// It may be used.
    Active,
    /// Not before an administrator agrees.
    Pending,
    /// It was switched off.
    Disabled,
}

/// Where a client comes from.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OriginWord {
    /// With the program.
    BuiltIn,
    /// By hand.
    Static,
    /// By itself.
    Dynamic,
    /// By its document.
    Document,
}

/// Which clients.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ClientFilter {
    /// Only those whose name or id holds this, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<StateWord>,
    /// Only those that came this way.
    #[param(inline)]
    origin: Option<OriginWord>,
}

pub(super) fn current(
    id: &ClientId,
) -> impl FnOnce(&Read<'_>, &Env, &Actor) -> CoreResult<Client> + Send + use<> {
    let id = id.clone();
    move |r, _, who| Ok(Client::of(&ops::client::by_id(r, who, &id)?))
}

/// Lists clients by id.
#[utoipa::path(get, path = "/api/v1/clients", tag = "clients", params(PageParams, ClientFilter),
    responses((status = 200, body = Page<Client>)))]
pub async fn list(Admin(desk, page): Admin<Paged<ClientFilter>>) -> Result<Response, Problem> {
    let ClientFilter { q, state, origin } = page.filter.clone();
    let slice = Slice {
        filter: needle(q)?,
        state: state.map(|state| match state {
            StateWord::Active => ClientState::Active,
            StateWord::Pending => ClientState::Pending,
            StateWord::Disabled => ClientState::Disabled,
        }),
        origin: origin.map(|origin| match origin {
            OriginWord::BuiltIn => ClientOrigin::BuiltIn,
            OriginWord::Static => ClientOrigin::Static,
            OriginWord::Dynamic => ClientOrigin::Dynamic,
            OriginWord::Document => ClientOrigin::Document,
        }),
        after: page.last().map(ClientId::from_text),
        limit: page.fetch(),
    };
    let rows = desk.read_long(move |r, _, who| ops::client::slice(r, who, &slice)).await?;
    let key = |row: &Row| vec![row.id.to_string()];
    Ok(page.answer(desk.env(), rows, key, Client::of))
}

/// A client to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct NewClient {
    /// What people see.
    name: String,
    /// A chosen `client_id`; one is made when nothing is said.
    client_id: Option<String>,
    /// Where answers may go.
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Whether it cannot keep a secret.
    #[serde(default)]
    public: bool,
    /// What it may do; code and refresh when nothing is said.
    #[serde(default)]
    grant_types: Vec<String>,
    /// What it may ask for; the standard scopes when nothing is said.
    #[serde(default)]
    scopes: Vec<String>,
    /// What it may ask tokens for; any registered resource when nothing is said.
    #[serde(default)]
    resources: Vec<String>,
    /// How it proves itself; as follows from the rest when nothing is said.
    token_endpoint_auth_method: Option<String>,
    /// Its public keys, a JWK set, instead of a secret.
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// Where its public keys are, instead.
    jwks_uri: Option<String>,
    /// Whether a repeated refresh is theft at once.
    #[serde(default)]
    strict_refresh: bool,
    /// Its home page.
    client_uri: Option<String>,
    /// Where a person may go after signing out.
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    /// Who is told when a session ends.
    backchannel_logout_uri: Option<String>,
    /// Whether it gets sender-constrained tokens only.
    #[serde(default)]
    dpop_bound: bool,
    /// Whether it must push its requests.
    #[serde(default)]
    par_required: bool,
}

/// Makes a client. Its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/clients", tag = "clients", request_body = NewClient,
    responses((status = 201, body = Made)))]
pub async fn create(
    Admin(desk, _): Admin,
    Body { said, digest }: Body<NewClient>,
) -> Result<Response, Problem> {
    let new = New {
        name: said.name,
        id: said.client_id,
        redirect_uris: said.redirect_uris,
        public: said.public,
        grant_types: said.grant_types,
        scopes: said.scopes,
        resources: said.resources,
        auth_method: said.token_endpoint_auth_method,
        jwks: said.jwks,
        jwks_uri: said.jwks_uri,
        strict_refresh: said.strict_refresh,
        client_uri: said.client_uri,
        post_logout_redirect_uris: said.post_logout_redirect_uris,
        backchannel_logout_uri: said.backchannel_logout_uri,
        dpop_bound: said.dpop_bound,
        par_required: said.par_required,
        ..New::default()
    };
    desk.create(&digest, move |tx, _, who| {
        let made = ops::client::create(tx, who, new)?;
        let client_secret = made.secret.map(|secret| secret.expose().to_owned());
        let told = Made { summary: Summary::of(&made.client), client_secret };
        Ok((place(&made.client.id), told))
    })
    .await
}

/// The address of a client; a chosen id may hold anything.
fn place(id: &ClientId) -> String {
    let id: String = form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect();
    format!("/api/v1/clients/{}", id.replace('+', "%20"))
}

/// Shows a client.
#[utoipa::path(get, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Client)))]
pub async fn show(Admin(desk, _): Admin, Id(id): Id) -> Result<Response, Problem> {
    let client = desk.read(current(&ClientId::from_text(id)))?;
    desk.show(&client)
}

/// What is to change of a client; what is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientChange {
    /// What people see.
    name: Option<String>,
    /// Where answers may go.
    redirect_uris: Option<Vec<String>>,
    /// What it may do.
    grant_types: Option<Vec<String>>,
    /// What it may ask for.
    scopes: Option<Vec<String>>,
    /// What it may ask tokens for.
    resources: Option<Vec<String>>,
    /// How it proves itself.
    token_endpoint_auth_method: Option<String>,
    /// Whether a repeated refresh is theft at once.
    strict_refresh: Option<bool>,
    /// Its home page; empty: none.
    client_uri: Option<String>,
    /// Where a person may go after signing out.
    post_logout_redirect_uris: Option<Vec<String>>,
    /// Who is told when a session ends; empty: nobody.
    backchannel_logout_uri: Option<String>,
    /// Whether it gets sender-constrained tokens only.
    dpop_bound: Option<bool>,
    /// Whether it must push its requests.
    par_required: Option<bool>,
}

/// Changes a client.
#[utoipa::path(patch, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)),
    request_body = ClientChange, responses((status = 200, body = Client)))]
pub async fn edit(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, .. }: Body<ClientChange>,
) -> Result<Response, Problem> {
    let id = ClientId::from_text(id);
    let change = Change {
        name: said.name,
        redirect_uris: said.redirect_uris,
        grant_types: said.grant_types,
        scopes: said.scopes,
        resources: said.resources,
        auth_method: said.token_endpoint_auth_method,
        strict_refresh: said.strict_refresh,
        client_uri: said.client_uri,
        post_logout_redirect_uris: said.post_logout_redirect_uris,
        backchannel_logout_uri: said.backchannel_logout_uri,
        dpop_bound: said.dpop_bound,
        par_required: said.par_required,
    };
    let job = desk.change(current(&id), move |tx, _, who| {
        Ok(Client::of(&ops::client::edit(tx, who, &id, change)?))
    });
    desk.show(&job.await?)
}

/// Removes a client and all it was given.
#[utoipa::path(delete, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Deleted)))]
pub async fn delete(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Deleted>, Problem> {
    let id = ClientId::from_text(id);
    let job = desk.change(current(&id), move |tx, _, who| {
        let client = ops::client::by_id(tx, who, &id)?;
        ops::client::delete(tx, who, &id)?;
        Ok(Deleted { deleted: client.id.to_string(), name: client.name })
    });
    Ok(Json(job.await?))
}
