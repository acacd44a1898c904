//! A connection to either database: each statement by itself, in a transaction that only reads, or in one that writes.

pub(in crate::store) mod postgres;
pub(in crate::store) mod sqlite;

use std::time::Duration;

use super::script::{Insert, Lookup};
use super::statement::{Row, Statement, Value};
use crate::store::StoreError;

/// A connection of a pool.
pub(in crate::store) enum Connection {
    /// To SQLite.
    Sqlite(sqlite::Link),
    /// To PostgreSQL.
    Postgres(postgres::Link),
}

/// How long a statement may take, or a connection be waited for: what stands still as long is not there.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(9);

impl Connection {
    /// Whether it is to PostgreSQL.
    pub(super) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs a statement; how many rows were written.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(link) => link.execute(&statement),
            Self::Postgres(link) => link.execute(statement).await,
        }
    }

    /// All rows of a statement.
    pub(super) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(link) => link.all(&statement),
            Self::Postgres(link) => link.all(statement).await,
        }
    }

    /// Inserts rows; how many there are more.
    pub(super) async fn insert(&mut self, insert: Insert, rows: Vec<Vec<Value>>) -> Result<u64, StoreError> {
        match self {
            _ if rows.is_empty() => Ok(0),
            Self::Sqlite(link) => link.insert(insert, &rows),
            Self::Postgres(link) => link.execute(insert.for_postgres(rows)).await,
        }
    }

    /// The same; what the statement returns of each.
    pub(super) async fn returning(&mut self, insert: Insert, rows: Vec<Vec<Value>>) -> Result<Vec<Row>, StoreError> {
        match self {
            _ if rows.is_empty() => Ok(Vec::new()),
            Self::Sqlite(link) => link.returning(insert, &rows),
            Self::Postgres(link) => link.all(insert.for_postgres(rows)).await,
        }
    }

    /// What is found by these keys, in any order.
    pub(super) async fn found(&mut self, lookup: Lookup, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, StoreError> {
        match self {
            _ if keys.is_empty() => Ok(Vec::new()),
            Self::Sqlite(link) => link.found(lookup, &keys),
            Self::Postgres(link) => link.all(lookup.for_postgres(keys)).await,
        }
    }

    /// Runs a command that takes no values.
    pub(in crate::store) async fn run(&mut self, command: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(link) => link.run(command),
            Self::Postgres(link) => link.run(command).await,
        }
    }

    /// Commits what was written.
    ///
    /// # Errors
    /// [`StoreError::UnknownOutcome`]: it may or may not have happened.
    pub(in crate::store) async fn commit(&mut self) -> Result<(), StoreError> {
        self.run("COMMIT").await.map_err(|error| StoreError::UnknownOutcome(error.to_string()))?;
        self.has_ended();
        Ok(())
    }

    /// Takes back what was written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then it is taken back when the connection closes.
    pub(in crate::store) async fn roll_back(&mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK").await?;
        self.has_ended();
        Ok(())
    }

    /// Ends a transaction in which something was only read; what was read.
    pub(in crate::store) async fn ended<T>(mut self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        // One that cannot be ended is closed, and what was read was read all the same. Of a broken one nothing is waited for any more.
        if !matches!(&self, Self::Postgres(link) if link.is_broken()) {
            self.roll_back().await.ok();
        }
        read
    }

    /// It is not used again: it was left in the middle of something.
    pub(in crate::store) fn give_up(&mut self) {
        if let Self::Postgres(link) = self {
            link.give_up();
        }
    }

    /// SQLite knows by itself whether a transaction has ended.
    fn has_ended(&mut self) {
        if let Self::Postgres(link) = self {
            link.ended();
        }
    }
}
