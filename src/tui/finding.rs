//! A whole API key in the filter of its screen, as when one was found in a log: it is recognised by its hash, and from
//! then on only its beginning stands there.

use super::{
    action::Tab,
    app::App,
    msg::{Effect, Query, Ticket},
    secret::Secret,
    toast::Tone,
};
use crate::model::{apikey::text::is_well_formed, id::ApiKeyId};

/// So much of a key behind the prefix may be seen.
const SEEN: usize = 4;

impl App {
    /// Whether a text that came into the filter is a whole key; it is looked up then, and nothing of it stays but its
    /// beginning.
    pub(super) fn recognise(&mut self, typed: &str) -> bool {
        let typed = typed.trim();
        let prefix = &self.site.key_prefix;
        if self.tab != Tab::ApiKeys || !is_well_formed(typed, prefix) {
            return false;
        }
        let seen: String = typed.chars().take(prefix.chars().count() + SEEN).collect();
        let secret = Secret::new(typed.to_owned());
        self.search_mut().replace(&seen);
        self.shelf_mut(Tab::ApiKeys).refilter();
        let ticket = self.ticket();
        self.finding = Some(ticket);
        self.effects.push(Effect::Ask(ticket, Query::FindKey(secret)));
        true
    }

    /// Chooses the key that was recognised.
    pub(super) fn found_key(&mut self, ticket: Ticket, id: &ApiKeyId) {
        if self.finding != Some(ticket) {
            return;
        }
        self.finding = None;
        if !self.apikeys.rows.list.choose(id) {
            self.ahead.clear();
            self.say(Tone::Bad, format!("it is {id}, which is not among the newest keys here"));
        }
    }
}
