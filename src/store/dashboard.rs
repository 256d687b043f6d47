//! What the first screen counts, over several tables. Each look is bounded: a database of any size is glanced at, not read.

use crate::{
    db::{Read, Row, RowResult, ToSql, params, params_from_iter},
    error::Result,
    model::dashboard::{Counts, Minute},
    time::Time,
};

/// An event with the user name of whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Time,
    /// Dotted name.
    pub event: String,
    /// Who did it.
    pub actor: String,
    /// About whom.
    pub user_id: Option<String>,
    /// Their user name, while there is one.
    pub username: Option<String>,
    /// From where.
    pub address: Option<String>,
}

fn told(row: &Row<'_>) -> RowResult<Told> {
    Ok(Told {
        id: row.get(0)?,
        at: row.get(1)?,
        event: row.get(2)?,
        actor: row.get(3)?,
        user_id: row.get(4)?,
        username: row.get(5)?,
        address: row.get(6)?,
    })
}

/// Events after `floor` but those of these names, newest first.
pub fn events(r: &Read<'_>, floor: i64, but: &[&str], limit: u32) -> Result<Vec<Told>> {
    let marks = vec!["?"; but.len()].join(", ");
    let sql = format!(
        "select e.id, e.at, e.event, e.actor, e.user_id, u.username, e.address
         from audit_events e left join users u on u.id = e.user_id
         where e.id > ? and e.event not in ({marks}) order by e.id desc limit ?"
    );
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(floor)];
    for name in but {
        values.push(Box::new((*name).to_owned()));
    }
    values.push(Box::new(limit));
    r.all(&sql, params_from_iter(values), told)
}

/// Sign-ins by the minute since a moment, among the events after `floor`; minutes without any are left out.
pub fn minutes(r: &Read<'_>, floor: i64, since: Time) -> Result<Vec<Minute>> {
    r.all(
        "select at / 60000 as minute, sum(event = 'session.open'), sum(event <> 'session.open')
         from audit_events
         where id > ?1 and at >= ?2
           and event in ('session.open', 'sign_in.wrong', 'factor.wrong', 'passkey.wrong')
         group by minute order by minute",
        params![floor, since],
        |row| Ok(Minute { minute: row.get(0)?, good: row.get(1)?, wrong: row.get(2)? }),
    )
}

/// Counts of what goes on and of what wants attention. `soon`: keys that fall due before it are announced; `month`: what
/// ended before it is history; `day`: apps that came before it have had their time.
pub fn counts(r: &Read<'_>, soon: Time, month: Time, day: Time) -> Result<Counts> {
    let count = |sql: &str, params: &[&dyn ToSql]| -> Result<u32> {
        Ok(r.one(sql, params, |row| row.get(0))?.unwrap_or(0))
    };
    let ended = "coalesce(min(expires_at, overlap_until), expires_at, overlap_until)";
    Ok(Counts {
        sessions: count(
            "select count(*) from sessions
             where ended_at is null and expires_at > ?1 and last_seen_at + idle_ms > ?1",
            &[&r.now],
        )?,
        connections: count(
            "select count(*) from grants where revoked_at is null and expires_at > ?1",
            &[&r.now],
        )?,
        keys: count(
            &format!(
                "select count(*) from api_keys
                 where revoked_at is null and coalesce({ended}, ?1 + 1) > ?1"
            ),
            &[&r.now],
        )?,
        keys_expired: count(
            &format!(
                "select count(*) from api_keys where revoked_at is null and replaced_by is null
                   and {ended} <= ?1 and {ended} > ?2"
            ),
            &[&r.now, &month],
        )?,
        keys_due: count(
            &format!(
                "select count(*) from api_keys where revoked_at is null and replaced_by is null
                   and rotation_due_at <= ?2 and coalesce({ended}, ?1 + 1) > ?1"
            ),
            &[&r.now, &soon],
        )?,
        locked: count("select count(*) from users where state = 'locked'", &[])?,
        paused: count(
            "select count(*) from attempts where scope = 'account' and locks > 0 and next_at > ?1",
            &[&r.now],
        )?,
        clients_waiting: count("select count(*) from clients where state = 'pending'", &[])?,
        clients_unused: count(
            "select count(*) from clients where origin = 'dynamic' and state = 'active'
               and last_used_at is null and created_at < ?1",
            &[&day],
        )?,
        messages_failed: count(
            "select count(*) from messages where state in ('failed', 'unknown') and created_at > ?1",
            &[&day],
        )?,
    })
}
