//! Keeping search near the log, so that a query has little to take in.

use std::sync::Arc;
use std::time::Duration;

use crate::actions::Desk;

/// How often it catches up, and how long it waits after that failed. Every page of an index that is touched is written once each time: the less often the
/// cheaper, and a query takes in the rest before it answers.
const EVERY: Duration = Duration::from_secs(3);
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Behind so many entries, what one step takes in, it goes on at once.
const MANY: u64 = 4096;

/// Catches up for ever.
pub async fn keep(desk: Arc<Desk>) {
    let mut size = 0_u64;
    loop {
        match desk.search.catch_up().await {
            Ok(now) => {
                if now < size.saturating_add(MANY) {
                    tokio::time::sleep(EVERY).await;
                }
                size = now;
            }
            Err(error) => {
                tracing::warn!(%error, "search cannot catch up with the log");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
