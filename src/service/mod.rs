//! Use cases that take more than a transaction: something is asked of another server, then decided. The same for every
//! face, and for programs that have none of ours.
//!
//! Each is *prepare* (fetch: no transaction) → *decide* (an op, in one transaction); nothing here decides by itself.

pub mod authentication;
pub mod provider;
