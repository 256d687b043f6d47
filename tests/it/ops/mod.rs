//! The use cases, on a temporary database.

pub(crate) mod oauth;
