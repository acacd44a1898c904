//! Keeping search near the log, so that a query has little to take in.

use std::sync::Arc;
use std::time::Duration;

use crate::actions::Desk;

/// How often it catches up, and how long it waits after that failed.
const EVERY: Duration = Duration::from_secs(1);
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Catches up for ever.
pub async fn keep(desk: Arc<Desk>) {
    let mut size = 0;
    loop {
        match desk.search.catch_up().await {
            Ok(now) if now != size => size = now,
            Ok(_) => tokio::time::sleep(EVERY).await,
            Err(error) => {
                tracing::warn!(%error, "search cannot catch up with the log");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
