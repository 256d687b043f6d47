//! The protocol on the wire: methods, media types, headers, status codes.

mod browser;
pub(super) mod caller;
mod discovery;
mod dpop;
mod endpoints;
mod form_post;
mod hostile;
mod keys;
mod logout;
mod par;
