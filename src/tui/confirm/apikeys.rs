//! Questions about API keys, agents and resources.

use super::{
    super::{
        list::Keyed as _,
        msg::{Change, Target},
        text,
    },
    Choice, Confirm, Fate, Word, forever, step,
};
use crate::{
    model::{resource::Resource, verb::Verb},
    ops::apikey::standing::Standing,
};

/// What is offered when a key is rotated.
pub const LEAKED: &str = "it leaked: end the old key now";

/// Asks about a key or its agent, or says why there is nothing to ask.
pub fn about(verb: Verb, row: &Standing) -> Result<Confirm, String> {
    let key = &row.row.key;
    let name = text::clean(&key.name, 32);
    let target = || Target::ApiKey { id: key.id.clone(), name: name.clone(), leaked: false };
    match (verb, row.state) {
        (Verb::ApiKeyRotate | Verb::ApiKeyRevoke, "revoked") => {
            Err(format!("{name} is revoked already"))
        }
        (Verb::ApiKeyRotate, _) if key.replaced_by.is_some() => {
            Err(format!("{name} was rotated already: K ends it now"))
        }
        (Verb::ApiKeyRotate, "expired") => {
            Err(format!("{name} has ended and has no successor: N makes a new key"))
        }
        (Verb::ApiKeyRotate, _) => Ok(rotate(&name, target(), false)),
        (Verb::ApiKeyRevoke, _) => {
            let owner = text::clean(&row.row.username, 24);
            let steps = vec![
                forever(format!("end {}… of {owner}", key.hint)),
                step("whatever uses it stops working", Fate::Said),
            ];
            let title = format!("Revoke the API key {name} ?");
            Ok(Confirm::new(Change { verb, target: target() }, title, steps))
        }
        (Verb::AgentDisable | Verb::AgentEnable, _) => agent(verb, row),
        _ => Err(super::elsewhere(verb)),
    }
}

/// The question whether to rotate; what it says depends on whether the key leaked.
pub fn rotate(name: &str, target: Target, leaked: bool) -> Confirm {
    let old = if leaked {
        forever("end the old key now: whatever uses it stops working")
    } else {
        step("the old key works on for 24 h", Fate::Said)
    };
    let steps = vec![
        step("make a key with the same rights and limits", Fate::Said),
        old,
        step("show the new key, once", Fate::Said),
    ];
    let change = Change { verb: Verb::ApiKeyRotate, target };
    let question = Confirm::new(change, format!("Rotate the API key {name} ?"), steps);
    Confirm { option: Some(Choice { what: LEAKED, on: leaked }), ..question }
}

fn agent(verb: Verb, row: &Standing) -> Result<Confirm, String> {
    let (Some(id), Some(name)) = (&row.row.key.agent_id, &row.row.agent) else {
        return Err("this key belongs to a person: gu goes to them".to_owned());
    };
    let name = text::clean(name, 32);
    let undo = verb.spec().undo.unwrap_or(verb);
    let (title, what) = if verb == Verb::AgentDisable {
        (format!("Shut the agent {name} out ?"), "let none of its keys work")
    } else {
        (format!("Let the agent {name} in again ?"), "let its keys work again")
    };
    let target = Target::Agent { id: id.clone(), name };
    Ok(Confirm::new(Change { verb, target }, title, vec![step(what, Fate::Undo(undo))]))
}

/// Asks about a resource, or says why there is nothing to ask.
pub fn about_resource(verb: Verb, row: &Resource) -> Result<Confirm, String> {
    if verb != Verb::ResourceDelete {
        return Err(super::elsewhere(verb));
    }
    let name = row.title();
    let steps = vec![
        forever(format!("remove {}", text::clean(row.uri.as_str(), 44))),
        forever("end the tokens that are for it"),
        forever("switch off apps that are registered for it alone"),
    ];
    let target = Target::Resource { id: row.id.clone(), name: name.clone() };
    let question =
        Confirm::new(Change { verb, target }, format!("Remove the resource {name} ?"), steps);
    Ok(Confirm { word: Some(Word::new(name)), ..question })
}
