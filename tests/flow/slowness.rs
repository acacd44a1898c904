//! Connections that say nothing, or say it slowly: they end in time, and others are served meanwhile.

use std::time::{Duration, Instant};

use sluis::demo::organisations::Slug;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::cases::Cases;
use crate::support::raw::{Received, receive};
use crate::support::{Setup, TestGateway};

/// How long handshake, head and body may take each in this test.
const LIMIT: Duration = Duration::from_secs(3);

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(12);

/// Between two bytes: far below the limit, so that only a limit on the whole ends it.
const DRIP: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_slow_connections_hinder_nobody() {
    let setup = Setup {
        change: |config| {
            let limit = u64::try_from(LIMIT.as_millis()).expect("short");
            (config.limits.handshake_ms, config.limits.head_ms, config.limits.body_ms) = (limit, limit, limit);
            config.limits.first_byte_ms = limit;
        },
        ..Setup::default()
    };
    let gateway = TestGateway::start_with(setup).await;
    let asker = gateway.persona(Slug::Police);
    let body = gateway.question("P22").to_string().into_bytes();
    let requests: Vec<_> = (0..15).map(|_| gateway.draft(&asker, &body).sign(&asker.key)).collect();
    let log = gateway.log_size().await;
    let mut cases = Cases::default();

    let start = Instant::now();
    let wire = gateway.wire();
    let silent_tcp = futures_util::future::join_all((0..10).map(|_| async {
        let mut stream = TcpStream::connect(wire.address).await.map_err(|error| error.to_string())?;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(LIMIT + SLACK, stream.read_to_end(&mut answer)).await.map_err(|_| "still open")?;
        if answer.is_empty() || answer[0] == 21 { Ok(start.elapsed()) } else { Err(format!("{answer:?}")) }
    }));
    let silent_tls = futures_util::future::join_all((0..10).map(|_| async {
        let mut stream = wire.connect(&asker.tls).await.map_err(|received| format!("{received:?}"))?;
        ended(receive(&mut stream).await, start)
    }));
    let heads =
        futures_util::future::join_all(requests.iter().map(|request| drip(&gateway, &asker.tls, request.bytes(), 0, start)));
    let bodies = futures_util::future::join_all(
        requests.iter().map(|request| drip(&gateway, &asker.tls, request.bytes(), request.head().len(), start)),
    );
    let others = async {
        let mut served = Vec::new();
        // Begun when all are surely connected, ended before the first of them can end.
        tokio::time::sleep(Duration::from_millis(500)).await;
        while start.elapsed() < LIMIT {
            let begun = Instant::now();
            gateway.still_serves().await;
            served.push(begun.elapsed());
        }
        served
    };
    let (tcp, tls, heads, bodies, served) = tokio::join!(silent_tcp, silent_tls, heads, bodies, others);
    for (name, endings) in [("silent", tcp), ("silent after TLS", tls), ("slow head", heads), ("slow body", bodies)] {
        for ending in endings {
            let in_time = |after: &Duration| *after + Duration::from_millis(200) >= LIMIT && *after <= LIMIT + SLACK;
            cases.check(name, ending.and_then(|after| in_time(&after).then_some(()).ok_or(format!("ended after {after:?}"))));
        }
    }
    let slowest = served.iter().max().copied().unwrap_or_default();
    cases.hold(format!("others are served: {} requests, the slowest in {slowest:?}", served.len()), !served.is_empty());
    cases.hold("none of them waited for the slow ones", slowest < LIMIT);
    let refusals = gateway.entries(sluis::ledger::entry::EntryKind::Refusal, &asker.oin).await;
    cases.hold("nothing of a request that never came is in the log", refusals == 0 && gateway.log_size().await > log);
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(53);
}

/// Sends `at_once` bytes, then one at a time until the other end has had enough.
async fn drip(
    gateway: &TestGateway,
    tls: &std::sync::Arc<rustls::ClientConfig>,
    bytes: Vec<u8>,
    at_once: usize,
    start: Instant,
) -> Result<Duration, String> {
    let mut stream = gateway.wire().connect(tls).await.map_err(|received| format!("{received:?}"))?;
    stream.write_all(&bytes[..at_once]).await.map_err(|error| error.to_string())?;
    for byte in &bytes[at_once..] {
        if stream.write_all(std::slice::from_ref(byte)).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        let mut first = [0];
        // Anything that can be read, the end included, means that it was told to stop.
        match tokio::time::timeout(DRIP, stream.read(&mut first)).await {
            Err(_) => {}
            Ok(Ok(1)) => return if first == *b"H" { Ok(start.elapsed()) } else { Err("no HTTP".to_owned()) },
            Ok(_) => return Ok(start.elapsed()),
        }
    }
    ended(receive(&mut stream).await, start)
}

/// A bare 408, or the end.
fn ended(received: Received, start: Instant) -> Result<Duration, String> {
    match received {
        Received::Closed => Ok(start.elapsed()),
        Received::Silence | Received::Alert(_) => Err(format!("{received:?}")),
        response @ Received::Response(_) => response.bare(&[408]).map(|_| start.elapsed()),
    }
}
