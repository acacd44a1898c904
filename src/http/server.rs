//! One HTTP/1.1 server for every listener: its own accept loop, TLS, time-outs, and a shutdown that finishes what is in flight.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::peer::peer;
use crate::exchange::signed::Peer;

/// What hyper may buffer of a head: more than the 16 KiB we accept, so that a head somewhat too large gets a signed problem document.
const HEAD_BUFFER: usize = 32 * 1024;

/// How many fields hyper parses: more than the 64 we accept, for the same reason.
const HEAD_FIELDS: usize = 128;

/// Time-outs and counts of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a request's head may take, and how long a kept-alive connection may idle.
    pub head: Duration,
    /// How many connections may be open; further ones wait in the kernel's queue.
    pub connections: usize,
    /// How long requests in flight get at shutdown.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { handshake: seconds(5), head: seconds(10), connections: 2048, drain: seconds(20) }
    }
}

/// The TLS configuration of a listener, exchangeable while it runs. Connections made under an older one end after their current request,
/// so that a new revocation list holds for them too.
pub struct LiveTls {
    config: ArcSwap<ServerConfig>,
    generation: watch::Sender<u64>,
}

impl LiveTls {
    /// Starts with `config`.
    pub fn new(config: ServerConfig) -> Arc<Self> {
        Arc::new(Self { config: ArcSwap::from_pointee(config), generation: watch::Sender::new(0) })
    }

    /// Exchanges the configuration.
    pub fn replace(&self, config: ServerConfig) {
        self.config.store(Arc::new(config));
        self.generation.send_modify(|generation| *generation = generation.wrapping_add(1));
    }
}

/// A listener with what answers on it.
pub struct Server {
    /// The bound socket.
    pub listener: TcpListener,
    /// TLS, or plain HTTP when `None` (loopback only: `config` sees to it).
    pub tls: Option<Arc<LiveTls>>,
    /// What answers.
    pub router: Router,
    /// Its limits.
    pub limits: Limits,
}

impl Server {
    /// Serves until `shutdown`, then lets requests in flight finish for at most [`Limits::drain`].
    pub async fn run(self, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let shared = Arc::new(Shared { tls: self.tls, router: self.router, limits: self.limits, shutdown: shutdown.clone() });
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = accept(&self.listener, &places) => accepted,
            };
            if let Some((stream, address, place)) = accepted {
                connections.spawn(connection(Arc::clone(&shared), stream, address, place));
            }
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(self.limits.drain, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "shutdown did not wait for these connections any longer");
        }
    }
}

struct Shared {
    tls: Option<Arc<LiveTls>>,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, address, place)),
        Err(error) => {
            // Out of file descriptors, most likely: wait for connections to end instead of spinning.
            tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, address: SocketAddr, place: OwnedSemaphorePermit) {
    stream.set_nodelay(true).ok();
    let Some(tls) = &shared.tls else {
        serve(&shared, TokioIo::new(stream), None, None).await;
        return drop(place);
    };
    let outdated = tls.generation.subscribe();
    let acceptor = TlsAcceptor::from(tls.config.load_full());
    match tokio::time::timeout(shared.limits.handshake, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let other_end = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(peer);
            serve(&shared, TokioIo::new(stream), other_end, Some(outdated)).await;
        }
        Ok(Err(error)) => tracing::debug!(%address, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "TLS handshake took too long"),
    }
    drop(place);
}

async fn serve<S>(shared: &Arc<Shared>, io: TokioIo<S>, peer: Option<Peer>, mut outdated: Option<watch::Receiver<u64>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = shared.router.clone();
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        if let Some(peer) = &peer {
            request.extensions_mut().insert(peer.clone());
        }
        let mut router = router.clone();
        async move { router.call(request).await }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(shared.limits.head)
            .max_buf_size(HEAD_BUFFER)
            .max_headers(HEAD_FIELDS)
            .half_close(false)
            .serve_connection(io, service)
    );
    tokio::select! {
        outcome = connection.as_mut() => {
            if let Err(error) = outcome {
                tracing::debug!(%error, "connection ended");
            }
            return;
        }
        () = shared.shutdown.cancelled() => {}
        () = renewed(&mut outdated) => {}
    }
    connection.as_mut().graceful_shutdown();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "connection ended while shutting down");
    }
}

/// Resolves when the TLS configuration was exchanged; never, without TLS.
async fn renewed(generation: &mut Option<watch::Receiver<u64>>) {
    let exchanged = match generation {
        Some(generation) => generation.changed().await.is_ok(),
        None => false,
    };
    if !exchanged {
        std::future::pending::<()>().await;
    }
}
