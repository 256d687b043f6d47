//! Over several tables: how many there are of what, and what they are called.

use std::time::Duration;

use crate::{
    db::{Read, params},
    error::Result,
};

/// Messages that failed are told of for a week.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// What waits longer than this does not go out.
const STUCK: Duration = Duration::from_secs(3_600);

/// How many there are of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// People.
    pub users: u32,
    /// Sessions that live.
    pub sessions: u32,
    /// Apps.
    pub clients: u32,
    /// Apps that wait for an administrator.
    pub pending_clients: u32,
    /// MCP servers and APIs.
    pub resources: u32,
    /// API keys that count now.
    pub api_keys: u32,
    /// Those of them that should have been replaced.
    pub overdue_keys: u32,
    /// Messages on their way.
    pub waiting: u32,
    /// Messages of the last week that did not go out, or wait for too long.
    pub undelivered: u32,
}

/// Counts.
pub fn counts(r: &Read<'_>) -> Result<Counts> {
    let live = "revoked_at is null and (expires_at is null or expires_at > ?1)
                and (overlap_until is null or overlap_until > ?1)";
    let found = r.one(
        &format!(
            "select (select count(*) from users),
                (select count(*) from sessions where ended_at is null and expires_at > ?1
                    and last_seen_at + idle_ms > ?1),
                (select count(*) from clients),
                (select count(*) from clients where state = 'pending'),
                (select count(*) from resources),
                (select count(*) from api_keys where {live}),
                (select count(*) from api_keys where {live} and replaced_by is null and rotation_due_at <= ?1),
                (select count(*) from messages where state in ('queued', 'sending') and carrier <> 'console'),
                (select count(*) from messages where (state in ('failed', 'unknown') and created_at > ?2)
                    or (state = 'queued' and carrier <> 'console' and created_at < ?3))"
        ),
        params![r.now, r.now.minus(WEEK), r.now.minus(STUCK)],
        |row| {
            Ok(Counts {
                users: row.get(0)?,
                sessions: row.get(1)?,
                clients: row.get(2)?,
                pending_clients: row.get(3)?,
                resources: row.get(4)?,
                api_keys: row.get(5)?,
                overdue_keys: row.get(6)?,
                waiting: row.get(7)?,
                undelivered: row.get(8)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Names that begin like this, with a word about each, of what `query` is about.
pub fn names(
    r: &Read<'_>,
    query: Query,
    begins: &str,
    limit: u32,
) -> Result<Vec<(String, String)>> {
    let sql = match query {
        Query::Users => {
            "select username, name from users where substr(username_key, 1, length(?1)) = ?1 order by 1 limit ?2"
        }
        Query::Clients => {
            "select id, name from clients where substr(lower(id), 1, length(?1)) = ?1 order by 1 limit ?2"
        }
        Query::Agents => {
            "select name, id from agents where substr(name_key, 1, length(?1)) = ?1 order by 1 limit ?2"
        }
        Query::Resources => {
            "select uri, name from resources where substr(lower(uri), 1, length(?1)) = ?1 order by 1 limit ?2"
        }
        Query::Sessions => {
            "select s.id, u.username from sessions s join users u on u.id = s.user_id
             where s.ended_at is null and s.expires_at > ?3 and substr(lower(s.id), 1, length(?1)) = ?1
             order by s.last_seen_at desc limit ?2"
        }
        Query::ApiKeys => {
            "select id, name from api_keys
             where revoked_at is null and substr(lower(id), 1, length(?1)) = ?1 order by created_at desc limit ?2"
        }
        Query::SigningKeys => {
            "select kid, state from signing_keys
             where state <> 'retired' and substr(lower(kid), 1, length(?1)) = ?1 order by created_at desc limit ?2"
        }
        Query::Roles => {
            "select role, '' from user_roles where substr(lower(role), 1, length(?1)) = ?1 group by 1 order by 1 limit ?2"
        }
        Query::Scopes => {
            "select scope, min(description) from resource_scopes
             where substr(lower(scope), 1, length(?1)) = ?1 group by 1 order by 1 limit ?2"
        }
    };
    let begins = begins.to_lowercase();
    if sql.contains("?3") {
        return r.all(sql, params![begins, limit, r.now], |row| Ok((row.get(0)?, row.get(1)?)));
    }
    r.all(sql, params![begins, limit], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// What has names that a shell completes. None of them is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// People, by user name.
    Users,
    /// Apps, by id.
    Clients,
    /// Agents, by name.
    Agents,
    /// Resources, by URI.
    Resources,
    /// Live sessions, by id.
    Sessions,
    /// API keys, by id; never the key.
    ApiKeys,
    /// Signing keys, by kid.
    SigningKeys,
    /// Roles that somebody has.
    Roles,
    /// Scopes that a resource offers.
    Scopes,
}
