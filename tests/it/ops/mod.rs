//! The use cases, on a temporary database.

mod factor;
mod login;
pub(crate) mod oauth;
