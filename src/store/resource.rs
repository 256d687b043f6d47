//! The tables `resources` and `resource_scopes`.

use crate::{
    db::{Read, Write, params},
    error::Result,
    model::{
        id::ResourceId,
        resource::{Resource, ResourceUri},
    },
};

/// Adds a resource with its scopes.
pub fn insert(tx: &Write<'_>, resource: &Resource) -> Result<()> {
    tx.exec_one(
        "insert into resources (id, uri, name, created_at) values (?1, ?2, ?3, ?4)",
        params![resource.id.as_str(), resource.uri.as_str(), resource.name, tx.now],
    )?;
    for (position, (scope, description)) in (0_u32..).zip(&resource.scopes) {
        tx.exec_one(
            "insert into resource_scopes (resource_id, scope, description, position)
             values (?1, ?2, ?3, ?4)",
            params![resource.id.as_str(), scope, description, position],
        )?;
    }
    Ok(())
}

/// Finds a resource by its canonical URI.
pub fn by_uri(r: &Read<'_>, uri: &ResourceUri) -> Result<Option<Resource>> {
    let row = r.one(
        "select id, uri, name from resources where uri = ?1",
        params![uri.as_str()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)),
    )?;
    row.map(|row| with_scopes(r, row)).transpose()
}

/// Every resource by URI.
pub fn list(r: &Read<'_>) -> Result<Vec<Resource>> {
    let rows = r.all("select id, uri, name from resources order by uri", params![], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    rows.into_iter().map(|row| with_scopes(r, row)).collect()
}

fn with_scopes(r: &Read<'_>, (id, uri, name): (String, String, String)) -> Result<Resource> {
    let scopes = r.all(
        "select scope, description from resource_scopes where resource_id = ?1 order by position",
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (id, uri) = (ResourceId::from_text(id), ResourceUri::from_text(uri));
    Ok(Resource { id, uri, name, scopes })
}

/// Removes a resource; false when there was none.
pub fn delete(tx: &Write<'_>, uri: &ResourceUri) -> Result<bool> {
    Ok(tx.exec("delete from resources where uri = ?1", params![uri.as_str()])? == 1)
}
