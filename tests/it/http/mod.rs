//! The HTTP face, seen from outside.

mod view;
