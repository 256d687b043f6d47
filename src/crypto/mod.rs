//! Everything cryptographic, on one backend (aws-lc) and without a construction of our own.
//! A leaf: it keeps no state, reads no clock and knows neither users nor the database.

pub mod claims;
pub mod dpop;
pub mod jwt;
pub mod keyring;
pub mod keys;
pub mod password;
pub mod pkce;
pub mod seal;
pub mod secret;
pub mod session;
pub mod totp;
pub mod user_code;
pub mod webauthn;
