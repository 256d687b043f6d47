//! `/account/keys`: someone's own API keys.

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{
    act::{Act, RecentAct, done},
    joined, notice,
};
use crate::{
    app::App,
    error::{Error, Kind},
    http::{
        error::PageError,
        extract::{Browser, From, RecentSession, Session},
        fields::Fields,
        lang::{Lang, core, when::moment},
        pages::{form, page, shell},
        view::{Key, Keys, Label, Lifetime, MadeKey, NewKey, ScopeBox},
    },
    model::{
        apikey::{ApiKey, Due, KeyRow},
        id::ApiKeyId,
        scope::ADMIN_PREFIX,
        user::{ADMIN, User},
    },
    ops::{
        self,
        apikey::{Made, New, Old, Whose},
    },
};

/// The page.
const PATH: &str = "/account/keys";
/// More than anyone reads.
const MOST: u32 = 50;
/// Days that a key can live; none is for ever.
const LIFETIMES: [Option<u32>; 4] = [Some(30), Some(90), Some(365), None];
/// How long a replaced key works on.
const OVERLAP: Duration = Duration::from_secs(86_400);
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
    let kept = all.into_iter().filter(|row| row.key.revoked_at.is_none());
    let view = Keys {
        shell: shell(&app.env, &browser),
        notice: notice(browser.lang(), query),
        keys: kept.map(|row| line(&app, &browser, &row)).collect(),
        can_make: app.env.config.authentication.api_keys.enabled,
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

fn line(app: &App, browser: &Browser, row: &KeyRow) -> Key {
    let (lang, key) = (browser.lang(), &row.key);
    let (rotation, now) = (app.env.rotation(), app.db.now());
    let agent = row.agent.as_ref().map(|name| lang.t("key-of-agent").with("name", name.as_str()));
    let made = lang.t("key-created").with("when", moment(lang, key.created_at)).into();
    let ends = match key.ends_at(rotation) {
        Some(at) => lang.t("session-ends").with("when", moment(lang, at)),
        None => lang.t("key-endless"),
    };
    let due = match key.due(rotation, now) {
        Due::No => None,
        Due::Soon(at) => Some(lang.t("key-due").with("when", moment(lang, at))),
        Due::Over(at) => Some(lang.t("key-overdue").with("when", moment(lang, at))),
    };
    let is_over = key.state(rotation, now) != "active";
    let can_rotate =
        !is_over && key.replaced_by.is_none() && app.env.config.authentication.api_keys.enabled;
    Key {
        name: Label::new(&key.name),
        hint: key.hint.clone(),
        scopes: key.scopes.iter().map(str::to_owned).collect(),
        detail: joined([
            agent.map(Into::into),
            Some(made),
            Some(used(lang, key)),
            Some(ends.into()),
        ]),
        is_over,
        due: due.filter(|_| !is_over).map(Into::into),
        rotate: can_rotate
            .then(|| form(&app.env, browser, "/account/keys/rotate", &[("id", key.id.as_str())])),
        revoke: form(&app.env, browser, "/account/keys/revoke", &[("id", key.id.as_str())]),
    }
}

fn used(lang: Lang, key: &ApiKey) -> String {
    let text = match (key.last_used_at, key.last_used_address.as_deref()) {
        (None, _) => lang.t("account-factor-unused"),
        (Some(at), Some(address)) if !address.is_empty() => {
            lang.t("key-used-from").with("when", moment(lang, at)).with("address", address)
        }
        (Some(at), _) => lang.t("account-factor-used").with("when", moment(lang, at)),
    };
    text.into()
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
    browser: Browser,
    RecentAct(act): RecentAct,
) -> Result<Response, PageError> {
    let (env, who, owner) = (app.env(), act.who, act.signed_in.user.clone());
    let made = match new(&act.fields) {
        Ok(new) => app.db.write(move |tx| ops::apikey::create(tx, &env, &who, &owner, &new)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => Ok(once(&app, &browser, &made, None)),
        Err(error) if error.kind() == Kind::Invalid => {
            let error = Some(core::what(browser.lang(), &error));
            let view = NewKey { error, ..blank(&app, &browser, &act.signed_in.user, &act.fields) };
            Ok(page(&app.env, &browser, StatusCode::UNPROCESSABLE_ENTITY, view.render()))
        }
        Err(error) => Err(error.into()),
    }
}

fn once(app: &App, browser: &Browser, made: &Made, old: Option<&ApiKey>) -> Response {
    let lang = browser.lang();
    let until = old.and_then(|old| old.ends_at(app.env.rotation()));
    let replaces = until.map(|end| lang.t("key-made-replaces").with("when", moment(lang, end)));
    let view = MadeKey {
        shell: shell(&app.env, browser),
        name: Label::new(&made.key.name),
        replaces: replaces.map(Into::into),
        key: made.text.expose().to_owned(),
    };
    page(&app.env, browser, StatusCode::OK, view.render())
}

/// `POST /account/keys/rotate`: another in the place of one, which works on for a day; the new one is shown, once.
pub async fn rotate(
    State(app): State<App>,
    browser: Browser,
    RecentAct(act): RecentAct,
) -> Result<Response, PageError> {
    let (env, who) = (app.env(), act.who);
    let id = ApiKeyId::from_text(act.fields.text("id"));
    let old = Old::Overlap(OVERLAP);
    let done = app.db.write(move |tx| ops::apikey::rotate(tx, &env, &who, &id, old)).await?;
    Ok(once(&app, &browser, &done.made, Some(&done.old)))
}

/// `POST /account/keys/revoke`.
pub async fn revoke(State(app): State<App>, act: Act) -> Result<Response, PageError> {
    let id = ApiKeyId::from_text(act.fields.text("id"));
    app.db.write(move |tx| ops::apikey::revoke(tx, &act.who, &id)).await?;
    Ok(done(PATH, "revoked"))
}
