//! OAuth as the core decides it, on a temporary database with a clock that stands still until it is moved.

mod assertions;
mod authorize;
mod backchannel;
mod client_credentials;
mod clients;
mod connected;
mod device;
mod exchange;
pub(crate) mod fixture;
mod opaque;
mod par;
mod races;
mod refresh;
mod rights;
mod subject;
mod timeline;
mod token_exchange;
mod tokens;
