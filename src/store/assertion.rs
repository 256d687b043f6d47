//! The tables `trusted_issuers`, `linked_identities` and `assertion_audiences`.

use crate::{
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        assertion::{AssertionAudience, IssuerKeys, LinkedIdentity, TrustedIssuer},
        id::{ClientId, UserId},
    },
};

fn issuer_from(row: &Row<'_>) -> RowResult<TrustedIssuer> {
    let (jwks, uri): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
    let keys = match (jwks, uri) {
        (Some(text), _) => IssuerKeys::Own(
            serde_json::from_str(&text)
                .map_err(|error| unreadable("trusted_issuers.jwks", error))?,
        ),
        (None, Some(uri)) => IssuerKeys::At(uri),
        (None, None) => return Err(unreadable("trusted_issuers", "no keys")),
    };
    Ok(TrustedIssuer { issuer: row.get(0)?, keys, by_email: row.get(3)?, created_at: row.get(4)? })
}

/// Adds a provider, or changes its keys and how people are found.
pub fn put_issuer(tx: &Write<'_>, issuer: &TrustedIssuer) -> Result<()> {
    let (jwks, uri) = match &issuer.keys {
        IssuerKeys::Own(jwks) => (Some(jwks.to_string()), None),
        IssuerKeys::At(uri) => (None, Some(uri)),
    };
    tx.exec_one(
        "insert into trusted_issuers (issuer, jwks, jwks_uri, by_email, created_at) values (?1, ?2, ?3, ?4, ?5)
         on conflict (issuer) do update
         set jwks = excluded.jwks, jwks_uri = excluded.jwks_uri, by_email = excluded.by_email",
        params![issuer.issuer, jwks, uri, issuer.by_email, issuer.created_at],
    )
}

/// Finds a provider.
pub fn issuer(r: &Read<'_>, issuer: &str) -> Result<Option<TrustedIssuer>> {
    r.one(
        "select issuer, jwks, jwks_uri, by_email, created_at from trusted_issuers where issuer = ?1",
        params![issuer],
        issuer_from,
    )
}

/// Every provider.
pub fn issuers(r: &Read<'_>) -> Result<Vec<TrustedIssuer>> {
    r.all(
        "select issuer, jwks, jwks_uri, by_email, created_at from trusted_issuers order by issuer",
        params![],
        issuer_from,
    )
}

/// Removes a provider and who its subjects are; false when it was not there.
pub fn delete_issuer(tx: &Write<'_>, issuer: &str) -> Result<bool> {
    Ok(tx.exec("delete from trusted_issuers where issuer = ?1", params![issuer])? == 1)
}

/// Says who a subject is; false when they were somebody else already.
pub fn link(tx: &Write<'_>, identity: &LinkedIdentity) -> Result<bool> {
    let added = tx.exec(
        "insert into linked_identities (issuer, subject, user_id, created_at) values (?1, ?2, ?3, ?4)
         on conflict (issuer, subject) do update set user_id = user_id where user_id = excluded.user_id",
        params![
            identity.issuer,
            identity.subject,
            identity.user_id.as_str(),
            identity.created_at
        ],
    )?;
    Ok(added == 1)
}

/// Takes it back; false when nobody was linked.
pub fn unlink(tx: &Write<'_>, issuer: &str, subject: &str) -> Result<bool> {
    let gone = tx.exec(
        "delete from linked_identities where issuer = ?1 and subject = ?2",
        params![issuer, subject],
    )?;
    Ok(gone == 1)
}

/// Who a subject is.
pub fn linked(r: &Read<'_>, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    r.one(
        "select user_id from linked_identities where issuer = ?1 and subject = ?2",
        params![issuer, subject],
        |row| Ok(UserId::from_text(row.get::<_, String>(0)?)),
    )
}

/// Everybody who is linked with a provider.
pub fn links(r: &Read<'_>, issuer: &str) -> Result<Vec<LinkedIdentity>> {
    r.all(
        "select issuer, subject, user_id, created_at from linked_identities where issuer = ?1 order by subject",
        params![issuer],
        |row| {
            Ok(LinkedIdentity {
                issuer: row.get(0)?,
                subject: row.get(1)?,
                user_id: UserId::from_text(row.get::<_, String>(2)?),
                created_at: row.get(3)?,
            })
        },
    )
}

fn audience_from(row: &Row<'_>) -> RowResult<AssertionAudience> {
    Ok(AssertionAudience {
        audience: row.get(0)?,
        client_id: ClientId::from_text(row.get::<_, String>(1)?),
        client_there: row.get(2)?,
        scopes: super::scopes(&row.get::<_, String>(3)?),
        created_at: row.get(4)?,
    })
}

/// Lets a client take assertions to another server, instead of what was allowed before.
pub fn put_audience(tx: &Write<'_>, allowed: &AssertionAudience) -> Result<()> {
    tx.exec_one(
        "insert into assertion_audiences (audience, client_id, client_there, scopes, created_at)
         values (?1, ?2, ?3, ?4, ?5)
         on conflict (audience, client_id) do update
         set client_there = excluded.client_there, scopes = excluded.scopes",
        params![
            allowed.audience,
            allowed.client_id.as_str(),
            allowed.client_there,
            allowed.scopes.to_string(),
            allowed.created_at,
        ],
    )
}

/// Whether a client may, and how.
pub fn audience(
    r: &Read<'_>,
    audience: &str,
    client: &ClientId,
) -> Result<Option<AssertionAudience>> {
    r.one(
        "select audience, client_id, client_there, scopes, created_at from assertion_audiences
         where audience = ?1 and client_id = ?2",
        params![audience, client.as_str()],
        audience_from,
    )
}

/// All that is allowed.
pub fn audiences(r: &Read<'_>) -> Result<Vec<AssertionAudience>> {
    r.all(
        "select audience, client_id, client_there, scopes, created_at from assertion_audiences
         order by audience, client_id",
        params![],
        audience_from,
    )
}

/// Takes it back; false when it was not allowed.
pub fn delete_audience(tx: &Write<'_>, audience: &str, client: &ClientId) -> Result<bool> {
    let gone = tx.exec(
        "delete from assertion_audiences where audience = ?1 and client_id = ?2",
        params![audience, client.as_str()],
    )?;
    Ok(gone == 1)
}
