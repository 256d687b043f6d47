//! Clients that are libraries of this language, against the real binary; those in others are in `tests/e2e`.

mod notes;
mod rmcp;
