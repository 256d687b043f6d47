//! `--tui`: opens the console. What it shows is for `tui`.

use super::{ctx::Ctx, failure::Done};
use crate::error::Error;

/// Opens it on the data folder.
pub fn run(_ctx: &Ctx) -> Done {
    Err(Error::internal("the console is not part of this build").into())
}
