//! What stands beside the entries and is of no log: rows that a proof never reads, and that nobody may take for a part of it.

use sqlx::Row as _;

use super::{LogFile, corrupt};
use crate::store::StoreError;
use crate::store::sqlite::{integer, unavailable};

/// A tile of another level, place or length than a log of this size has.
const TILE: &str = "SELECT level, idx FROM tile
     WHERE level NOT BETWEEN 0 AND 7 OR idx < 0 OR (?1 >> (8 * level)) <= 256 * idx
           OR octet_length(hashes) IS NOT 32 * min(256, (?1 >> (8 * level)) - 256 * idx)
     ORDER BY level, idx LIMIT 1";

/// A source that was asked, and is none: of no entry, or no OIN (20 digits). The digest of the columns joins them with spaces, so that two rows could be written
/// as one.
const ASKED: &str = "SELECT idx, EXISTS (SELECT 1 FROM entry WHERE entry.idx = entry_asked.idx) FROM entry_asked
     WHERE length(source) <> 20 OR source GLOB '*[^0-9]*' OR NOT EXISTS (SELECT 1 FROM entry WHERE entry.idx = entry_asked.idx)
     ORDER BY idx LIMIT 1";

impl LogFile {
    /// Level and index of the first stored tile that no log of `size` has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stray_tile(&mut self, size: u64) -> Result<Option<(i64, i64)>, StoreError> {
        let query = sqlx::query_as(TILE).bind(integer(size));
        query.fetch_optional(&mut self.connection).await.map_err(unavailable)
    }

    /// The first index under which a source that was asked is written, and none could be; and whether there is such an entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stray_source(&mut self) -> Result<Option<(i64, bool)>, StoreError> {
        let row = sqlx::query(ASKED).fetch_optional(&mut self.connection).await.map_err(unavailable)?;
        let named = |_| corrupt("entry_asked", "idx", "?");
        row.map(|row| Ok((row.try_get(0).map_err(named)?, row.try_get(1).map_err(named)?))).transpose()
    }

    /// The first place where an index and its table differ, or the file is damaged, in SQLite's words.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_fault(&mut self) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar::<_, String>("PRAGMA integrity_check(1)");
        let verdict = query.fetch_one(&mut self.connection).await.map_err(unavailable)?;
        Ok((verdict != "ok").then_some(verdict))
    }
}
