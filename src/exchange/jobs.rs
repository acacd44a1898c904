//! What goes on in the background: receipts to sources, probes of poor ones, catching up with the registry, sweeping what is past its term,
//! cosignatures of witnesses.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::collect::KeysOf;
use super::{Gateway, cosigning, mark, receipts, undelivered};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::source::port::Destination;

/// How often the registry is compared with the head's revision.
const CATCH_UP: Duration = Duration::from_millis(250);

/// How often sources are probed, and how long each probe may take.
const PROBE: Duration = Duration::from_secs(2);

/// How often what is past its term is removed.
const SWEEP: Duration = Duration::from_mins(1);

/// How long the clock must be steady before anything is destroyed by it, and how far it may be ahead of the time that passed between two looks.
const BELIEVED: Duration = Duration::from_mins(30);
const SLACK: Duration = Duration::from_secs(5);

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
        tokio::time::sleep(CATCH_UP).await;
        if let Err(error) = gateway.registry.refresh().await {
            tracing::warn!(%error, "the registry could not be refreshed");
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

/// Believes the clock once it has agreed with the time that passed for [`BELIEVED`]: from the start on, and again after each leap forward.
struct SureTime {
    /// What the clock said last, and when.
    last: (Timestamp, Instant),
    /// Since when it has not leapt.
    steady_since: Instant,
}

impl SureTime {
    const fn starting(read: Timestamp, at: Instant) -> Self {
        Self { last: (read, at), steady_since: at }
    }

    /// The time, when the clock that says `read` is believed.
    fn after(&mut self, read: Timestamp, at: Instant) -> Option<Timestamp> {
        let (before, then) = self.last;
        self.last = (read, at);
        if read > before.plus(at.saturating_duration_since(then)).plus(SLACK) {
            tracing::warn!(
                "the clock was set forward: nothing is removed before it has stood so for {} minutes",
                BELIEVED.as_secs() / 60
            );
            self.steady_since = at;
        }
        (at.saturating_duration_since(self.steady_since) >= BELIEVED).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Broken on purpose to see it fail: `Some(read)` always.
    #[test]
    fn a_clock_is_believed_when_it_has_been_steady() {
        let (begun, started) = (Timestamp::from_seconds(1_000_000), Instant::now());
        let mut sure = SureTime::starting(begun, started);
        let mut read = |minutes: u64, wrong_by: Duration| {
            let passed = Duration::from_secs(60 * minutes);
            sure.after(begun.plus(passed).plus(wrong_by), started + passed)
        };
        let (right, days) = (Duration::ZERO, Duration::from_hours(48));
        assert_eq!(read(29, right), None, "not before it has been watched");
        assert_eq!(read(30, right), Some(begun.plus(BELIEVED)));
        assert_eq!(read(31, days), None, "two days ahead");
        assert_eq!(read(32, days), None);
        assert_eq!(read(33, right), None, "right again, and watched");
        assert_eq!(read(61, right), Some(begun.plus(Duration::from_mins(61))));
        assert_eq!(read(62, days), None);
        assert_eq!(read(92, days), Some(begun.plus(Duration::from_mins(92)).plus(days)), "it stays so");
    }
}
