//! The protocol on the wire: methods, media types, headers, status codes.

mod browser;
mod caller;
mod device;
mod discovery;
mod endpoints;
mod hostile;
mod keys;
mod newcomer;
mod own_name;
mod register;
