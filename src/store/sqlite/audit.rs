//! The log in a file for who verifies it: read only, without any key, and as it is stored, not as it should be. By rusqlite and not by sqlx, which copies every
//! value of every row and hands it to another thread: that cost more than all that is hashed of an entry.

mod exchanged;
mod kept;
mod lines;
mod strays;

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::types::{FromSql, Value};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};

use super::super::sql::connection::sqlite::unavailable;
use super::integer;
use super::search::to_look;
use crate::ledger::audit::{StoredHead, StoredLine};
use crate::ledger::entry::Erases;
use crate::store::StoreError;
use crate::store::audit::{self, ExchangeLine, Keeping, KeptAt, KeptReceipt, StoredLog};

/// A log in a file, as of the moment at which it was opened: what is appended meanwhile is not seen.
pub struct LogFile {
    connection: Connection,
}

impl LogFile {
    /// Opens the log in the file at `path`, which must be there; a gateway may be writing to it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let name = to_look(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(name, flags).map_err(unavailable)?;
        connection.execute_batch("BEGIN").map_err(unavailable)?;
        Ok(Self { connection })
    }

    /// The first place where an index and its table differ, or the file is damaged, in SQLite's words.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn first_fault(&self) -> Result<Option<String>, StoreError> {
        let verdict: Option<String> = self.row("PRAGMA integrity_check(1)", (), |row| get(row, 0))?;
        Ok(verdict.filter(|verdict| verdict != "ok"))
    }

    /// The first row of a query, if there is one.
    fn row<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(unavailable)?;
        let row = statement.query_row(parameters, |row| Ok(read(row))).optional().map_err(unavailable)?;
        row.transpose()
    }

    /// All rows of a query.
    fn rows<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(unavailable)?;
        let mut rows = statement.query(parameters).map_err(unavailable)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(unavailable)? {
            all.push(read(row)?);
        }
        Ok(all)
    }
}

/// Nothing here waits for anything.
impl StoredLog for LogFile {
    async fn head(&mut self) -> Result<StoredHead, StoreError> {
        let row = self.row("SELECT size, root, checkpoint FROM head", (), |row| {
            let named = |column| move |_| corrupt("head", column, "1");
            let size = get(row, 0).map_err(named("size"))?;
            let (root, checkpoint) = (get(row, 1).map_err(named("root"))?, get(row, 2).map_err(named("checkpoint"))?);
            Ok(StoredHead { size, root, checkpoint })
        });
        row?.ok_or_else(|| corrupt("head", "id", "1"))
    }

    async fn cosigned(&mut self, below: i64, limit: u32) -> Result<Vec<(i64, String)>, StoreError> {
        let there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'cosigned'";
        if self.row(there, (), |row| get::<i64>(row, 0))? == Some(0) {
            return Ok(Vec::new());
        }
        let named = |column, size: &str| corrupt("cosigned", column, size);
        self.rows("SELECT size, checkpoint FROM cosigned WHERE size < ?1 ORDER BY size DESC LIMIT ?2", (below, limit), |row| {
            let size = get::<i64>(row, 0).map_err(|_| named("size", "?"))?;
            Ok((size, get(row, 1).map_err(|_| named("checkpoint", &size.to_string()))?))
        })
    }

    async fn erasures(&mut self) -> Result<BTreeSet<Erases>, StoreError> {
        let values: Vec<Value> = self.rows("SELECT erases FROM entry WHERE erases IS NOT NULL", (), |row| get(row, 0))?;
        Ok(audit::erasures(
            values.iter().filter_map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None }),
        ))
    }

    async fn leaf(&mut self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.row("SELECT leaf FROM entry WHERE idx = ?1", (integer(index),), |row| get(row, 0))
    }

    async fn tile(&mut self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let named = |_| corrupt("tile", "hashes", &format!("{level}/{index}"));
        self.row("SELECT hashes FROM tile WHERE level = ?1 AND idx = ?2", (level, integer(index)), |row| {
            get(row, 0).map_err(named)
        })
    }

    async fn lines(&mut self, first: i64, limit: u32) -> Result<Vec<StoredLine>, StoreError> {
        lines::read(&self.connection, first, limit)
    }

    async fn exchange(&mut self, index: u64) -> Result<Option<ExchangeLine>, StoreError> {
        exchanged::one(self, index)
    }

    async fn exchanges(&mut self, after: Option<u64>, limit: u32) -> Result<Vec<ExchangeLine>, StoreError> {
        exchanged::page(self, after, limit)
    }

    async fn receipts(&mut self, place: Keeping, after: Option<&KeptAt>, limit: u32) -> Result<Vec<KeptReceipt>, StoreError> {
        kept::page(self, place, after, limit)
    }

    async fn stray_tile(&mut self, size: u64) -> Result<Option<(i64, i64)>, StoreError> {
        strays::tile(self, size)
    }

    async fn sources(&mut self) -> Result<u64, StoreError> {
        strays::sources(self)
    }

    async fn stray_source(&mut self) -> Result<Option<(i64, bool)>, StoreError> {
        strays::source(self)
    }
}

/// The value of a column, if it is of its type.
fn get<T: FromSql>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    row.get(column).map_err(unavailable)
}

fn corrupt(table: &'static str, column: &'static str, row: &str) -> StoreError {
    StoreError::Corrupt { table, column, row: row.to_owned() }
}
