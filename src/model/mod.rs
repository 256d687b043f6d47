//! Nouns and rules without any input or output: what a thing is, and what it may become.

pub mod actor;
pub mod apikey;
pub mod attempt;
pub mod audit;
pub mod authorization;
pub mod client;
pub mod colour;
pub mod contact;
pub mod coverage;
pub mod device;
pub mod factor;
pub mod grant;
pub mod id;
pub mod key;
pub mod message;
pub mod name;
pub mod passkey;
pub mod password;
pub mod redirect;
pub mod registration;
pub mod resource;
pub mod scope;
pub mod session;
pub mod sign_in;
pub mod user;
pub mod verb;
