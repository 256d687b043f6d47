//! The tree of commands and the options that all share. Each noun's own arguments stand in its file.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, error::ErrorKind};

use super::{
    agent, apikey, audit, client, config, console, doctor,
    failure::{Done, Failure},
    help, issuer, key, message, mfa, output, resource, serve, session, setup, shell, token, user,
    validate,
};

const EXAMPLES: &str = "\
Examples:
  mcpcodex serve --demo                    a server with people and an app to try it with
  mcpcodex auth setup oauth2               the first administrator and the first app, step by step
  mcpcodex --tui                           the console

`mcpcodex help exit-codes` and `mcpcodex help environment` say more.";

/// Secure authentication for AI applications: OAuth 2.1 and OpenID Connect server, console and command line in one.
#[derive(Debug, Parser)]
#[command(name = "mcpcodex", version, disable_help_subcommand = true, after_help = EXAMPLES)]
pub struct Cli {
    /// Open the console
    #[arg(long)]
    pub tui: bool,
    /// How the console opens.
    #[command(flatten)]
    pub console: console::Options,
    /// Options that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Even into a file.
    Always,
    /// Not at all.
    Never,
}

/// Options before or after the verb.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file [default: auth.config.yaml in this folder, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the database and the keys [default: mcpcodex-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// Never ask
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Answer yes where it would be asked
    #[arg(long, global = true)]
    pub yes: bool,
    /// When to use colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: Color,
    /// Say only what was asked for and what failed
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Everything that can be done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the server
    Serve(serve::Args),
    /// Set up sign-in, second factors and API keys; check a token
    #[command(subcommand)]
    Auth(Auth),
    /// People: who may sign in
    #[command(subcommand, alias = "users")]
    User(user::Verb),
    /// Apps that sign people in
    #[command(subcommand, alias = "clients")]
    Client(client::Verb),
    /// MCP servers and APIs that tokens are for
    #[command(subcommand, alias = "resources")]
    Resource(Box<resource::Verb>),
    /// Who is signed in
    #[command(subcommand, alias = "sessions")]
    Session(session::Verb),
    /// Codes, links and notices on their way to people
    #[command(subcommand, alias = "messages")]
    Message(message::Verb),
    /// Keys that sign tokens
    #[command(subcommand, alias = "keys")]
    Key(key::Verb),
    /// Servers whose word about people counts, and where ours may be taken
    #[command(subcommand, alias = "issuers")]
    Issuer(issuer::Verb),
    /// Programs that act in their own name
    #[command(subcommand, alias = "agents")]
    Agent(agent::Verb),
    /// What was done, by whom
    #[command(subcommand)]
    Audit(audit::Verb),
    /// The same as `auth apikey`
    #[command(subcommand, alias = "apikeys")]
    Apikey(apikey::Verb),
    /// The same as `auth mfa`
    #[command(subcommand)]
    Mfa(mfa::Verb),
    /// The configuration
    #[command(subcommand)]
    Config(config::Verb),
    /// Look at servers from the outside, as an app does
    #[command(subcommand)]
    Doctor(doctor::Verb),
    /// Get an access token without a browser at hand
    Token(token::Args),
    /// Completions for a shell
    Completion(shell::Completion),
    /// The manual pages
    Man(shell::Man),
    /// Help on a command, or on: exit-codes, environment
    Help(help::Args),
}

/// `auth …`.
#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Set the server up
    #[command(subcommand)]
    Setup(setup::Verb),
    /// Second factors
    #[command(subcommand)]
    Mfa(mfa::Verb),
    /// Keys for programs
    #[command(subcommand, alias = "apikeys")]
    Apikey(apikey::Verb),
    /// Tell what a token is and whether it is valid now
    Validate(validate::Args),
}

/// What to do when clap did not accept the arguments, or was asked for help.
pub fn refused(error: clap::Error) -> Done {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return output::rendered(&error);
    }
    Err(Failure::Arguments(error))
}

/// Whether a flag of this name is among the arguments, before they are parsed.
pub fn names(args: &[OsString], flag: &str) -> bool {
    args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == flag)
}
