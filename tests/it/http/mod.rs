//! The HTTP face, seen from outside.

mod demo;
mod view;
