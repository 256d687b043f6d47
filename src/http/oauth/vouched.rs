//! Checking identity assertions of other providers: gets the provider's keys, from what the operator gave or from the
//! address that the operator named, and has the assertion checked by them. Whether it counts is `ops/oauth/jwt_bearer`.

use super::resolve::{Resolver, Whose};
use crate::{
    app::App,
    crypto::jwt::{self, Refusal},
    error::Result,
    model::{assertion::IssuerKeys, document::KeySet},
    ops::{
        assertion::keys_of,
        oauth::jwt_bearer::{self, Proof, Why},
    },
};

impl Resolver {
    /// What is to be made of an assertion. Nothing is fetched for an issuer that is not trusted.
    pub async fn vouched(&self, app: &App, assertion: &str) -> Result<Result<Proof, Why>> {
        let Some(issuer) = jwt::unproven(assertion, "iss") else { return Ok(Err(Why::Issuer)) };
        let Some(keys) = app.db.read(|r| keys_of(r, &issuer))? else {
            return Ok(Err(Why::Issuer));
        };
        let check = |set: &KeySet| {
            jwt_bearer::check(&app.env, app.db.now(), &issuer, (&keys, set), assertion)
        };
        let uri = match &keys {
            IssuerKeys::Own(jwks) => {
                return Ok(KeySet::read(jwks).map_err(|_| Why::Keys).and_then(|set| check(&set)));
            }
            IssuerKeys::At(uri) => uri,
        };
        let Ok(set) = self.keys_at(app, Whose::InUse, uri, false).await else {
            return Ok(Err(Why::Keys));
        };
        Ok(match check(&set) {
            // The provider may have changed its keys.
            Err(Why::Token(Refusal::UnknownKey | Refusal::BadSignature)) => {
                match self.keys_at(app, Whose::InUse, uri, true).await {
                    Ok(newer) => check(&newer),
                    Err(_) => Err(Why::Keys),
                }
            }
            checked => checked,
        })
    }
}
