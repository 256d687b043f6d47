//! The HTTP face, seen from outside.

mod oauth;
mod view;
