//! The connector's own state: one SQLite file (WAL, `synchronous=FULL`), what is personal in it sealed under the state key.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::writer::Writer;
use crate::clock::Timestamp;
use crate::connector::seal::{Place, SealError, StateKey};
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::sqlite::Pool;

/// The text sealed in the table `key_check`: a wrong key is found at start, not at the first row.
const KEY_CHECK: &str = "sluis connector state";
const KEY_CHECK_PLACE: Place<'static> = Place { table: "key_check", column: "sealed", row: "1" };

/// How long the lock of another writer is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// How many calls of the gateway read at the same time.
const READERS: usize = 4;

/// The connector's own state.
#[derive(Clone)]
pub struct State {
    pub(super) pool: SqlitePool,
    readers: Arc<Pool>,
    pub(super) key: Arc<StateKey>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) writer: Writer,
}

impl State {
    /// Opens the file, makes it if there is none, and applies the embedded migrations. Must run inside a Tokio runtime: answers are written
    /// by a task that ends with the last clone.
    ///
    /// # Errors
    /// [`StateError::Unavailable`], or [`StateError::WrongKey`] when the file was made under another key.
    pub async fn open(path: &Path, key: StateKey, entropy: Arc<dyn Entropy>) -> Result<Self, StateError> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let options = options.busy_timeout(BUSY).pragma("secure_delete", "ON");
        let pool = SqlitePoolOptions::new().test_before_acquire(false).max_connections(4).connect_with(options).await?;
        sqlx::migrate!("src/connector/migrations").run(&pool).await.map_err(|_| StateError::Unavailable)?;
        let told = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";
        let writer = Writer::start(connections(path, 1, told)?);
        let readers = connections(path, READERS, "PRAGMA query_only = ON;")?;
        let state = Self { pool, readers, key: Arc::new(key), entropy, writer };
        state.check_key().await?;
        Ok(state)
    }

    /// A keyed digest of an identifier, apart per use.
    pub fn digest(&self, use_: &'static str, bytes: &[u8]) -> [u8; 32] {
        self.key.digest(use_, bytes)
    }

    pub(super) fn seal<T: Serialize>(&self, place: Place<'_>, value: &T) -> Result<Vec<u8>, StateError> {
        self.key.seal(place, value, &*self.entropy).map_err(|error| match error {
            SealError::Entropy(error) => StateError::Entropy(error),
            _ => StateError::Unsealable { table: place.table, column: place.column },
        })
    }

    pub(super) fn open_sealed<T: DeserializeOwned>(&self, place: Place<'_>, sealed: &[u8]) -> Result<T, StateError> {
        self.key.open(place, sealed).map_err(|_| StateError::Corrupt { table: place.table, column: place.column })
    }

    /// All rows of a short query with one parameter.
    pub(super) async fn rows<T>(
        &self,
        query: &'static str,
        value: &str,
        row: impl FnMut(&rusqlite::Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Vec<T>, StateError> {
        let reading = self.readers.take().await.map_err(|_| StateError::Unavailable)?;
        let mut statement = reading.prepare_cached(query)?;
        Ok(statement.query_map((value,), row)?.collect::<Result<_, _>>()?)
    }

    async fn check_key(&self) -> Result<(), StateError> {
        let fresh = self.seal(KEY_CHECK_PLACE, &KEY_CHECK)?;
        let insert = sqlx::query("INSERT INTO key_check (id, sealed) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING");
        insert.bind(fresh).execute(&self.pool).await?;
        let stored: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM key_check WHERE id = 1").fetch_one(&self.pool).await?;
        let text: Result<String, _> = self.key.open(KEY_CHECK_PLACE, &stored);
        if text.as_deref() == Ok(KEY_CHECK) { Ok(()) } else { Err(StateError::WrongKey) }
    }
}

/// Connections for what every call of the gateway needs.
fn connections(path: &Path, most: usize, told: &'static str) -> Result<Arc<Pool>, StateError> {
    let path = path.to_owned();
    let open = move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(told)?;
        Ok(connection)
    };
    Ok(Pool::new(most, BUSY, open)?)
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State(…)")
    }
}

/// Reads a column that code wrote; anything else is corruption.
pub(super) fn parsed<T, E>(value: Result<T, E>, table: &'static str, column: &'static str) -> Result<T, StateError> {
    value.map_err(|_| StateError::Corrupt { table, column })
}

/// Milliseconds of a stored instant.
pub(super) fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// The connector's state could not be read or written. Never holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The file cannot be opened, read or written.
    #[error("the connector's state cannot be read or written")]
    Unavailable,
    /// The key file is not the one that the state was made under.
    #[error("the state key is not the one that this state was made under: restore the key from its backup")]
    WrongKey,
    /// A value is not what the code writes there.
    #[error("the connector's state is damaged in {table}.{column}: restore it from its backup")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A value cannot be sealed.
    #[error("a value for {table}.{column} cannot be sealed")]
    Unsealable {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}

impl From<rusqlite::Error> for StateError {
    fn from(_: rusqlite::Error) -> Self {
        Self::Unavailable
    }
}

impl From<sqlx::Error> for StateError {
    fn from(_: sqlx::Error) -> Self {
        Self::Unavailable
    }
}
