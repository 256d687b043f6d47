//! The use cases, on a temporary database.

mod apikey;
mod audit;
mod coverage;
mod denial;
mod device;
mod factor;
mod factor_removal;
mod login;
pub(crate) mod oauth;
mod password;
mod reset;
mod session;
mod setup;
mod user;
mod validate;
