//! The tables `clients`, `client_redirect_uris` and `client_resources`.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        client::{AuthMethod, Client, ClientOrigin, ClientState, GrantType},
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
        join resources r on r.id = cr.resource_id where cr.client_id = c.id),
    c.jwks, c.jwks_uri, c.client_uri, c.post_logout_redirect_uris, c.backchannel_logout_uri, c.dpop_bound,
    c.par_required, c.not_before, c.either_way";

fn from_row(row: &Row<'_>) -> RowResult<Client> {
    let method: String = row.get(2)?;
    let grants: String = row.get(3)?;
    let (origin, state): (String, String) = (row.get(5)?, row.get(7)?);
    let jwks: Option<String> = row.get(12)?;
    let jwks = jwks
        .map(|text| serde_json::from_str(&text).map_err(|_| unreadable("clients.jwks", &text)))
        .transpose()?;
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
        origin: ClientOrigin::parse(&origin)
            .ok_or_else(|| unreadable("clients.origin", &origin))?,
        strict_refresh: row.get(6)?,
        state: ClientState::parse(&state).ok_or_else(|| unreadable("clients.state", &state))?,
        created_at: row.get(8)?,
        last_used_at: row.get(9)?,
        redirect_uris: lines(10)?.into_iter().map(RedirectUri::from_text).collect(),
        resources: lines(11)?.into_iter().map(ResourceUri::from_text).collect(),
        jwks,
        jwks_uri: row.get(13)?,
        client_uri: row.get(14)?,
        post_logout_redirect_uris: serde_json::from_str(&row.get::<_, String>(15)?)
            .unwrap_or_default(),
        backchannel_logout_uri: row.get(16)?,
        dpop_bound: row.get(17)?,
        par_required: row.get(18)?,
        not_before: row.get(19)?,
        either_way: row.get(20)?,
    })
}

/// Adds a client with its redirect URIs and resources.
pub fn insert(tx: &Write<'_>, client: &Client, secret: Option<&Hashed>) -> Result<()> {
    tx.exec_one(
        "insert into clients (id, name, secret_hash, auth_method, grant_types, scopes, origin, strict_refresh,
                              state, created_at, updated_at)
         values (?1, ?2, ?3, ?4, '', '', ?5, 0, ?6, ?7, ?7)",
        params![
            client.id.as_str(),
            client.name,
            secret.map(Hashed::as_bytes),
            client.auth_method.as_str(),
            client.origin.as_str(),
            client.state.as_str(),
            tx.now,
        ],
    )?;
    update(tx, client)
}

/// Writes everything that may be edited over what was: all but id, secret, origin, state and dates.
pub fn update(tx: &Write<'_>, client: &Client) -> Result<()> {
    tx.exec_one(
        "update clients set name = ?2, auth_method = ?3, grant_types = ?4, scopes = ?5, strict_refresh = ?6,
                jwks = ?7, jwks_uri = ?8, client_uri = ?9, post_logout_redirect_uris = ?10,
                backchannel_logout_uri = ?11, dpop_bound = ?12, par_required = ?13, updated_at = ?14, either_way = ?15
         where id = ?1",
        params![
            client.id.as_str(),
            client.name,
            client.auth_method.as_str(),
            grant_words(client),
            client.scopes.to_string(),
            client.strict_refresh,
            client.jwks.as_ref().map(ToString::to_string),
            client.jwks_uri,
            client.client_uri,
            serde_json::Value::from(client.post_logout_redirect_uris.as_slice()).to_string(),
            client.backchannel_logout_uri,
            client.dpop_bound,
            client.par_required,
            tx.now,
            client.either_way,
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
    r.remembered("client", id.as_str(), || {
        let sql = format!("select {COLUMNS} from clients c where c.id = ?1");
        r.one(&sql, params![id.as_str()], from_row)
    })
}

/// Finds clients by exact name; names need not be unique.
pub fn by_name(r: &Read<'_>, name: &str) -> Result<Vec<Client>> {
    let sql = format!("select {COLUMNS} from clients c where c.name = ?1 order by c.id");
    r.all(&sql, params![name], from_row)
}

/// The digest of a client's secret.
pub fn secret_hash(r: &Read<'_>, id: &ClientId) -> Result<Option<Hashed>> {
    r.remembered("client secret", id.as_str(), || {
        let found: Option<Option<Vec<u8>>> =
            r.one("select secret_hash from clients where id = ?1", params![id.as_str()], |row| {
                row.get(0)
            })?;
        Ok(found.flatten().and_then(|bytes| Hashed::from_bytes(&bytes)))
    })
}

/// Replaces a client's secret.
pub fn set_secret(tx: &Write<'_>, id: &ClientId, secret: &Hashed) -> Result<()> {
    tx.exec_one(
        "update clients set secret_hash = ?2, updated_at = ?3 where id = ?1",
        params![id.as_str(), secret.as_bytes(), tx.now],
    )
}

/// Takes a client's secret away.
pub fn drop_secret(tx: &Write<'_>, id: &ClientId) -> Result<()> {
    tx.exec_one(
        "update clients set secret_hash = null, updated_at = ?2 where id = ?1",
        params![id.as_str(), tx.now],
    )
}

/// Moves a client to a state; false when it was there already.
pub fn set_state(tx: &Write<'_>, id: &ClientId, state: ClientState) -> Result<bool> {
    let changed = tx.exec(
        "update clients set state = ?2, updated_at = ?3 where id = ?1 and state <> ?2",
        params![id.as_str(), state.as_str(), tx.now],
    )?;
    Ok(changed == 1)
}

/// Ends what was issued to a client in its own name until now.
pub fn end_own_tokens(tx: &Write<'_>, id: &ClientId) -> Result<()> {
    tx.exec_one("update clients set not_before = ?2 where id = ?1", params![id.as_str(), tx.now])
}

/// Notes that a client got a token.
pub fn set_last_used(tx: &Write<'_>, id: &ClientId) -> Result<()> {
    tx.exec_one("update clients set last_used_at = ?2 where id = ?1", params![id.as_str(), tx.now])
}

/// Removes a client and all that hangs on it.
pub fn delete(tx: &Write<'_>, id: &ClientId) -> Result<()> {
    tx.exec_one("delete from clients where id = ?1", params![id.as_str()])
}

/// Clients in a state, by name.
pub fn in_state(r: &Read<'_>, state: ClientState) -> Result<Vec<Client>> {
    let sql = format!("select {COLUMNS} from clients c where c.state = ?1 order by c.name, c.id");
    r.all(&sql, params![state.as_str()], from_row)
}

/// Those that wait, then the last used or made.
pub fn recent(r: &Read<'_>, limit: u32) -> Result<Vec<Client>> {
    let sql = format!(
        "select {COLUMNS} from clients c
         order by c.state <> 'pending', max(c.created_at, coalesce(c.last_used_at, 0)) desc, c.id limit ?1"
    );
    r.all(&sql, params![limit], from_row)
}

/// Every client by name.
pub fn list(r: &Read<'_>, limit: u32) -> Result<Vec<Client>> {
    let sql = format!("select {COLUMNS} from clients c order by c.name, c.id limit ?1");
    r.all(&sql, params![limit], from_row)
}

/// Which clients are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Only those whose name or id holds this, in any case.
    pub filter: String,
    /// Only those in this state.
    pub state: Option<ClientState>,
    /// Only those that came this way.
    pub origin: Option<ClientOrigin>,
    /// Only those whose id sorts after this one.
    pub after: Option<ClientId>,
    /// At most so many.
    pub limit: u32,
}

/// Clients by id.
pub fn slice(r: &Read<'_>, slice: &Slice) -> Result<Vec<Client>> {
    let sql = format!(
        "select {COLUMNS} from clients c
         where c.id > ?1 and (?2 = '' or instr(lower(c.name), ?2) > 0 or instr(lower(c.id), ?2) > 0)
           and (?3 is null or c.state = ?3) and (?4 is null or c.origin = ?4)
         order by c.id limit ?5"
    );
    let (state, origin) =
        (slice.state.map(ClientState::as_str), slice.origin.map(ClientOrigin::as_str));
    let after = slice.after.as_ref().map_or("", ClientId::as_str);
    let filter = slice.filter.to_lowercase();
    r.all(&sql, params![after, filter, state, origin, slice.limit], from_row)
}
