//! The screen of clients: which apps are known, how they came, and which of them wait.
//! How it looks is in `clients_view`.

use super::super::{
    list::{Keyed, List},
    search::Search,
    text,
};
use crate::model::{
    client::{Client, ClientState},
    id::ClientId,
    redirect::{RedirectUri, host_of, is_local},
};

/// How many clients are held at most: those that wait, then the last seen.
pub const WINDOW: usize = 1_000;

impl Keyed for Client {
    type Id = ClientId;

    fn key(&self) -> ClientId {
        self.id.clone()
    }

    fn title(&self) -> String {
        text::clean(&self.name, 32)
    }
}

/// Where a client answers, in short: hosts, this computer, or a scheme of its own.
pub fn places(client: &Client) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for uri in client.redirect_uris.iter().map(RedirectUri::as_str) {
        let scheme = || format!("{}:", uri.split(':').next().unwrap_or_default());
        let place = if is_local(uri) {
            "this computer".to_owned()
        } else if uri.starts_with("https:") {
            host_of(uri).unwrap_or_else(scheme)
        } else {
            scheme()
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    /// Those that pass the filter.
    pub list: List<Client>,
    /// The filter.
    pub search: Search,
    /// Whether the selected client fills the screen.
    pub page: bool,
    all: Vec<Client>,
}

impl Clients {
    /// Takes rows; answers which selected one vanished.
    pub fn take(&mut self, rows: Vec<Client>) -> Option<String> {
        self.all = rows;
        let rows = self.sifted();
        self.list.take(rows)
    }

    /// Applies another filter to the rows that are here.
    pub fn sift_anew(&mut self) {
        self.list.wait.begin_anew();
        let rows = self.sifted();
        self.list.show(rows);
    }

    fn sifted(&self) -> Vec<Client> {
        let wanted = self.search.text().to_lowercase();
        let passes = |row: &&Client| {
            let words =
                [row.name.as_str(), row.id.as_str(), row.origin.as_str(), row.state.as_str()];
            wanted.is_empty()
                || words
                    .into_iter()
                    .chain(row.redirect_uris.iter().map(RedirectUri::as_str))
                    .any(|word| word.to_lowercase().contains(&wanted))
        };
        self.all.iter().filter(passes).cloned().collect()
    }

    /// How many there are before the filter, and how many of them wait.
    pub fn totals(&self) -> (usize, usize) {
        let waits = self.all.iter().filter(|row| row.state == ClientState::Pending).count();
        (self.all.len(), waits)
    }
}
