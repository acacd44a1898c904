//! Checkpoints with cosignatures.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::{SqliteStore, integer, unavailable};
use crate::clock::Timestamp;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::store::StoreError;
use crate::store::cosigned::Cosigned;

/// How long one is kept beside the newest: as long as any sealed delivery is.
const TERM: Duration = Duration::from_hours(48);

#[async_trait]
impl Cosigned for SqliteStore {
    async fn keep_cosigned(&self, checkpoint: &SignedCheckpoint, at: Timestamp) -> Result<(), StoreError> {
        let statement = "INSERT INTO cosigned (size, checkpoint, at) VALUES (?, ?, ?) \
            ON CONFLICT (size) DO UPDATE SET checkpoint = excluded.checkpoint, at = excluded.at";
        let insert = sqlx::query(statement).bind(integer(checkpoint.checkpoint().size())).bind(checkpoint.to_string());
        insert.bind(at.millis()).execute(&self.writer).await.map(drop).map_err(unavailable)
    }

    async fn cosigned_behind(&self, index: u64) -> Result<Option<SignedCheckpoint>, StoreError> {
        let select = sqlx::query_as("SELECT size, checkpoint FROM cosigned WHERE size > ? ORDER BY size LIMIT 1");
        read(select.bind(integer(index)).fetch_optional(&self.readers).await.map_err(unavailable)?)
    }

    async fn newest_cosigned(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let select = sqlx::query_as("SELECT size, checkpoint FROM cosigned ORDER BY size DESC LIMIT 1");
        read(select.fetch_optional(&self.readers).await.map_err(unavailable)?)
    }
}

fn read(row: Option<(i64, String)>) -> Result<Option<SignedCheckpoint>, StoreError> {
    let Some((size, text)) = row else { return Ok(None) };
    let corrupt = || StoreError::Corrupt { table: "cosigned", column: "checkpoint", row: size.to_string() };
    let checkpoint = SignedCheckpoint::parse(&text).map_err(|_| corrupt())?;
    if integer(checkpoint.checkpoint().size()) == size { Ok(Some(checkpoint)) } else { Err(corrupt()) }
}

/// Removes those past their term; the newest stays.
pub(super) async fn sweep(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
    let delete = sqlx::query("DELETE FROM cosigned WHERE at <= ? AND size < (SELECT max(size) FROM cosigned)");
    delete.bind(now.minus(TERM).millis()).execute(connection).await.map(drop).map_err(unavailable)
}
