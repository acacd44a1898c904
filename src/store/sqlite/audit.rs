//! The log in a file for who verifies it: read only, without any key, and as it is stored, not as it should be.

mod exchanged;
mod kept;
mod lines;
mod strays;

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};

pub use exchanged::ExchangeLine;
pub use kept::{Keeping, KeptReceipt};
pub use lines::Lines;

use super::unavailable;
use crate::ledger::audit::StoredHead;
use crate::ledger::entry::Erases;
use crate::store::{StoreError, StoredEntry};

/// A log in a file, as of the moment at which it was opened: what is appended meanwhile is not seen.
pub struct LogFile {
    connection: SqliteConnection,
}

impl LogFile {
    /// Opens the log in the file at `path`, which must be there; a gateway may be writing to it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(!Path::new(&log).exists());
        let mut connection = options.row_buffer_size(1024).disable_statement_logging().connect().await.map_err(unavailable)?;
        sqlx::query("BEGIN").execute(&mut connection).await.map_err(unavailable)?;
        Ok(Self { connection })
    }

    /// The head as it is stored: size, root and the signed checkpoint, which is empty for an empty log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&mut self) -> Result<StoredHead, StoreError> {
        let row =
            sqlx::query("SELECT size, root, checkpoint FROM head").fetch_one(&mut self.connection).await.map_err(unavailable)?;
        Ok(StoredHead {
            size: row.try_get(0).map_err(|_| corrupt("head", "size", "1"))?,
            root: row.try_get(1).map_err(|_| corrupt("head", "root", "1"))?,
            checkpoint: row.try_get(2).map_err(|_| corrupt("head", "checkpoint", "1"))?,
        })
    }

    /// At most `limit` of the kept checkpoints with their witnesses' lines, each with the size under which it is kept, the largest of those below `below`
    /// first; nothing in them is verified. A store from before witnesses has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cosigned(&mut self, below: i64, limit: u32) -> Result<Vec<(i64, String)>, StoreError> {
        let there = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'cosigned'");
        if there.fetch_one(&mut self.connection).await.map_err(unavailable)? == 0 {
            return Ok(Vec::new());
        }
        let query = sqlx::query_as("SELECT size, checkpoint FROM cosigned WHERE size < ? ORDER BY size DESC LIMIT ?");
        query.bind(below).bind(limit).fetch_all(&mut self.connection).await.map_err(unavailable)
    }

    /// What the entries say was erased of the log. Nothing of it is verified: that their columns are what their leaves say shows when all are read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasures(&mut self) -> Result<BTreeSet<Erases>, StoreError> {
        let query = sqlx::query_scalar::<_, String>("SELECT erases FROM entry WHERE erases IS NOT NULL");
        let texts = query.fetch_all(&mut self.connection).await.map_err(unavailable)?;
        // What is no erasure erases nothing.
        Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// At most `limit` entries from index `from` on, whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        super::log::entries(&mut self.connection, from, limit).await
    }

    /// The entries that erase something of the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasing(&mut self) -> Result<Vec<StoredEntry>, StoreError> {
        super::log::erasures(&mut self.connection).await
    }

    /// At most `limit` entries from index `first` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lines(&mut self, first: i64, limit: u32) -> Result<Lines, StoreError> {
        let query = sqlx::query_scalar(lines::PACKED).bind(first).bind(limit);
        let packed: Option<Vec<u8>> = query.fetch_one(&mut self.connection).await.map_err(unavailable)?;
        Ok(Lines::new(packed.unwrap_or_default()))
    }

    /// The stored leaf at this index, whatever stands there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leaf(&mut self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar("SELECT leaf FROM entry WHERE idx = ?").bind(super::integer(index));
        query.fetch_optional(&mut self.connection).await.map_err(unavailable)
    }

    /// The stored tile at this place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tile(&mut self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        super::log::tile(&mut self.connection, level, index).await
    }
}

fn corrupt(table: &'static str, column: &'static str, row: &str) -> StoreError {
    StoreError::Corrupt { table, column, row: row.to_owned() }
}
