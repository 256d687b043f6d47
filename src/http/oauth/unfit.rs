//! Telling a person, and through them the maker of their app, why the app's own document is not taken.

use axum::{http::StatusCode, response::Response};

use crate::{
    app::App,
    http::{
        extract::Browser,
        lang::Lang,
        pages::{page, shell},
        view::{ErrorPage, Shell},
    },
    model::{document::Flaw, fetch::Fault, id::TraceId, trace::Shown},
    ops::document::Problem,
};

/// Why an app is not taken, and what of it is this server's own plight.
#[derive(Clone, Copy, Debug)]
pub struct Unfit<'a> {
    /// Why.
    pub problem: &'a Problem,
    /// Whether this server reaches nothing outside.
    pub shut_in: bool,
    /// Whether apps are still told that they are taken by their documents. Where they are not, starting again helps.
    pub promised: bool,
}

/// The page, with status 400. Of what a stranger sent only what was understood stands on it, not even the URL.
pub fn response(app: &App, browser: &Browser, unfit: &Unfit<'_>, story: &TraceId) -> Response {
    let lang = browser.lang();
    let advice = match unfit.problem {
        Problem::Off | Problem::Domain | Problem::Taken => lang.t("document-next-operator"),
        Problem::Fault(
            Fault::Unknown(_) | Fault::Connection(_) | Fault::Slow(_) | Fault::Busy(_),
        ) if unfit.shut_in => {
            let next = if unfit.promised { "document-next-shut-in" } else { "document-next-again" };
            lang.t(next)
        }
        Problem::Full | Problem::Fault(Fault::Busy(_)) => lang.t("document-next-later"),
        Problem::Fault(_) | Problem::Flaw(_) => lang.t("document-next-maker"),
    };
    let view = ErrorPage {
        shell: Shell { here: None, ..shell(&app.env, browser) },
        title: lang.t("unsure-title").into(),
        what: what(lang, unfit.problem),
        next: advice.into(),
        reference: Some(Shown(story).to_string()),
        link: None,
    };
    page(&app.env, browser, StatusCode::BAD_REQUEST, view.render())
}

fn what(lang: Lang, problem: &Problem) -> String {
    match problem {
        Problem::Off => lang.t("document-off").into(),
        Problem::Domain => lang.t("document-domain").into(),
        Problem::Full => lang.t("document-full").into(),
        Problem::Taken => lang.t("document-taken").into(),
        Problem::Fault(fault) => with_fault(lang, fault),
        Problem::Flaw(flaw) => with_flaw(lang, flaw),
    }
}

fn with_fault(lang: Lang, fault: &Fault) -> String {
    let detail = fault.detail().into_owned();
    let text = match fault {
        // What is wrong with a URL is said in the words of the standard.
        Fault::Url(_) => lang.t("document-url").with("detail", detail),
        Fault::Inner(_) => lang.t("document-inner"),
        Fault::Unknown(_) => lang.t("document-unknown"),
        Fault::Connection(_) => lang.t("document-connection").with("detail", detail),
        Fault::Slow(_) => lang.t("document-slow").with("detail", detail),
        Fault::Redirect(_) => lang.t("document-redirect").with("detail", detail),
        Fault::Status(_) => lang.t("document-status").with("detail", detail),
        Fault::Large(_) => lang.t("document-large").with("detail", detail),
        Fault::Encoded => lang.t("document-encoded"),
        Fault::Type(_) => lang.t("document-type"),
        Fault::Broken => lang.t("document-broken"),
        Fault::Busy(_) => lang.t("document-busy"),
    };
    text.into()
}

fn with_flaw(lang: Lang, flaw: &Flaw) -> String {
    let text = match flaw {
        Flaw::NotAnObject => lang.t("document-object"),
        Flaw::OtherId => lang.t("document-id"),
        Flaw::Missing(member) => lang.t("document-missing").with("member", *member),
        Flaw::Member(member, wanted) => {
            lang.t("document-member").with("member", member.clone()).with("wanted", *wanted)
        }
        Flaw::Redirect(_) => lang.t("document-redirect-uri"),
        Flaw::Secret(_) => lang.t("document-secret"),
        Flaw::Method(_) => lang.t("document-method"),
        Flaw::Keys(why) => lang.t("document-keys").with("detail", *why),
    };
    text.into()
}
