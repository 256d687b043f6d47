//! What the server does per second, beside what could be done at best on the same machine in the same run.
//!
//! `cargo bench --bench server [-- --short]` starts the release binary and a limit server (axum with nothing behind it),
//! loads both in turn with the same generator, reads CPU from `/proc/PID/stat`, prints one table and writes
//! `target/bench-server.json`. Loopback only; it ends by itself. An absolute figure is worth nothing from one run to
//! the next: read the ratios.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

#[path = "support/limit.rs"]
mod limit;
#[path = "support/load.rs"]
mod load;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/report.rs"]
mod report;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::{
    load::{Ask, Load},
    peer::Peer,
    report::{Report, Row},
};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|word| word == "--limit-server") {
        let folder = arguments.get(at + 1).context("--limit-server FOLDER")?;
        return limit::serve(folder);
    }
    let short = arguments.iter().any(|word| word == "--short");
    let span = Duration::from_millis(if short { 400 } else { 4_000 });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(measure(span))?;
    print!("{report}");
    report.write("target/bench-server.json")?;
    println!("written to target/bench-server.json");
    Ok(())
}

async fn measure(span: Duration) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    eprintln!("preparing people, clients and tokens …");
    let peer = Peer::start(folder.path()).await?;
    let limit = limit::Limit::start(folder.path(), &peer.discovery)?;
    let mut report = Report::default();
    eprintln!("measuring, {span:?} each …");
    discovery(&mut report, &peer, &limit, span).await?;
    introspection(&mut report, &peer, &limit, span).await?;
    refresh(&mut report, &peer, span).await?;
    sign_in(&mut report, &peer, span).await?;
    writes(&mut report, folder.path(), span)?;
    Ok(report)
}

/// The same bytes from us and from axum alone.
async fn discovery(
    report: &mut Report,
    peer: &Peer,
    limit: &limit::Limit,
    span: Duration,
) -> Result<()> {
    let path = "/.well-known/openid-configuration";
    let best = Load::new(16, span).run(&limit.process, |_| Ask::get(&limit.url, "/bytes")).await?;
    let ours = Load::new(16, span).run(&peer.process, |_| Ask::get(&peer.url, path)).await?;
    report.add(Row::rate("discovery", "axum, same bytes", &ours, best.per_second(), "≥ 0.9"));
    report.add(Row::cpu("discovery, CPU", "axum, same bytes", &ours, &best, "–"));
    Ok(())
}

/// A valid access token, asked about by the resource server that it is for.
async fn introspection(
    report: &mut Report,
    peer: &Peer,
    limit: &limit::Limit,
    span: Duration,
) -> Result<()> {
    let body = format!("token={}", peer.access_token);
    let best = Load::new(16, span)
        .run(&limit.process, |_| Ask::form(&limit.url, "/verify", &body, None))
        .await?;
    let ours = Load::new(16, span)
        .run(&peer.process, |_| Ask::form(&peer.url, "/introspect", &body, Some(&peer.basic)))
        .await?;
    report.add(Row::cpu(
        "introspection, CPU",
        "form + RSA verify + 2 look-ups",
        &ours,
        &best,
        "≤ 1.4",
    ));
    report.add(Row::rate(
        "introspection",
        "form + RSA verify + 2 look-ups",
        &ours,
        best.per_second(),
        "–",
    ));
    Ok(())
}

/// 64 families, each refreshed again and again with the token it just got.
async fn refresh(report: &mut Report, peer: &Peer, span: Duration) -> Result<()> {
    let sign = limit::rsa_signatures_per_second(span)?;
    let commits = limit::commits_per_second(64, span)?;
    let best = sign.min(commits);
    let ours = peer.refresh_all(span).await?;
    let name = format!("refresh, {} connections, fsync", peer.refresh_tokens.len());
    report.add(Row::rate(&name, "slower of RSA sign ×2, commits of 64", &ours, best, "≥ 0.7"));
    Ok(())
}

/// The right password, from several browsers at once.
async fn sign_in(report: &mut Report, peer: &Peer, span: Duration) -> Result<()> {
    let span = span.max(Duration::from_secs(1));
    let best = limit::argon2_per_second(span)?;
    let ours = peer.sign_in_all(span).await?;
    report.add(Row::rate(
        &format!("password sign-in, {} browsers", peer::BROWSERS),
        "raw argon2id on every core",
        &ours,
        best,
        "≥ 0.9",
    ));
    Ok(())
}

/// One small change each from 64 threads, answered after the flush.
fn writes(report: &mut Report, folder: &std::path::Path, span: Duration) -> Result<()> {
    let best = limit::commits_per_second(64, span)?;
    let single = limit::commits_per_second(1, span)?;
    let ours = limit::grouped_writes_per_second(folder, 64, span)?;
    report.add(Row::plain("write, 64 callers, fsync", "commits of 64 rows", ours, best, "–"));
    report.add(Row::plain("write, 64 callers, fsync", "one commit a row", ours, single, "> 1"));
    Ok(())
}
