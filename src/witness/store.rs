//! What a witness remembers: the latest head of each log, in one SQLite file (WAL, `synchronous=FULL`). The only file of the witness that imports
//! sqlx.

use std::path::Path;
use std::time::Duration;

use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous, SqliteTransaction,
};

use super::NotCosigned;
use crate::clock::Timestamp;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::cosignature::Cosigner;
use crate::ledger::note::NoteSignature;
use crate::ledger::tree::NodeHash;
use crate::ledger::witness::Admitted;

/// The witness's memory.
#[derive(Clone, Debug)]
pub struct State(SqlitePool);

/// What was cosigned last of one log.
struct Latest {
    size: u64,
    root: NodeHash,
    cosigned_at: Timestamp,
}

impl State {
    /// Opens the file, makes it if there is none, and applies the embedded migrations.
    ///
    /// # Errors
    /// [`StateError::Unavailable`].
    pub async fn open(path: &Path) -> Result<Self, StateError> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let options = options.busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().test_before_acquire(false).max_connections(4).connect_with(options).await?;
        sqlx::migrate!("src/witness/migrations").run(&pool).await.map_err(|_| StateError::Unavailable)?;
        Ok(Self(pool))
    }

    /// Judges against what was cosigned last and remembers the new head, in one transaction that no other can come between. The cosignature is
    /// given only when its head is durable.
    ///
    /// # Errors
    /// [`NotCosigned`]; a commit that fails gives no cosignature, whether or not its head was kept.
    pub async fn cosign(&self, admitted: &Admitted, cosigner: &Cosigner, now: Timestamp) -> Result<NoteSignature, NotCosigned> {
        let mut transaction = self.0.begin_with("BEGIN IMMEDIATE").await.map_err(StateError::from)?;
        let new = admitted.checkpoint().checkpoint();
        let latest = latest(&mut transaction, new.origin()).await?;
        admitted.follows(latest.as_ref().map(|latest| (latest.size, latest.root)))?;
        // A cosignature says "as of this time the largest head": its time never goes back, though the clock may.
        let now = latest.map_or(now, |latest| latest.cosigned_at.max(now));
        if now.seconds() <= 0 {
            return Err(StateError::Clock.into());
        }
        let mut checkpoint = admitted.checkpoint().clone();
        let cosignature = cosigner.cosign(&checkpoint, now);
        checkpoint.add(cosignature.clone()).map_err(|_| StateError::Corrupt)?;
        remember(&mut transaction, &checkpoint, now).await?;
        transaction.commit().await.map_err(StateError::from)?;
        Ok(cosignature)
    }

    /// The latest cosigned checkpoint of a log, if any was.
    ///
    /// # Errors
    /// [`StateError::Unavailable`].
    pub async fn checkpoint(&self, origin: &str) -> Result<Option<String>, StateError> {
        let select = sqlx::query_scalar("SELECT checkpoint FROM head WHERE origin = ?1").bind(origin);
        Ok(select.fetch_optional(&self.0).await?)
    }
}

async fn latest(transaction: &mut SqliteTransaction<'_>, origin: &str) -> Result<Option<Latest>, StateError> {
    let select = sqlx::query("SELECT size, root, cosigned_at FROM head WHERE origin = ?1").bind(origin);
    let row = select.fetch_optional(&mut **transaction).await?;
    row.map(|row| read(&row).ok_or(StateError::Corrupt)).transpose()
}

fn read(row: &SqliteRow) -> Option<Latest> {
    let size = u64::try_from(row.try_get::<i64, _>("size").ok()?).ok()?;
    let root: [u8; 32] = row.try_get::<Vec<u8>, _>("root").ok()?.try_into().ok()?;
    let cosigned_at = Timestamp::from_seconds(row.try_get("cosigned_at").ok()?);
    Some(Latest { size, root: NodeHash::new(root), cosigned_at })
}

async fn remember(
    transaction: &mut SqliteTransaction<'_>,
    cosigned: &SignedCheckpoint,
    now: Timestamp,
) -> Result<(), StateError> {
    let head = cosigned.checkpoint();
    let statement = "INSERT INTO head (origin, size, root, checkpoint, cosigned_at) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint, \
        cosigned_at = excluded.cosigned_at WHERE head.size <= excluded.size";
    let size = i64::try_from(head.size()).map_err(|_| StateError::Corrupt)?;
    let upsert = sqlx::query(statement).bind(head.origin()).bind(size).bind(head.root().bytes().as_slice());
    let done = upsert.bind(cosigned.to_string()).bind(now.seconds()).execute(&mut **transaction).await?;
    // No row: a larger head is there, which `follows` should have seen.
    if done.rows_affected() == 1 { Ok(()) } else { Err(StateError::Corrupt) }
}

/// The witness's memory cannot be relied upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The file cannot be opened, read or written.
    #[error("the witness's store cannot be opened, read or written")]
    Unavailable,
    /// It holds what the program does not write.
    #[error("the witness's store is damaged: ask the log's operator for the last checkpoint that you cosigned before you go on")]
    Corrupt,
    /// The clock says 1970 or earlier.
    #[error("the clock is not set")]
    Clock,
}

impl From<sqlx::Error> for StateError {
    fn from(_: sqlx::Error) -> Self {
        Self::Unavailable
    }
}
