//! Connections to PostgreSQL.

use std::io::ErrorKind;
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgRow, PgSeverity};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::super::statement::{Row, Statement};
use super::super::unavailable;
use super::PATIENCE;
use crate::store::StoreError;

/// How long a connection may have been unused before it is asked whether it is still there.
const FRESH: Duration = Duration::from_secs(1);

/// How long one may have been unused, and how old it may be: then a new one takes its place. A firewall may have forgotten the one, a server that nobody follows any
/// more may still answer on the other.
const UNUSED: Duration = Duration::from_mins(5);
const OLD: Duration = Duration::from_mins(30);

/// How long a free connection is waited for, or a new one.
const FREE: Duration = Duration::from_secs(5);

/// Connections to one server, made when they are needed and kept. (sqlx's own pool asks each connection that comes back whether it is there: one more answer
/// to wait for after each question.)
pub(in crate::store) type Pool = deadpool::managed::Pool<Server>;

/// At most so many connections, the one that was used last first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub(in crate::store) fn pool(most: usize, options: PgConnectOptions) -> Result<Pool, StoreError> {
    let built = Pool::builder(Server { options }).max_size(most).queue_mode(QueueMode::Lifo).build();
    built.map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Where connections are made.
pub(in crate::store) struct Server {
    options: PgConnectOptions,
}

impl Manager for Server {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        // Rare and large: every future that takes a connection would hold it.
        Box::pin(self.options.connect()).await
    }

    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.last_used() > UNUSED || metrics.age() > OLD {
            return Err(RecycleError::message("too old"));
        }
        if metrics.last_used() < FRESH {
            return Ok(());
        }
        // One that is not there gives its place to a new one.
        let is_there = tokio::time::timeout(FRESH, connection.ping()).await;
        is_there.map_err(|_| RecycleError::message("no answer"))?.map_err(RecycleError::Backend)
    }
}

/// A connection of a pool, and how it is held. It goes back there when it is dropped, unless it failed or its transaction was not ended: then it is closed.
pub(in crate::store) struct Link {
    /// Until it is dropped.
    connection: Option<Object<Server>>,
    held: Held,
}

/// How a connection is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Each statement by itself.
    Alone,
    /// In a transaction.
    Within,
    /// A statement is on its way, or it failed otherwise than by the database's own word: nobody knows what it says next.
    Broken,
}

impl Drop for Link {
    fn drop(&mut self) {
        if let (Some(connection), true) = (self.connection.take(), self.held != Held::Alone) {
            // Closed: the database takes back what was not committed, and with it the locks, as soon as it sees that, between two statements.
            drop(Object::take(connection));
        }
    }
}

impl Link {
    /// A connection of `pool`.
    pub(in crate::store) async fn of(pool: &Pool) -> Result<Self, StoreError> {
        let taken = tokio::time::timeout(FREE, pool.get()).await;
        let connection = taken.map_err(|_| unavailable(sqlx::Error::PoolTimedOut))?.map_err(|error| match error {
            PoolError::Backend(error) => unavailable(error),
            error => StoreError::Unavailable(error.to_string()),
        })?;
        Ok(Self { connection: Some(connection), held: Held::Alone })
    }

    /// The same in a transaction, begun by `begin`; the rows of the last statement there.
    pub(in crate::store) async fn within(pool: &Pool, begin: &'static str) -> Result<(Self, Vec<Row>), StoreError> {
        let mut link = Self::of(pool).await?;
        link.held = Held::Within;
        let rows = link.asked(async |connection| connection.fetch_all(sqlx::raw_sql(begin)).await).await?;
        Ok((link, read(rows)))
    }

    /// Runs a statement; how many rows were written.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let is_kept = !statement.is_rare;
        let (text, arguments) = statement.for_postgres().map_err(unavailable)?;
        let query = sqlx::query_with(text, arguments).persistent(is_kept);
        self.asked(async |connection| query.execute(connection).await).await.map(|done| done.rows_affected())
    }

    /// All rows of a statement.
    pub(super) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let is_kept = !statement.is_rare;
        let (text, arguments) = statement.for_postgres().map_err(unavailable)?;
        let query = sqlx::query_with(text, arguments).persistent(is_kept);
        self.asked(async |connection| query.fetch_all(connection).await).await.map(read)
    }

    /// Runs a command that takes no values.
    pub(super) async fn run(&mut self, command: &'static str) -> Result<(), StoreError> {
        self.asked(async |connection| connection.execute(sqlx::raw_sql(command)).await).await.map(drop)
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

    /// One that was not answered, or not by the database's own word, is not used again; nor is one whose answer nobody waited for.
    async fn asked<T>(&mut self, ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let held = std::mem::replace(&mut self.held, Held::Broken);
        let connection = self.connection.as_deref_mut().filter(|_| held != Held::Broken);
        let connection = connection.ok_or_else(|| unavailable(sqlx::Error::Io(ErrorKind::NotConnected.into())))?;
        let done = in_time(ask(connection)).await;
        if done.as_ref().err().is_none_or(is_alive_after) {
            self.held = held;
        }
        done.map_err(unavailable)
    }
}

/// Whether a connection can be used after this: not where the database ended it with these words, nor where it is about a prepared statement that will not do any
/// more (`feature_not_supported` for a cached plan, `invalid_sql_statement_name`; PostgreSQL documentation, appendix A).
fn is_alive_after(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| {
        !matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) && !matches!(error.code(), "0A000" | "26000")
    })
}

fn read(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

async fn in_time<T>(done: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, done).await.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())))
}
