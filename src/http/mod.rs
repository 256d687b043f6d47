//! The HTTP face: pages, OAuth endpoints and what they are served from.
//! Rules and use cases are in `ops`.

pub mod assets;
pub mod view;
