//! HTTPS at our own port: real handshakes, new certificates beside open connections, and those who speak no TLS.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use mcpcodex::{config::server::Tls, http, net::tls::Keeper, time::Time};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
        version::{TLS12, TLS13},
    },
};

use crate::support::{RUNTIME, TestApp, publisher::Authority};

const YEARS: (i32, i32) = (2026, 2030);

struct Stand {
    authority: Authority,
    test: TestApp,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Stand {
    fn new() -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &authority.certificate(&["localhost"], YEARS));
        let tls = files(folder.path());
        let test = TestApp::with(|config| config.server.tls = tls);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let app = test.app.clone();
        RUNTIME.spawn(async move {
            http::serve(listener, app, async move { drop(stopped.await) }).await.unwrap();
            drop(folder);
        });
        Self { authority, test, address, stop: Some(stop) }
    }

    fn replace(&self, made: &(String, String)) {
        let (certificate, _) = self.test.config().server.tls.files().unwrap();
        put(certificate.parent().unwrap(), made);
    }

    fn connect(
        &self,
        version: &'static SupportedProtocolVersion,
        alpn: &[&str],
    ) -> std::io::Result<Connection> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        RUNTIME.block_on(async {
            let stream = TcpStream::connect(self.address).await?;
            Ok(Connection(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
        })
    }

    fn usual(&self) -> Connection {
        self.connect(&TLS13, &["http/1.1"]).unwrap()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

struct Connection(TlsStream<TcpStream>);

impl Connection {
    fn ask(&mut self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:8420\r\n\r\n");
        let mut answer = vec![0; 4096];
        RUNTIME.block_on(async {
            self.0.write_all(request.as_bytes()).await.unwrap();
            let count = self.0.read(&mut answer).await.unwrap();
            answer.truncate(count);
        });
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn leaf(&self) -> Vec<u8> {
        self.0.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }
}

fn put(folder: &Path, (certificate, key): &(String, String)) {
    fs::write(folder.join("chain.pem"), certificate).unwrap();
    fs::write(folder.join("key.pem"), key).unwrap();
}

fn files(folder: &Path) -> Tls {
    Tls { certificate: Some(folder.join("chain.pem")), key: Some(folder.join("key.pem")) }
}

#[test]
fn both_versions_of_tls_and_both_of_http_are_spoken() {
    let stand = Stand::new();
    for (version, number) in
        [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)]
    {
        let mut one = stand.connect(version, &["http/1.1"]).unwrap();
        assert_eq!(one.0.get_ref().1.protocol_version(), Some(number));
        let answer = one.ask("/healthz");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age="), "{answer}");

        let mut two = stand.connect(version, &["h2", "http/1.1"]).unwrap();
        assert_eq!(two.0.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let mut frame = [0; 9];
        RUNTIME.block_on(async {
            two.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
            two.0.read_exact(&mut frame).await.unwrap();
        });
        assert_eq!(frame[3], 4, "the first frame of an HTTP/2 server are its settings");
    }
}

#[test]
fn pages_know_that_they_are_reached_by_https() {
    let stand = Stand::new();
    let answer = stand.usual().ask("/.well-known/openid-configuration");
    assert!(answer.contains("\"issuer\":\"https://localhost:8420\""), "{answer}");
    let answer = stand.usual().ask("/login");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
    assert!(cookie.contains("Secure"), "{cookie}");
}

#[test]
fn new_certificate_is_offered_without_a_restart_and_open_connections_go_on() {
    let stand = Stand::new();
    let mut open = stand.usual();
    let first = open.leaf();
    assert!(open.ask("/healthz").starts_with("HTTP/1.1 200"));
    stand.replace(&stand.authority.certificate(&["localhost"], (2026, 2031)));
    let deadline = Instant::now() + Duration::from_secs(20);
    let fresh = loop {
        let next = stand.usual();
        if next.leaf() != first {
            break next;
        }
        assert!(Instant::now() < deadline, "the new certificate was never offered");
    };
    assert_ne!(fresh.leaf(), first);
    assert!(open.ask("/healthz").starts_with("HTTP/1.1 200"), "the open connection goes on");
}

#[test]
fn whoever_speaks_no_tls_is_told_at_once() {
    let stand = Stand::new();
    let start = Instant::now();
    for said in
        ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "hello"]
    {
        let mut stream = std::net::TcpStream::connect(stand.address).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("HTTPS"),
            "{said}: {answer}"
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
    }
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn connections_that_never_begin_end_soon_and_hold_nobody_up() {
    let stand = Stand::new();
    let mut silent: Vec<_> =
        (0..100).map(|_| std::net::TcpStream::connect(stand.address).unwrap()).collect();
    for stream in silent.iter_mut().skip(50) {
        // The head of a handshake that never goes on.
        stream.write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
    }
    let start = Instant::now();
    assert!(stand.usual().ask("/healthz").starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    }
}

#[test]
fn files_that_fit_nothing_leave_the_certificate_in_use_and_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let pairs: Vec<_> = (0..3).map(|_| authority.certificate(&["localhost"], YEARS)).collect();
    put(folder.path(), &pairs[0]);
    let now = Time::parse("2027-05-01T00:00:00Z").unwrap();
    let keeper = Keeper::open(&files(folder.path()), now).unwrap().unwrap();
    assert!(keeper.refresh(now).unwrap().is_none(), "nothing changed");

    // A certificate is there before its key: seen once, that is no mistake.
    fs::write(folder.path().join("chain.pem"), &pairs[1].0).unwrap();
    assert!(keeper.refresh(now).unwrap().is_none());
    fs::write(folder.path().join("key.pem"), &pairs[1].1).unwrap();
    assert!(keeper.refresh(now).unwrap().is_some());

    let ended = authority.certificate(&["localhost"], (2024, 2026));
    for bad in [(pairs[2].0.clone(), pairs[1].1.clone()), ended, ("none".into(), "none".into())] {
        put(folder.path(), &bad);
        let told = (0..5).filter(|_| keeper.refresh(now).is_err()).count();
        assert_eq!(told, 1);
        assert!(keeper.identity().covers("localhost"));
    }
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    let told = (0..5).filter(|_| keeper.refresh(now).is_err()).count();
    assert_eq!(told, 1);
    put(folder.path(), &pairs[1]);
    assert!(keeper.refresh(now).unwrap().is_none(), "back to what is offered");
    put(folder.path(), &pairs[2]);
    assert!(keeper.refresh(now).unwrap().is_some());
}

#[test]
fn doubts_name_the_host_the_end_and_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    put(
        folder.path(),
        &Authority::new().certificate(&["auth.example.com", "*.example.org"], YEARS),
    );
    let tls = files(folder.path());
    let identity = |now: Time| Keeper::open(&tls, now).unwrap().unwrap().identity();
    let doubts = |host: &str, now: &str| {
        let now = Time::parse(now).unwrap();
        mcpcodex::net::tls::doubts(&identity(now), host, now)
    };
    for host in ["auth.example.com", "AUTH.example.com", "a.example.org"] {
        assert_eq!(doubts(host, "2027-01-01T00:00:00Z"), [], "{host}");
    }
    for host in ["example.com", "127.0.0.1", "a.b.example.org", "example.org", ""] {
        assert!(doubts(host, "2027-01-01T00:00:00Z")[0].0.contains("is not for"), "{host}");
    }
    assert!(doubts("auth.example.com", "2029-12-20T00:00:00Z")[0].0.contains("ends 2030-01-01"));
    assert!(doubts("auth.example.com", "2025-12-20T00:00:00Z")[0].0.contains("from 2026-01-01"));
}
