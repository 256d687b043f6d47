//! Every integration test, in one binary; the folders mirror `src`.

#[cfg(test)]
mod db;
mod http;
mod ops;
