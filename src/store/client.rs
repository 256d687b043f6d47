//! The tables `clients`, `client_redirect_uris` and `client_resources`.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        client::{AuthMethod, Client, ClientOrigin, GrantType},
        id::ClientId,
        redirect::RedirectUri,
        resource::ResourceUri,
    },
};

// The separator of redirect URIs and resources is a line feed: neither may hold one.
const COLUMNS: &str = "c.id, c.name, c.auth_method, c.grant_types, c.scopes, c.origin, c.strict_refresh, c.state,
    c.created_at, c.last_used_at,
    (select group_concat(uri, char(10) order by position) from client_redirect_uris where client_id = c.id),
    (select group_concat(r.uri, char(10) order by r.uri) from client_resources cr
        join resources r on r.id = cr.resource_id where cr.client_id = c.id)";

fn from_row(row: &Row<'_>) -> RowResult<Client> {
    let method: String = row.get(2)?;
    let grants: String = row.get(3)?;
    let lines = |at: usize| -> RowResult<Vec<String>> {
        let text: Option<String> = row.get(at)?;
        Ok(text.map(|text| text.split('\n').map(str::to_owned).collect()).unwrap_or_default())
    };
    Ok(Client {
        id: ClientId::from_text(row.get::<_, String>(0)?),
        name: row.get(1)?,
        auth_method: AuthMethod::parse(&method)
            .ok_or_else(|| unreadable("clients.auth_method", &method))?,
        grant_types: grants
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| GrantType::parse(word).map_err(|_| unreadable("clients.grant_types", word)))
            .collect::<RowResult<_>>()?,
        scopes: super::scopes(&row.get::<_, String>(4)?),
        origin: if row.get::<_, String>(5)? == ClientOrigin::BuiltIn.as_str() {
            ClientOrigin::BuiltIn
        } else {
            ClientOrigin::Static
        },
        strict_refresh: row.get(6)?,
        disabled: row.get::<_, String>(7)? != "active",
        created_at: row.get(8)?,
        last_used_at: row.get(9)?,
        redirect_uris: lines(10)?.into_iter().map(RedirectUri::from_text).collect(),
        resources: lines(11)?.into_iter().map(ResourceUri::from_text).collect(),
    })
}

/// Adds a client; its redirect URIs and resources come after.
pub fn insert(tx: &Write<'_>, client: &Client, secret: Option<&Hashed>) -> Result<()> {
    tx.exec_one(
        "insert into clients (id, name, secret_hash, auth_method, grant_types, scopes, origin, strict_refresh,
                              state, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'active', ?9, ?9)",
        params![
            client.id.as_str(),
            client.name,
            secret.map(Hashed::as_bytes),
            client.auth_method.as_str(),
            grant_words(client),
            client.scopes.to_string(),
            client.origin.as_str(),
            client.strict_refresh,
            tx.now,
        ],
    )?;
    set_redirect_uris(tx, &client.id, &client.redirect_uris)?;
    set_resources(tx, &client.id, &client.resources)
}

/// Writes name, grant types, scopes, redirect URIs and resources over those before.
pub fn update(tx: &Write<'_>, client: &Client) -> Result<()> {
    tx.exec_one(
        "update clients set name = ?2, grant_types = ?3, scopes = ?4, strict_refresh = ?5, updated_at = ?6
         where id = ?1",
        params![
            client.id.as_str(),
            client.name,
            grant_words(client),
            client.scopes.to_string(),
            client.strict_refresh,
            tx.now,
        ],
    )?;
    set_redirect_uris(tx, &client.id, &client.redirect_uris)?;
    set_resources(tx, &client.id, &client.resources)
}

fn grant_words(client: &Client) -> String {
    client.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>().join(" ")
}

fn set_redirect_uris(tx: &Write<'_>, id: &ClientId, uris: &[RedirectUri]) -> Result<()> {
    tx.exec("delete from client_redirect_uris where client_id = ?1", params![id.as_str()])?;
    for (position, uri) in (0_u32..).zip(uris) {
        tx.exec_one(
            "insert into client_redirect_uris (client_id, uri, position) values (?1, ?2, ?3)",
            params![id.as_str(), uri.as_str(), position],
        )?;
    }
    Ok(())
}

fn set_resources(tx: &Write<'_>, id: &ClientId, uris: &[ResourceUri]) -> Result<()> {
    tx.exec("delete from client_resources where client_id = ?1", params![id.as_str()])?;
    for uri in uris {
        tx.exec_one(
            "insert into client_resources (client_id, resource_id)
             select ?1, id from resources where uri = ?2",
            params![id.as_str(), uri.as_str()],
        )?;
    }
    Ok(())
}

/// Finds a client by id.
pub fn by_id(r: &Read<'_>, id: &ClientId) -> Result<Option<Client>> {
    let sql = format!("select {COLUMNS} from clients c where c.id = ?1");
    r.one(&sql, params![id.as_str()], from_row)
}

/// Finds clients by exact name; names need not be unique.
pub fn by_name(r: &Read<'_>, name: &str) -> Result<Vec<Client>> {
    let sql = format!("select {COLUMNS} from clients c where c.name = ?1 order by c.id");
    r.all(&sql, params![name], from_row)
}

/// The digest of a client's secret.
pub fn secret_hash(r: &Read<'_>, id: &ClientId) -> Result<Option<Hashed>> {
    let found: Option<Option<Vec<u8>>> =
        r.one("select secret_hash from clients where id = ?1", params![id.as_str()], |row| {
            row.get(0)
        })?;
    Ok(found.flatten().and_then(|bytes| Hashed::from_bytes(&bytes)))
}

/// Replaces a client's secret.
pub fn set_secret(tx: &Write<'_>, id: &ClientId, secret: &Hashed) -> Result<()> {
    tx.exec_one(
        "update clients set secret_hash = ?2, updated_at = ?3 where id = ?1",
        params![id.as_str(), secret.as_bytes(), tx.now],
    )
}

/// Switches a client on or off; false when it was so already.
pub fn set_disabled(tx: &Write<'_>, id: &ClientId, disabled: bool) -> Result<bool> {
    let state = if disabled { "disabled" } else { "active" };
    let changed = tx.exec(
        "update clients set state = ?2, updated_at = ?3 where id = ?1 and state <> ?2",
        params![id.as_str(), state, tx.now],
    )?;
    Ok(changed == 1)
}

/// Notes that a client got a token.
pub fn set_last_used(tx: &Write<'_>, id: &ClientId) -> Result<()> {
    tx.exec_one("update clients set last_used_at = ?2 where id = ?1", params![id.as_str(), tx.now])
}

/// Removes a client and all that hangs on it.
pub fn delete(tx: &Write<'_>, id: &ClientId) -> Result<()> {
    tx.exec_one("delete from clients where id = ?1", params![id.as_str()])
}

/// Every client by name.
pub fn list(r: &Read<'_>, limit: u32) -> Result<Vec<Client>> {
    let sql = format!("select {COLUMNS} from clients c order by c.name, c.id limit ?1");
    r.all(&sql, params![limit], from_row)
}
