//! `--tui`: opens the console. What it shows is for `tui`.

use super::{
    ctx::{Ctx, Desk},
    failure::Done,
};
use crate::{
    model::actor::{Actor, Via},
    tui::{self, Opened, World},
};

/// Opens it on the data folder.
pub fn run(ctx: &Ctx) -> Done {
    show(&ctx.open()?)
}

/// Shows it until somebody leaves it.
pub fn show(desk: &Desk) -> Done {
    tui::run(Opened {
        world: World {
            db: desk.app.db.clone(),
            env: desk.app.env(),
            who: Actor::operator(desk.who.name(), Via::Tui),
        },
        title: desk.env().site.host().to_owned(),
        read_only: false,
        access_lifetime: desk.env().config.authentication.tokens.access_token.lifetime,
    })?;
    Ok(())
}
