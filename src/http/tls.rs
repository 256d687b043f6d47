//! HTTPS at our own port: who connects gets a few seconds to begin, then speaks HTTP like everyone else.
//! What is offered to them is for `net::tls`.

use std::{future::Future, io, pin::Pin, sync::Arc, time::Duration};

use axum_server::accept::Accept;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{db::Clock, net::tls::Keeper};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// With it a TLS handshake begins (RFC 8446 §5.1).
const HANDSHAKE_RECORD: u8 = 0x16;
/// As much of what is said without TLS is read before it is answered: a close with bytes unread takes the answer along.
const PLAIN: usize = 4096;
const NO_TLS: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 45\r\nConnection: close\r\n\r\nThis port speaks HTTPS: begin with https://.\n";

/// Begins connections.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// With the certificate that the keeper offers at the time.
    pub fn new(keeper: &Keeper) -> Self {
        Self(TlsAcceptor::from(keeper.config()))
    }

    async fn begin(self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if first != [HANDSHAKE_RECORD] {
            return Err(refuse(stream).await);
        }
        // Answers go out in small pieces, none of which should wait for the one before to be confirmed.
        stream.set_nodelay(true)?;
        self.0.accept(stream).await
    }
}

/// Tells whoever came without TLS, in words that a person at a browser sees.
async fn refuse(mut stream: TcpStream) -> io::Error {
    let mut said = [0; PLAIN];
    drop(stream.try_read(&mut said));
    match stream.write_all(NO_TLS.as_bytes()).await {
        Ok(()) => drop(stream.shutdown().await),
        Err(error) => return error,
    }
    io::ErrorKind::InvalidData.into()
}

impl<S: Send + 'static> Accept<TcpStream, S> for Acceptor {
    type Stream = TlsStream<TcpStream>;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let begun = timeout(HANDSHAKE, self.clone().begin(stream));
        Box::pin(async move {
            let stream = begun.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            Ok((stream, service))
        })
    }
}

/// Takes up new certificates for as long as it is polled.
pub async fn watch(keeper: Arc<Keeper>, clock: Clock) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let (keeper, now) = (Arc::clone(&keeper), clock.now());
        match tokio::task::spawn_blocking(move || keeper.refresh(now)).await {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(identity))) => {
                tracing::info!(
                    ends = identity.ends.rfc3339(),
                    "a new certificate is offered from now on"
                );
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the new certificate cannot be used; the one before stays");
            }
            Err(error) => tracing::error!(%error, "the certificate could not be looked at"),
        }
    }
}
