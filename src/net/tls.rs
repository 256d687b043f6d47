//! Our own certificate: read, judged, offered to whoever connects, and read again when its files change.
//! Who may speak through it, and for how long, is for `http`.

mod validity;

use std::{
    fmt, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::{Mutex, RwLock};
use tokio_rustls::rustls::{
    self, InconsistentKeys, ServerConfig,
    client::verify_server_name,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};
use zeroize::Zeroizing;

use crate::{
    config::server::Tls,
    error::{Error, Result},
    time::Time,
};

/// From so long before its end on, a certificate that nobody renewed is worth a word.
pub const RENEW_WITHIN: Duration = Duration::from_secs(14 * 86_400);

const CERTIFICATE: &str = "server.tls.certificate";
const KEY: &str = "server.tls.key";
/// More than any chain, and a bound for whoever names a disk.
const LONGEST: u64 = 1 << 20;

/// A certificate with its key, fit to be offered.
#[derive(Clone)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    /// When it begins to count.
    pub begins: Time,
    /// When it ends.
    pub ends: Time,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads both files. Refuses what no client would accept: files that are not there or hold something else, a key
    /// of another certificate, a certificate that has ended.
    pub fn load(certificate: &Path, key: &Path, now: Time) -> Result<Self> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        files.read().and_then(|content| files.judge(&content, now))
    }

    /// Whether it was made for this host (RFC 9525): its names, not its common name.
    pub fn covers(&self, host: &str) -> bool {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let leaf = self.certified.cert.first().map(ParsedCertificate::try_from);
        match (name, leaf) {
            (Ok(name), Some(Ok(leaf))) => verify_server_name(&leaf, &name).is_ok(),
            _ => false,
        }
    }
}

/// What is not well about our own certificate though it can be offered, and what to do about each; the words begin in
/// the middle of a sentence about it.
pub fn doubts(identity: &Identity, host: &str, now: Time) -> Vec<(String, &'static str)> {
    let mut doubts = Vec::new();
    if now < identity.begins {
        doubts.push((
            format!("the certificate counts from {} on only", identity.begins.rfc3339()),
            "check the clock of this machine, or wait",
        ));
    }
    if identity.ends.minus(RENEW_WITHIN) <= now {
        doubts.push((
            format!("the certificate ends {}", identity.ends.rfc3339()),
            "renew it; a running server takes up the new one by itself",
        ));
    }
    if !identity.covers(host) {
        doubts.push((
            format!("the certificate is not for {host}, so browsers and apps refuse it"),
            "get one for the host of the public URL, or correct `server.public_url`",
        ));
    }
    doubts
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

struct Content {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Content {
    /// Enough to tell whether a file changed.
    fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificate, &*self.key).hash(&mut hasher);
        hasher.finish()
    }
}

impl Files {
    fn read(&self) -> Result<Content> {
        let certificate = bytes(&self.certificate, CERTIFICATE)?;
        Ok(Content { certificate, key: Zeroizing::new(bytes(&self.key, KEY)?) })
    }

    fn judge(&self, content: &Content, now: Time) -> Result<Identity> {
        let at = self.certificate.display();
        let chain: std::result::Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(&content.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| {
            Error::invalid(CERTIFICATE, format!("{at} holds no certificate in PEM form"))
                .with_next("it begins with -----BEGIN CERTIFICATE-----, the server's own one first")
        })?;
        let signer = signer(&content.key, &self.key)?;
        let validity = chain.first().and_then(|leaf| validity::of(leaf));
        let (begins, ends) = validity.ok_or_else(|| {
            Error::invalid(CERTIFICATE, format!("{at} holds a certificate that cannot be read"))
                .with_next("look at it with: openssl x509 -noout -text -in FILE")
        })?;
        let certified = CertifiedKey::new(chain, signer);
        if let Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) =
            certified.keys_match()
        {
            let key = self.key.display();
            return Err(Error::invalid(
                KEY,
                format!("the key in {key} does not belong to the first certificate in {at}"),
            )
            .with_next("name the key that the certificate was made with, and put the server's own certificate first"));
        }
        if ends <= now {
            return Err(Error::invalid(
                CERTIFICATE,
                format!("the certificate in {at} ended {}", ends.rfc3339()),
            )
            .with_next("renew it, or take server.tls out to serve behind a proxy"));
        }
        Ok(Identity { certified: Arc::new(certified), begins, ends })
    }
}

fn bytes(path: &Path, field: &'static str) -> Result<Vec<u8>> {
    let refused = |why: String| {
        Error::invalid(field, format!("{} {why}", path.display()))
            .with_next("check the path, who owns the file, and that this account may read it")
    };
    let size = fs::metadata(path).map(|found| found.len());
    match size {
        Ok(size) if size > LONGEST => Err(refused("is far too long".to_owned())),
        Ok(_) => fs::read(path).map_err(|error| {
            refused(format!("cannot be read: {}", error.kind())).with_source(error)
        }),
        Err(error) => Err(refused(format!("cannot be read: {}", error.kind())).with_source(error)),
    }
}

fn signer(pem: &[u8], path: &Path) -> Result<Arc<dyn rustls::sign::SigningKey>> {
    let at = path.display();
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        // The library passes over what it does not know.
        let locked = pem.windows(9).any(|window| window == b"ENCRYPTED");
        let (why, next) = if locked {
            (
                "has a passphrase",
                "nobody could type it at a restart: openssl pkey -in FILE -out NEW takes it off",
            )
        } else {
            ("holds no private key in PEM form", "it begins with -----BEGIN PRIVATE KEY-----")
        };
        Error::invalid(KEY, format!("{at} {why}")).with_next(next).with_source(error)
    })?;
    provider().key_provider.load_private_key(key).map_err(|error| {
        Error::invalid(KEY, format!("the key in {at} cannot be used"))
            .with_next("use RSA of 2048 bits or more, ECDSA on P-256 or P-384, or Ed25519")
            .with_source(error)
    })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// What is offered now; a connection that is open keeps what it began with.
struct Offer(RwLock<Identity>);

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Offer")
    }
}

impl ResolvesServerCert for Offer {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().certified))
    }
}

/// The certificate of a running server, and the files that it comes from.
pub struct Keeper {
    files: Files,
    offer: Arc<Offer>,
    config: Arc<ServerConfig>,
    seen: Mutex<Seen>,
}

struct Seen {
    /// What is offered.
    taken: u64,
    /// What was refused instead, and at how many looks.
    refused: Option<(u64, u32)>,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper")
            .field("certificate", &self.files.certificate)
            .finish_non_exhaustive()
    }
}

impl Keeper {
    /// Reads what is configured; none when no certificate is.
    pub fn open(tls: &Tls, now: Time) -> Result<Option<Self>> {
        let Some((certificate, key)) = tls.files() else { return Ok(None) };
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let content = files.read()?;
        let offer = Arc::new(Offer(RwLock::new(files.judge(&content, now)?)));
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| Error::internal("TLS cannot be set up").with_source(error))?;
        let mut config =
            config.with_no_client_auth().with_cert_resolver(Arc::<Offer>::clone(&offer));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let seen = Mutex::new(Seen { taken: content.mark(), refused: None });
        Ok(Some(Self { files, offer, config: Arc::new(config), seen }))
    }

    /// How connections are begun: TLS 1.2 or 1.3, HTTP/2 or HTTP/1.1.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// What is offered now.
    pub fn identity(&self) -> Identity {
        self.offer.0.read().clone()
    }

    /// Looks at the files again, and takes up what changed; tells it when there is a new one. Fails, and goes on with
    /// the one before, when the same new content was no good twice: two files are not changed in one moment.
    pub fn refresh(&self, now: Time) -> Result<Option<Identity>> {
        let mut seen = self.seen.lock();
        let (mark, judged) = match self.files.read() {
            Ok(content) if content.mark() == seen.taken => {
                seen.refused = None;
                return Ok(None);
            }
            Ok(content) => (content.mark(), self.files.judge(&content, now)),
            Err(error) => (0, Err(error)),
        };
        match judged {
            Ok(identity) => {
                *self.offer.0.write() = identity.clone();
                *seen = Seen { taken: mark, refused: None };
                Ok(Some(identity))
            }
            Err(error) => {
                let looks = match seen.refused {
                    Some((before, looks)) if before == mark => looks.saturating_add(1),
                    _ => 1,
                };
                seen.refused = Some((mark, looks));
                if looks == 2 { Err(error) } else { Ok(None) }
            }
        }
    }
}
