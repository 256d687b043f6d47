//! Nouns and rules without any input or output: what a thing is, and what it may become.

pub mod id;
pub mod name;
pub mod password;
