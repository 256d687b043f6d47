//! The pages: plain data in, HTML out.
//! Which page is shown, with what, and under which headers is decided by the handlers.
//!
//! Every page works without JavaScript, or leads to one that does, and under a policy that allows no inline style or
//! script; all
//! text is escaped by askama, and the QR code ([`Svg`]) is the only value that is not.

pub mod account;
pub mod consent;
pub mod demo;
pub mod device;
pub mod enrol;
pub mod keys;
pub mod notice;
pub mod parts;
pub mod passkey;
pub mod password;
pub mod sign_in;
pub mod svg;

pub use account::{
    Account, Apps, ConnectedApp, Device, Factor, LinkedIdentity, OtherSession, ProviderForm,
    RemoveFactor, Section, Security, SessionLine, Sessions,
};
pub use consent::{Consent, Destination, Registered, Resource, ScopeLine, Trust};
pub use demo::{Action, Block, DemoResult, DemoStart, Person, Step};
pub use device::{DeviceCode, DeviceDone, DeviceQuestion};
pub use enrol::{
    EnrolChoice, EnrolCode, EnrolContact, EnrolLink, EnrolTotp, Later, NewCodes, Offer,
    RecoveryCodes,
};
pub use keys::{Key, Keys, Lifetime, MadeKey, NewKey, ScopeBox};
pub use notice::{Bounce, ErrorPage, FormPost, LogoutConfirm, SetupDone, SignedOut};
pub use parts::{Form, Label, Link, Medium, ProviderButton, Rules, Sending, Shell, Way};
pub use passkey::{EnrolPasskey, MfaPasskey, PasskeyForm, PasskeyLine, Passkeys, RemovePasskey};
pub use password::{ChangePassword, Forgot, Invite, ResetAsked, ResetPassword, Setup};
pub use sign_in::{Confirm, Login, Mfa, MfaMessage, Recovery};
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
    DeviceCode,
    DeviceQuestion,
    DeviceDone,
    Login,
    Confirm,
    Mfa,
    MfaMessage,
    MfaPasskey,
    Recovery,
    EnrolChoice,
    EnrolTotp,
    EnrolContact,
    EnrolCode,
    EnrolLink,
    EnrolPasskey,
    Passkeys,
    RemovePasskey,
    RecoveryCodes,
    NewCodes,
    ChangePassword,
    Forgot,
    ResetAsked,
    ResetPassword,
    Setup,
    Invite,
    Consent,
    Account,
    Security,
    RemoveFactor,
    Sessions,
    Apps,
    Keys,
    NewKey,
    MadeKey,
    ErrorPage,
    LogoutConfirm,
    SignedOut,
    SetupDone,
    Bounce,
    FormPost,
    DemoStart,
    DemoResult,
);
