//! Every integration test, in one binary; the folders mirror `src`.

mod config;
#[cfg(test)]
mod db;
mod http;
