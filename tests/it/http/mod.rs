//! The HTTP face, seen from outside.

#[cfg(test)]
mod oauth;
mod view;
