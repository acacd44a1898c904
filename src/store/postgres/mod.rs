//! PostgreSQL, for several nodes: READ COMMITTED, every write behind the lock of the head row, acknowledged when as many standbys as configured have it.

mod safe;

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::StoreError;
use super::sql::{Backend, Connection, Link, SqlStore, unavailable};
use crate::keystore::Key;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/postgres/migrations");

/// How long a connection may have been idle before it is asked whether it is still there.
const FRESH: Duration = Duration::from_secs(1);

/// The store in a PostgreSQL database, which several gateways may share.
pub type PostgresStore = SqlStore<PostgresDatabase>;

/// The database.
pub struct PostgresDatabase {
    writer: PgPool,
    readers: PgPool,
    standbys: u32,
}

/// Where the database is, and how it must keep what is committed.
#[derive(Clone)]
pub struct Cluster {
    options: PgConnectOptions,
    standbys: u32,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let database = self.options.get_database().unwrap_or_default();
        write!(f, "postgres://{}:{}/{database}", self.options.get_host(), self.options.get_port())
    }
}

impl Cluster {
    /// The database at `url` (`postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=…`); so many standbys must have what was committed
    /// before anybody hears of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] for what is no such URL; the text never repeats it, as there may be a password in it.
    pub fn at(url: &str, standbys: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Unavailable("not a PostgreSQL URL".to_owned()))?;
        Ok(Self { options: options.application_name("sluis").disable_statement_logging(), standbys })
    }

    /// For connections that write. The wait for standbys must not be cut short (a cancelled one reports success), and a node that is gone must not keep the
    /// head's lock.
    fn writing(&self) -> PgConnectOptions {
        self.options.clone().statement_cache_capacity(256).options([
            ("statement_timeout", "0"),
            ("lock_timeout", "8s"),
            ("idle_in_transaction_session_timeout", "8s"),
            ("synchronous_commit", "on"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
        ])
    }

    /// For connections that only read.
    fn reading(&self) -> PgConnectOptions {
        self.options.clone().statement_cache_capacity(256).options([
            ("statement_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "20s"),
            ("default_transaction_read_only", "on"),
        ])
    }
}

/// A pool whose connections are only asked whether they are there when they have not been used for a while.
fn pool(most: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(most).acquire_timeout(Duration::from_secs(5)).test_before_acquire(false).before_acquire(
        |connection, known| {
            Box::pin(async move {
                // One that is not gives its place to a new one.
                Ok(known.idle_for < FRESH || sqlx::Connection::ping(connection).await.is_ok())
            })
        },
    )
}

impl PostgresStore {
    /// Opens the database, migrating it as needed. From `register_key` come the keys that seal consents, overrides and cases at rest, and that vouch for
    /// the registry and the head.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, or is of a newer schema.
    pub async fn open(cluster: &Cluster, register_key: Key) -> Result<Self, StoreError> {
        let writer = pool(2).connect_with(cluster.writing()).await.map_err(unavailable)?;
        MIGRATIONS.run(&writer).await.map_err(|error| StoreError::Unavailable(format!("migrations: {error}")))?;
        Self::over(cluster, writer, register_key).await
    }

    async fn over(cluster: &Cluster, writer: PgPool, register_key: Key) -> Result<Self, StoreError> {
        let readers = pool(8).min_connections(1).connect_with(cluster.reading()).await.map_err(unavailable)?;
        Ok(Self::new(PostgresDatabase { writer, readers, standbys: cluster.standbys }, &register_key))
    }
}

impl Backend for PostgresDatabase {
    async fn reader(&self) -> Result<Connection, StoreError> {
        Link::of(&self.readers).await.map(Connection::Postgres)
    }

    async fn snapshot(&self) -> Result<Connection, StoreError> {
        Link::reading(&self.readers, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map(Connection::Postgres)
    }

    /// The head row first, before anything else: so there is one order, and no deadlock.
    async fn writer(&self) -> Result<Connection, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT id FROM head WHERE id = 1 FOR UPDATE";
        Link::writing(&self.writer, begin).await.map(Connection::Postgres)
    }

    async fn is_safe(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.standbys == 0 { Ok(()) } else { safe::wait(connection, self.standbys).await }
    }

    /// Versions of rows that nobody sees any more are removed from the table's pages.
    async fn clean(&self) -> Result<bool, StoreError> {
        Link::of(&self.writer).await.map(Connection::Postgres)?.run("VACUUM entry").await?;
        Ok(true)
    }
}
