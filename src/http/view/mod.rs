//! The pages: plain data in, HTML out.
//! Which page is shown, with what, and under which headers is decided by the handlers.
//!
//! Every page works without JavaScript and under a policy that allows no inline style or script; all
//! text is escaped by askama, and the QR code ([`Svg`]) is the only value that is not.

pub mod account;
pub mod consent;
pub mod demo;
pub mod enrol;
pub mod notice;
pub mod parts;
pub mod password;
pub mod sign_in;
pub mod svg;

pub use account::{Account, Factor, SessionLine};
pub use consent::{Consent, Destination, Resource, ScopeLine, Trust};
pub use demo::{Action, Block, DemoResult, DemoStart, Person, Step};
pub use enrol::{EnrolTotp, Later, RecoveryCodes};
pub use notice::{Bounce, ErrorPage, LogoutConfirm, SetupDone, SignedOut};
pub use parts::{Form, Label, Link, Rules, Shell};
pub use password::{ChangePassword, Invite, Setup};
pub use sign_in::{Login, Mfa, Recovery};
pub use svg::{Svg, qr_svg};

/// Gives each page an infallible `render`, so that no handler has to invent an answer to an error that
/// cannot happen: askama fails only when the writer does, and a `String` does not.
macro_rules! pages {
    ($($page:ty),+ $(,)?) => {
        $(impl $page {
            /// The page as HTML.
            pub fn render(&self) -> String {
                askama::Template::render(self).unwrap_or_else(|error| {
                    tracing::error!(%error, page = stringify!($page), "page not rendered");
                    String::from("<!doctype html><title>Error</title><p>This page could not be shown.")
                })
            }
        })+
    };
}

pages!(
    Login,
    Mfa,
    Recovery,
    EnrolTotp,
    RecoveryCodes,
    ChangePassword,
    Setup,
    Invite,
    Consent,
    Account,
    ErrorPage,
    LogoutConfirm,
    SignedOut,
    SetupDone,
    Bounce,
    DemoStart,
    DemoResult,
);
