//! Who and what is in the demo's database: three people with known passwords, an app and an API.
//! The app itself is `http/demo`; that the database is a temporary one is for whoever opens it.

use std::{sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{
    client,
    env::Env,
    factor, password, resource,
    user::{self, FirstPassword},
};
use crate::{
    crypto::{
        secret::Plain,
        totp::{self, Settings},
    },
    db::{Db, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        client::GrantType,
        id::ClientId,
        scope::STANDARD,
        user::{ADMIN, User},
    },
    time::Time,
};

/// The app's `client_id`.
pub const APP: &str = "demo";
/// The API's `client_id`.
pub const API: &str = "demo-api";
/// Where the app takes its answers, below our own address.
pub const CALLBACK: &str = "/demo/callback";

/// The part that someone plays.
struct Part {
    username: &'static str,
    name: &'static str,
    password: &'static str,
    role: &'static str,
    about: &'static str,
    factor: bool,
}

/// Passwords that the policy takes as it is shipped; known to everyone who reads this, so for the demo alone.
const PEOPLE: [Part; 3] = [
    Part {
        username: "ada",
        name: "Ada Byron",
        password: "Amber-Kettle-41-Harbour",
        role: ADMIN,
        about: "administrator, with an authenticator app",
        factor: true,
    },
    Part {
        username: "dev",
        name: "Devi Nair",
        password: "Cobalt-Lantern-52-Meadow",
        role: "developer",
        about: "developer, without a second factor yet",
        factor: false,
    },
    Part {
        username: "sam",
        name: "Sam Okoro",
        password: "Violet-Anchor-63-Orchard",
        role: "user",
        about: "ordinary user",
        factor: false,
    },
];

/// One of the demo's people.
#[derive(Clone, Debug)]
pub struct Person {
    /// User name.
    pub username: &'static str,
    /// Password; no secret, it stands in the source.
    pub password: &'static str,
    /// Who that is.
    pub about: &'static str,
    /// What stands in for their phone.
    pub authenticator: Option<Authenticator>,
}

/// An authenticator app that the demo plays itself.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// `otpauth://…`, for a real app.
    pub uri: Plain,
    /// The seed in base32.
    pub secret: Plain,
    /// One of the recovery codes.
    pub recovery: Plain,
    seed: Zeroizing<Vec<u8>>,
    settings: Settings,
}

impl Authenticator {
    /// The code of this moment and how long it lasts.
    pub fn code(&self, now: Time) -> Result<(Plain, Duration)> {
        let period = i64::from(self.settings.period) * 1_000;
        let left = period - now.millis().rem_euclid(period);
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        Ok((totp::code_at(&self.seed, &self.settings, now)?, left))
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Who can sign in.
    pub people: Vec<Person>,
    /// The app's `client_id`; it is a public client.
    pub app: ClientId,
    /// The API's `client_id`.
    pub api: ClientId,
    /// The API's secret, with which it asks about tokens.
    pub api_secret: Plain,
}

/// The address of the API, for which the app's tokens are. Nothing answers there.
pub fn api_address(env: &Env) -> String {
    format!("{}/demo/api", env.site.issuer)
}

/// Fills an empty database. Blocks while passwords are hashed.
pub fn prepare(db: &Db, env: &Arc<Env>) -> Result<Demo> {
    let mut chosen = Vec::with_capacity(PEOPLE.len());
    for part in &PEOPLE {
        let basis = password::Basis::new_user(part.username, &email(part), part.name);
        chosen.push((part, password::choose(env, &basis, part.password)?));
    }
    let env = Arc::clone(env);
    db.write_blocking(move |tx| {
        let mut people = Vec::with_capacity(chosen.len());
        for (part, chosen) in chosen {
            people.push(person(tx, &env, part, chosen)?);
        }
        let api_secret = clients(tx, &env)?;
        let (app, api) = (ClientId::from_text(APP), ClientId::from_text(API));
        Ok(Demo { people, app, api, api_secret })
    })
}

fn email(part: &Part) -> String {
    format!("{}@demo.example", part.username)
}

fn person(tx: &Write<'_>, env: &Env, part: &Part, chosen: password::Chosen) -> Result<Person> {
    let new = user::New {
        username: part.username.to_owned(),
        email: email(part),
        name: part.name.to_owned(),
        roles: vec![part.role.to_owned()],
    };
    let made = user::create(tx, env, &Actor::system(), &new, &FirstPassword::Chosen(chosen))?;
    let authenticator = part.factor.then(|| authenticator(tx, env, &made.user)).transpose()?;
    let Part { username, password, about, .. } = *part;
    Ok(Person { username, password, about, authenticator })
}

fn authenticator(tx: &Write<'_>, env: &Env, user: &User) -> Result<Authenticator> {
    let enrolment = factor::enroll(tx, env, user)?;
    let codes = factor::confirm_unverified(tx, env, &Actor::system(), &user.id, &enrolment.id)?;
    let unreadable = || Error::internal("a fresh authenticator cannot be read back");
    Ok(Authenticator {
        seed: totp::read_base32(enrolment.secret.expose()).ok_or_else(unreadable)?,
        recovery: codes.into_iter().next().ok_or_else(unreadable)?,
        settings: env.totp_settings(),
        uri: enrolment.uri,
        secret: enrolment.secret,
    })
}

fn clients(tx: &Write<'_>, env: &Env) -> Result<Plain> {
    let app = client::New {
        name: "Demo app".to_owned(),
        id: Some(APP.to_owned()),
        redirect_uris: vec![format!("{}{CALLBACK}", env.site.issuer)],
        public: true,
        grant_types: GrantType::USUAL.iter().map(|grant| grant.as_str().to_owned()).collect(),
        scopes: STANDARD.iter().map(|scope| (*scope).to_owned()).collect(),
        ..client::New::default()
    };
    client::create(tx, &Actor::system(), app)?;
    let uri = api_address(env);
    let kept =
        resource::New { uri: uri.clone(), name: "Demo API".to_owned(), ..resource::New::default() };
    resource::add(tx, &Actor::system(), kept)?;
    // It signs nobody in; it only asks whether a token that it was shown is good.
    let api = client::New {
        name: "Demo API".to_owned(),
        id: Some(API.to_owned()),
        grant_types: vec![client::NO_GRANT.to_owned()],
        resources: vec![uri],
        ..client::New::default()
    };
    let api = client::create(tx, &Actor::system(), api)?;
    api.secret.ok_or_else(|| Error::internal("the demo's API was made without a secret"))
}
