//! The use cases, on a temporary database.

mod apikey;
mod audit;
mod coverage;
mod denial;
mod factor;
mod login;
pub(crate) mod oauth;
mod password;
mod session;
mod setup;
mod user;
mod validate;
