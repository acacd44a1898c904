//! The log in a database for who verifies it: read only, without any key, all of it as of one moment. PostgreSQL's own indexes are not held against their
//! tables: `pg_amcheck` does that, for who may.

mod copy;
mod exchanged;
mod kept;
mod lines;
mod strays;

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgRow, Postgres};
use sqlx::{ConnectOptions as _, Decode, Row as _, Type};

use super::super::sql::{integer, unavailable};
use super::Cluster;
use crate::ledger::audit::{StoredHead, StoredLine};
use crate::ledger::entry::Erases;
use crate::store::StoreError;
use crate::store::audit::{self, ExchangeLine, Keeping, KeptAt, KeptReceipt, StoredLog};

/// How long it may take until the database is reached.
const PATIENCE: Duration = Duration::from_secs(10);

/// A log in a database, as of the moment at which it was opened.
pub struct LogDatabase {
    connection: PgConnection,
}

impl LogDatabase {
    /// Opens the log in the database, if a gateway ever kept its store there; one may be writing to it. Whoever may read its tables can do this.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open(cluster: &Cluster) -> Result<Option<Self>, StoreError> {
        // Whoever verifies walks over whole tables, however long that takes. Rows that are hidden from some are an error, and not left out.
        let options = cluster.reading().options([
            ("enable_seqscan", "on"),
            ("plan_cache_mode", "auto"),
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "10min"),
            ("row_security", "off"),
            ("jit", "off"),
        ]);
        let connection = tokio::time::timeout(PATIENCE, options.connect()).await;
        let late = |_| StoreError::Unavailable("it was not reached in time".to_owned());
        let mut connection = connection.map_err(late)?.map_err(unavailable)?;
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut connection).await.map_err(unavailable)?;
        let there = "SELECT to_regclass('head') IS NOT NULL OR to_regclass('entry') IS NOT NULL";
        let there = sqlx::query_scalar(there).fetch_one(&mut connection).await.map_err(unavailable)?;
        Ok(if there { Some(Self { connection }) } else { None })
    }
}

impl StoredLog for LogDatabase {
    async fn head(&mut self) -> Result<StoredHead, StoreError> {
        let query = sqlx::query("SELECT size, root, checkpoint FROM head WHERE id = 1");
        let row = query.fetch_optional(&mut self.connection).await.map_err(unavailable)?;
        let row = row.ok_or_else(|| corrupt("head", "id", "1"))?;
        let named = |column| move |_| corrupt("head", column, "1");
        Ok(StoredHead {
            size: get(&row, 0).map_err(named("size"))?,
            root: get(&row, 1).map_err(named("root"))?,
            checkpoint: get(&row, 2).map_err(named("checkpoint"))?,
        })
    }

    async fn cosigned(&mut self, below: i64, limit: u32) -> Result<Vec<(i64, String)>, StoreError> {
        let query = sqlx::query("SELECT size, checkpoint FROM cosigned WHERE size < $1 ORDER BY size DESC LIMIT $2");
        let query = query.bind(below).bind(i64::from(limit));
        let rows = query.fetch_all(&mut self.connection).await.map_err(unavailable)?;
        let kept = |row: &PgRow| {
            let size: i64 = get(row, 0).map_err(|_| corrupt("cosigned", "size", "?"))?;
            Ok((size, get(row, 1).map_err(|_| corrupt("cosigned", "checkpoint", &size.to_string()))?))
        };
        rows.iter().map(kept).collect()
    }

    async fn erasures(&mut self) -> Result<BTreeSet<Erases>, StoreError> {
        let query = sqlx::query_scalar("SELECT erases FROM entry WHERE erases IS NOT NULL");
        let texts: Vec<String> = query.fetch_all(&mut self.connection).await.map_err(unavailable)?;
        Ok(audit::erasures(texts.iter().map(String::as_str)))
    }

    async fn leaf(&mut self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar("SELECT coalesce(leaf, '') FROM entry WHERE idx = $1").bind(integer(index));
        query.fetch_optional(&mut self.connection).await.map_err(unavailable)
    }

    async fn tile(&mut self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let query =
            sqlx::query("SELECT hashes FROM tile WHERE level = $1 AND idx = $2").bind(i64::from(level)).bind(integer(index));
        let row = query.fetch_optional(&mut self.connection).await.map_err(unavailable)?;
        let named = |_| corrupt("tile", "hashes", &format!("{level}/{index}"));
        row.map(|row| get(&row, 0).map_err(named)).transpose()
    }

    async fn lines(&mut self, first: i64, limit: u32) -> Result<Vec<StoredLine>, StoreError> {
        lines::read(&mut self.connection, first, limit).await
    }

    async fn exchange(&mut self, index: u64) -> Result<Option<ExchangeLine>, StoreError> {
        exchanged::one(&mut self.connection, index).await
    }

    async fn exchanges(&mut self, after: Option<u64>, limit: u32) -> Result<Vec<ExchangeLine>, StoreError> {
        exchanged::page(&mut self.connection, after, limit).await
    }

    async fn receipts(&mut self, place: Keeping, after: Option<&KeptAt>, limit: u32) -> Result<Vec<KeptReceipt>, StoreError> {
        kept::page(&mut self.connection, place, after, limit).await
    }

    async fn stray_tile(&mut self, size: u64) -> Result<Option<(i64, i64)>, StoreError> {
        strays::tile(&mut self.connection, size).await
    }

    async fn sources(&mut self) -> Result<u64, StoreError> {
        strays::sources(&mut self.connection).await
    }

    async fn stray_source(&mut self) -> Result<Option<(i64, bool)>, StoreError> {
        strays::source(&mut self.connection).await
    }
}

/// The value of a column, if it is of its type.
fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, column: usize) -> Result<T, StoreError> {
    row.try_get(column).map_err(unavailable)
}

fn corrupt(table: &'static str, column: &'static str, row: &str) -> StoreError {
    StoreError::Corrupt { table, column, row: row.to_owned() }
}
