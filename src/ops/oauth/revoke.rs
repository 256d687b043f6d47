//! A client gives back a token (RFC 7009): a refresh token ends its whole family, an access token itself alone.
//! What operators and people revoke is in `ops/session`.

use super::{refresh_token, token};
use crate::{
    db::Write,
    error::Result,
    model::{actor::Actor, audit::Event, client::Client, ending},
    ops::{audit, env::Env},
    store,
};

/// Ends a token of this client. Whatever else is shown has no effect, and the answer does not tell.
pub fn revoke(tx: &Write<'_>, env: &Env, who: &Actor, client: &Client, text: &str) -> Result<()> {
    if let Some((id, _)) = refresh_token::read(&env.keys.vault, text) {
        let grant = store::grant::by_id(tx, &id)?.filter(|grant| grant.client_id == client.id);
        let Some(grant) = grant else { return Ok(()) };
        if store::grant::revoke(tx, &id, ending::BY_CLIENT)? {
            let event = Event::new("grant.revoke")
                .user(&grant.user_id)
                .client(&client.id)
                .grant(&id)
                .with("reason", ending::BY_CLIENT);
            audit::record(tx, who, &event)?;
        }
        return Ok(());
    }
    let Ok(access) = token::access(tx, env, text)? else { return Ok(()) };
    if access.client_id == client.id {
        store::grant::revoke_jti(tx, &access.jti, access.expires_at)?;
        let event = Event::new("token.revoke").client(&client.id).with("jti", access.jti.as_str());
        let event = match access.person() {
            Some((user, grant)) => event.user(&user.id).grant(&grant.id),
            None => event,
        };
        audit::record(tx, who, &event)?;
    }
    Ok(())
}
