//! Fetching what others publish, at addresses that others choose: an app's description of itself, and its keys.
//! Nothing here may reach this computer or the network behind it ([`guard`]), wait long, or read much ([`client`]).
//! What is fetched and what becomes of it is decided by `ops`. Apart from that stand [`server`], [`probe`] and
//! [`provider`]: what the operator has asked for by name.

pub mod client;
pub mod guard;
pub mod post;
pub mod probe;
pub mod provider;
pub mod server;
