//! The tables `resources`, `resource_aliases` and `resource_scopes`.

use std::time::Duration;

use crate::{
    crypto::jwt::Algorithm,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        id::{ClientId, ResourceId},
        resource::{Resource, ResourceScope, ResourceUri, Risk, TokenFormat},
    },
};

const COLUMNS: &str = "id, uri, name, token_lifetime, token_format, algorithm, roles, created_at";

fn from_row(row: &Row<'_>) -> RowResult<Resource> {
    let lifetime: Option<u32> = row.get(3)?;
    let format: String = row.get(4)?;
    let algorithm: Option<String> = row.get(5)?;
    let algorithm = algorithm
        .map(|text| Algorithm::parse(&text).ok_or_else(|| unreadable("resources.algorithm", &text)))
        .transpose()?;
    Ok(Resource {
        id: ResourceId::from_text(row.get::<_, String>(0)?),
        uri: ResourceUri::from_text(row.get(1)?),
        aliases: Vec::new(),
        name: row.get(2)?,
        scopes: Vec::new(),
        roles: super::unwords(&row.get::<_, String>(6)?),
        token_lifetime: lifetime.map(|secs| Duration::from_secs(secs.into())),
        token_format: TokenFormat::parse(&format)
            .ok_or_else(|| unreadable("resources.token_format", &format))?,
        algorithm,
        created_at: row.get(7)?,
    })
}

/// Adds a resource with its aliases and scopes.
pub fn insert(tx: &Write<'_>, resource: &Resource) -> Result<()> {
    tx.exec_one(
        "insert into resources (id, uri, name, created_at) values (?1, ?2, ?3, ?4)",
        params![resource.id.as_str(), resource.uri.as_str(), resource.name, tx.now],
    )?;
    update(tx, resource)
}

/// Writes everything but id and URI over what was.
pub fn update(tx: &Write<'_>, resource: &Resource) -> Result<()> {
    let id = resource.id.as_str();
    tx.exec_one(
        "update resources set name = ?2, token_lifetime = ?3, token_format = ?4, algorithm = ?5, roles = ?6
         where id = ?1",
        params![
            id,
            resource.name,
            resource.token_lifetime.map(|span| i64::try_from(span.as_secs()).unwrap_or(i64::MAX)),
            resource.token_format.as_str(),
            resource.algorithm.map(Algorithm::as_str),
            super::words(&resource.roles),
        ],
    )?;
    tx.exec("delete from resource_aliases where resource_id = ?1", params![id])?;
    for alias in &resource.aliases {
        tx.exec_one(
            "insert into resource_aliases (uri, resource_id) values (?1, ?2)",
            params![alias.as_str(), id],
        )?;
    }
    tx.exec("delete from resource_scopes where resource_id = ?1", params![id])?;
    for (position, scope) in (0_u32..).zip(&resource.scopes) {
        tx.exec_one(
            "insert into resource_scopes (resource_id, scope, description, position, risk, is_default)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                id,
                scope.name,
                scope.description,
                position,
                scope.risk.as_str(),
                scope.is_default
            ],
        )?;
    }
    Ok(())
}

/// Finds a resource by its canonical URI or one of its aliases.
pub fn by_uri(r: &Read<'_>, uri: &ResourceUri) -> Result<Option<Resource>> {
    r.remembered("resource", uri.as_str(), || {
        let sql = format!(
            "select {COLUMNS} from resources where uri = ?1
             or id = (select resource_id from resource_aliases where uri = ?1)"
        );
        r.one(&sql, params![uri.as_str()], from_row)?.map(|row| with_details(r, row)).transpose()
    })
}

/// Whether a resource is at this origin, by its identifier or an alias.
pub fn is_at(r: &Read<'_>, origin: &str) -> Result<bool> {
    // What is below an origin begins with it and a slash, and ends before whatever follows the slash in the alphabet.
    let found = r.one(
        "select 1 from resources where uri = ?1 or (uri >= ?1 || '/' and uri < ?1 || '0')
         union all
         select 1 from resource_aliases where uri = ?1 or (uri >= ?1 || '/' and uri < ?1 || '0') limit 1",
        params![origin],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

/// Resources that offer a scope.
pub fn offering(r: &Read<'_>, scope: &str) -> Result<Vec<ResourceId>> {
    r.all(
        "select resource_id from resource_scopes where scope = ?1 order by resource_id",
        params![scope],
        |row| Ok(ResourceId::from_text(row.get::<_, String>(0)?)),
    )
}

/// Finds a resource by its id.
pub fn by_id(r: &Read<'_>, id: &ResourceId) -> Result<Option<Resource>> {
    let sql = format!("select {COLUMNS} from resources where id = ?1");
    r.one(&sql, params![id.as_str()], from_row)?.map(|row| with_details(r, row)).transpose()
}

/// The clients that are registered for this resource and for no other.
pub fn sole_clients(r: &Read<'_>, id: &ResourceId) -> Result<Vec<ClientId>> {
    r.all(
        "select client_id from client_resources group by client_id
         having count(*) = 1 and max(resource_id) = ?1 order by client_id",
        params![id.as_str()],
        |row| Ok(ClientId::from_text(row.get::<_, String>(0)?)),
    )
}

/// Every resource by URI.
pub fn list(r: &Read<'_>) -> Result<Vec<Resource>> {
    let sql = format!("select {COLUMNS} from resources order by uri");
    let rows = r.all(&sql, params![], from_row)?;
    rows.into_iter().map(|row| with_details(r, row)).collect()
}

/// What resources want their tokens signed with, where they want something of their own.
pub fn algorithms(r: &Read<'_>) -> Result<Vec<Algorithm>> {
    let sql =
        "select distinct algorithm from resources where algorithm is not null order by algorithm";
    r.all(sql, params![], |row| {
        let text: String = row.get(0)?;
        Algorithm::parse(&text).ok_or_else(|| unreadable("resources.algorithm", &text))
    })
}

/// The longest lifetime that a resource gives its access tokens; none when all are as configured.
pub fn longest_lifetime(r: &Read<'_>) -> Result<Option<Duration>> {
    let longest: Option<Option<u32>> =
        r.one("select max(token_lifetime) from resources", params![], |row| row.get(0))?;
    Ok(longest.flatten().map(|secs| Duration::from_secs(secs.into())))
}

fn with_details(r: &Read<'_>, mut resource: Resource) -> Result<Resource> {
    resource.scopes = r.all(
        "select scope, description, risk, is_default from resource_scopes where resource_id = ?1 order by position",
        params![resource.id.as_str()],
        |row| {
            let risk: String = row.get(2)?;
            Ok(ResourceScope {
                name: row.get(0)?,
                description: row.get(1)?,
                risk: Risk::parse(&risk).ok_or_else(|| unreadable("resource_scopes.risk", &risk))?,
                is_default: row.get(3)?,
            })
        },
    )?;
    resource.aliases = r.all(
        "select uri from resource_aliases where resource_id = ?1 order by uri",
        params![resource.id.as_str()],
        |row| row.get(0).map(ResourceUri::from_text),
    )?;
    Ok(resource)
}

/// Removes a resource; false when there was none.
pub fn delete(tx: &Write<'_>, id: &ResourceId) -> Result<bool> {
    Ok(tx.exec("delete from resources where id = ?1", params![id.as_str()])? == 1)
}

/// Resources by identifier, those after this one.
pub fn slice(r: &Read<'_>, after: Option<&str>, limit: u32) -> Result<Vec<Resource>> {
    let sql = format!("select {COLUMNS} from resources where uri > ?1 order by uri limit ?2");
    let rows = r.all(&sql, params![after.unwrap_or_default(), limit], from_row)?;
    rows.into_iter().map(|row| with_details(r, row)).collect()
}
