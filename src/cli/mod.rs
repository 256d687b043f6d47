//! The command line: from arguments to an exit code. Each noun has its file; what a command means is for `ops`.
//! stdout is data, stderr is talk; only `output` writes to either.

pub mod agent;
pub mod apikey;
pub mod args;
pub mod ask;
pub mod audit;
pub mod client;
pub mod config;
pub mod console;
pub mod ctx;
pub mod doctor;
pub mod enroll;
pub mod exchange;
pub mod failure;
pub mod handover;
pub mod help;
pub mod issuer;
pub mod key;
pub mod log;
pub mod message;
pub mod mfa;
pub mod output;
pub mod password;
pub mod qr;
pub mod resource;
pub mod serve;
pub mod session;
pub mod setup;
pub mod shell;
pub mod span;
pub mod table;
pub mod token;
pub mod user;
pub mod validate;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _};

use self::{
    args::{Auth, Cli, Verb},
    ctx::Ctx,
    failure::{Done, Failure},
    output::{Look, Out},
};

/// Runs the program with these arguments, its own name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    // Errors of the arguments themselves must come out as `--json` and `--color` ask, so these are looked for first.
    let look = Look::guess(&args);
    let mut command = Cli::command().color(look.clap_color());
    let parsed = command
        .try_get_matches_from_mut(args)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|e| e.format(&mut command)));
    let (out, done) = match parsed {
        Ok(cli) => {
            let out = Out::new(Look::of(&cli.global));
            let done = run(cli, out);
            (out, done)
        }
        Err(error) => (Out::new(look), args::refused(error)),
    };
    ExitCode::from(match done {
        Ok(()) => 0,
        Err(failure) => {
            out.failure(&failure);
            failure.exit_code()
        }
    })
}

fn run(cli: Cli, out: Out) -> Done {
    let Cli { global, tui, console: options, verb } = cli;
    let ctx = Ctx::new(global, out);
    match verb {
        None if tui => console::run(&ctx, &options),
        Some(_) if tui => {
            Err(Failure::usage("--tui stands alone; beside a server it is: serve --tui"))
        }
        None => {
            out.talk(&Cli::command().render_help().to_string());
            Err(Failure::usage("say what to do").with_next("mcpcodex help"))
        }
        Some(verb) => dispatch(&ctx, verb),
    }
}

fn dispatch(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Serve(args) => serve::run(ctx, &args),
        Verb::Auth(Auth::Setup(verb)) => setup::run(ctx, verb),
        Verb::Auth(Auth::Mfa(verb)) | Verb::Mfa(verb) => mfa::run(ctx, verb),
        Verb::Auth(Auth::Apikey(verb)) | Verb::Apikey(verb) => apikey::run(ctx, verb),
        Verb::Auth(Auth::Validate(args)) => validate::run(ctx, &args),
        Verb::User(verb) => user::run(ctx, verb),
        Verb::Message(verb) => message::run(ctx, verb),
        Verb::Client(verb) => client::run(ctx, verb),
        Verb::Resource(verb) => resource::run(ctx, *verb),
        Verb::Session(verb) => session::run(ctx, verb),
        Verb::Key(verb) => key::run(ctx, verb),
        Verb::Agent(verb) => agent::run(ctx, verb),
        Verb::Audit(verb) => audit::run(ctx, verb),
        Verb::Config(verb) => config::run(ctx, verb),
        Verb::Issuer(verb) => issuer::run(ctx, verb),
        Verb::Doctor(verb) => doctor::run(ctx, verb),
        Verb::Token(args) => token::run(ctx, &args),
        Verb::Completion(args) => shell::completion(ctx, &args),
        Verb::Man(args) => shell::man(ctx, &args),
        Verb::Help(args) => help::run(ctx, &args),
    }
}
