//! The table `agents`.

use crate::{
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        agent::{Agent, AgentState},
        id::{AgentId, UserId},
        name::Username,
    },
};

const COLUMNS: &str = "a.id, a.name, a.owner_id, a.state, a.created_at, u.username";

fn from_row(row: &Row<'_>) -> RowResult<(Agent, String)> {
    let state: String = row.get(3)?;
    let agent = Agent {
        id: AgentId::from_text(row.get::<_, String>(0)?),
        name: row.get(1)?,
        owner_id: UserId::from_text(row.get::<_, String>(2)?),
        state: AgentState::parse(&state).ok_or_else(|| unreadable("agents.state", &state))?,
        created_at: row.get(4)?,
    };
    Ok((agent, row.get(5)?))
}

/// Adds an agent.
pub fn insert(tx: &Write<'_>, agent: &Agent, name: &Username) -> Result<()> {
    tx.exec_one(
        "insert into agents (id, name, name_key, name_skeleton, owner_id, state, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            agent.id.as_str(),
            agent.name,
            name.key(),
            name.skeleton(),
            agent.owner_id.as_str(),
            agent.state.as_str(),
            agent.created_at,
        ],
    )
}

/// Finds an agent by id, with its owner's user name.
pub fn by_id(r: &Read<'_>, id: &AgentId) -> Result<Option<(Agent, String)>> {
    let sql =
        format!("select {COLUMNS} from agents a join users u on u.id = a.owner_id where a.id = ?1");
    r.one(&sql, params![id.as_str()], from_row)
}

/// Finds an agent by the key of its name.
pub fn by_name_key(r: &Read<'_>, key: &str) -> Result<Option<(Agent, String)>> {
    let sql = format!(
        "select {COLUMNS} from agents a join users u on u.id = a.owner_id where a.name_key = ?1"
    );
    r.one(&sql, params![key], from_row)
}

/// The name of the agent that has this skeleton.
pub fn name_by_skeleton(r: &Read<'_>, skeleton: &str) -> Result<Option<String>> {
    r.one("select name from agents where name_skeleton = ?1", params![skeleton], |row| row.get(0))
}

/// Agents of a person, or all of them, by name, with their owners' user names.
pub fn list(r: &Read<'_>, owner: Option<&UserId>, limit: u32) -> Result<Vec<(Agent, String)>> {
    let sql = format!(
        "select {COLUMNS} from agents a join users u on u.id = a.owner_id
         where (?1 = '' or a.owner_id = ?1) order by a.name_key limit ?2"
    );
    r.all(&sql, params![owner.map_or("", UserId::as_str), limit], from_row)
}

/// Moves an agent from one state to another; false when it was no longer in the first.
pub fn set_state(tx: &Write<'_>, id: &AgentId, from: AgentState, to: AgentState) -> Result<bool> {
    let changed = tx.exec(
        "update agents set state = ?3 where id = ?1 and state = ?2",
        params![id.as_str(), from.as_str(), to.as_str()],
    )?;
    Ok(changed == 1)
}

/// Removes an agent with its keys; false when it was gone.
pub fn delete(tx: &Write<'_>, id: &AgentId) -> Result<bool> {
    Ok(tx.exec("delete from agents where id = ?1", params![id.as_str()])? == 1)
}

/// Agents by name, those after this one, with their owners' user names.
pub fn slice(
    r: &Read<'_>,
    owner: Option<&UserId>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(Agent, String)>> {
    let sql = format!(
        "select {COLUMNS} from agents a join users u on u.id = a.owner_id
         where (?1 = '' or a.owner_id = ?1) and a.name_key > ?2 order by a.name_key limit ?3"
    );
    let owner = owner.map_or("", UserId::as_str);
    r.all(&sql, params![owner, after.unwrap_or_default(), limit], from_row)
}
