//! Whence a request comes that is to wait here. There is room for so many: strangers' apps have a part of their own, and
//! within each part a flood makes room at the network that it comes from.

use crate::{
    db::Read,
    error::Result,
    model::{actor::Actor, client::Client},
    ops::{attempt::network_key, client::newcomer},
};

/// Where a request is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whence {
    /// The network that brought it.
    pub(super) network: String,
    /// Whether nobody here uses the app.
    pub(super) stranger: bool,
}

impl Whence {
    /// Of a request for `client` that `who` brought.
    pub(super) fn of(r: &Read<'_>, who: &Actor, client: &Client) -> Result<Self> {
        let network = network_key(&who.origin.address);
        Ok(Self { network, stranger: !newcomer::is_in_use(r, client)? })
    }
}
