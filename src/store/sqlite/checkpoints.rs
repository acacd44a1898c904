//! Moving committed pages from SQLite's write-ahead log into the database file, on a connection of its own: inside a COMMIT, where SQLite does
//! it by itself, everybody whose entry is in the batch would wait for it.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::task::AbortHandle;

/// How often the log is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// From this length on, in pages of 4 KiB, writers wait for a moment so that the log can begin anew: without a pause in the writing it would
/// grow for ever.
const LONG: i64 = 16 * 1024;

/// The options of the connection that writes: it does this by itself only should the task here fall far behind.
pub(super) fn of_writer(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.pragma("wal_autocheckpoint", "65536").pragma("cache_size", "-32768")
}

/// The options of the task's connection: behind a slow reader it gives up and comes back, for while it waits no one writes.
pub(super) fn of_task(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.busy_timeout(Duration::from_millis(200))
}

/// The task that does it; ends with this value.
pub(super) struct Checkpoints(AbortHandle);

impl Checkpoints {
    /// Starts it.
    pub(super) fn start(pool: SqlitePool) -> Self {
        Self(tokio::spawn(run(pool)).abort_handle())
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(pool: SqlitePool) {
    // The length at which it was last begun anew: it stays that long until somebody writes.
    let mut restarted = 0;
    loop {
        tokio::time::sleep(PAUSE).await;
        match length(&pool, "PRAGMA wal_checkpoint(PASSIVE)").await {
            Ok(pages) if pages >= LONG && pages != restarted => match length(&pool, "PRAGMA wal_checkpoint(RESTART)").await {
                Ok(pages) => restarted = pages,
                Err(error) => tracing::warn!(%error, "the write-ahead log could not begin anew"),
            },
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be moved into the database"),
        }
    }
}

/// Runs a checkpoint; how many pages the log has.
async fn length(pool: &SqlitePool, statement: &'static str) -> Result<i64, super::StoreError> {
    let row = sqlx::query(statement).fetch_one(pool).await.map_err(super::unavailable)?;
    row.try_get(1).map_err(super::unavailable)
}
