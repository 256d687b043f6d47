//! The screen of clients: which apps are known, how they came, and which of them wait.
//! How it looks is in `clients_view`.

use super::{
    super::{list::Keyed, text},
    shelf::{self, Sift, Sifted},
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

impl Sift for Client {
    fn holds(&self, wanted: &str) -> bool {
        let words =
            [self.name.as_str(), self.id.as_str(), self.origin.as_str(), self.state.as_str()];
        let uris: Vec<&str> = self.redirect_uris.iter().map(RedirectUri::as_str).collect();
        shelf::any(&words, wanted) || shelf::any(&uris, wanted)
    }
}

/// How many of all clients wait.
pub fn waiting(clients: &Sifted<Client>) -> usize {
    clients.all().iter().filter(|row| row.state == ClientState::Pending).count()
}
