//! mcpcodex: an OAuth 2.1 and OpenID Connect server, its console and its command line over one core.
//!
//! # Import law
//!
//! Layers are the folders and features are the files: `ls src/*/session.rs` finds everything about sessions.
//! Data flows one way, `model ← store ← ops ← service ← { http, cli, tui }`, and `tests/it/architecture.rs` holds it:
//!
//! | layer | may import of ours |
//! |---|---|
//! | `error`, `time` | nothing |
//! | `crypto` | `error`, `time` |
//! | `model` | `crypto`, `error`, `time` |
//! | `config` | `model`, `error`, `time` |
//! | `db` | `error`, `time` |
//! | `store` | `db`, `model`, `crypto`, `error`, `time`; never another store file |
//! | `deliver` | `config`, `crypto`, `model`, `error`, `time` |
//! | `net` | `config`, `model`, `error`, `time` |
//! | `ops` | `store`, `db`, `model`, `crypto`, `config`, `error`, `time`; never axum, clap, ratatui or tokio |
//! | `app` | `db`, `model`, `crypto`, `config`, `ops`, `error`, `time` |
//! | `view` | `model`, `crypto`, `error`, `time` |
//! | `service` | `app`, `ops`, `net`, `model`, `config`, `error`, `time`, and the types of `db` and `crypto` |
//! | `http`, `cli`, `tui` | `app`, `ops`, `model`, `config`, `error`, `time`, and the types of `db` and `crypto`; never `store`, never each other |
//! | `http`, `cli` besides | `service`; `view`, what both tell programs |
//! | `http` besides | `deliver`, for the task that empties the outbox; `net`, for what apps publish about themselves |
//! | `cli` besides | `net`, to look at servers from the outside |

pub mod app;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod db;
pub mod deliver;
pub mod error;
pub mod http;
pub mod model;
pub mod net;
pub mod ops;
pub mod service;
pub mod store;
pub mod time;
pub mod tui;
pub mod view;

pub use service::authentication::AuthenticationService;
