//! What goes on in the background: receipts to sources, probes of poor ones, catching up with the registry, sweeping what is past its term.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::collect::KeysOf;
use super::{Gateway, receipts, undelivered};
use crate::organisation::Oin;
use crate::source::port::Destination;

/// How often the registry is compared with the head's revision.
const CATCH_UP: Duration = Duration::from_millis(250);

/// How often poor sources are probed.
const PROBE: Duration = Duration::from_secs(5);

/// How often what is past its term is removed.
const SWEEP: Duration = Duration::from_mins(1);

/// How long after an unknown outcome the log is looked at, and again when it could not be.
const SETTLE: Duration = Duration::from_millis(500);

/// How long a call in the background may take.
const CALL: Duration = Duration::from_secs(5);

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

/// Finds out when a poor source is well again.
async fn probes(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(PROBE).await;
        let registry = gateway.registry.current();
        let now = gateway.clock.now();
        let sources = registry.members().filter(|member| member.is_active()).filter_map(|member| {
            let organisation = &member.organisation;
            Some((organisation.oin.clone(), organisation.connector.clone()?))
        });
        let poor = sources.filter(|(oin, _)| gateway.health.is_poor(oin, now));
        futures_util::future::join_all(poor.map(|(oin, address)| probe(&gateway, oin, address))).await;
    }
}

async fn probe(gateway: &Gateway, oin: Oin, address: String) {
    let registry = gateway.registry.current();
    let keys = KeysOf { registry: &registry, source: &oin, now: gateway.clock.now() };
    let destination = Destination { oin: &oin, address: &address, keys: &keys, time: CALL };
    if gateway.sources.probe(destination).await.is_ok() {
        tracing::info!(source = %oin, "answers again");
        gateway.health.answered(&oin);
    }
}

async fn catch_up(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(CATCH_UP).await;
        if let Err(error) = gateway.registry.refresh().await {
            tracing::warn!(%error, "the registry could not be refreshed");
        }
    }
}

async fn sweep(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = gateway.store.sweep(gateway.clock.now()).await {
            tracing::warn!(%error, "what is past its term could not be removed");
        }
    }
}
