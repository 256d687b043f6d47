//! OAuth clients: made, changed, switched off, and known again by their secret.
//! What a client may ask for is decided in `oauth/policy`.

use std::time::Duration;

use serde_json::Value;

use self::fields::{
    chosen_id, grant_types, name, reachable, redirect_uris, resources, scopes, strong,
};
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
        client::{AuthMethod, Client, ClientOrigin, ClientState},
        ending,
        id::ClientId,
        registration::post_logout_uris,
        scope::ADMIN_PREFIX,
    },
    store,
};

mod fields;
pub mod newcomer;

pub use fields::NO_GRANT;

pub use crate::store::client::Slice;

/// Wrong secrets of one client from one address before a pause, and the pause: short, since addresses are shared.
/// Guessing 256 random bits is hopeless anyway; the bound is for load and for weak secrets of one's own choice.
const GUESSES: Limits =
    Limits { max: 20, lock: Duration::from_secs(30), progressive: false, escalate: false };

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
    /// How it proves itself; as follows from the rest when empty.
    pub auth_method: Option<String>,
    /// Its home page.
    pub client_uri: Option<String>,
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
    /// How it proves itself. A client that needs a secret now gets one by [`rotate_secret`].
    pub auth_method: Option<String>,
    /// Where a person may go after signing out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// Who is told when a session ends; `""`: nobody.
    pub backchannel_logout_uri: Option<String>,
    /// Its home page; `""`: none.
    pub client_uri: Option<String>,
    /// Whether it gets sender-constrained tokens only.
    pub dpop_bound: Option<bool>,
    /// Whether it must push its requests.
    pub par_required: Option<bool>,
}

/// Refuses API keys where a client may ask for rights to administer: a key must not come by more rights than its own.
fn protect(who: &Actor, client: &Client) -> Result<()> {
    let administers = client.scopes.iter().any(|scope| scope.starts_with(ADMIN_PREFIX));
    if administers { who.must_be_more_than_a_key() } else { Ok(()) }
}

/// Makes a client.
pub fn create(tx: &Write<'_>, who: &Actor, new: New) -> Result<Made> {
    who.must_operate()?;
    assertion::check_registration(&new)?;
    let method = fields::first_method(&new)?;
    let either_way = method.has_secret() && new.auth_method.is_none();
    let id = match new.id {
        Some(id) => chosen_id(tx, id, method)?,
        None => ClientId::new(),
    };
    let secret = match (method.has_secret(), new.secret) {
        (false, _) => None,
        (true, Some(chosen)) => Some(strong(chosen)?),
        (true, None) => Some(random_token(32)),
    };
    let client = Client {
        auth_method: method,
        either_way,
        jwks: new.jwks,
        jwks_uri: new.jwks_uri,
        grant_types: grant_types(&new.grant_types)?,
        scopes: scopes(&new.scopes)?,
        redirect_uris: redirect_uris(&new.redirect_uris)?,
        resources: resources(tx, &new.resources)?,
        origin: if new.built_in { ClientOrigin::BuiltIn } else { ClientOrigin::Static },
        strict_refresh: new.strict_refresh,
        post_logout_redirect_uris: post_logout_uris(&new.post_logout_redirect_uris)?,
        backchannel_logout_uri: fields::backchannel(
            &new.backchannel_logout_uri.unwrap_or_default(),
        )?,
        client_uri: fields::home_page(&new.client_uri.unwrap_or_default())?,
        dpop_bound: new.dpop_bound,
        par_required: new.par_required,
        ..Client::new(id, name(&new.name)?, tx.now)
    };
    reachable(&client)?;
    protect(who, &client)?;
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
    protect(who, &client)?;
    let before = client.auth_method;
    fields::write(&mut client, &change)?;
    if let Some(uris) = change.resources {
        client.resources = resources(tx, &uris)?;
    }
    reachable(&client)?;
    protect(who, &client)?;
    store::client::update(tx, &client)?;
    if before.has_secret() && !client.auth_method.has_secret() {
        store::client::drop_secret(tx, id)?;
    }
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
    session::take_back(tx, who, id, ending::CLIENT_OFF)
}

/// Switches a client on again. What was revoked stays revoked.
pub fn enable(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<()> {
    who.must_operate()?;
    if get(tx, id)?.state == ClientState::Pending {
        return newcomer::approve(tx, who, id).map(|_| ());
    }
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
    let client = get(tx, id)?;
    protect(who, &client)?;
    if !client.auth_method.has_secret() {
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

/// Clients that wait for an administrator, by name.
pub fn pending(r: &Read<'_>, who: &Actor) -> Result<Vec<Client>> {
    who.must_operate()?;
    store::client::in_state(r, ClientState::Pending)
}

/// Clients as the console shows them: those that wait, then the last seen.
pub fn recent(r: &Read<'_>, who: &Actor, limit: u32) -> Result<Vec<Client>> {
    who.must_operate()?;
    store::client::recent(r, limit)
}

/// Every client by name.
pub fn list(r: &Read<'_>, who: &Actor, limit: u32) -> Result<Vec<Client>> {
    who.must_operate()?;
    store::client::list(r, limit)
}

/// A slice of the clients, by id.
pub fn slice(r: &Read<'_>, who: &Actor, slice: &Slice) -> Result<Vec<Client>> {
    who.must_operate()?;
    store::client::slice(r, slice)
}

/// Finds a client by id.
pub fn by_id(r: &Read<'_>, who: &Actor, id: &ClientId) -> Result<Client> {
    who.must_operate()?;
    get(r, id)
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
    /// Whether they stood in the header, not in the form.
    pub in_header: bool,
    /// Its signed statement instead, already found to be right but not yet spent.
    pub proof: Option<Proof>,
}

impl Presented {
    /// The method of showing a secret that this would be.
    pub fn way(&self) -> AuthMethod {
        if self.in_header { AuthMethod::Basic } else { AuthMethod::Post }
    }
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
        // What stands in the wrong place is not even compared, so it counts as no guess.
        if !client.shows_secret_by(shown.way()) {
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
