//! What goes on in the background: receipts to sources, probes of poor ones, catching up with the registry, sweeping what is past its term,
//! cosignatures of witnesses, and whether the store can be used.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::collect::KeysOf;
use super::{Gateway, cosigning, mark, readiness, receipts, undelivered};
use crate::clock::SureTime;
use crate::organisation::Oin;
use crate::source::port::Destination;

/// How long after a failure the registry is compared with the head's revision again.
const CATCH_UP: Duration = Duration::from_millis(250);

/// How often sources are probed, and how long each probe may take.
const PROBE: Duration = Duration::from_secs(2);

/// How often what is past its term is removed.
const SWEEP: Duration = Duration::from_mins(1);

/// How long after an unknown outcome the log is looked at, and again when it could not be.
const SETTLE: Duration = Duration::from_millis(500);

/// One endless job.
pub type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// All jobs of a node.
pub fn all(gateway: &Arc<Gateway>) -> Vec<Job> {
    let with = || Arc::clone(gateway);
    vec![
        Box::pin(receipts::send_all(with())),
        Box::pin(doubts(with())),
        Box::pin(probes(with())),
        Box::pin(catch_up(with())),
        Box::pin(sweep(with())),
        Box::pin(cosigning::collect(with())),
        Box::pin(mark::remember(with())),
        Box::pin(readiness::watch(with())),
    ]
}

/// Settles deliveries whose commit has an unknown outcome, as soon as the log takes entries again.
async fn doubts(gateway: Arc<Gateway>) {
    loop {
        gateway.doubts.noted().await;
        tokio::time::sleep(SETTLE).await;
        while undelivered::settle(&gateway).await.is_err() {
            tokio::time::sleep(SETTLE).await;
        }
    }
}

/// Probes every active source, asked of late or not: how a source is must not depend on who was asked about.
async fn probes(gateway: Arc<Gateway>) {
    loop {
        let registry = gateway.registry.current();
        let sources = registry.members().filter(|member| member.is_active()).filter_map(|member| {
            let organisation = &member.organisation;
            Some((organisation.oin.clone(), organisation.connector.clone()?))
        });
        futures_util::future::join_all(sources.map(|(oin, address)| probe(&gateway, oin, address))).await;
        tokio::time::sleep(PROBE).await;
    }
}

async fn probe(gateway: &Gateway, oin: Oin, address: String) {
    let registry = gateway.registry.current();
    let keys = KeysOf { registry: &registry, source: &oin, now: gateway.clock.now() };
    let destination = Destination { oin: &oin, address: &address, keys: &keys, time: PROBE };
    let was_poor = gateway.health.is_poor(&oin);
    match gateway.sources.probe(destination).await {
        Ok(()) => gateway.health.answered(&oin),
        Err(_) => gateway.health.failed(&oin),
    }
    match (was_poor, gateway.health.is_poor(&oin)) {
        (false, true) => tracing::warn!(source = %oin, "does not answer: in poor health"),
        (true, false) => tracing::info!(source = %oin, "answers again"),
        _ => {}
    }
}

async fn catch_up(gateway: Arc<Gateway>) {
    loop {
        gateway.store.moved().await;
        if let Err(error) = gateway.registry.refresh().await {
            tracing::warn!(%error, "the registry could not be refreshed");
            tokio::time::sleep(CATCH_UP).await;
        }
    }
}

/// Removes what is past its term, by a time that has surely come: what is destroyed for a wrong clock stays gone when the clock is right again.
async fn sweep(gateway: Arc<Gateway>) {
    let mut sure = SureTime::starting(gateway.clock.now(), Instant::now());
    loop {
        tokio::time::sleep(SWEEP).await;
        let believed = sure.after(gateway.clock.now(), Instant::now());
        gateway.believed.set(believed);
        let Some(now) = believed else { continue };
        if let Err(error) = gateway.store.sweep(now).await {
            tracing::warn!(%error, "what is past its term could not be removed");
        }
        if let Err(error) = gateway.payloads.destroy_before(now) {
            tracing::warn!(%error, "a past day's key could not be destroyed");
        }
    }
}
