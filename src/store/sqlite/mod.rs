//! SQLite, the embedded default: WAL, `synchronous=FULL`, one connection that writes, several that read.

pub mod audit;
mod checkpoints;
mod earlier;
pub mod search;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::OpenFlags;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::sql::connection::PATIENCE;
use super::sql::connection::sqlite::{Link, unavailable as refused};
use super::sql::migrations::Schema;
use super::sql::{Backend, Connection, HEAD, Row, SqlStore, integer, migrations, not_migrated, query, unavailable, unsigned};
use super::{Migration, StoreError};
use crate::keystore::Key;
use crate::sqlite::Pool;

pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/sqlite/migrations");

/// How often who shares the file looks whether another process has moved the facts.
const LOOK: Duration = Duration::from_millis(250);

/// The store in one SQLite file.
pub type SqliteStore = SqlStore<SqliteFile>;

/// The file.
pub struct SqliteFile {
    schema: Schema,
    writer: Arc<Pool>,
    readers: Arc<Pool>,
    checkpoints: Option<checkpoints::Checkpoints>,
}

/// How long a lock of another process is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// What each connection is told: a commit is synced, and what a statement sorts stays in memory.
const EACH: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;";

/// What one that reads is told.
const READS: &str = "PRAGMA query_only = ON;";

impl SqliteStore {
    /// The store in the file at `path`, which must be there, under the key that [`SqliteStore::open`] takes: for checking. Nothing can be written to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn look(path: &Path, register_key: Key) -> Result<Self, StoreError> {
        let name = search::to_look(path)?;
        let pool = Pool::new(1, PATIENCE, move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(&name, flags)?;
            connection.busy_timeout(BUSY)?;
            Ok(connection)
        })
        .map_err(refused)?;
        Ok(Self::new(
            SqliteFile { schema: Schema::of(&MIGRATIONS), writer: Arc::clone(&pool), readers: pool, checkpoints: None },
            &register_key,
        ))
    }

    /// Opens the file at `path`, making and migrating it as needed. From `register_key` come the keys that seal consents, overrides
    /// and cases at rest, and that vouch for the registry and the head.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, is of a newer schema, or was written to before registers were authenticated.
    pub async fn open(path: &Path, register_key: Key) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        let migrating = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(unavailable)?;
        earlier::refuse(&migrating).await?;
        MIGRATIONS.run(&migrating).await.map_err(not_migrated)?;
        let writer = pool(1, path, checkpoints::OF_WRITER)?;
        // More than can run at once would only spread what each has in its cache.
        let most = std::thread::available_parallelism().map_or(2, |processors| processors.get().clamp(2, 8));
        let readers = pool(most, path, READS)?;
        migrating.close().await;
        let checkpoints = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(checkpoints::of_task(options));
        let checkpoints = Some(checkpoints::Checkpoints::start(checkpoints));
        Ok(Self::new(SqliteFile { schema: Schema::of(&MIGRATIONS), writer, readers, checkpoints }, &register_key))
    }
}

/// At most so many connections to a file that is there, which are told this too.
fn pool(most: usize, path: &Path, told: &'static str) -> Result<Arc<Pool>, StoreError> {
    let path = path.to_owned();
    Pool::new(most, PATIENCE, move || {
        let connection =
            rusqlite::Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(EACH)?;
        connection.execute_batch(told)?;
        Ok(connection)
    })
    .map_err(refused)
}

/// Whether anybody has the file open: for a moment it is asked for alone.
///
/// # Errors
/// [`StoreError::Unavailable`]: it is no database.
pub fn is_open_elsewhere(path: &Path) -> Result<bool, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let alone = rusqlite::Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(MOMENT)?;
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")
    });
    match alone {
        Ok(()) => Ok(false),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Ok(true),
        Err(error) => Err(refused(error)),
    }
}

/// How long for: somebody who only looks may be in the way.
const MOMENT: Duration = Duration::from_secs(2);

/// What the schema of the file at `path` lacks; of one that is not there, everything. Nothing is written.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn migrations(path: &Path) -> Result<Vec<Migration>, StoreError> {
    let mut applied = Vec::new();
    if path.exists() {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(!search::is_in_use(path));
        let mut connection = options.disable_statement_logging().connect().await.map_err(unavailable)?;
        let there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
        if sqlx::query_scalar(there).fetch_one(&mut connection).await.map_err(unavailable)? {
            applied = sqlx::query_as(migrations::APPLIED).fetch_all(&mut connection).await.map_err(unavailable)?;
        }
    }
    Ok(migrations::compared(&MIGRATIONS, &applied))
}

impl Backend for SqliteFile {
    fn is_blocking(&self) -> bool {
        true
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn reader(&self) -> Result<Connection, StoreError> {
        Link::of(&self.readers).await.map(Connection::Sqlite)
    }

    async fn snapshot(&self) -> Result<Connection, StoreError> {
        Link::snapshot(&self.readers).await.map(Connection::Sqlite)
    }

    async fn log_writer(&self) -> Result<(Connection, Option<Row>), StoreError> {
        let mut writing = self.writer().await?;
        let head = query(HEAD).optional(&mut writing).await?;
        Ok((writing, head))
    }

    /// IMMEDIATE takes the one write lock that there is.
    async fn writer(&self) -> Result<Connection, StoreError> {
        self.schema.is_known()?;
        Link::writing(&self.writer).await.map(Connection::Sqlite)
    }

    fn has_standbys(&self) -> bool {
        false
    }

    /// A commit is synced.
    async fn wait_until_safe(&self, _: &mut Connection) -> Result<(), StoreError> {
        Ok(())
    }

    /// They look by themselves.
    async fn tell_others(&self, _: &mut Connection) -> Result<(), StoreError> {
        Ok(())
    }

    async fn moved(&self) {
        tokio::time::sleep(LOOK).await;
    }

    /// Closes every connection, that which writes last: with it SQLite moves the write-ahead log into the file, and removes it.
    async fn close(&self) {
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.close().await;
        }
        self.readers.close_idle();
        self.writer.close_idle();
    }

    async fn clean(&self) -> Result<bool, StoreError> {
        let Some(checkpoints) = &self.checkpoints else { return Ok(true) };
        let is_empty = checkpoints.empty().await?;
        if !is_empty {
            tracing::warn!("what was erased is still in the write-ahead log, which somebody reads: tried again in a minute");
        }
        Ok(is_empty)
    }
}
