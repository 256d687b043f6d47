//! The table `traces`.

use serde_json::{Value, json};

use crate::{
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        id::TraceId,
        trace::{Hop, Kind, Rule, State, Step, Trace},
    },
    time::Time,
};

const COLUMNS: &str = "id, kind, state, known, client_id, user_id, grant_id, address, user_agent, \
                       asked, hops, created_at";
/// A story that has grown to so many bytes is long enough.
const LONGEST: u32 = 8_000;

fn from_row(row: &Row<'_>) -> RowResult<Trace> {
    let (kind, state): (String, String) = (row.get(1)?, row.get(2)?);
    let (asked, hops): (String, String) = (row.get(9)?, row.get(10)?);
    Ok(Trace {
        id: TraceId::from_text(row.get::<_, String>(0)?),
        kind: Kind::parse(&kind).ok_or_else(|| unreadable("traces.kind", &kind))?,
        state: State::parse(&state).ok_or_else(|| unreadable("traces.state", &state))?,
        proved: row.get(3)?,
        client: row.get(4)?,
        user: row.get(5)?,
        grant: row.get(6)?,
        address: row.get(7)?,
        user_agent: row.get(8)?,
        asked: serde_json::from_str(&asked).map_err(|_| unreadable("traces.asked", &asked))?,
        hops: read_hops(&hops).ok_or_else(|| unreadable("traces.hops", &hops))?,
        created_at: row.get(11)?,
    })
}

fn read_hops(text: &str) -> Option<Vec<Hop>> {
    serde_json::from_str::<Vec<Value>>(text).ok()?.iter().map(read_hop).collect()
}

fn read_hop(value: &Value) -> Option<Hop> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    Some(Hop {
        at: Time::from_millis(value.get("at")?.as_i64()?),
        step: Step::parse(text("step")?)?,
        what: text("what").unwrap_or_default().to_owned(),
        rule: text("rule").map(|code| Rule::parse(code).unwrap_or(Rule::Other)),
        hint: text("hint").map(str::to_owned),
    })
}

fn write_hop(hop: &Hop) -> String {
    let mut value = json!({ "at": hop.at.millis(), "step": hop.step.as_str() });
    if let Some(object) = value.as_object_mut() {
        if !hop.what.is_empty() {
            object.insert("what".to_owned(), hop.what.as_str().into());
        }
        if let Some(rule) = hop.rule {
            object.insert("rule".to_owned(), rule.code().into());
        }
        if let Some(hint) = &hop.hint {
            object.insert("hint".to_owned(), hint.as_str().into());
        }
    }
    value.to_string()
}

/// Adds a story; false when its name is taken.
pub fn insert(tx: &Write<'_>, trace: &Trace) -> Result<bool> {
    let asked = serde_json::to_value(&trace.asked).unwrap_or_default().to_string();
    let added = tx.exec(
        "insert into traces (id, kind, state, known, client_id, address, user_agent, asked, created_at, touched_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) on conflict (id) do nothing",
        params![
            trace.id.as_str(),
            trace.kind.as_str(),
            trace.state.as_str(),
            trace.proved,
            trace.client,
            trace.address,
            trace.user_agent,
            asked,
            trace.created_at,
        ],
    )?;
    Ok(added == 1)
}

/// Goes on with a story, unless it says the same already. Whatever was refused stays told as refused. Of a story that is
/// long enough the last refusal takes the place of the one before.
pub fn append(tx: &Write<'_>, id: &TraceId, hop: &Hop) -> Result<()> {
    let state = match hop.step {
        Step::Refused => State::Refused,
        Step::Exchanged => State::Done,
        Step::Taken | Step::SignIn | Step::Asked | Step::Allowed | Step::Code => State::Open,
    };
    tx.exec(
        "update traces set touched_at = ?2,
             state = case when ?3 = 'open' then state else ?3 end,
             hops = case when coalesce(json_extract(hops, '$[#-1].step'), '') = ?5 then hops
                         when length(hops) < ?4 then json_insert(hops, '$[#]', json(?6))
                         when ?3 = 'refused' then json_replace(hops, '$[#-1]', json(?6))
                         else hops end
         where id = ?1",
        params![
            id.as_str(),
            hop.at,
            state.as_str(),
            LONGEST,
            if hop.step == Step::Refused { "never the same" } else { hop.step.as_str() },
            write_hop(hop),
        ],
    )?;
    Ok(())
}

/// Notes whose story it is, and what it became.
pub fn belongs(
    tx: &Write<'_>,
    id: &TraceId,
    user: Option<&str>,
    grant: Option<&str>,
) -> Result<()> {
    tx.exec(
        "update traces set user_id = coalesce(?2, user_id), grant_id = coalesce(?3, grant_id) where id = ?1",
        params![id.as_str(), user, grant],
    )?;
    Ok(())
}

/// How many stories there are.
pub fn count(r: &Read<'_>) -> Result<u32> {
    let count = r.one("select count(*) from traces", params![], |row| row.get(0))?;
    Ok(count.unwrap_or(0))
}

/// How many stories of one kind there are of those who proved nothing.
pub fn count_strangers(r: &Read<'_>, kind: Kind) -> Result<u32> {
    let sql = "select count(*) from traces where known = 0 and kind = ?1";
    Ok(r.one(sql, params![kind.as_str()], |row| row.get(0))?.unwrap_or(0))
}

/// Those stories with their addresses, newest first.
pub fn strangers(r: &Read<'_>, kind: Kind) -> Result<Vec<(TraceId, String)>> {
    r.all(
        "select id, address from traces where known = 0 and kind = ?1 order by created_at desc, id",
        params![kind.as_str()],
        |row| Ok((TraceId::from_text(row.get::<_, String>(0)?), row.get(1)?)),
    )
}

/// How many stories there are of those who proved who they are.
pub fn count_proved(r: &Read<'_>) -> Result<u32> {
    let sql = "select count(*) from traces where known = 1";
    Ok(r.one(sql, params![], |row| row.get(0))?.unwrap_or(0))
}

/// Notes that whoever asked proved who they are; false when that was known, or there is no such story.
pub fn prove(tx: &Write<'_>, id: &TraceId) -> Result<bool> {
    let sql = "update traces set known = 1 where id = ?1 and known = 0";
    Ok(tx.exec(sql, params![id.as_str()])? == 1)
}

/// Puts what came in, in the place of what was told of it before.
pub fn set_asked(tx: &Write<'_>, id: &TraceId, asked: &[(String, String)]) -> Result<()> {
    let asked = serde_json::to_value(asked).unwrap_or_default().to_string();
    tx.exec("update traces set asked = ?2 where id = ?1", params![id.as_str(), asked])?;
    Ok(())
}

/// Forgets a story.
pub fn forget(tx: &Write<'_>, id: &TraceId) -> Result<()> {
    tx.exec("delete from traces where id = ?1", params![id.as_str()])?;
    Ok(())
}

/// Forgets so many of those who proved who they are, the oldest.
pub fn drop_oldest_proved(tx: &Write<'_>, count: u32) -> Result<usize> {
    tx.exec(
        "delete from traces where id in
             (select id from traces where known = 1 order by created_at limit ?1)",
        params![count],
    )
}

/// Whether a story is still kept.
pub fn exists(r: &Read<'_>, id: &TraceId) -> Result<bool> {
    let sql = "select 1 from traces where id = ?1";
    Ok(r.one(sql, params![id.as_str()], |row| row.get::<_, i64>(0))?.is_some())
}

/// Forgets what began before a moment.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec("delete from traces where created_at < ?1", params![before])
}

/// Finds a story.
pub fn by_id(r: &Read<'_>, id: &TraceId) -> Result<Option<Trace>> {
    let sql = format!("select {COLUMNS} from traces where id = ?1");
    r.one(&sql, params![id.as_str()], from_row)
}

/// The newest stories, newest first; with `refused`, only those that were refused.
pub fn newest(r: &Read<'_>, refused: bool, limit: u32) -> Result<Vec<Trace>> {
    let sql = format!(
        "select {COLUMNS} from traces where not ?1 or state = 'refused'
         order by created_at desc, id limit ?2"
    );
    r.all(&sql, params![refused, limit], from_row)
}
