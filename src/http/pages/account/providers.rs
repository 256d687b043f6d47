//! `/account/providers/…`: identities at providers that lead into this account, linked and unlinked by their owner.

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};

use super::joined;
use crate::{
    app::App,
    error::Result,
    http::{
        error::PageError,
        extract::{Browser, From, PageForm, RecentSession},
        lang::when::moment,
        pages::form,
        provider,
        view::{Label, LinkedIdentity, ProviderForm},
    },
    model::{actor::Actor, id::UserId, provider::ProviderLink},
    ops,
    service::provider::Providers,
};

/// What the security page says about providers.
pub(super) struct Linked {
    pub(super) identities: Vec<LinkedIdentity>,
    pub(super) more: Vec<ProviderForm>,
}

impl Linked {
    pub(super) fn of(app: &App, browser: &Browser, who: &Actor, user: &UserId) -> Result<Self> {
        let links = app.db.read(|r| ops::provider::link::of(r, who, user))?;
        let offered = ops::provider::offered(&app.env);
        let more = offered
            .iter()
            .filter(|one| !links.iter().any(|link| link.issuer == one.issuer))
            .map(|one| ProviderForm {
                label: one.label.to_string(),
                form: form(&app.env, browser, "/account/providers/link", &[("provider", one.name)]),
            })
            .collect();
        let identities = links.iter().map(|link| line(app, browser, link)).collect();
        Ok(Self { identities, more })
    }
}

fn line(app: &App, browser: &Browser, link: &ProviderLink) -> LinkedIdentity {
    let lang = browser.lang();
    let offered = ops::provider::offered(&app.env);
    let label = offered.iter().find(|one| one.issuer == link.issuer);
    let used = match link.last_used_at {
        Some(at) => lang.t("account-factor-used").with("when", moment(lang, at)),
        None => lang.t("account-factor-unused"),
    };
    let hidden = [("issuer", link.issuer.as_str()), ("subject", link.subject.as_str())];
    LinkedIdentity {
        name: Label::new(label.map_or(link.issuer.as_str(), |one| one.label.as_ref())),
        detail: joined([link.email.clone(), Some(used.into())]),
        remove: form(&app.env, browser, "/account/providers/unlink", &hidden),
    }
}

/// `POST /account/providers/link`: leads to the provider.
pub async fn link(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Extension(providers): Extension<Providers>,
    headers: HeaderMap,
    RecentSession(_): RecentSession,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let from = (&headers, &providers);
    provider::begin_link(&app, &origin, &browser, from, fields.text("provider")).await
}

/// `POST /account/providers/unlink`.
pub async fn unlink(
    State(app): State<App>,
    From(origin): From,
    RecentSession(signed_in): RecentSession,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let (env, who, user) = (app.env(), signed_in.actor(origin), signed_in.user.id);
    let (issuer, subject) = (fields.text("issuer").to_owned(), fields.text("subject").to_owned());
    app.db
        .write(move |tx| ops::provider::link::unlink(tx, &env, &who, &user, (&issuer, &subject)))
        .await?;
    Ok(Redirect::to("/account/security?done=unlinked").into_response())
}
