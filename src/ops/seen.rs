//! "Last used" marks, gathered in memory and written once a second, so that a read path never waits for a commit.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{db::Write, error::Result, model::id::SessionId, store, time::Time};

/// Marks that are not written yet.
#[derive(Debug, Default)]
pub struct Seen {
    sessions: Mutex<HashMap<SessionId, Time>>,
}

impl Seen {
    /// Marks a session as used.
    pub fn mark(&self, id: &SessionId, at: Time) {
        let mut marks = self.sessions.lock();
        match marks.get_mut(id) {
            Some(mark) => *mark = at.max(*mark),
            None => {
                marks.insert(id.clone(), at);
            }
        }
    }

    /// The newest unwritten use of a session.
    pub fn last(&self, id: &SessionId) -> Option<Time> {
        self.sessions.lock().get(id).copied()
    }

    /// Takes what waits, to be written with [`write()`].
    pub fn take(&self) -> Vec<(SessionId, Time)> {
        std::mem::take(&mut *self.sessions.lock()).into_iter().collect()
    }
}

/// Writes marks.
pub fn write(tx: &Write<'_>, marks: &[(SessionId, Time)]) -> Result<()> {
    marks.iter().try_for_each(|(id, at)| store::session::touch(tx, id, *at))
}
