//! What stands beside the entries and is of no log: rows that a proof never reads, and that nobody may take for a part of it.

use super::{LogFile, corrupt, get};
use crate::store::StoreError;
use crate::store::sqlite::{integer, unsigned};

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

pub(super) fn tile(file: &LogFile, size: u64) -> Result<Option<(i64, i64)>, StoreError> {
    let named = |_| corrupt("tile", "level", "?");
    file.row(TILE, (integer(size),), |row| Ok((get(row, 0).map_err(named)?, get(row, 1).map_err(named)?)))
}

/// Counted in the table, whatever index stands beside it.
pub(super) fn sources(file: &LogFile) -> Result<u64, StoreError> {
    let count: Option<i64> = file.row("SELECT count(*) FROM entry_asked NOT INDEXED", (), |row| get(row, 0))?;
    unsigned(count.unwrap_or_default(), "entry_asked", "idx")
}

pub(super) fn source(file: &LogFile) -> Result<Option<(i64, bool)>, StoreError> {
    let named = |_| corrupt("entry_asked", "idx", "?");
    file.row(ASKED, (), |row| Ok((get(row, 0).map_err(named)?, get(row, 1).map_err(named)?)))
}
