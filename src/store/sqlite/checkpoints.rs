//! Moving committed pages from SQLite's write-ahead log into the database file, on a connection of its own: inside a COMMIT, where SQLite does
//! it by itself, everybody whose entry is in the batch would wait for it.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::task::AbortHandle;

use super::unavailable;
use crate::store::StoreError;

/// How often the log is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// From this length on, in pages of 4 KiB, writers wait for a moment so that the log can begin anew: without a pause in the writing it would
/// grow for ever.
const LONG: i64 = 16 * 1024;

/// How often in a row it is tried to empty the log, each time for as long as the task's connection is patient.
const TRIES: u32 = 3;

/// What the connection that writes is told: it does this by itself only should the task here fall far behind. What it takes from rows, or writes elsewhere,
/// is overwritten where it stood: a key that was wrapped anew is not left in its old place.
pub(super) const OF_WRITER: &str = "PRAGMA wal_autocheckpoint = 65536; PRAGMA cache_size = -32768; PRAGMA secure_delete = ON;";

/// The options of the task's connection: behind a slow reader it gives up and comes back, for while it waits no one writes.
pub(super) fn of_task(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.busy_timeout(Duration::from_millis(200))
}

/// The task that does it; ends with this value.
pub(super) struct Checkpoints {
    task: AbortHandle,
    pool: SqlitePool,
}

impl Checkpoints {
    /// Starts it.
    pub(super) fn start(pool: SqlitePool) -> Self {
        Self { task: tokio::spawn(run(pool.clone())).abort_handle(), pool }
    }

    /// Moves the whole log into the database file and cuts it to nothing, so that no page of it tells what was erased; `false` while somebody reads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(super) async fn empty(&self) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.pool).await.map_err(unavailable)?;
            if row.try_get::<i64, _>(0).map_err(unavailable)? == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ends the task and closes its connection: left to themselves, they may still have the file open when the process ends.
    pub(super) async fn close(&self) {
        self.task.abort();
        self.pool.close().await;
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.task.abort();
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
async fn length(pool: &SqlitePool, statement: &'static str) -> Result<i64, StoreError> {
    let row = sqlx::query(statement).fetch_one(pool).await.map_err(unavailable)?;
    row.try_get(1).map_err(unavailable)
}
