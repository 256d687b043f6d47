//! Questions about clients.

use super::{
    super::{
        list::Keyed as _,
        msg::{Change, Target},
    },
    Confirm, Fate, forever, step,
};
use crate::model::{
    client::{Client, ClientState},
    verb::Verb,
};

/// Asks about a client, or says why there is nothing to ask.
pub fn about(verb: Verb, row: &Client) -> Result<Confirm, String> {
    let name = row.title();
    let undo = |verb| Fate::Undo(verb);
    let (title, steps) = match (verb, row.state) {
        (Verb::ClientEnable, ClientState::Pending) => (
            format!("Let {name} in ?"),
            vec![
                step("let people use it", undo(Verb::ClientDisable)),
                step("each of them is still asked", Fate::Said),
            ],
        ),
        (Verb::ClientEnable, ClientState::Disabled) => (
            format!("Switch {name} on again ?"),
            vec![
                step("let people use it", undo(Verb::ClientDisable)),
                step("what was revoked stays revoked", Fate::Said),
            ],
        ),
        (Verb::ClientEnable, ClientState::Active) => {
            return Err(format!("{name} is in use already"));
        }
        (Verb::ClientDisable, ClientState::Active) => (
            format!("Switch {name} off ?"),
            vec![
                step("let nobody use it", undo(Verb::ClientEnable)),
                forever("revoke its refresh tokens"),
            ],
        ),
        (Verb::ClientDisable, ClientState::Pending) => (
            format!("Keep {name} out ?"),
            vec![step("keep it out, also when it comes again", undo(Verb::ClientEnable))],
        ),
        (Verb::ClientDisable, ClientState::Disabled) => {
            return Err(format!("{name} is off already"));
        }
        _ => return Err(super::elsewhere(verb)),
    };
    let target = Target::Client { id: row.id.clone(), name };
    Ok(Confirm::new(Change { verb, target }, title, steps))
}
