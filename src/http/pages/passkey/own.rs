//! `/account/passkeys`: the passkeys one has.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use crate::{
    app::App,
    error::Error,
    http::{
        error::PageError,
        extract::{Browser, From, RecentSession, Session},
        fields::Fields,
        lang::{Lang, when::moment},
        pages::{
            account::act::{Act, RecentAct, done},
            form, page, shell,
        },
        view::{Label, PasskeyLine, Passkeys, RemovePasskey},
    },
    model::{id::CredentialId, passkey::Passkey},
    ops::{self, env::Env},
};

/// Where it is.
pub const PATH: &str = "/account/passkeys";

/// `GET /account/passkeys`.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let who = signed_in.actor(origin);
    let passkeys = app.db.read(|r| ops::passkey::list(r, &who, &signed_in.user.id))?;
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let offered = ops::passkey::is_offered(&app.env);
    let lines = passkeys.iter().map(|passkey| line(&app.env, &browser, passkey));
    let view = Passkeys {
        shell: shell(&app.env, &browser),
        notice: notice(browser.lang(), query.text("done")),
        passkeys: lines.collect(),
        add: offered.then(|| super::register::PATH.to_owned()),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

fn notice(lang: Lang, done: &str) -> Option<String> {
    let text = match done {
        "new" => lang.t("passkeys-done-new"),
        "renamed" => lang.t("passkeys-done-renamed"),
        "removed" => lang.t("passkeys-done-removed"),
        _ => return None,
    };
    Some(text.into())
}

fn line(env: &Env, browser: &Browser, passkey: &Passkey) -> PasskeyLine {
    let lang = browser.lang();
    let id = passkey.id.as_str();
    let used = match passkey.last_used_at {
        Some(at) => lang.t("passkeys-used").with("when", moment(lang, at)),
        None => lang.t("passkeys-unused"),
    };
    let flagged = passkey.flagged_at.map(|at| {
        let text = if ops::passkey::is_shut(env, passkey) {
            lang.t("passkeys-shut")
        } else {
            lang.t("passkeys-flagged")
        };
        text.with("when", moment(lang, at)).into()
    });
    PasskeyLine {
        id: id.to_owned(),
        label: Label::new(&passkey.label),
        added: lang.t("passkeys-added").with("when", moment(lang, passkey.created_at)).into(),
        used: used.into(),
        synced: passkey.backed_up,
        flagged,
        rename: form(env, browser, "/account/passkeys/rename", &[("id", id)]),
        remove: format!("/account/passkeys/remove?id={id}"),
    }
}

/// `POST /account/passkeys/rename`.
pub async fn rename(State(app): State<App>, act: Act) -> Result<Response, PageError> {
    let (user, who) = (act.user(), act.who);
    let id = CredentialId::from_text(act.fields.text("id"));
    let label = act.fields.text("label").to_owned();
    app.db.write(move |tx| ops::passkey::rename(tx, &who, &user, &id, &label)).await?;
    Ok(done(PATH, "renamed"))
}

/// `GET /account/passkeys/remove?id=ID`: really?
pub async fn ask_remove(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    RecentSession(signed_in): RecentSession,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let id = query.text("id");
    let who = signed_in.actor(origin);
    let passkeys = app.db.read(|r| ops::passkey::list(r, &who, &signed_in.user.id))?;
    let passkey = passkeys.iter().find(|passkey| passkey.id.as_str() == id);
    let passkey = passkey.ok_or_else(|| Error::absent("this passkey was removed already"))?;
    let view = RemovePasskey {
        shell: shell(&app.env, &browser),
        form: form(&app.env, &browser, "/account/passkeys/remove", &[("id", id)]),
        label: Label::new(&passkey.label),
        stay: PATH.to_owned(),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

/// `POST /account/passkeys/remove`.
pub async fn remove(
    State(app): State<App>,
    RecentAct(act): RecentAct,
) -> Result<Response, PageError> {
    let (env, user, who) = (app.env(), act.user(), act.who);
    let id = CredentialId::from_text(act.fields.text("id"));
    app.db.write(move |tx| ops::passkey::remove(tx, &env, &who, &user, &id)).await?;
    Ok(done(PATH, "removed"))
}
