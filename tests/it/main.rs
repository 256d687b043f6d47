//! Every integration test, in one binary; the folders mirror `src`.

mod config;
// Marked as tests, or Clippy takes helpers outside of a test function for product code.
#[cfg(test)]
mod db;
mod http;
#[cfg(test)]
mod ops;
