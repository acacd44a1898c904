//! Collects cosignatures on the log's head, about once a second. Each witness is called apart: one that is slow, down or lying holds up nobody.

mod ask;
mod rounds;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior};

use super::Gateway;
use rounds::Rounds;

pub use ask::{contradicts, evidence};

/// How often the head is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Collects, for ever; returns at once where no witnesses are configured.
pub(super) async fn collect(gateway: Arc<Gateway>) {
    let Some(witnessing) = &gateway.witnessing else { return };
    let mut rounds = Rounds::of(witnessing);
    let mut calls = FuturesUnordered::new();
    let mut tick = tokio::time::interval_at(Instant::now(), EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                for (place, known, target) in rounds.begin(&gateway).await {
                    calls.push(ask::ask(&gateway, witnessing, place, known, target));
                }
            }
            Some(asked) = calls.next() => rounds.learn(&gateway, witnessing, asked).await,
        }
    }
}
