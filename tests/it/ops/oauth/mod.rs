//! OAuth as the core decides it, on a temporary database with a clock that stands still until it is moved.

mod anew;
mod assertions;
mod authorize;
mod backchannel;
mod client_credentials;
mod clients;
mod connected;
mod consent;
mod crowd;
mod device;
mod exchange;
pub(crate) mod fixture;
mod guesses;
mod key_exchange;
mod loopback;
mod opaque;
mod par;
mod races;
mod refresh;
mod refusals;
mod replays;
mod rights;
mod spelling;
mod subject;
mod token_exchange;
mod tokens;
mod unnamed;
