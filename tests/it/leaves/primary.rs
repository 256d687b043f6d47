//! The keys of `authentication.primary`, seen from where `/auth/login` leads.

use super::Flip;
use crate::support::TestApp;

pub(super) const FLIPS: &[Flip] = &[
    Flip(
        "primary.issuer",
        // Nobody is there: it was asked all the same.
        "\"http://127.0.0.1:9\"",
        login,
        "https://auth.example.com/authorize",
        "The provider cannot be reached",
    ),
    Flip(
        "primary.client_id",
        "\"another-client\"",
        login,
        "client_id=mcpcodex-client&",
        "client_id=another-client&",
    ),
    Flip(
        "primary.scopes",
        "[\"openid\", \"email\"]",
        login,
        "scope=openid+profile+email+mcpcodex%3Aapi&",
        "scope=openid+email&",
    ),
];

/// Where a sign-in goes.
fn login(server: &TestApp) -> String {
    let page = server.browser().open("/auth/login");
    if page.location().is_empty() { page.body } else { page.location().to_owned() }
}
