//! The protocol on the wire: methods, media types, headers, status codes.

mod base;
mod brakes;
mod browser;
pub(super) mod caller;
mod device;
mod discovery;
mod documents;
mod dpop;
mod endpoints;
mod enterprise;
mod form_post;
mod held;
mod hostile;
mod keys;
mod logout;
mod newcomer;
mod own_name;
mod par;
mod protect;
mod register;
mod resources;
mod statements;
mod step_up;
mod traces;
