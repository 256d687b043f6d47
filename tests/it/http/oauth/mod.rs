//! The protocol on the wire: methods, media types, headers, status codes.

mod base;
mod browser;
mod caller;
mod discovery;
mod endpoints;
mod hostile;
mod keys;
mod resources;
