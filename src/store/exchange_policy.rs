//! The table `exchange_policies`.

use crate::{
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        exchange::{ExchangePolicy, Passage},
        id::ClientId,
        resource::ResourceUri,
    },
};

const SELECT: &str = "select p.client_id, a.uri, b.uri, p.scopes, p.created_at
    from exchange_policies p join resources a on a.id = p.from_resource join resources b on b.id = p.to_resource";

fn from_row(row: &Row<'_>) -> RowResult<ExchangePolicy> {
    let scopes: String = row.get(3)?;
    let passages = scopes
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| Passage::parse(word).map_err(|_| unreadable("exchange_policies.scopes", word)))
        .collect::<RowResult<_>>()?;
    Ok(ExchangePolicy {
        client_id: ClientId::from_text(row.get::<_, String>(0)?),
        from: ResourceUri::from_text(row.get(1)?),
        to: ResourceUri::from_text(row.get(2)?),
        scopes: passages,
        created_at: row.get(4)?,
    })
}

/// Writes what is allowed over what was for the same client and resources; both resources must be registered.
pub fn put(tx: &Write<'_>, policy: &ExchangePolicy) -> Result<()> {
    let scopes: Vec<String> = policy.scopes.iter().map(ToString::to_string).collect();
    tx.exec_one(
        "insert into exchange_policies (client_id, from_resource, to_resource, scopes, created_at)
         select ?1, a.id, b.id, ?4, ?5 from resources a, resources b where a.uri = ?2 and b.uri = ?3
         on conflict (client_id, from_resource, to_resource) do update set scopes = excluded.scopes",
        params![
            policy.client_id.as_str(),
            policy.from.as_str(),
            policy.to.as_str(),
            super::words(&scopes),
            policy.created_at,
        ],
    )
}

/// Takes it back; false when there was nothing.
pub fn delete(
    tx: &Write<'_>,
    client: &ClientId,
    from: &ResourceUri,
    to: &ResourceUri,
) -> Result<bool> {
    let gone = tx.exec(
        "delete from exchange_policies where client_id = ?1
            and from_resource = (select id from resources where uri = ?2)
            and to_resource = (select id from resources where uri = ?3)",
        params![client.as_str(), from.as_str(), to.as_str()],
    )?;
    Ok(gone == 1)
}

/// What a client is allowed.
pub fn of_client(r: &Read<'_>, client: &ClientId) -> Result<Vec<ExchangePolicy>> {
    let sql = format!("{SELECT} where p.client_id = ?1 order by a.uri, b.uri");
    r.all(&sql, params![client.as_str()], from_row)
}

/// What anybody is allowed.
pub fn list(r: &Read<'_>) -> Result<Vec<ExchangePolicy>> {
    let sql = format!("{SELECT} order by p.client_id, a.uri, b.uri");
    r.all(&sql, params![], from_row)
}
