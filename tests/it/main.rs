//! Every integration test, in one binary; the folders mirror `src`.

mod config;
mod db;
mod http;
