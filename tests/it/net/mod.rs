//! What is fetched from addresses that others choose, against real servers over TLS.

mod guarded;
mod hostile;
