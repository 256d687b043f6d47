//! The use cases: what the product does, once, for every face.
//! Each is a plain synchronous function over a transaction; what is slow (hashing, signing) happens outside of it.

pub mod agent;
pub mod apikey;
pub mod assertion;
pub mod attempt;
pub mod audit;
mod cap;
pub mod client;
pub mod code;
pub mod contact;
pub mod coverage;
pub mod demo;
pub mod device;
pub mod document;
pub mod env;
pub mod exchange_policy;
pub mod factor;
pub mod key;
pub mod link;
pub mod login;
pub mod notice;
pub mod oauth;
pub mod outbox;
pub mod passkey;
pub mod password;
pub mod provider;
pub mod registration;
pub mod replay;
pub mod reset;
pub mod resource;
pub mod seen;
pub mod session;
pub mod setup;
pub mod sweep;
pub mod trace;
pub mod user;
pub mod validate;
