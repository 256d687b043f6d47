//! `/account/security/remove`: taking one factor away, after a question. Passkeys have a page of their own.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{
    act::{RecentAct, done},
    security::{self, Owned},
};
use crate::{
    app::App,
    db::Write,
    error::{Error, Result},
    http::{
        error::PageError,
        extract::{Browser, From, RecentSession},
        fields::Fields,
        lang::Lang,
        pages::{form, page, shell},
        view::{Label, RemoveFactor},
    },
    model::id::{ContactId, CredentialId},
    ops,
};

/// One of a person's factors.
enum Chosen {
    App(CredentialId),
    Contact(ContactId),
}

/// The factor of that id among a person's own, with what it is called.
fn find(lang: Lang, owned: &Owned, id: &str) -> Result<(Chosen, Label)> {
    let app = owned.apps.iter().find(|one| one.id.as_str() == id);
    let app = app.map(|one| (Chosen::App(one.id.clone()), security::app_name(lang, one)));
    let contact = owned.contacts.iter().find(|one| one.id.as_str() == id);
    let contact =
        contact.map(|one| (Chosen::Contact(one.id.clone()), security::contact_name(lang, one)));
    app.or(contact).ok_or_else(|| Error::absent("there is no such second factor, or not any more"))
}

/// `GET /account/security/remove?id=…`.
pub async fn ask(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    RecentSession(signed_in): RecentSession,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let id = query.text("id");
    let owned = Owned::of(&app, &signed_in.actor(origin), &signed_in.user.id)?;
    let (_, name) = find(browser.lang(), &owned, id)?;
    let view = RemoveFactor {
        shell: shell(&app.env, &browser),
        form: form(&app.env, &browser, "/account/security/remove", &[("id", id)]),
        name,
        is_last: owned.count() == 1,
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

/// `POST /account/security/remove`.
pub async fn submit(
    State(app): State<App>,
    browser: Browser,
    RecentAct(act): RecentAct,
) -> Result<Response, PageError> {
    let (user, who) = (act.user(), act.who);
    let owned = Owned::of(&app, &who, &user)?;
    let (chosen, _) = find(browser.lang(), &owned, act.fields.text("id"))?;
    let env = app.env();
    let job = move |tx: &Write<'_>| match chosen {
        Chosen::App(id) => ops::factor::remove_totp(tx, &env, &who, &user, &id),
        Chosen::Contact(id) => ops::contact::remove(tx, &env, &who, &user, &id).map(drop),
    };
    app.db.write(job).await?;
    Ok(done("/account/security", "removed"))
}
