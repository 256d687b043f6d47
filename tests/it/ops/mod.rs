//! The use cases, on a temporary database.

mod oauth;
