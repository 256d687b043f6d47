//! The screen of API keys: those that want something done first, and one key with its use.
//! How it looks is in `apikeys_view`; a key that was found somewhere is recognised by its hash in `finding`.

use super::{
    super::{
        list::Keyed,
        msg::{Query, Ticket},
        text,
    },
    shelf::{self, Sift, Sifted},
};
use crate::{
    model::{apikey::DayOfUse, id::ApiKeyId},
    ops::apikey::standing::Standing,
};

/// How many keys are held at most.
pub const WINDOW: usize = 2_000;
/// Of how many days the use is shown.
pub const DAYS: u32 = 30;

impl Keyed for Standing {
    type Id = ApiKeyId;

    fn key(&self) -> ApiKeyId {
        self.row.key.id.clone()
    }

    fn title(&self) -> String {
        text::clean(&format!("key {}", self.row.key.name), 32)
    }
}

impl Sift for Standing {
    fn holds(&self, wanted: &str) -> bool {
        let key = &self.row.key;
        let scopes = key.scopes.to_string();
        let words = [
            key.name.as_str(),
            key.hint.as_str(),
            key.id.as_str(),
            self.row.username.as_str(),
            self.row.agent.as_deref().unwrap_or_default(),
            self.state,
            scopes.as_str(),
        ];
        // What is searched for may be a whole key, whose beginning is all that is known of it.
        shelf::any(&words, wanted)
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct ApiKeys {
    /// The rows.
    pub rows: Sifted<Standing>,
    usage: Option<(ApiKeyId, Vec<DayOfUse>)>,
    usage_ticket: Ticket,
    usage_of: Option<ApiKeyId>,
}

impl ApiKeys {
    /// The question about the selected key's use, if it was not asked yet.
    pub fn usage_query(&mut self, ticket: Ticket) -> Option<Query> {
        let id = self.rows.list.selected().map(Keyed::key)?;
        if self.usage_of.as_ref() == Some(&id) {
            return None;
        }
        self.usage_of = Some(id.clone());
        self.usage_ticket = ticket;
        Some(Query::KeyUse(id))
    }

    /// Lets the question about the selected key be asked again.
    pub fn refresh_usage(&mut self) {
        self.usage_of = None;
    }

    /// Takes how a key was used, unless another is asked about by now.
    pub fn take_usage(&mut self, ticket: Ticket, id: ApiKeyId, days: Vec<DayOfUse>) {
        if ticket == self.usage_ticket {
            self.usage = Some((id, days));
        }
    }

    /// How this key was used, if that is known.
    pub fn usage(&self, id: &ApiKeyId) -> Option<&[DayOfUse]> {
        self.usage.as_ref().filter(|(of, _)| of == id).map(|(_, days)| days.as_slice())
    }
}
