//! One HTTP/1.1 server for every listener: its own accept loop, TLS, time-outs, and a shutdown that finishes what is in flight.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::admission::{Guest, Lobby, Place, Places};
use super::peer::peer;
use crate::exchange::signed::Peer;

/// What hyper may buffer of a head: more than the 16 KiB we accept, so that a head somewhat too large gets a signed problem document.
const HEAD_BUFFER: usize = 32 * 1024;

/// How many fields hyper parses: more than the 64 we accept, for the same reason.
const HEAD_FIELDS: usize = 128;

/// Time-outs and counts of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a connection may take until its first byte.
    pub first_byte: Duration,
    /// How long a TLS handshake may take, and the wait for a place after it.
    pub handshake: Duration,
    /// How long a request's head may take, and how long a kept-alive connection may idle.
    pub head: Duration,
    /// How long the other end may take nothing of what is sent to it: then its place is for others.
    pub write: Duration,
    /// How many connections may be served at a time.
    pub connections: usize,
    /// How many of them may come from one address.
    pub per_address: usize,
    /// How many of them may show certificates of one organisation.
    pub per_organisation: usize,
    /// How many connections may be open beside them that have not finished their handshake; when there are more, the longest-waiting of the
    /// address that has most of them is closed.
    pub handshaking: usize,
    /// How long requests in flight get at shutdown.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            first_byte: seconds(2),
            handshake: seconds(5),
            head: seconds(10),
            write: seconds(10),
            connections: 2048,
            per_address: 1024,
            per_organisation: 512,
            handshaking: 512,
            drain: seconds(20),
        }
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
        let Self { listener, tls, router, limits } = self;
        let lobby = Lobby::new(limits.handshaking);
        let places = Places::new(limits.connections, limits.per_address, limits.per_organisation);
        let shared = Arc::new(Shared { tls, router, limits, places, shutdown: shutdown.clone() });
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = accept(&listener) => accepted,
            };
            if let Some((stream, address)) = accepted {
                let guest = lobby.enter(address.ip());
                connections.spawn(connection(Arc::clone(&shared), stream, address, guest));
            }
        }
        drop(listener);
        connections.close();
        if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "shutdown did not wait for these connections any longer");
        }
    }
}

struct Shared {
    tls: Option<Arc<LiveTls>>,
    router: Router,
    limits: Limits,
    places: Places,
    shutdown: CancellationToken,
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            // Out of file descriptors, most likely: wait for connections to end instead of spinning.
            tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// A connection that may be served.
struct Admitted {
    io: Io,
    place: Place,
    outdated: Option<watch::Receiver<u64>>,
}

enum Io {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>, Option<Peer>),
}

/// A socket whose writes do not wait for ever.
type Socket = Pin<Box<TimeoutStream<TcpStream>>>;

async fn connection(shared: Arc<Shared>, stream: TcpStream, address: SocketAddr, guest: Guest) {
    stream.set_nodelay(true).ok();
    let admitted = tokio::select! {
        admitted = admit(&shared, stream, address.ip()) => admitted,
        () = guest.sent_away() => Err("made room for others before its handshake was finished".to_owned()),
        () = shared.shutdown.cancelled() => Err("came too late: shutting down".to_owned()),
    };
    drop(guest);
    match admitted {
        Err(reason) => tracing::debug!(%address, reason, "connection not admitted"),
        Ok(Admitted { io: Io::Plain(stream), place, outdated }) => {
            serve(&shared, TokioIo::new(stream), None, outdated).await;
            drop(place);
        }
        Ok(Admitted { io: Io::Tls(stream, other_end), place, outdated }) => {
            serve(&shared, TokioIo::new(*stream), other_end, outdated).await;
            drop(place);
        }
    }
}

/// First byte, handshake, place: each within its time.
async fn admit(shared: &Shared, stream: TcpStream, from: IpAddr) -> Result<Admitted, String> {
    within(shared.limits.first_byte, "first byte", stream.readable()).await?;
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(shared.limits.write));
    let stream = Box::pin(stream);
    let (io, outdated) = match &shared.tls {
        None => (Io::Plain(stream), None),
        Some(tls) => {
            // Subscribed before the configuration is read: an exchange in between is seen.
            let outdated = tls.generation.subscribe();
            let handshake = TlsAcceptor::from(tls.config.load_full()).accept(stream);
            let stream = within(shared.limits.handshake, "TLS handshake", handshake).await?;
            let other_end = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(peer);
            (Io::Tls(Box::new(stream), other_end), Some(outdated))
        }
    };
    let organisation = match &io {
        Io::Tls(_, Some(peer)) => peer.oin.clone(),
        Io::Tls(_, None) | Io::Plain(_) => None,
    };
    let place = async { shared.places.take(from, organisation.as_ref()).await.ok_or("none is left") };
    let place = within(shared.limits.handshake, "place", place).await?;
    Ok(Admitted { io, place, outdated })
}

async fn within<T, E: ToString>(time: Duration, what: &str, step: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(time, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(format!("{what}: {}", error.to_string())),
        Err(_) => Err(format!("{what}: not in time")),
    }
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
