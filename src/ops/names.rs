//! What things are called, for whoever completes a command: names and ids, nothing secret.

pub use crate::store::tally::Query;
use crate::{db::Read, error::Result, model::actor::Actor, store};

/// Names that begin like this, with a word about each.
pub fn begin_with(
    r: &Read<'_>,
    who: &Actor,
    query: Query,
    begins: &str,
    limit: u32,
) -> Result<Vec<(String, String)>> {
    who.must_operate()?;
    store::tally::names(r, query, begins, limit)
}
