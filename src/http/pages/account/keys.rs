//! `/account/keys`: someone's own API keys.

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{joined, notice};
use crate::{
    app::App,
    error::{Error, Kind},
    http::{
        error::PageError,
        extract::{Browser, From, PageForm, RecentSession, Session},
        fields::Fields,
        lang::{Lang, core, when::moment},
        pages::{form, page, shell},
        view::{Key, Keys, Label, Lifetime, MadeKey, NewKey, ScopeBox},
    },
    model::{
        apikey::ApiKey,
        id::ApiKeyId,
        scope::ADMIN_PREFIX,
        user::{ADMIN, User},
    },
    ops::{
        self,
        apikey::{New, Whose},
    },
};

/// More than anyone reads.
const MOST: u32 = 50;
/// Days that a key can live; none is for ever.
const LIFETIMES: [Option<u32>; 4] = [Some(30), Some(90), Some(365), None];
/// What is chosen at first.
const USUAL: Option<u32> = Some(90);

/// `GET /account/keys`.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let who = signed_in.actor(origin);
    let whose = Whose::User(&signed_in.user.id);
    let all = app.db.read(|r| ops::apikey::list(r, &who, whose, MOST))?;
    let kept = all.into_iter().map(|row| row.key).filter(|key| key.revoked_at.is_none());
    let view = Keys {
        shell: shell(&app.env, &browser),
        notice: notice(browser.lang(), query),
        keys: kept.map(|key| line(&app, &browser, &key)).collect(),
        can_make: app.env.config.authentication.api_keys.enabled,
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

fn line(app: &App, browser: &Browser, key: &ApiKey) -> Key {
    let lang = browser.lang();
    let made = lang.t("key-created").with("when", moment(lang, key.created_at)).into();
    let used = match key.last_used_at {
        Some(at) => lang.t("account-factor-used").with("when", moment(lang, at)),
        None => lang.t("account-factor-unused"),
    };
    let ends = match key.expires_at {
        Some(at) => lang.t("session-ends").with("when", moment(lang, at)),
        None => lang.t("key-endless"),
    };
    Key {
        name: Label::new(&key.name),
        hint: key.hint.clone(),
        scopes: key.scopes.iter().map(str::to_owned).collect(),
        detail: joined([Some(made), Some(used.into()), Some(ends.into())]),
        is_over: key.state(app.env.rotation(), app.db.now()) != "active",
        revoke: form(&app.env, browser, "/account/keys/revoke", &[("id", key.id.as_str())]),
    }
}

/// `GET /account/keys/new`.
pub async fn ask(
    State(app): State<App>,
    browser: Browser,
    RecentSession(signed_in): RecentSession,
) -> Result<Response, PageError> {
    let view = blank(&app, &browser, &signed_in.user, &Fields::default());
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

/// The form, filled in as it was sent.
fn blank(app: &App, browser: &Browser, owner: &User, sent: &Fields) -> NewKey {
    let lang = browser.lang();
    let chosen = if sent.pairs().is_empty() { USUAL } else { sent.text("days").parse().ok() };
    let known = app.env.config.authentication.api_keys.scopes.iter();
    // Others would only be refused.
    let own = known.filter(|scope| !scope.starts_with(ADMIN_PREFIX) || owner.has_role(ADMIN));
    NewKey {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/account/keys/new", &[]),
        label: sent.text("label").chars().take(200).collect(),
        scopes: own
            .map(|scope| ScopeBox {
                scope: scope.clone(),
                is_ticked: sent.get(&format!("scope_{scope}")).is_some(),
            })
            .collect(),
        lifetimes: LIFETIMES.into_iter().map(|days| lifetime(lang, days, chosen)).collect(),
        error: None,
    }
}

fn lifetime(lang: Lang, days: Option<u32>, chosen: Option<u32>) -> Lifetime {
    let label = match days {
        Some(days) => lang.t("key-days").with("n", days),
        None => lang.t("key-forever"),
    };
    Lifetime {
        value: days.map(|days| days.to_string()).unwrap_or_default(),
        label: label.into(),
        is_chosen: days == chosen,
    }
}

fn new(fields: &Fields) -> Result<New, Error> {
    let days = fields.text("days");
    let lifetime = match LIFETIMES.iter().flatten().find(|known| known.to_string() == days) {
        Some(days) => Some(Duration::from_secs(u64::from(*days) * 86_400)),
        None if days.is_empty() => None,
        None => return Err(Error::invalid("days", "choose how long the key is to live")),
    };
    let scopes = fields.pairs().iter().filter_map(|(name, _)| name.strip_prefix("scope_"));
    Ok(New {
        name: fields.text("label").to_owned(),
        scopes: scopes.map(str::to_owned).collect(),
        lifetime,
        ..New::default()
    })
}

/// `POST /account/keys/new`: the key is shown, once.
pub async fn make(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    RecentSession(signed_in): RecentSession,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let (env, who, owner) = (app.env(), signed_in.actor(origin), signed_in.user.clone());
    let made = match new(&fields) {
        Ok(new) => app.db.write(move |tx| ops::apikey::create(tx, &env, &who, &owner, &new)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => Ok(once(&app, &browser, &made)),
        Err(error) if error.kind() == Kind::Invalid => {
            let error = Some(core::what(browser.lang(), &error));
            let view = NewKey { error, ..blank(&app, &browser, &signed_in.user, &fields) };
            Ok(page(&app.env, &browser, StatusCode::UNPROCESSABLE_ENTITY, view.render()))
        }
        Err(error) => Err(error.into()),
    }
}

fn once(app: &App, browser: &Browser, made: &ops::apikey::Made) -> Response {
    let view = MadeKey {
        shell: shell(&app.env, browser),
        name: Label::new(&made.key.name),
        key: made.text.expose().to_owned(),
    };
    page(&app.env, browser, StatusCode::OK, view.render())
}

/// `POST /account/keys/revoke`.
pub async fn revoke(
    State(app): State<App>,
    From(origin): From,
    Session(signed_in): Session,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let who = signed_in.actor(origin);
    let id = ApiKeyId::from_text(fields.text("id"));
    app.db.write(move |tx| ops::apikey::revoke(tx, &who, &id)).await?;
    Ok(Redirect::to("/account/keys?done=revoked").into_response())
}
