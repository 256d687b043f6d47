//! The protocol on the wire: methods, media types, headers, status codes.

mod base;
mod browser;
pub(super) mod caller;
mod device;
mod discovery;
mod documents;
mod dpop;
mod endpoints;
mod enterprise;
mod failures;
mod form_post;
mod hostile;
mod keys;
mod logout;
mod marks;
mod newcomer;
mod own_name;
mod par;
mod protect;
mod register;
mod resources;
mod rules;
mod statements;
mod step_up;
mod traces;
