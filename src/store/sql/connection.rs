//! A connection to either database: each statement by itself, in a transaction that only reads, or in one that writes.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Executor as _, Pool, Postgres, Sqlite};
use tokio::runtime::Handle;

use super::statement::{Row, Statement};
use super::unavailable;
use crate::store::StoreError;

/// A connection of a pool. It goes back there when it is dropped, unless it failed or its transaction was not ended: then it is closed.
pub(in crate::store) enum Connection {
    /// To SQLite.
    Sqlite(Link<Sqlite>),
    /// To PostgreSQL.
    Postgres(Link<Postgres>),
}

/// A connection, and how it is held.
pub(in crate::store) struct Link<D: Database> {
    connection: PoolConnection<D>,
    held: Held,
}

/// How a connection is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Each statement by itself.
    Alone,
    /// In a transaction.
    Within,
    /// It failed otherwise than by the database's own word, or was left in the middle of a statement: nobody knows what it says next.
    Broken,
}

impl<D: Database> Link<D>
where
    for<'c> &'c mut D::Connection: sqlx::Executor<'c, Database = D>,
{
    /// A connection of `pool`.
    pub(in crate::store) async fn of(pool: &Pool<D>) -> Result<Self, StoreError> {
        Ok(Self { connection: pool.acquire().await.map_err(unavailable)?, held: Held::Alone })
    }

    /// The same in a transaction, begun by `begin`.
    pub(in crate::store) async fn within(pool: &Pool<D>, begin: &'static str) -> Result<Self, StoreError> {
        let mut link = Self::of(pool).await?;
        link.held = Held::Within;
        in_time(async { link.connection.execute(begin).await }).await.map_err(unavailable)?;
        Ok(link)
    }
}

impl<D: Database> Drop for Link<D> {
    fn drop(&mut self) {
        if self.held != Held::Alone {
            self.connection.close_on_drop();
            return;
        }
        // The pool asks each connection that comes back whether it is there, and would wait for ever for one that is not, its place taken.
        if let Ok(runtime) = Handle::try_current() {
            let back = self.connection.return_to_pool();
            runtime.spawn(tokio::time::timeout(PATIENCE, back));
        }
    }
}

/// How long a statement may take: what stands still as long is not there.
const PATIENCE: Duration = Duration::from_secs(9);

async fn in_time<T>(done: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, done).await.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())))
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
                sqlx::query_with(text, arguments)
                    .persistent(is_kept)
                    .execute(&mut *link.connection)
                    .await
                    .map(|done| done.rows_affected())
            }
            Self::Postgres(link) => {
                let is_kept = !statement.is_rare;
                let (text, arguments) = statement.for_postgres()?;
                sqlx::query_with(text, arguments)
                    .persistent(is_kept)
                    .execute(&mut *link.connection)
                    .await
                    .map(|done| done.rows_affected())
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
                let rows = sqlx::query_with(text, arguments).persistent(is_kept).fetch_all(&mut *link.connection).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(link) => {
                let is_kept = !statement.is_rare;
                let (text, arguments) = statement.for_postgres()?;
                let rows = sqlx::query_with(text, arguments).persistent(is_kept).fetch_all(&mut *link.connection).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a command that takes no values.
    pub(in crate::store) async fn run(&mut self, command: &'static str) -> Result<(), StoreError> {
        let done = in_time(self.ran(command)).await;
        self.looked_at(done).map_err(unavailable)
    }

    async fn ran(&mut self, command: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(link) => link.connection.execute(command).await.map(drop),
            Self::Postgres(link) => link.connection.execute(sqlx::raw_sql(command)).await.map(drop),
        }
    }

    /// Commits what was written.
    ///
    /// # Errors
    /// [`StoreError::UnknownOutcome`]: it may or may not have happened.
    pub(in crate::store) async fn commit(&mut self) -> Result<(), StoreError> {
        self.run("COMMIT").await.map_err(|error| StoreError::UnknownOutcome(error.to_string()))?;
        self.hold(Held::Alone);
        Ok(())
    }

    /// Takes back what was written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then it is taken back when the connection closes.
    pub(in crate::store) async fn roll_back(&mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK").await?;
        self.hold(Held::Alone);
        Ok(())
    }

    /// Ends a transaction in which something was only read; what was read.
    pub(super) async fn ended<T>(mut self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        // One that cannot be ended is closed, and what was read was read all the same. Of a broken one nothing is waited for any more.
        if !self.is_broken() {
            self.roll_back().await.ok();
        }
        read
    }

    /// It is not used again: it was left in the middle of something.
    pub(in crate::store) fn give_up(&mut self) {
        self.hold(Held::Broken);
    }

    fn is_broken(&self) -> bool {
        let held = match self {
            Self::Sqlite(link) => link.held,
            Self::Postgres(link) => link.held,
        };
        held == Held::Broken
    }

    fn hold(&mut self, held: Held) {
        let old = match self {
            Self::Sqlite(link) => &mut link.held,
            Self::Postgres(link) => &mut link.held,
        };
        if *old != Held::Broken {
            *old = held;
        }
    }

    /// One that failed otherwise than by the database's own word is not used again.
    fn looked_at<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if matches!(&done, Err(error) if !matches!(error, sqlx::Error::Database(_))) {
            self.give_up();
        }
        done
    }
}
