//! A provider's tokens while a session is in use, and at its end: renewed within five minutes of their end, by one
//! caller at a time over all processes; given back once the session is over.

use super::{Knowledge, Net, Providers, Tokens, credentials, read_tokens};
use crate::{
    app::App,
    error::Result,
    model::{id::SessionId, provider::Expected},
    ops::{
        self,
        provider::{
            Provider,
            tokens::{self, Claim},
        },
    },
};

/// How it stands with the tokens of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// There is nothing to do, or somebody else is at it.
    Fine,
    /// They were renewed.
    Renewed,
    /// They could not be renewed for now; the session goes on.
    Later,
    /// The provider takes them back: the session is over.
    Ended,
}

/// What came of asking for new ones.
enum Asked {
    Given(Box<Tokens>),
    /// The provider says that it is over.
    Over,
    Failed(String),
}

impl Providers {
    /// Renews a session's tokens when they end within five minutes. One look-up for a session that is not due; call it
    /// wherever a session is found good. What fails for the moment ends nothing; `invalid_grant` ends the session.
    pub async fn keep(&self, app: &App, session: &SessionId) -> Result<Upkeep> {
        let kept = app.db.read(|r| tokens::of_session(r, session))?;
        if !kept.is_some_and(|kept| kept.is_due(app.db.now())) {
            return Ok(Upkeep::Fine);
        }
        let (env, id) = (app.env(), session.clone());
        let claim = app.db.write(move |tx| tokens::claim_due(tx, &env, &id)).await?;
        let Some(claim) = claim else { return Ok(Upkeep::Fine) };
        let asked = renew(&self.0, app, &claim).await;
        let (env, id) = (app.env(), session.clone());
        app.db
            .write(move |tx| match asked {
                Asked::Given(new) => {
                    tokens::renewed(tx, &env, &claim, &new)?;
                    Ok(Upkeep::Renewed)
                }
                Asked::Over => {
                    tokens::ended(tx, &claim, &id)?;
                    Ok(Upkeep::Ended)
                }
                Asked::Failed(why) => {
                    tracing::warn!(
                        provider = claim.kept.provider,
                        why,
                        "a provider's tokens could not be renewed"
                    );
                    tokens::later(tx, &claim)?;
                    Ok(Upkeep::Later)
                }
            })
            .await
    }

    /// Gives a session's tokens back at the provider (RFC 7009), if the session is over. Bounded in time, and best
    /// effort: what cannot be told is forgotten here all the same.
    pub async fn revoke(&self, app: &App, session: &SessionId) -> Result<()> {
        let (env, id) = (app.env(), session.clone());
        let claim = app.db.write(move |tx| tokens::claim_ended(tx, &env, &id)).await?;
        match claim {
            Some(claim) => self.give_back(app, claim).await,
            None => Ok(()),
        }
    }

    /// The same for every session that is over, however it ended; answers whether there was anything to do.
    pub async fn revoke_ended(&self, app: &App) -> Result<bool> {
        if !app.db.read(tokens::has_ended)? {
            return Ok(false);
        }
        let env = app.env();
        let claims = app.db.write(move |tx| tokens::claim_all_ended(tx, &env)).await?;
        let any = !claims.is_empty();
        for claim in claims {
            self.give_back(app, claim).await?;
        }
        Ok(any)
    }

    async fn give_back(&self, app: &App, claim: Claim) -> Result<()> {
        let env = app.env();
        let told = match ops::provider::find(&env, Some(&claim.kept.provider)) {
            Some(provider) if provider.issuer == claim.kept.issuer => {
                tell(&self.0, app, &provider, &claim).await
            }
            Some(_) | None => false,
        };
        app.db.write(move |tx| tokens::given_back(tx, &claim, told)).await
    }
}

async fn renew(knowledge: &Knowledge, app: &App, claim: &Claim) -> Asked {
    let env = app.env();
    let failed = |why: &str| Asked::Failed(why.to_owned());
    let provider = ops::provider::find(&env, Some(&claim.kept.provider));
    let Some(provider) = provider.filter(|one| one.issuer == claim.kept.issuer) else {
        return failed("the provider is not configured any more");
    };
    let Some(refresh) = &claim.tokens.refresh else { return failed("there is no refresh token") };
    let known = match knowledge.known(app, &provider).await {
        Ok(known) => known,
        Err(why) => return Asked::Failed(why.detail()),
    };
    let who = match credentials(&provider, &known.metadata) {
        Ok(who) => who,
        Err(why) => return Asked::Failed(why.detail()),
    };
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
    let given = match known.asker.post(&known.metadata.token, &who, &form).await {
        Ok(Net::Given(given)) => given,
        Ok(Net::Refused(code)) if code == "invalid_grant" => return Asked::Over,
        Ok(Net::Refused(code)) => return Asked::Failed(code),
        Err(fault) => return Asked::Failed(fault.to_string()),
    };
    let new = match read_tokens(app, &given, Some(&claim.tokens)) {
        Ok(new) => new,
        Err(why) => return failed(why),
    };
    if !given.contains_key("id_token") {
        return Asked::Given(Box::new(new));
    }
    let expected = Expected {
        issuer: provider.issuer,
        client_id: provider.client_id,
        nonce: None,
        access_token: new.access.expose(),
        now: app.db.now(),
    };
    match knowledge.identity(app, &provider, &known, new.id.expose(), &expected).await {
        // Core §12.2: the same person.
        Ok(identity) if identity.subject == claim.kept.subject => Asked::Given(Box::new(new)),
        Ok(_) => Asked::Over,
        Err(why) => Asked::Failed(why.detail()),
    }
}

/// Gives back the refresh token, with which the others go, or the access token alone. Whether the provider was told.
async fn tell(knowledge: &Knowledge, app: &App, provider: &Provider<'_>, claim: &Claim) -> bool {
    let Ok(known) = knowledge.known(app, provider).await else { return false };
    let (Some(url), Ok(who)) = (&known.metadata.revocation, credentials(provider, &known.metadata))
    else {
        return false;
    };
    let refresh = claim.tokens.refresh.as_ref().map(|token| (token, "refresh_token"));
    let mut told = true;
    for (token, hint) in refresh.into_iter().chain([(&claim.tokens.access, "access_token")]) {
        let form = [("token", token.expose()), ("token_type_hint", hint)];
        told &= matches!(known.asker.post(url, &who, &form).await, Ok(Net::Given(_)));
    }
    told
}
