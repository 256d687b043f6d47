//! What programs are told of each noun, in JSON: one shape for the API and for `--json` of the command line.
//! Names and types here are a promise to scripts; what is left out of a shape is left out of both faces.

pub mod agent;
pub mod api_key;
pub mod audit;
pub mod client;
pub mod mfa;
pub mod resource;
pub mod session;
pub mod signing_key;
pub mod stats;
pub mod user;

use crate::time::Time;

/// A moment as programs read it (RFC 3339).
fn at(time: Option<Time>) -> Option<String> {
    time.map(Time::rfc3339)
}
