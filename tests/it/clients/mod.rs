//! Clients that are libraries of this language, against the real binary; those in others are in `tests/e2e`.

mod documentation;
mod notes;
mod rmcp;
