//! `/api/v1/resources`: MCP servers and APIs that tokens are for.

use std::time::Duration;

use axum::{Json, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::{Desk, Id, blocking},
    input::{Bare, Body},
    page::{Page, PageParams, Paged},
    problem::Problem,
};
use crate::{
    crypto::jwt::Algorithm,
    db::Read,
    error::Result as CoreResult,
    model::{
        actor::Actor,
        id::ResourceId,
        resource::{Resource as Row, Risk, TokenFormat},
    },
    ops::{
        self,
        env::Env,
        resource::{Change, New, Setting, document},
    },
    view::resource::{Deleted, Resource},
};

fn view(env: &Env, row: &Row) -> CoreResult<Resource> {
    Ok(Resource::of(row, document::address(env, row)?, document::challenge(env, row)?))
}

/// A resource by its id alone: no address stands in a path.
fn find(r: &Read<'_>, who: &Actor, id: &str) -> CoreResult<Row> {
    ops::resource::by_id(r, who, &ResourceId::from_text(id))
}

fn current(
    id: &str,
) -> impl FnOnce(&Read<'_>, &Env, &Actor) -> CoreResult<Resource> + Send + use<> {
    let id = id.to_owned();
    move |r, env, who| view(env, &find(r, who, &id)?)
}

/// Lists resources by identifier.
#[utoipa::path(get, path = "/api/v1/resources", tag = "resources", params(PageParams),
    responses((status = 200, body = Page<Resource>)))]
pub async fn list(
    Admin(desk, page): Admin<Paged<super::input::Nothing>>,
) -> Result<Response, Problem> {
    let rows = desk.read(|r, env, who| {
        let rows = ops::resource::slice(r, who, page.last(), page.fetch())?;
        rows.iter().map(|row| view(env, row)).collect::<CoreResult<Vec<_>>>()
    })?;
    let key = |row: &Resource| vec![row.uri.clone()];
    Ok(page.answer(desk.env(), rows, key, Resource::clone))
}

/// What a scope can do.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RiskWord {
    /// Little harm.
    Low,
    /// As usual.
    Normal,
    /// It takes a fresh second factor, and is given only by name.
    Sensitive,
}

/// A scope of a resource.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeSaid {
    /// Its name.
    name: String,
    /// What it lets an app do, for people who are asked.
    #[schema(min_length = 1)]
    description: String,
    /// How much harm it can do.
    risk: Option<RiskWord>,
    /// Whether a client gets it that names no scope; all but sensitive ones when nothing is said.
    default: Option<bool>,
}

/// What tokens look like.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormatWord {
    /// The resource reads them itself.
    Jwt,
    /// The resource asks here about them.
    Opaque,
}

/// What tokens are signed with.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub enum AlgorithmWord {
    /// As configured.
    #[serde(rename = "configured")]
    Configured,
    /// RSA.
    RS256,
    /// RSA with PSS.
    PS256,
    /// P-256.
    ES256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl AlgorithmWord {
    pub(super) fn algorithm(self) -> Option<Algorithm> {
        match self {
            Self::Configured => None,
            Self::RS256 => Some(Algorithm::RS256),
            Self::PS256 => Some(Algorithm::PS256),
            Self::ES256 => Some(Algorithm::ES256),
            Self::EdDsa => Some(Algorithm::EdDSA),
        }
    }
}

/// A resource to be registered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewResource {
    /// Its identifier: the URL that people give their client.
    uri: String,
    /// What people see; the identifier when nothing is said.
    name: Option<String>,
    /// Its scopes.
    #[serde(default)]
    scopes: Vec<ScopeSaid>,
    /// Other spellings that clients use for it.
    #[serde(default)]
    aliases: Vec<String>,
    /// The roles of which one is needed to use it; anyone may when nothing is said.
    #[serde(default)]
    roles: Vec<String>,
    /// Seconds that its access tokens live; 0: as configured.
    #[schema(maximum = 86_400)]
    token_lifetime: Option<u32>,
    /// What its access tokens look like.
    token_format: Option<FormatWord>,
    /// What its access tokens are signed with.
    algorithm: Option<AlgorithmWord>,
}

/// What is to change of a resource; what is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceChange {
    /// What people see.
    name: Option<String>,
    /// Scopes that are added, and those that are described anew.
    #[serde(default)]
    scopes: Vec<ScopeSaid>,
    /// Scopes that go.
    #[serde(default)]
    remove_scopes: Vec<String>,
    /// Spellings that are added.
    #[serde(default)]
    aliases: Vec<String>,
    /// Spellings that go.
    #[serde(default)]
    remove_aliases: Vec<String>,
    /// Exactly these roles; an empty list: anyone may.
    roles: Option<Vec<String>>,
    /// Seconds that its access tokens live; 0: as configured.
    #[schema(maximum = 86_400)]
    token_lifetime: Option<u32>,
    /// What its access tokens look like.
    token_format: Option<FormatWord>,
    /// What its access tokens are signed with.
    algorithm: Option<AlgorithmWord>,
}

impl ResourceChange {
    fn change(self) -> Change {
        let mut change = Change {
            name: self.name,
            without_scopes: self.remove_scopes,
            aliases: self.aliases,
            without_aliases: self.remove_aliases,
            roles: self.roles,
            token_lifetime: match self.token_lifetime {
                None => Setting::Same,
                Some(0) => Setting::Configured,
                Some(seconds) => Setting::To(Duration::from_secs(seconds.into())),
            },
            token_format: self.token_format.map(|format| match format {
                FormatWord::Jwt => TokenFormat::Jwt,
                FormatWord::Opaque => TokenFormat::Opaque,
            }),
            algorithm: match self.algorithm {
                None => Setting::Same,
                Some(word) => word.algorithm().map_or(Setting::Configured, Setting::To),
            },
            ..Change::default()
        };
        for ScopeSaid { name, description, risk, default } in self.scopes {
            change.scopes.push((name.clone(), description));
            let risk = risk.map(|risk| match risk {
                RiskWord::Low => Risk::Low,
                RiskWord::Normal => Risk::Normal,
                RiskWord::Sensitive => Risk::Sensitive,
            });
            // What is sensitive is given by name alone, unless the contrary is said.
            let default = default.or((risk == Some(Risk::Sensitive)).then_some(false));
            change.risks.extend(risk.map(|risk| (name.clone(), risk)));
            change.defaults.extend(default.map(|default| (name, default)));
        }
        change
    }
}

/// Tokens may be asked for at once, so the key that signs them is made before.
async fn make_key(desk: &Desk, change: &Change) -> Result<(), Problem> {
    let Setting::To(algorithm) = change.algorithm else { return Ok(()) };
    let app = desk.app.clone();
    blocking(move || ops::key::ensure_one(&app.db, &app.env, algorithm)).await
}

/// Registers a resource.
#[utoipa::path(post, path = "/api/v1/resources", tag = "resources", request_body = NewResource,
    responses((status = 201, body = Resource)))]
pub async fn create(
    Admin(desk, _): Admin,
    Body { said, digest }: Body<NewResource>,
) -> Result<Response, Problem> {
    let settings = ResourceChange {
        name: None,
        scopes: said.scopes,
        remove_scopes: Vec::new(),
        aliases: said.aliases,
        remove_aliases: Vec::new(),
        roles: Some(said.roles),
        token_lifetime: said.token_lifetime,
        token_format: said.token_format,
        algorithm: said.algorithm,
    };
    let settings = settings.change();
    make_key(&desk, &settings).await?;
    let name = said.name.unwrap_or_default();
    let new = New { uri: said.uri, name, settings, ..New::default() };
    desk.create(&digest, move |tx, env, who| {
        ops::resource::must_exist(env, new.settings.roles.as_deref().unwrap_or_default())?;
        let made = ops::resource::add(tx, who, new)?;
        Ok((format!("/api/v1/resources/{}", made.id), view(env, &made)?))
    })
    .await
}

/// Shows a resource.
#[utoipa::path(get, path = "/api/v1/resources/{id}", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = Resource)))]
pub async fn show(Admin(desk, _): Admin, Id(id): Id) -> Result<Response, Problem> {
    let resource = desk.read(current(&id))?;
    desk.show(&resource)
}

/// Changes a resource and its scopes.
#[utoipa::path(patch, path = "/api/v1/resources/{id}", tag = "resources", params(("id" = String, Path)),
    request_body = ResourceChange, responses((status = 200, body = Resource)))]
pub async fn edit(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, .. }: Body<ResourceChange>,
) -> Result<Response, Problem> {
    let change = said.change();
    make_key(&desk, &change).await?;
    let job = desk.change(current(&id), move |tx, env, who| {
        ops::resource::must_exist(env, change.roles.as_deref().unwrap_or_default())?;
        let id = find(tx, who, &id)?.id;
        view(env, &ops::resource::edit(tx, who, &id, change)?)
    });
    desk.show(&job.await?)
}

/// Removes a resource; its tokens end.
#[utoipa::path(delete, path = "/api/v1/resources/{id}", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = Deleted)))]
pub async fn delete(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Deleted>, Problem> {
    let job = desk.change(current(&id), move |tx, _, who| {
        let resource = find(tx, who, &id)?;
        let id: ResourceId = resource.id;
        let clients_disabled = ops::resource::delete(tx, who, &id)?;
        Ok(Deleted { deleted: resource.uri.as_str().to_owned(), clients_disabled })
    });
    Ok(Json(job.await?))
}
