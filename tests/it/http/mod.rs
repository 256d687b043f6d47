//! The HTTP face, seen from outside.

mod pages;
mod view;
