//! The pages of the sign-in, as a browser sees them.

use crate::support::TestApp;

#[test]
fn smoke() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let mut browser = server.login("ann");
    assert!(browser.is_in());
    let totp = server.with_totp(&ann);
    assert!(!browser.is_in());
    let mut browser = server.login_with("ann", &totp);
    assert!(browser.is_in());
}
