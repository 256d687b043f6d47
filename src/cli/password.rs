//! How a new password comes in: typed twice, or one line of stdin; judged here, so that a refusal can be answered at once.

use super::{
    ask::{Ask, missing, secret_from_stdin},
    ctx::Desk,
    failure::Failure,
    output::Out,
};
use crate::{
    crypto::secret::Plain,
    ops::password::{self, Basis, Chosen, Refused},
};

/// How often a person may try again before the command ends.
const TRIES: u32 = 3;

/// A password that passed, from stdin or from the keyboard.
pub fn choose(
    desk: &Desk,
    ask: Ask,
    out: Out,
    basis: &Basis,
    from_stdin: bool,
) -> Result<Chosen, Failure> {
    if from_stdin {
        let typed = secret_from_stdin("password")?;
        return Ok(password::choose(desk.env(), basis, typed.expose())?);
    }
    if !ask.able() {
        return Err(missing("--password-stdin"));
    }
    let mut tries = 0;
    loop {
        let typed = twice(ask, out)?;
        tries += 1;
        match password::choose(desk.env(), basis, typed.expose()) {
            Ok(chosen) => return Ok(chosen),
            Err(Refused::Unfit(reasons)) if tries < TRIES => {
                out.talk("That password does not do:");
                for reason in reasons {
                    out.talk(&format!("  - {reason}"));
                }
            }
            Err(refused) => return Err(refused.into()),
        }
    }
}

fn twice(ask: Ask, out: Out) -> Result<Plain, Failure> {
    loop {
        let first = ask.secret("Password")?;
        let second = ask.secret("The same again")?;
        if first.expose() == second.expose() {
            return Ok(first);
        }
        out.talk("The two differ; once more.");
    }
}
