//! One file a screen for what it holds and asks, and one for how it looks; small screens are one file.
//! What is common to all (keys, questions, messages) is for `app`.

pub mod apikeys;
pub mod apikeys_view;
pub mod audit;
pub mod audit_view;
pub mod clients;
pub mod clients_view;
pub mod dashboard;
pub mod dashboard_view;
pub mod frame;
mod heading;
pub mod keys;
pub mod keys_view;
pub mod listed;
pub mod messages;
pub mod messages_view;
pub mod mfa;
pub mod mfa_view;
pub mod people;
pub mod record;
pub mod resources;
pub mod sessions;
pub mod sessions_view;
pub mod shelf;
pub mod users;
pub mod users_view;
