//! Checkpoints with cosignatures.

use std::time::Duration;

use async_trait::async_trait;

use super::connection::Connection;
use super::statement::{Row, query};
use super::{Backend, SqlStore, commit_safely, integer};
use crate::clock::Timestamp;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::store::StoreError;
use crate::store::cosigned::Cosigned;

/// How long one is kept beside the newest: as long as any sealed delivery is.
const TERM: Duration = Duration::from_hours(48);

#[async_trait]
impl<D: Backend> Cosigned for SqlStore<D> {
    async fn keep_cosigned(&self, checkpoint: &SignedCheckpoint, at: Timestamp) -> Result<(), StoreError> {
        let statement = "INSERT INTO cosigned (size, checkpoint, at) VALUES ($1, $2, $3) \
            ON CONFLICT (size) DO UPDATE SET checkpoint = excluded.checkpoint, at = excluded.at";
        let insert = query(statement).bind(integer(checkpoint.checkpoint().size())).bind(checkpoint.to_string());
        let mut writing = self.backend.writer().await?;
        insert.bind(at.millis()).execute(&mut writing).await?;
        commit_safely(&self.backend, writing).await
    }

    async fn cosigned_behind(&self, index: u64) -> Result<Option<SignedCheckpoint>, StoreError> {
        let select = query("SELECT size, checkpoint FROM cosigned WHERE size > $1 ORDER BY size LIMIT 1").bind(integer(index));
        read(select.optional(&mut self.backend.reader().await?).await?)
    }

    async fn newest_cosigned(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let select = query("SELECT size, checkpoint FROM cosigned ORDER BY size DESC LIMIT 1");
        read(select.optional(&mut self.backend.reader().await?).await?)
    }
}

fn read(row: Option<Row>) -> Result<Option<SignedCheckpoint>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let size: i64 = row.get(0)?;
    let corrupt = || StoreError::Corrupt { table: "cosigned", column: "checkpoint", row: size.to_string() };
    let checkpoint = SignedCheckpoint::parse(row.get(1)?).map_err(|_| corrupt())?;
    if integer(checkpoint.checkpoint().size()) == size { Ok(Some(checkpoint)) } else { Err(corrupt()) }
}

/// Removes those past their term; the newest stays.
pub(super) async fn sweep(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    let delete = query("DELETE FROM cosigned WHERE at <= $1 AND size < (SELECT max(size) FROM cosigned)");
    delete.bind(now.minus(TERM).millis()).execute(connection).await.map(drop)
}
