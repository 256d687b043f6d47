//! The first screen: whether the server runs, how much signs in, what wants attention, and events worth a look.
//! How it looks is in `dashboard_view`.

use super::{
    super::{list::Keyed, text},
    shelf::{self, Sift, Sifted},
};
use crate::model::{
    dashboard::{Notice, Overview},
    id::UserId,
};

impl Keyed for Notice {
    type Id = i64;

    /// The first of many of the same kind: it stays while more come.
    fn key(&self) -> i64 {
        self.first
    }

    fn title(&self) -> String {
        text::clean(&format!("event {}", self.last), 32)
    }
}

impl Sift for Notice {
    fn holds(&self, wanted: &str) -> bool {
        let words = self.words();
        let fields = [
            words.as_str(),
            self.event.as_str(),
            self.severity.as_str(),
            name(self).unwrap_or_default(),
            self.address.as_deref().unwrap_or_default(),
            self.actor.as_str(),
        ];
        shelf::any(&fields, wanted)
    }
}

/// The user name of whom a notice is about.
pub fn name(notice: &Notice) -> Option<&str> {
    notice.user.as_ref().and_then(|(_, name)| name.as_deref())
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Dashboard {
    /// The events.
    pub rows: Sifted<Notice>,
    /// Everything else, once it came.
    pub overview: Option<Overview>,
}

impl Dashboard {
    /// Takes what was found; answers which selected event vanished.
    pub fn take(&mut self, mut overview: Overview) -> Option<String> {
        let rows = std::mem::take(&mut overview.notices);
        self.overview = Some(overview);
        // That an old event leaves the list is no news.
        let _old: Option<String> = self.rows.take(rows);
        None
    }

    /// The person of the selected event.
    pub fn person(&self) -> Option<(&UserId, &str)> {
        let (id, name) = self.rows.list.selected()?.user.as_ref()?;
        Some((id, name.as_deref()?))
    }
}
