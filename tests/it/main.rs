//! The one integration test binary; its folders mirror `src`.

mod http;
