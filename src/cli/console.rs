//! `--tui`: opens the console. What it shows is for `tui`.

use clap::builder::PossibleValuesParser;

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
};
use crate::{
    db::FILE_NAME,
    error::Error,
    model::actor::{Actor, Via},
    tui::{self, Opened, World, action::Tab, log::Log, theme::Theme},
};

/// How the console opens.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of the console")]
pub struct Options {
    /// Only look: nothing can be changed
    #[arg(long, requires = "tui")]
    pub read_only: bool,
    /// Write lines instead of a screen: for screen readers
    #[arg(long, requires = "tui")]
    pub plain: bool,
    /// Draw with ASCII alone
    #[arg(long, requires = "tui")]
    pub ascii: bool,
    /// Colours for a dark or a light background, or none [default: as the terminal says]
    #[arg(long, value_name = "THEME", requires = "tui",
        value_parser = PossibleValuesParser::new(["dark", "light", "mono"]))]
    pub theme: Option<String>,
    /// Where to begin: a screen and perhaps what to look for, as in users/alice
    #[arg(long, value_name = "PLACE", requires = "tui", value_parser = place)]
    pub at: Option<(Tab, String)>,
}

fn place(text: &str) -> Result<(Tab, String), String> {
    Tab::parse(text).ok_or_else(|| {
        let words: Vec<&str> = Tab::ALL.into_iter().map(Tab::word).collect();
        format!("there is no screen of that name; there are: {}", words.join(", "))
    })
}

/// Opens it on the data folder.
pub fn run(ctx: &Ctx, options: &Options) -> Done {
    let config = ctx.load()?.config;
    if options.read_only && !config.storage.data_dir.join(FILE_NAME).exists() {
        let folder = config.storage.data_dir.display().to_string();
        let missing = Error::not_found("database in", folder);
        return Err(Failure::from(missing.with_next("mcpcodex auth setup oauth2")));
    }
    show(&ctx.open_with(config)?, options, None)
}

/// Shows it until somebody leaves it; `log` is that of the server in this process.
pub fn show(desk: &Desk, options: &Options, log: Option<Log>) -> Done {
    tui::run(Opened {
        world: World {
            db: desk.app.db.clone(),
            env: desk.app.env(),
            who: Actor::operator(desk.who.name(), Via::Tui),
            read_only: options.read_only,
        },
        title: desk.env().site.host().to_owned(),
        access_lifetime: desk.env().config.authentication.tokens.access_token.lifetime,
        read_only: options.read_only,
        theme: options.theme.as_deref().and_then(Theme::parse),
        ascii: options.ascii,
        plain: options.plain,
        at: options.at.clone(),
        log,
    })?;
    Ok(())
}
