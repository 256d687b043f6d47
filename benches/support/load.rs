//! The load generator: so many connections, kept alive, each asking again as soon as it is answered.

use std::{
    process::Child,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// The client that every part uses.
pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

/// A client that keeps its connections.
pub(crate) fn http() -> Http {
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(256).build_http()
}

/// A request, made anew for each use.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: &'static str,
    url: String,
    body: Bytes,
    headers: Vec<(header::HeaderName, String)>,
}

impl Ask {
    /// A GET.
    pub(crate) fn get(base: &str, path: &str) -> Self {
        Self {
            method: "GET",
            url: format!("{base}{path}"),
            body: Bytes::new(),
            headers: Vec::new(),
        }
    }

    /// A form, perhaps with `Authorization`.
    pub(crate) fn form(base: &str, path: &str, body: &str, authorization: Option<&str>) -> Self {
        let mut headers =
            vec![(header::CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned())];
        headers.extend(authorization.map(|value| (header::AUTHORIZATION, value.to_owned())));
        Self {
            method: "POST",
            url: format!("{base}{path}"),
            body: Bytes::from(body.to_owned()),
            headers,
        }
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, http: &Http) -> Result<Response<Bytes>> {
        let mut request = Request::builder().method(self.method).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = http.request(request.body(Full::new(self.body.clone()))?).await?;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }
}

/// What a load did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Answered requests.
    pub(crate) requests: u64,
    /// How long it took.
    pub(crate) wall: Duration,
    /// What it cost the server.
    pub(crate) cpu: Duration,
}

impl Measured {
    /// Requests per second.
    pub(crate) fn per_second(&self) -> f64 {
        to_f64(self.requests) / self.wall.as_secs_f64()
    }

    /// Microseconds of server CPU per request.
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / to_f64(self.requests.max(1))
    }
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn to_f64(n: u64) -> f64 {
    n as f64
}

/// So many connections for so long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    connections: usize,
    span: Duration,
}

impl Load {
    /// A load.
    pub(crate) fn new(connections: usize, span: Duration) -> Self {
        Self { connections, span }
    }

    /// Runs it against a process whose answers must all be good.
    pub(crate) async fn run(&self, server: &Child, ask: impl Fn(usize) -> Ask) -> Result<Measured> {
        let http = http();
        let cpu = cpu_time(server.id())?;
        let start = Instant::now();
        let end = start + self.span;
        let tasks: Vec<_> = (0..self.connections)
            .map(|at| {
                let (http, ask) = (http.clone(), Arc::new(ask(at)));
                tokio::spawn(async move {
                    let mut requests = 0_u64;
                    while Instant::now() < end {
                        let answer = ask.send(&http).await?;
                        ensure!(
                            answer.status().is_success(),
                            "{} answered {}",
                            ask.url,
                            answer.status()
                        );
                        requests += 1;
                    }
                    anyhow::Ok(requests)
                })
            })
            .collect();
        let mut requests = 0;
        for task in tasks {
            requests += task.await??;
        }
        Ok(Measured {
            requests,
            wall: start.elapsed(),
            cpu: cpu_time(server.id())?.saturating_sub(cpu),
        })
    }
}

/// User and system time of a process, from `/proc/PID/stat` in ticks of 10 ms.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat =
        std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the server is gone")?;
    let rest = stat.rsplit_once(')').context("an odd /proc/PID/stat")?.1;
    let ticks: u64 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(Duration::from_millis(ticks * 10))
}
