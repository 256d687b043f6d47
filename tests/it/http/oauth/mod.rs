//! The protocol on the wire: methods, media types, headers, status codes.

mod base;
mod browser;
mod caller;
mod device;
mod discovery;
mod documents;
mod dpop;
mod endpoints;
mod form_post;
mod hostile;
mod keys;
mod own_name;
mod par;
mod protect;
mod register;
mod resources;
mod statements;
mod step_up;
