//! Every integration test, in one binary; the folders mirror `src`.

#[cfg(test)]
mod db;
#[cfg(test)]
mod http;
#[cfg(test)]
mod support;
