//! This server as its own provider: the built-in client that `/auth/login` uses, and the way back from `/authorize`.

use super::{Why, flow::Taken, own_callback};
use crate::{
    crypto::{pkce, secret::Hashed},
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, ClientOrigin},
        id::ClientId,
        provider::Wrong,
    },
    ops::{
        audit, client,
        env::Env,
        session::{self, SignedIn},
    },
    store,
};

/// The built-in client's id.
pub fn client_id(env: &Env) -> ClientId {
    ClientId::from_text(env.config.authentication.primary.client_id.as_str())
}

/// Makes the built-in client, where this server is its own provider. One that an operator made under that id stays as
/// it is.
pub fn ensure(tx: &Write<'_>, env: &Env) -> Result<()> {
    if !super::primary_is_self(env) {
        return Ok(());
    }
    let callback = own_callback(env);
    let Some(client) = store::client::by_id(tx, &client_id(env))? else {
        let primary = &env.config.authentication.primary;
        let new = client::New {
            name: env.config.server.brand.name.clone(),
            id: Some(primary.client_id.clone()),
            redirect_uris: vec![callback],
            public: true,
            scopes: primary.scopes.clone(),
            built_in: true,
            ..client::New::default()
        };
        return client::create(tx, &Actor::system(), new).map(drop);
    };
    if client.origin == ClientOrigin::BuiltIn && !client.accepts_redirect(&callback) {
        let mut uris: Vec<String> =
            client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        uris.push(callback);
        let change = client::Change { redirect_uris: Some(uris), ..client::Change::default() };
        client::edit(tx, &Actor::system(), &client.id, change)?;
    }
    Ok(())
}

/// Whether an operator has registered a redirect URI for the client of `/auth/login`.
pub fn is_registered(r: &Read<'_>, env: &Env, uri: &str) -> Result<bool> {
    let client = store::client::by_id(r, &client_id(env))?;
    Ok(client.is_some_and(|client| {
        let entered = matches!(client.origin, ClientOrigin::BuiltIn | ClientOrigin::Static);
        entered && client.is_active() && client.accepts_redirect(uri)
    }))
}

/// Where a browser may go at the end of a sign-in that asked for `uri`: a page of our own, or an address that an operator
/// registered for the client of `/auth/login`. `Invalid` for any other.
pub fn target(r: &Read<'_>, env: &Env, uri: &str) -> Result<String> {
    const HOME: &str = "/account";
    if uri.is_empty() || uri == own_callback(env) {
        return Ok(HOME.to_owned());
    }
    let plain = uri.len() <= 2_048 && uri.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if plain && uri.starts_with('/') && !uri.starts_with("//") {
        return Ok(uri.to_owned());
    }
    // Compared as text: no reader of URLs can be made to see another host than ours in it.
    if let Some(path) = uri.strip_prefix(&env.site.issuer).filter(|_| plain)
        && (path.is_empty() || (path.starts_with('/') && !path.starts_with("//")))
    {
        return Ok(if path.is_empty() { HOME.to_owned() } else { path.to_owned() });
    }
    if is_registered(r, env, uri)? { Ok(uri.to_owned()) } else { Err(super::flow::unregistered()) }
}

/// Redeems a code of our own `/authorize`: the session behind it, which this very browser has. Spent it is, whatever
/// comes of it.
pub fn redeem(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    taken: &Taken,
    code: &str,
) -> Result<Result<SignedIn, Why>> {
    let hash = Hashed::of(code);
    let reach = |why: &str| Ok(Err(Why::Reach(why.to_owned())));
    let Some(row) = store::authorization::code(tx, &hash)? else {
        return reach("the code was not given out here");
    };
    if row.spent || !store::authorization::spend_code(tx, &hash)? {
        return reach("the code was used before");
    }
    let client = store::client::by_id(tx, &row.client_id)?;
    let fits = client.as_ref().is_some_and(Client::is_active)
        && row.client_id.as_str() == taken.flow.client_id
        && row.redirect_uri == taken.flow.redirect_uri
        && tx.now < row.expires_at
        && pkce::verify(taken.verifier.expose(), &row.code_challenge);
    if !fits {
        return reach("the code was given for another request, or has expired");
    }
    if !row.nonce.as_deref().is_some_and(|nonce| Hashed::of(nonce).matches(&taken.nonce)) {
        return Ok(Err(Why::Token(Wrong::Claim("its nonce is not that of the request"))));
    }
    let found = session::by_id(tx, env, None, &row.session_id)?.ok();
    let Some(signed_in) = found.filter(|found| found.user.id == row.user_id) else {
        return reach("the sign-in behind the code is over");
    };
    let event = Event::new("provider.sign_in")
        .user(&signed_in.user.id)
        .session(&signed_in.session.id)
        .client(&row.client_id)
        .with("provider", taken.flow.provider.as_str());
    audit::record(tx, who, &event)?;
    Ok(Ok(signed_in))
}
