//! The server's log on stderr or in the console, as configured and as `-v` and `-q` change it.

use std::io;

use tracing_subscriber::EnvFilter;

use super::ctx::Ctx;
use crate::{
    config::server::{LogFormat, Logging},
    tui::log::Log,
};

/// Starts it; the first start in a process counts.
pub fn start(ctx: &Ctx, logging: &Logging) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(ctx, logging))
        .with_writer(io::stderr)
        // Else a log that nobody reads any more would be told to that same closed stream, which panics.
        .log_internal_errors(false)
        .with_ansi(ctx.out.talk_color);
    let started = match logging.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    // It fails only when there is one already.
    drop(started);
}

/// Starts it for a console in the same process, which shows it.
pub fn keep(ctx: &Ctx, logging: &Logging, kept: &Log) {
    let kept = kept.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(ctx, logging))
        .with_writer(move || kept.clone())
        .log_internal_errors(false)
        .with_ansi(false);
    drop(log.try_init());
}

fn filter(ctx: &Ctx, logging: &Logging) -> EnvFilter {
    let level = match (ctx.global.quiet, ctx.global.verbose) {
        (true, _) => "error",
        (false, 0) => logging.level.as_str(),
        (false, 1) => "debug",
        (false, _) => "trace",
    };
    // Libraries speak up only when something is wrong. To webauthn-rs every answer that it refuses is an error, so
    // anyone could fill the log; the refusals are in the audit trail.
    EnvFilter::new(format!("warn,webauthn_rs=off,webauthn_rs_core=off,mcpcodex={level}"))
}
