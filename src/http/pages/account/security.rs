//! `/account/security`: the password, passkeys, second factors and recovery codes.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{notice, providers::Linked};
use crate::{
    app::App,
    error::Result,
    http::{
        error::PageError,
        extract::{Browser, From, Session},
        lang::{Lang, when::moment},
        pages::{page, shell},
        view::{Factor, Label, Security},
    },
    model::{
        actor::Actor,
        contact::Contact,
        factor::{Method, TotpCredential},
        id::UserId,
        passkey::Passkey,
    },
    ops,
    time::Time,
};

/// Everything that a person can prove themselves with, beside the password.
pub(super) struct Owned {
    passkeys: Vec<Passkey>,
    pub(super) apps: Vec<TotpCredential>,
    pub(super) contacts: Vec<Contact>,
    codes_left: u32,
}

impl Owned {
    pub(super) fn of(app: &App, who: &Actor, user: &UserId) -> Result<Self> {
        app.db.read(|r| {
            let (apps, codes_left) = ops::factor::list(r, who, user)?;
            let mut contacts = ops::contact::list(r, who, user)?;
            contacts.retain(|contact| contact.active);
            Ok(Self { passkeys: ops::passkey::list(r, who, user)?, apps, contacts, codes_left })
        })
    }

    pub(super) fn count(&self) -> usize {
        self.passkeys.len() + self.apps.len() + self.contacts.len()
    }
}

/// `GET /account/security`.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (lang, user) = (browser.lang(), &signed_in.user);
    let who = signed_in.actor(origin);
    let owned = Owned::of(&app, &who, &user.id)?;
    let linked = Linked::of(&app, &browser, &who, &user.id)?;
    let password = match user.password_changed_at {
        Some(at) => lang.t("account-password-set").with("when", moment(lang, at)).into(),
        None => String::new(),
    };
    let passkeys = ops::passkey::is_offered(&app.env) || !owned.passkeys.is_empty();
    let apps = owned.apps.iter().map(|one| app_line(lang, one));
    let contacts = owned.contacts.iter().map(|one| contact_line(lang, one));
    let view = Security {
        shell: shell(&app.env, &browser),
        notice: notice(lang, query),
        password,
        passkeys: passkeys.then_some(owned.passkeys.len()),
        passkey_flagged: owned.passkeys.iter().any(|one| one.flagged_at.is_some()),
        factors: apps.chain(contacts).collect(),
        can_add: Method::ALL.into_iter().any(|method| is_enrolled_here(&app, method)),
        recovery_codes_left: (owned.count() > 0).then_some(owned.codes_left),
        identities: linked.identities,
        providers: linked.more,
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

/// Whether a method can be set up: recovery codes come with the others.
fn is_enrolled_here(app: &App, method: Method) -> bool {
    method != Method::Recovery && ops::factor::allowed(&app.env, method)
}

fn used(lang: Lang, at: Option<Time>) -> String {
    match at {
        Some(at) => lang.t("account-factor-used").with("when", moment(lang, at)).into(),
        None => lang.t("account-factor-unused").into(),
    }
}

fn removal(id: &str) -> String {
    format!("/account/security/remove?id={id}")
}

fn app_line(lang: Lang, app: &TotpCredential) -> Factor {
    Factor {
        name: app_name(lang, app),
        detail: used(lang, app.last_used_at),
        remove: removal(app.id.as_str()),
        weak: false,
    }
}

/// The name it gets when it is set up; one that a person gave stays as it is.
pub(super) fn app_name(lang: Lang, app: &TotpCredential) -> Label {
    match app.label.as_str() {
        "Authenticator app" => Label::new(&lang.t("factor-totp").to_string()),
        own => Label::new(own),
    }
}

fn contact_line(lang: Lang, contact: &Contact) -> Factor {
    Factor {
        name: contact_name(lang, contact),
        detail: used(lang, contact.last_used_at),
        weak: contact.method.is_weak(),
        remove: removal(contact.id.as_str()),
    }
}

pub(super) fn contact_name(lang: Lang, contact: &Contact) -> Label {
    let text = match contact.method {
        Method::Sms => lang.t("account-sms"),
        Method::Email | Method::Passkey | Method::Totp | Method::Recovery => {
            lang.t("account-email")
        }
    };
    Label::new(&text.with("to", contact.masked()).to_string())
}
