//! Hearing from a provider that somebody signed out there (OpenID Connect Back-Channel Logout 1.0).

use super::{Providers, Why};
use crate::{
    app::App,
    config::providers::PRIMARY,
    crypto::jwt,
    error::Result,
    model::actor::Origin,
    ops::{
        self,
        provider::notice::{self, Heard},
    },
};

/// What became of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// So many sessions ended, perhaps none.
    Ended(usize),
    /// It is none, or came before: why.
    Refused(String),
}

impl Providers {
    /// Takes a logout token that came to the address of `provider`; none: of the first one.
    pub async fn hear(
        &self,
        app: &App,
        origin: &Origin,
        provider: Option<&str>,
        token: &str,
    ) -> Result<Told> {
        let env = app.env();
        let name = provider.unwrap_or(PRIMARY).to_owned();
        let Some(found) = ops::provider::find(&env, Some(&name)) else {
            return Ok(Told::Refused(Why::Off.error().to_string()));
        };
        // Nothing is fetched for what does not even claim to come from there.
        if jwt::unproven(token, "iss").as_deref() != Some(found.issuer) {
            return Ok(Told::Refused("it is not from that provider".to_owned()));
        }
        let read = match self.0.known(app, &found).await {
            Ok(known) => {
                let now = app.db.now();
                let check = |keys: &_| notice::read(&found, keys, now, token);
                self.0.signed(app, &found, &known, check).await
            }
            Err(why) => Err(why),
        };
        let notice = match read {
            Ok(notice) => notice,
            Err(why) => return Ok(Told::Refused(why.detail())),
        };
        let (env, from) = (app.env(), origin.clone());
        let heard = app
            .db
            .write(move |tx| match ops::provider::find(&env, Some(&name)) {
                Some(provider) => notice::hear(tx, &from, &provider, &notice).map(Some),
                None => Ok(None),
            })
            .await?;
        Ok(match heard {
            Some(Heard::Ended(sessions)) => Told::Ended(sessions),
            Some(Heard::Replayed) => Told::Refused("it came before (jti)".to_owned()),
            None => Told::Refused(Why::Off.error().to_string()),
        })
    }
}
