//! OAuth clients: made, changed, switched off, and known again by their secret.
//! What a client may ask for is decided in `oauth/policy`.

use std::time::Duration;

use serde_json::Value;

use super::{
    attempt, audit,
    oauth::assertion::{self, Proof},
    session,
};
use crate::{
    crypto::secret::{Hashed, Plain, random_token},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        attempt::{Limits, Reserved, Scope},
        audit::Event,
        client::{AuthMethod, Client, ClientOrigin, ClientState, GrantType},
        id::ClientId,
        redirect::RedirectUri,
        resource::ResourceUri,
        scope::{STANDARD, ScopeSet, is_scope},
    },
    store,
};

pub mod newcomer;

/// Wrong secrets of one client from one address before a pause, and the pause: short, since addresses are shared.
/// Guessing 256 random bits is hopeless anyway; the bound is for load and for weak secrets of one's own choice.
const GUESSES: Limits =
    Limits { max: 20, lock: Duration::from_secs(30), progressive: false, escalate: false };
const MOST_URIS: usize = 32;

/// A client to be, in the words of whoever makes it.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
#[derive(Clone, Debug, Default)]
pub struct New {
    /// What people see.
    pub name: String,
    /// A chosen `client_id`; one is made when there is none.
    pub id: Option<String>,
    /// A chosen secret; one is made when there is none.
    pub secret: Option<Plain>,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Whether it cannot keep a secret.
    pub public: bool,
    /// What it may do; code and refresh when empty.
    pub grant_types: Vec<String>,
    /// What it may ask for; the standard scopes when empty.
    pub scopes: Vec<String>,
    /// What it may ask tokens for; any registered resource when empty.
    pub resources: Vec<String>,
    /// Its public keys, a JWK set; with them it proves itself by signed statements and has no secret.
    pub jwks: Option<Value>,
    /// Where its public keys are, instead.
    pub jwks_uri: Option<String>,
    /// Whether a repeated refresh is theft at once.
    pub strict_refresh: bool,
    /// Where a person may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Who is told when a session ends.
    pub backchannel_logout_uri: Option<String>,
    /// Whether it gets sender-constrained tokens only.
    pub dpop_bound: bool,
    /// Whether it must push its requests.
    pub par_required: bool,
    /// Whether it belongs to the program itself and asks no consent.
    pub built_in: bool,
}

/// A client and the only sight of its secret.
#[derive(Clone, Debug)]
pub struct Made {
    /// The client.
    pub client: Client,
    /// Its secret, unless it is public.
    pub secret: Option<Plain>,
}

/// What to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What people see.
    pub name: Option<String>,
    /// Where answers may go.
    pub redirect_uris: Option<Vec<String>>,
    /// What it may do.
    pub grant_types: Option<Vec<String>>,
    /// What it may ask for.
    pub scopes: Option<Vec<String>>,
    /// What it may ask tokens for.
    pub resources: Option<Vec<String>>,
    /// Whether a repeated refresh is theft at once.
    pub strict_refresh: Option<bool>,
}

/// Makes a client.
pub fn create(tx: &Write<'_>, who: &Actor, new: New) -> Result<Made> {
    who.must_operate()?;
    assertion::check_registration(&new)?;
    let id = match new.id {
        Some(id) => chosen_id(tx, id)?,
        None => ClientId::new(),
    };
    let signs = new.jwks.is_some() || new.jwks_uri.is_some();
    let secret = match (new.public || signs, new.secret) {
        (true, _) => None,
        (false, Some(chosen)) => Some(strong(chosen)?),
        (false, None) => Some(random_token(32)),
    };
    let client = Client {
        auth_method: match (new.public, signs) {
            (true, _) => AuthMethod::None,
            (false, true) => AuthMethod::PrivateKeyJwt,
            (false, false) => AuthMethod::Basic,
        },
        jwks: new.jwks,
        jwks_uri: new.jwks_uri,
        grant_types: grant_types(&new.grant_types)?,
        scopes: scopes(&new.scopes)?,
        redirect_uris: redirect_uris(&new.redirect_uris)?,
        resources: resources(tx, &new.resources)?,
        origin: if new.built_in { ClientOrigin::BuiltIn } else { ClientOrigin::Static },
        strict_refresh: new.strict_refresh,
        post_logout_redirect_uris: new.post_logout_redirect_uris,
        backchannel_logout_uri: new.backchannel_logout_uri,
        dpop_bound: new.dpop_bound,
        par_required: new.par_required,
        ..Client::new(id, name(&new.name)?, tx.now)
    };
    reachable(&client)?;
    let hash = secret.as_ref().map(|secret| Hashed::of(secret.expose()));
    store::client::insert(tx, &client, hash.as_ref())?;
    let event = Event::new("client.create").client(&client.id).with("name", client.name.as_str());
    audit::record(tx, who, &event)?;
    Ok(Made { client, secret })
}

/// Changes a client.
pub fn edit(tx: &Write<'_>, who: &Actor, id: &ClientId, change: Change) -> Result<Client> {
    who.must_operate()?;
    let mut client = get(tx, id)?;
    if let Some(text) = change.name {
        client.name = name(&text)?;
    }
    if let Some(uris) = change.redirect_uris {
        client.redirect_uris = redirect_uris(&uris)?;
    }
    if let Some(grants) = change.grant_types {
        client.grant_types = grant_types(&grants)?;
    }
    if let Some(words) = change.scopes {
        client.scopes = scopes(&words)?;
    }
    if let Some(uris) = change.resources {
        client.resources = resources(tx, &uris)?;
    }
    client.strict_refresh = change.strict_refresh.unwrap_or(client.strict_refresh);
    reachable(&client)?;
    store::client::update(tx, &client)?;
    audit::record(tx, who, &Event::new("client.edit").client(id))?;
    Ok(client)
}

/// Switches a client off; its refresh tokens are over.
pub fn disable(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<usize> {
    who.must_operate()?;
    get(tx, id)?;
    if !store::client::set_state(tx, id, ClientState::Disabled)? {
        return Err(Error::conflict("the client is disabled already"));
    }
    store::client::end_own_tokens(tx, id)?;
    audit::record(tx, who, &Event::new("client.disable").client(id))?;
    session::revoke_of_client(tx, who, id)
}

/// Switches a client on again. What was revoked stays revoked.
pub fn enable(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<()> {
    who.must_operate()?;
    get(tx, id)?;
    if !store::client::set_state(tx, id, ClientState::Active)? {
        return Err(Error::conflict("the client is enabled already"));
    }
    audit::record(tx, who, &Event::new("client.enable").client(id))
}

/// Removes a client with everything it was given.
pub fn delete(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<()> {
    who.must_operate()?;
    let client = get(tx, id)?;
    store::client::delete(tx, id)?;
    let event = Event::new("client.delete").client(id).with("name", client.name);
    audit::record(tx, who, &event)
}

/// Gives a client a new secret; the old one is over at once.
pub fn rotate_secret(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<Plain> {
    who.must_operate()?;
    if !get(tx, id)?.auth_method.has_secret() {
        return Err(Error::conflict("this client has no secret"));
    }
    let secret = random_token(32);
    store::client::set_secret(tx, id, &Hashed::of(secret.expose()))?;
    // Whoever knew the old one may hold tokens by it.
    store::client::end_own_tokens(tx, id)?;
    store::attempt::clear(tx, Scope::Client, id.as_str())?;
    audit::record(tx, who, &Event::new("client.rotate_secret").client(id))?;
    Ok(secret)
}

/// Every client by name.
pub fn list(r: &Read<'_>, who: &Actor, limit: u32) -> Result<Vec<Client>> {
    who.must_operate()?;
    store::client::list(r, limit)
}

/// Finds a client by id, or by name if only one has it.
pub fn find(r: &Read<'_>, who: &Actor, id_or_name: &str) -> Result<Client> {
    who.must_operate()?;
    if let Some(client) = store::client::by_id(r, &ClientId::from_text(id_or_name))? {
        return Ok(client);
    }
    let mut named = store::client::by_name(r, id_or_name)?;
    match (named.pop(), named.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => {
            Err(Error::conflict(format!("several clients are named \"{id_or_name}\""))
                .with_next("name it by its client_id: mcpcodex client list"))
        }
        (None, _) => Err(Error::not_found("client", id_or_name).with_next("mcpcodex client list")),
    }
}

fn get(r: &Read<'_>, id: &ClientId) -> Result<Client> {
    store::client::by_id(r, id)?
        .ok_or_else(|| Error::not_found("client", id).with_next("mcpcodex client list"))
}

/// What a client shows at the token endpoint.
#[derive(Clone, Debug, Default)]
pub struct Presented {
    /// The pairs it may have meant, most likely first: Basic credentials are form-encoded by some clients and raw
    /// from others. A public client shows its id alone.
    pub readings: Vec<(String, Option<Plain>)>,
    /// Its signed statement instead, already found to be right but not yet spent.
    pub proof: Option<Proof>,
}

/// What became of it; each is committed, since wrong tries count.
#[derive(Clone, Debug)]
pub enum Authenticated {
    /// It is this client.
    Client(Box<Client>),
    /// It is not, or not any more.
    No,
    /// Too many wrong secrets lately; not even the right one counts before this has passed.
    Wait(Duration),
}

/// Finds out which client is asking, and counts a wrong secret.
pub fn authenticate(tx: &Write<'_>, who: &Actor, shown: &Presented) -> Result<Authenticated> {
    if let Some(proof) = &shown.proof {
        let client = assertion::spend(tx, proof)?;
        return Ok(client.map_or(Authenticated::No, |one| Authenticated::Client(Box::new(one))));
    }
    match recognise(tx, who, shown)? {
        Recognised::Client(client) => Ok(Authenticated::Client(client)),
        Recognised::No => Ok(Authenticated::No),
        Recognised::Wait(wait) => Ok(Authenticated::Wait(wait)),
        // One transaction at a time: nothing comes between the comparison and this count.
        Recognised::Wrong(id) => {
            match attempt::reserve(tx, Scope::Client, &guesser(&id, who), &GUESSES)? {
                Reserved::Go(tries) if tries.failures >= GUESSES.max => {
                    audit::record(tx, who, &Event::new("client.paused").client(&id))?;
                }
                Reserved::Go(_) | Reserved::Wait(_) => {}
            }
            Ok(Authenticated::No)
        }
    }
}

/// What a look at the credentials shows, before anything is counted.
#[derive(Clone, Debug)]
pub enum Recognised {
    /// It is this client.
    Client(Box<Client>),
    /// It is nobody, or did not try to prove it.
    No,
    /// A wrong secret, which [`authenticate`] must count.
    Wrong(ClientId),
    /// Too many of those lately.
    Wait(Duration),
}

/// Looks at credentials without counting: for requests that otherwise only read. A signed statement counts once and so
/// takes [`authenticate`].
pub fn recognise(r: &Read<'_>, who: &Actor, shown: &Presented) -> Result<Recognised> {
    for (id, secret) in &shown.readings {
        let Some(client) = store::client::by_id(r, &ClientId::from_text(id))? else { continue };
        if !client.is_active() {
            return Ok(Recognised::No);
        }
        if client.is_public() {
            // A secret from a public client is a mistake that must come out before it is relied upon.
            let none = secret.as_ref().is_none_or(|secret| secret.expose().is_empty());
            return Ok(if none { Recognised::Client(Box::new(client)) } else { Recognised::No });
        }
        if !client.auth_method.has_secret() {
            return Ok(Recognised::No);
        }
        let same = shown.readings.iter().filter(|(other, _)| other == id);
        let secrets: Vec<&Plain> = same.filter_map(|(_, secret)| secret.as_ref()).collect();
        return prove(r, who, client, &secrets);
    }
    Ok(Recognised::No)
}

/// What wrong secrets are counted under: client and address, so that nobody shuts a client out from elsewhere.
fn guesser(client: &ClientId, who: &Actor) -> String {
    format!("{client} {}", attempt::address_key(&who.origin.address))
}

fn prove(r: &Read<'_>, who: &Actor, client: Client, secrets: &[&Plain]) -> Result<Recognised> {
    if secrets.is_empty() {
        return Ok(Recognised::No);
    }
    if let Some(wait) = attempt::pause(r, Scope::Client, &guesser(&client.id, who))? {
        return Ok(Recognised::Wait(wait));
    }
    let own = store::client::secret_hash(r, &client.id)?;
    let right = own
        .is_some_and(|own| secrets.iter().any(|secret| own.matches(&Hashed::of(secret.expose()))));
    Ok(if right { Recognised::Client(Box::new(client)) } else { Recognised::Wrong(client.id) })
}

fn chosen_id(tx: &Write<'_>, id: String) -> Result<ClientId> {
    let fits = (3..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    // `u_…` is how people are named (RFC 9700 §4.15).
    if !fits || id.starts_with("u_") {
        return Err(Error::invalid(
            "client_id",
            "a client_id has 3 to 128 of: letters, digits, '-', '_' and '.', and does not begin with 'u_'",
        ));
    }
    let id = ClientId::from_text(id);
    if store::client::by_id(tx, &id)?.is_some() {
        return Err(Error::conflict(format!("client \"{id}\" exists already")));
    }
    Ok(id)
}

fn strong(secret: Plain) -> Result<Plain> {
    if secret.expose().len() < 32 {
        return Err(Error::invalid(
            "client_secret",
            "a client secret needs at least 32 characters",
        )
        .with_next("leave it out and one is made"));
    }
    Ok(secret)
}

fn name(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
        return Err(Error::invalid("name", "a client's name has 1 to 100 characters, on one line"));
    }
    Ok(text.to_owned())
}

/// What a client may do that gets no token of its own: the server of a resource, which only asks about tokens.
pub const NO_GRANT: &str = "none";

fn grant_types(words: &[String]) -> Result<Vec<GrantType>> {
    match words {
        [] => return Ok(GrantType::USUAL.to_vec()),
        [only] if only == NO_GRANT => return Ok(Vec::new()),
        _ => {}
    }
    let mut grants = Vec::with_capacity(words.len());
    for word in words {
        let grant = GrantType::parse(word)?;
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    Ok(grants)
}

fn scopes(words: &[String]) -> Result<ScopeSet> {
    if let Some(bad) = words.iter().find(|word| !is_scope(word)) {
        return Err(Error::invalid("scope", format!("\"{bad}\" cannot be a scope")));
    }
    if words.is_empty() {
        return Ok(ScopeSet::from_words(STANDARD));
    }
    Ok(ScopeSet::from_words(words.iter().map(String::as_str)))
}

fn redirect_uris(texts: &[String]) -> Result<Vec<RedirectUri>> {
    if texts.len() > MOST_URIS {
        return Err(Error::invalid("redirect_uri", "a client has at most 32 redirect URIs"));
    }
    let mut uris: Vec<RedirectUri> = Vec::with_capacity(texts.len());
    for text in texts {
        let uri = RedirectUri::parse(text)?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

fn resources(r: &Read<'_>, texts: &[String]) -> Result<Vec<ResourceUri>> {
    let mut uris: Vec<ResourceUri> = Vec::with_capacity(texts.len());
    for text in texts {
        let uri = ResourceUri::parse(text)?;
        if store::resource::by_uri(r, &uri)?.is_none() {
            return Err(
                Error::not_found("resource", uri.as_str()).with_next("mcpcodex resource list")
            );
        }
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

fn reachable(client: &Client) -> Result<()> {
    if client.may(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        return Err(Error::invalid(
            "redirect_uri",
            "a client that signs people in needs at least one redirect URI",
        ));
    }
    let alone = [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer];
    match alone.into_iter().find(|grant| client.is_public() && client.may(*grant)) {
        None => Ok(()),
        Some(grant) => Err(Error::invalid(
            "grant",
            format!("a public client proves nothing and may not use {}", grant.as_str()),
        )
        .with_next("make a client with a secret: mcpcodex client create, without --public")),
    }
}
