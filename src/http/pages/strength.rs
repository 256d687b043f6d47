//! `/password/strength`: what a password is worth, while it is being typed. It chooses nothing and stores nothing.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::sync::Semaphore;

use super::blocking;
use crate::{
    app::App,
    crypto::secret::Plain,
    error::Error,
    http::{
        error::{JsonError, PageError},
        extract::{Browser, PageForm},
        lang::{self, Lang},
    },
    ops::{
        self,
        password::{Basis, Judged, Unfit},
    },
};

/// Judging takes some ten milliseconds of a processor, and anyone may ask.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// `POST /password/strength`: the form of a page that chooses a password, as far as it is filled in.
pub async fn judge(
    State(app): State<App>,
    browser: Browser,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let Ok(_permit) = AT_ONCE.try_acquire() else {
        let busy = Error::busy("too many passwords are being judged at once");
        return Ok(JsonError(busy).into_response());
    };
    let basis = Basis::new_user(fields.text("username"), fields.text("email"), fields.text("name"));
    let (env, candidate) = (app.env(), Plain::new(fields.text("new_password").to_owned()));
    let judged = blocking(move || ops::password::judge(&env, &basis, candidate.expose())).await?;
    Ok(Json(in_words(browser.lang(), judged)).into_response())
}

fn in_words(lang: Lang, judged: Judged) -> serde_json::Value {
    let said = match judged.score {
        0 => lang.t("strength-0"),
        1 => lang.t("strength-1"),
        2 => lang.t("strength-2"),
        3 => lang.t("strength-3"),
        _ => lang.t("strength-4"),
    };
    let unfit: Vec<String> = judged
        .broken
        .into_iter()
        .map(|one| lang::password::unfit(lang, &Unfit::Rule(one)))
        .collect();
    json!({ "score": judged.score, "said": said.to_string(), "unfit": unfit })
}
