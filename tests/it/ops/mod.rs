//! The use cases, on a temporary database.

mod agent;
mod apikey;
mod audit;
mod audit_chain;
mod code;
mod contact;
mod coverage;
mod denial;
mod device;
mod document;
mod factor;
mod factor_removal;
mod key;
mod login;
mod newcomer;
pub(crate) mod oauth;
mod outbox;
mod passkey;
mod password;
mod registration;
mod replay;
mod reset;
mod session;
mod setup;
mod trace;
mod user;
mod validate;
