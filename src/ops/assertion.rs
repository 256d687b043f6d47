//! Whose identity assertions are believed here, who their subjects are, and which client may take ours to which other
//! server: nothing of it unless an operator says so. What is done with it is `oauth/jwt_bearer` and
//! `oauth/identity_assertion`.

use serde_json::Value;
use url::Url;

use super::{audit, client, env::Env, oauth::terms::Terms, user};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        assertion::{AssertionAudience, IssuerKeys, LinkedIdentity, TrustedIssuer},
        audit::Event,
        client::GrantType,
        document::check_keys,
        id::UserId,
        scope::{ScopeSet, is_scope},
        user::User,
    },
    store,
};

/// More than any provider calls anybody.
const LONGEST_SUBJECT: usize = 255;

/// A provider to be trusted.
#[derive(Clone, Debug, Default)]
pub struct NewIssuer {
    /// Its issuer.
    pub issuer: String,
    /// Its public keys, a JWK set.
    pub jwks: Option<Value>,
    /// Where they are instead.
    pub jwks_uri: Option<String>,
    /// Whether somebody who is not linked is known by a verified address.
    pub by_email: bool,
}

/// Trusts a provider, or changes how.
pub fn trust(tx: &Write<'_>, env: &Env, who: &Actor, new: NewIssuer) -> Result<TrustedIssuer> {
    who.must_operate()?;
    let issuer = issuer_text(env, &new.issuer)?;
    let keys = match (new.jwks, new.jwks_uri) {
        (Some(jwks), None) => {
            check_keys(&jwks).map_err(|why| Error::invalid("jwks", why))?;
            IssuerKeys::Own(jwks)
        }
        (None, Some(uri)) => {
            let https = Url::parse(&uri).is_ok_and(|url| url.scheme() == "https" && url.has_host());
            if !https {
                return Err(Error::invalid("jwks_uri", "jwks_uri must be an https address"));
            }
            IssuerKeys::At(uri)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::invalid("jwks", "give the provider's keys, or where they are")
                .with_next("--jwks FILE, or --jwks-uri URL"));
        }
    };
    let trusted = TrustedIssuer { issuer, keys, by_email: new.by_email, created_at: tx.now };
    store::assertion::put_issuer(tx, &trusted)?;
    let event = Event::new("issuer.trust")
        .with("issuer", trusted.issuer.as_str())
        .with("by_email", trusted.by_email);
    audit::record(tx, who, &event)?;
    Ok(trusted)
}

/// An issuer as others compare it, letter by letter (RFC 8414 §2).
fn issuer_text(env: &Env, text: &str) -> Result<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let fits = url.is_some_and(|url| {
        url.has_host() && url.query().is_none() && url.fragment().is_none() && text.len() <= 2_048
    });
    if !fits {
        return Err(Error::invalid("issuer", "an issuer is a URL without query and fragment"));
    }
    if text == Terms::of(env).issuer {
        return Err(Error::invalid("issuer", "that is this server itself"));
    }
    Ok(text.to_owned())
}

/// Trusts a provider no more; who its subjects were is forgotten. What they were given ends by itself, within minutes.
pub fn distrust(tx: &Write<'_>, who: &Actor, issuer: &str) -> Result<()> {
    who.must_operate()?;
    if !store::assertion::delete_issuer(tx, issuer)? {
        return Err(Error::not_found("issuer", issuer).with_next("mcpcodex issuer list"));
    }
    audit::record(tx, who, &Event::new("issuer.distrust").with("issuer", issuer))
}

/// Every provider.
pub fn issuers(r: &Read<'_>, who: &Actor) -> Result<Vec<TrustedIssuer>> {
    who.must_operate()?;
    store::assertion::issuers(r)
}

/// The keys of a provider, if it is trusted: for whoever fetches them.
pub fn keys_of(r: &Read<'_>, issuer: &str) -> Result<Option<IssuerKeys>> {
    Ok(store::assertion::issuer(r, issuer)?.map(|trusted| trusted.keys))
}

fn trusted(r: &Read<'_>, issuer: &str) -> Result<()> {
    match store::assertion::issuer(r, issuer)? {
        Some(_) => Ok(()),
        None => Err(Error::not_found("issuer", issuer)
            .with_next("trust it first: mcpcodex issuer add ISSUER --jwks-uri URL")),
    }
}

/// Says who a subject of a provider is here.
pub fn link(tx: &Write<'_>, who: &Actor, issuer: &str, subject: &str, typed: &str) -> Result<User> {
    who.must_operate()?;
    trusted(tx, issuer)?;
    let fits =
        (1..=LONGEST_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control);
    if !fits {
        return Err(Error::invalid("subject", "a subject has 1 to 255 characters, on one line"));
    }
    let person = user::find(tx, typed)?;
    let identity = LinkedIdentity {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        user_id: person.id.clone(),
        created_at: tx.now,
    };
    if !store::assertion::link(tx, &identity)? {
        return Err(Error::conflict("that subject is somebody else here already")
            .with_next("mcpcodex issuer unlink ISSUER SUBJECT"));
    }
    let event = Event::new("identity.link")
        .user(&person.id)
        .with("issuer", issuer)
        .with("subject", subject);
    audit::record(tx, who, &event)?;
    Ok(person)
}

/// Takes it back.
pub fn unlink(tx: &Write<'_>, who: &Actor, issuer: &str, subject: &str) -> Result<()> {
    who.must_operate()?;
    let before = store::assertion::linked(tx, issuer, subject)?;
    if !store::assertion::unlink(tx, issuer, subject)? {
        return Err(Error::absent("nobody is linked with that subject")
            .with_next("mcpcodex issuer show ISSUER"));
    }
    let mut event = Event::new("identity.unlink").with("issuer", issuer).with("subject", subject);
    if let Some(user) = &before {
        event = event.user(user);
    }
    audit::record(tx, who, &event)
}

/// Everybody who is linked with a provider, with the name they have here.
pub fn links(r: &Read<'_>, who: &Actor, issuer: &str) -> Result<Vec<(LinkedIdentity, String)>> {
    who.must_operate()?;
    trusted(r, issuer)?;
    let name = |id: &UserId| -> Result<String> {
        Ok(store::user::by_id(r, id)?.map(|user| user.username).unwrap_or_default())
    };
    store::assertion::links(r, issuer)?
        .into_iter()
        .map(|identity| name(&identity.user_id).map(|name| (identity, name)))
        .collect()
}

/// Another server that a client is to take assertions to.
#[derive(Clone, Debug, Default)]
pub struct NewAudience {
    /// Its issuer.
    pub audience: String,
    /// The client here, by id or name.
    pub client: String,
    /// What the client is called there.
    pub client_there: String,
    /// With these scopes at most; none: any.
    pub scopes: Vec<String>,
}

/// Allows it, instead of what was allowed before.
pub fn allow_audience(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    new: &NewAudience,
) -> Result<AssertionAudience> {
    who.must_operate()?;
    let client = client::find(tx, who, &new.client)?;
    if !client.may(GrantType::TokenExchange) || client.is_public() {
        let grant = GrantType::TokenExchange.as_str();
        let why = "the client may not exchange tokens: it needs a secret or keys, and the grant";
        return Err(Error::conflict(why).with_next(format!(
            "mcpcodex client edit {} --grant {grant} (with its others)",
            client.id
        )));
    }
    if new.client_there.is_empty() || new.client_there.len() > 2_048 {
        return Err(Error::invalid("client_there", "say what the client is called there"));
    }
    if let Some(bad) = new.scopes.iter().find(|word| !is_scope(word)) {
        return Err(Error::invalid("scope", format!("\"{bad}\" cannot be a scope")));
    }
    let allowed = AssertionAudience {
        audience: issuer_text(env, &new.audience)?,
        client_id: client.id,
        client_there: new.client_there.clone(),
        scopes: ScopeSet::from_words(&new.scopes),
        created_at: tx.now,
    };
    store::assertion::put_audience(tx, &allowed)?;
    let event = Event::new("audience.allow")
        .client(&allowed.client_id)
        .with("audience", allowed.audience.as_str())
        .with("scopes", allowed.scopes.to_string());
    audit::record(tx, who, &event)?;
    Ok(allowed)
}

/// Takes it back. Assertions that are out live five minutes at most.
pub fn deny_audience(tx: &Write<'_>, who: &Actor, audience: &str, typed: &str) -> Result<()> {
    who.must_operate()?;
    let client = client::find(tx, who, typed)?;
    if !store::assertion::delete_audience(tx, audience, &client.id)? {
        return Err(Error::absent("nothing of that sort was allowed")
            .with_next("mcpcodex issuer audience list"));
    }
    let event = Event::new("audience.deny").client(&client.id).with("audience", audience);
    audit::record(tx, who, &event)
}

/// All that is allowed.
pub fn audiences(r: &Read<'_>, who: &Actor) -> Result<Vec<AssertionAudience>> {
    who.must_operate()?;
    store::assertion::audiences(r)
}
