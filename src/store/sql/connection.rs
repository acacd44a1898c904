//! A connection to either database: each statement by itself, in a transaction that only reads, or in one that writes.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Executor as _, Pool, Postgres, Sqlite, Transaction};

use super::statement::{Row, Statement};
use super::unavailable;
use crate::store::StoreError;

/// A connection of a pool. It goes back there when it is dropped, unless it failed or its transaction was left open: then it is closed.
pub(in crate::store) enum Connection {
    /// To SQLite.
    Sqlite(Link<Sqlite>),
    /// To PostgreSQL.
    Postgres(Link<Postgres>),
}

/// How a connection is held.
pub(in crate::store) enum Link<D: Database> {
    /// Each statement by itself.
    Alone(PoolConnection<D>),
    /// What is read is of one moment.
    Reading(Transaction<'static, D>),
    /// In a transaction that writes.
    Writing(Unended<D>),
}

impl<D: Database> Link<D> {
    /// A connection of `pool`.
    pub(in crate::store) async fn of(pool: &Pool<D>) -> Result<Self, StoreError> {
        pool.acquire().await.map(Self::Alone).map_err(unavailable)
    }

    /// The same in a transaction that only reads, begun by `begin`.
    pub(in crate::store) async fn reading(pool: &Pool<D>, begin: &'static str) -> Result<Self, StoreError> {
        in_time(pool.begin_with(begin)).await.map(Self::Reading).map_err(unavailable)
    }

    /// The same in a transaction that writes, begun by `begin`.
    pub(in crate::store) async fn writing(pool: &Pool<D>, begin: &'static str) -> Result<Self, StoreError>
    where
        for<'c> &'c mut D::Connection: sqlx::Executor<'c, Database = D>,
    {
        let mut link = Self::Writing(Unended { connection: pool.acquire().await.map_err(unavailable)?, has_ended: false });
        in_time(async { link.get().execute(begin).await }).await.map_err(unavailable)?;
        Ok(link)
    }

    fn get(&mut self) -> &mut D::Connection {
        match self {
            Self::Alone(connection) => connection,
            Self::Reading(transaction) => transaction,
            Self::Writing(unended) => &mut unended.connection,
        }
    }

    fn end(&mut self) {
        if let Self::Writing(unended) = self {
            unended.has_ended = true;
        }
    }
}

/// How long a statement may take: what stands still as long is not there.
const PATIENCE: Duration = Duration::from_secs(9);

async fn in_time<T>(done: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, done).await.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())))
}

/// A connection in whose transaction something may have been written. It is not used again unless that transaction ended.
pub(in crate::store) struct Unended<D: Database> {
    connection: PoolConnection<D>,
    has_ended: bool,
}

impl<D: Database> Drop for Unended<D> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.connection.close_on_drop();
        }
    }
}

impl Connection {
    /// Whether it is to PostgreSQL.
    pub(super) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs a statement; how many rows were written.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let done = in_time(self.executed(statement)).await;
        self.looked_at(done)
    }

    async fn executed(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(link) => {
                let is_kept = !statement.is_rare;
                let (text, arguments) = statement.for_sqlite()?;
                sqlx::query_with(text, arguments).persistent(is_kept).execute(link.get()).await.map(|done| done.rows_affected())
            }
            Self::Postgres(link) => {
                let is_kept = !statement.is_rare;
                let (text, arguments) = statement.for_postgres()?;
                sqlx::query_with(text, arguments).persistent(is_kept).execute(link.get()).await.map(|done| done.rows_affected())
            }
        }
    }

    /// All rows of a statement.
    pub(super) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        let rows = in_time(self.fetched(statement)).await;
        self.looked_at(rows)
    }

    async fn fetched(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(link) => {
                let is_kept = !statement.is_rare;
                let (text, arguments) = statement.for_sqlite()?;
                let rows = sqlx::query_with(text, arguments).persistent(is_kept).fetch_all(link.get()).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(link) => {
                let is_kept = !statement.is_rare;
                let (text, arguments) = statement.for_postgres()?;
                let rows = sqlx::query_with(text, arguments).persistent(is_kept).fetch_all(link.get()).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a command that takes no values.
    pub(in crate::store) async fn run(&mut self, command: &'static str) -> Result<(), StoreError> {
        let done = in_time(self.ran(command)).await;
        self.looked_at(done).map_err(unavailable)
    }

    /// The same, however long it takes.
    pub(in crate::store) async fn run_long(&mut self, command: &'static str) -> Result<(), StoreError> {
        let done = self.ran(command).await;
        self.looked_at(done).map_err(unavailable)
    }

    async fn ran(&mut self, command: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(link) => link.get().execute(command).await.map(drop),
            Self::Postgres(link) => link.get().execute(sqlx::raw_sql(command)).await.map(drop),
        }
    }

    /// Commits what was written.
    ///
    /// # Errors
    /// [`StoreError::UnknownOutcome`]: it may or may not have happened.
    pub(in crate::store) async fn commit(&mut self) -> Result<(), StoreError> {
        self.run("COMMIT").await.map_err(|error| StoreError::UnknownOutcome(error.to_string()))?;
        self.end();
        Ok(())
    }

    /// Takes back what was written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then it is taken back when the connection closes.
    pub(in crate::store) async fn roll_back(&mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK").await?;
        self.end();
        Ok(())
    }

    fn end(&mut self) {
        match self {
            Self::Sqlite(link) => link.end(),
            Self::Postgres(link) => link.end(),
        }
    }

    /// One that failed otherwise than by the database's own word is not used again.
    fn looked_at<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let is_broken = matches!(&done, Err(error) if !matches!(error, sqlx::Error::Database(_)));
        match self {
            Self::Sqlite(Link::Alone(connection)) if is_broken => connection.close_on_drop(),
            Self::Postgres(Link::Alone(connection)) if is_broken => connection.close_on_drop(),
            _ => {}
        }
        done
    }
}
