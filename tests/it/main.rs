//! Every integration test, in one binary; the folders mirror `src`.
// Marked as tests, or Clippy takes helpers outside of a test function for product code.
#![cfg(test)]

mod architecture;
mod cli;
mod clients;
mod config;
mod db;
mod deliver;
mod e2e;
mod http;
mod leaks;
mod leaves;
mod net;
mod ops;
mod service;
mod support;
mod tui;
