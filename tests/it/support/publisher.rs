//! Servers of ours that publish documents over TLS, good ones and hostile ones, and the authority that vouches for
//! them. Each writes its answers byte by byte, so that it can do what no server library would.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mcpcodex::net::client::{Looking, Lookup};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use url::Url;

use super::RUNTIME;

/// An authority of the tests.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub(crate) pem: String,
}

impl Authority {
    /// A new one, that nobody trusts yet.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for `names` from one year's beginning to another's, and its key, as PEM.
    pub(crate) fn certificate(&self, names: &[&str], years: (i32, i32)) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        // By a name of its own: OpenSSL takes a certificate with its issuer's name for a self-signed one.
        params.distinguished_name.push(rcgen::DnType::CommonName, "a server");
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What is answered for a path.
#[derive(Clone, Debug)]
pub(crate) enum Page {
    /// 200 with JSON.
    Json(String),
    /// A status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A good head, then a byte a second for ever.
    Drip,
    /// Good, but without a length, and without an end.
    Flood,
    /// Half of it, then the connection is closed.
    Half,
    /// Nothing at all.
    Hang,
}

impl Page {
    /// A document.
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::Json(value.to_string())
    }

    /// A document with headers more.
    pub(crate) fn with(value: &serde_json::Value, more: &[(&'static str, &str)]) -> Self {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(more.iter().map(|(name, text)| (*name, (*text).to_owned())));
        Self::Answer(200, headers, value.to_string().into_bytes())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The path with its query.
    pub(crate) path: String,
    /// The whole head.
    pub(crate) head: String,
}

#[derive(Default)]
struct Shared {
    pages: Mutex<BTreeMap<String, Page>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    flooded: AtomicUsize,
}

/// A server on this computer.
#[derive(Clone)]
pub(crate) struct Publisher {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Publisher {
    /// With a certificate for `names`.
    pub(crate) fn start(authority: &Authority, names: &[&str]) -> Self {
        let acceptor = authority.acceptor(names);
        let shared = Arc::new(Shared::default());
        let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let own = Arc::clone(&shared);
        RUNTIME.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                own.connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&own));
                tokio::spawn(async move { drop(serve(acceptor, shared, stream).await) });
            }
        });
        Self { address, shared }
    }

    /// Publishes a page.
    pub(crate) fn put(&self, path: &str, page: Page) {
        self.shared.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    /// The URL of a path under a host name that leads here.
    pub(crate) fn url(&self, host: &str, path: &str) -> Url {
        Url::parse(&format!("https://{host}:{}{path}", self.address.port())).unwrap()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many bytes of [`Page::Flood`] could be sent before somebody hung up.
    pub(crate) fn flooded(&self) -> usize {
        self.shared.flooded.load(Ordering::SeqCst)
    }

    /// The requests that came, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }
}

async fn serve(
    acceptor: TlsAcceptor,
    shared: Arc<Shared>,
    stream: TcpStream,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let etag = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("if-none-match").then(|| value.to_owned())
    });
    shared.asked.lock().unwrap().push(Asked { path: path.clone(), head });
    let page = shared.pages.lock().unwrap().get(&path).cloned();
    match page {
        None => stream.write_all(&answer(404, &[], b"not here")).await?,
        Some(Page::Json(text)) => {
            let json = [("content-type", "application/json".to_owned())];
            stream.write_all(&answer(200, &json, text.as_bytes())).await?;
        }
        Some(Page::Answer(_, headers, _))
            if etag.is_some()
                && headers.iter().any(|(n, v)| *n == "etag" && Some(v) == etag.as_ref()) =>
        {
            let headers: Vec<_> =
                headers.into_iter().filter(|(name, _)| *name == "cache-control").collect();
            stream.write_all(&answer(304, &headers, b"")).await?;
        }
        Some(Page::Answer(status, headers, body)) => {
            stream.write_all(&answer(status, &headers, &body)).await?;
        }
        Some(Page::Drip) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await?;
            loop {
                stream.write_all(b" ").await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Some(Page::Flood) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await?;
            loop {
                stream.write_all(&[b' '; 4096]).await?;
                shared.flooded.fetch_add(4096, Ordering::SeqCst);
            }
        }
        Some(Page::Half) => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 400";
            stream.write_all(format!("{head}\r\n\r\n{{").as_bytes()).await?;
        }
        Some(Page::Hang) => std::future::pending().await,
    }
    stream.shutdown().await
}

fn answer(status: u16, headers: &[(&'static str, String)], body: &[u8]) -> Vec<u8> {
    let mut head =
        vec![format!("HTTP/1.1 {status} Answer"), format!("content-length: {}", body.len())];
    head.push("connection: close".to_owned());
    head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    [head.join("\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

/// A resolver that answers as it is told: for each name a list of answers, the last of which stays.
#[derive(Clone, Default)]
pub(crate) struct Names {
    answers: Arc<Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>>,
    looked_up: Arc<AtomicUsize>,
}

impl Names {
    /// The answers for a name, one after the other.
    pub(crate) fn put(&self, name: &str, answers: &[&[&str]]) {
        let read = |one: &&[&str]| one.iter().map(|address| address.parse().unwrap()).collect();
        let answers = answers.iter().map(read).collect();
        self.answers.lock().unwrap().insert(name.to_owned(), answers);
    }

    /// How often something was looked up.
    pub(crate) fn looked_up(&self) -> usize {
        self.looked_up.load(Ordering::SeqCst)
    }
}

impl Lookup for Names {
    fn look_up(&self, name: String) -> Looking {
        self.looked_up.fetch_add(1, Ordering::SeqCst);
        let mut all = self.answers.lock().unwrap();
        let found = match all.get_mut(&name) {
            None => Vec::new(),
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers.first().cloned().unwrap_or_default(),
        };
        Box::pin(async move { Ok(found) })
    }
}
