//! Apps that a person has let in, and shutting one out again.
//! What they were asked is `consent`.

pub use crate::store::consent::Connected;
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        ending,
        id::{ClientId, UserId},
    },
    ops::{audit, session},
    store,
};

/// The apps that hold something of a person, by name.
pub fn list(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<Vec<Connected>> {
    who.must_be(user)?;
    store::consent::connected(r, user)
}

/// Takes back what an app holds: its tokens end now, and it must ask again.
pub fn disconnect(tx: &Write<'_>, who: &Actor, user: &UserId, client: &ClientId) -> Result<usize> {
    session::permit(tx, who, user)?;
    let answers = store::consent::forget(tx, user, client)?;
    let reason = ending::DISCONNECTED;
    let grants = store::grant::revoke_of_user_and_client(tx, user, client, reason)?;
    if answers + grants == 0 {
        return Err(Error::absent("this app holds nothing of yours any more"));
    }
    let event = Event::new("consent.revoke").user(user).client(client).with("grants", grants);
    audit::record(tx, who, &event)?;
    Ok(grants)
}
