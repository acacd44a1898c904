//! More connections than a listener has places: the silent make room, and no one address takes all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use sluis::demo::organisations::Slug;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::cases::Cases;
use crate::support::{Setup, TestGateway};

/// How many silent connections there are: far more than places.
const CROWD: usize = 300;

/// How long an honest client may take while they are there; the time-outs are far longer.
const PATIENCE: Duration = Duration::from_secs(15);

fn few_places() -> Setup {
    Setup {
        change: |config| {
            (config.limits.connections, config.limits.per_address, config.limits.handshaking) = (32, 16, 24);
            (config.limits.first_byte_ms, config.limits.handshake_ms, config.limits.head_ms) = (120_000, 120_000, 120_000);
        },
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_make_room() {
    let gateway = TestGateway::start_with(few_places()).await;
    let mut cases = Cases::default();
    // The first record of a handshake, without its end.
    let begun: &[u8] = &[22, 3, 1, 2, 0, 1, 0];
    let mut next_port = 20_000;
    for (case, bytes, apart) in [
        ("silent, from the caller's own address", &[][..], false),
        ("handshake begun, from the caller's own address", begun, false),
        ("silent, each from an address of its own", &[], true),
        ("handshake begun, each from an address of its own", begun, true),
    ] {
        let mut crowd = Vec::new();
        for number in 0..CROWD {
            let own = format!("127.1.{}.{}", number / 250, number % 250 + 1);
            let from = if apart { own.as_str() } else { "127.0.0.1" };
            let mut stream = tcp(from, &mut next_port, gateway.wire().address).await;
            // One that had to make room already cannot be written to.
            let _ = stream.write_all(bytes).await;
            crowd.push(stream);
        }
        let start = Instant::now();
        let served = tokio::time::timeout(PATIENCE, gateway.still_serves()).await;
        cases.hold(format!("{case}: an honest caller is served, after {:?}", start.elapsed()), served.is_ok());
        // An end takes its time to come through.
        let mut open = still_open(&mut crowd).await;
        while open > 24 && start.elapsed() < PATIENCE + Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            open = still_open(&mut crowd).await;
        }
        cases.hold(format!("{case}: {open} of {CROWD} are still open"), open <= 24);
    }
    gateway.stop().await;
    cases.finish(8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_never_has_all_places() {
    let gateway = TestGateway::start_with(few_places()).await;
    let asker = gateway.persona(Slug::VeiligThuis);
    // A partner's own machine, whose certificate is good, holds connections and asks nothing.
    let (mut crowd, mut next_port) = (Vec::new(), 20_000);
    for _ in 0..40 {
        let stream = tcp("127.0.0.9", &mut next_port, gateway.wire().address).await;
        if let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(5), tls(&asker.tls, stream)).await {
            crowd.push(stream);
        }
    }
    assert!(crowd.len() >= 16, "{}", crowd.len());
    tokio::time::timeout(PATIENCE, gateway.still_serves()).await.expect("another address is served");
    drop(crowd);
    gateway.stop().await;
}

/// How many of these the other end has not ended.
async fn still_open(crowd: &mut [TcpStream]) -> usize {
    let mut open = 0;
    for stream in crowd {
        let ended = tokio::time::timeout(Duration::from_millis(5), stream.read_u8()).await;
        open += usize::from(ended.is_err());
    }
    open
}

/// From a port below those that the system gives away by itself: so many of these would be taken from gateways that other tests start again.
async fn tcp(from: &str, next_port: &mut u16, to: SocketAddr) -> TcpStream {
    loop {
        let socket = TcpSocket::new_v4().expect("a socket");
        let address = format!("{from}:{next_port}").parse().expect("an address");
        *next_port += 1;
        if socket.bind(address).is_ok() {
            return socket.connect(to).await.expect("a connection");
        }
    }
}

async fn tls(config: &Arc<ClientConfig>, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    TlsConnector::from(Arc::clone(config)).connect(ServerName::try_from("localhost").expect("a name"), stream).await
}
