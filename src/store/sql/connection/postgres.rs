//! Connections to PostgreSQL.

use std::io::ErrorKind;

use sqlx::pool::PoolConnection;
use sqlx::{Executor as _, PgPool, Postgres};
use tokio::runtime::Handle;

use super::super::statement::{Row, Statement};
use super::super::unavailable;
use super::PATIENCE;
use crate::store::StoreError;

/// A connection of a pool, and how it is held. It goes back there when it is dropped, unless it failed or its transaction was not ended: then it is closed.
pub(in crate::store) struct Link {
    connection: PoolConnection<Postgres>,
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

impl Drop for Link {
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

impl Link {
    /// A connection of `pool`.
    pub(in crate::store) async fn of(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self { connection: pool.acquire().await.map_err(unavailable)?, held: Held::Alone })
    }

    /// The same in a transaction, begun by `begin`.
    pub(in crate::store) async fn within(pool: &PgPool, begin: &'static str) -> Result<Self, StoreError> {
        let mut link = Self::of(pool).await?;
        link.held = Held::Within;
        in_time(async { link.connection.execute(begin).await }).await.map_err(unavailable)?;
        Ok(link)
    }

    /// Runs a statement; how many rows were written.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let is_kept = !statement.is_rare;
        let done = in_time(async {
            let (text, arguments) = statement.for_postgres()?;
            sqlx::query_with(text, arguments).persistent(is_kept).execute(&mut *self.connection).await
        });
        let done = done.await;
        self.looked_at(done).map(|done| done.rows_affected())
    }

    /// All rows of a statement.
    pub(super) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let is_kept = !statement.is_rare;
        let rows = in_time(async {
            let (text, arguments) = statement.for_postgres()?;
            sqlx::query_with(text, arguments).persistent(is_kept).fetch_all(&mut *self.connection).await
        });
        let rows = rows.await;
        self.looked_at(rows).map(|rows| rows.into_iter().map(Row::Postgres).collect())
    }

    /// Runs a command that takes no values.
    pub(super) async fn run(&mut self, command: &'static str) -> Result<(), StoreError> {
        let done = in_time(async { self.connection.execute(sqlx::raw_sql(command)).await }).await;
        self.looked_at(done).map(drop)
    }

    /// A transaction was ended.
    pub(super) fn ended(&mut self) {
        if self.held == Held::Within {
            self.held = Held::Alone;
        }
    }

    /// It is not used again.
    pub(super) fn give_up(&mut self) {
        self.held = Held::Broken;
    }

    /// Whether it was given up.
    pub(super) fn is_broken(&self) -> bool {
        self.held == Held::Broken
    }

    /// One that failed otherwise than by the database's own word is not used again.
    fn looked_at<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        if matches!(&done, Err(error) if !matches!(error, sqlx::Error::Database(_))) {
            self.give_up();
        }
        done.map_err(unavailable)
    }
}

async fn in_time<T>(done: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, done).await.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())))
}
