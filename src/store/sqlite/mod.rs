//! SQLite, the embedded default: WAL, `synchronous=FULL`, one connection that writes, several that read.

pub mod audit;
mod cases;
mod checkpoints;
mod commit;
mod cosigned;
mod deliveries;
mod disclosures;
mod duties;
mod earlier;
mod embargoes;
mod ends;
mod lists;
mod log;
mod lost;
mod offers;
mod policies;
mod registering;
mod registers;
mod registry;
mod reliances;
mod retention;
mod scan;
mod script;
mod seal;
pub mod search;
mod tasks;
mod vault;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::duties::{KeptConsent, PastTerm, Reliance};
use super::lost::Unreadable;
use super::{
    Append, Claim, Committed, Conflict, Head, OfferPage, OfferRow, PersonFacts, PseudonymRow, Registered, Revision, Scribe,
    Store, StoreError, StoredDisclosure, StoredEntry, StoredLeaf, SubjectIndex, WaitingReceipt,
};
use crate::case_room::{Case, CaseId};
use crate::clock::Timestamp;
use crate::consent::ConsentRecord;
use crate::keystore::Key;
use crate::ledger::entry::TraceId;
use crate::ledger::seal::Leaf;
use crate::notice::Task;
use crate::organisation::Oin;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/sqlite/migrations");

/// The store in one SQLite file.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    registers: seal::Seal,
    checkpoints: Option<checkpoints::Checkpoints>,
}

impl SqliteStore {
    /// The store in the file at `path`, which must be there, under the key that [`SqliteStore::open`] takes: for checking. Nothing can be written to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(path: &Path, register_key: Key) -> Result<Self, StoreError> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // Without a write-ahead log nobody has the file open: then even the files beside it, which readers make, can be left out.
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(!Path::new(&log).exists());
        let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
        let pool = pool.connect_with(options.disable_statement_logging()).await.map_err(unavailable)?;
        Ok(Self { writer: pool.clone(), readers: pool, registers: seal::Seal::new(&register_key), checkpoints: None })
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
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        // A connection to a file in this machine does not go away: no question whether it is there before each use.
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writer =
            pool().max_connections(1).connect_with(checkpoints::of_writer(options.clone())).await.map_err(unavailable)?;
        earlier::refuse(&writer).await?;
        MIGRATIONS.run(&writer).await.map_err(|error| StoreError::Unavailable(format!("migrations: {error}")))?;
        // More than can run at once would only spread what each has in its cache.
        let most = std::thread::available_parallelism().map_or(2, |processors| processors.get().clamp(2, 8));
        let readers = pool()
            .min_connections(1)
            .max_connections(u32::try_from(most).unwrap_or(2))
            .connect_with(options.clone().pragma("query_only", "ON"))
            .await
            .map_err(unavailable)?;
        let checkpoints =
            checkpoints::Checkpoints::start(pool().max_connections(1).connect_lazy_with(checkpoints::of_task(options)));
        Ok(Self { writer, readers, registers: seal::Seal::new(&register_key), checkpoints: Some(checkpoints) })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn head(&self) -> Result<Head, StoreError> {
        log::head(&mut *self.readers.acquire().await.map_err(unavailable)?, &self.registers).await.map(|(head, _)| head)
    }

    async fn commit(
        &self,
        batch: &[Append],
        scribe: &dyn Scribe,
        now: Timestamp,
    ) -> Result<Vec<Result<Committed, Conflict>>, StoreError> {
        let mut connection = self.writer.acquire().await.map_err(unavailable)?;
        let outcome = commit::commit(&mut connection, &self.registers, batch, scribe, now).await;
        if outcome.is_err() {
            // A connection whose transaction went wrong is not used again.
            connection.close().await.ok();
        }
        outcome
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        log::tile(&mut *self.readers.acquire().await.map_err(unavailable)?, level, index).await
    }

    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        log::entries(&mut *self.readers.acquire().await.map_err(unavailable)?, from, limit).await
    }

    async fn public_leaves(&self, from: u64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
        log::public_leaves(&mut *self.readers.acquire().await.map_err(unavailable)?, from, limit).await
    }

    async fn leaves(&self, from: u64, limit: u32) -> Result<Vec<StoredLeaf>, StoreError> {
        log::leaves(&mut *self.readers.acquire().await.map_err(unavailable)?, from, limit).await
    }

    async fn entries_of(&self, trace: TraceId) -> Result<Vec<StoredEntry>, StoreError> {
        log::entries_of(&mut *self.readers.acquire().await.map_err(unavailable)?, trace).await
    }

    async fn entries_at(&self, indexes: &BTreeSet<u64>) -> Result<Vec<StoredEntry>, StoreError> {
        log::entries_at(&mut *self.readers.acquire().await.map_err(unavailable)?, indexes).await
    }

    async fn policy_texts(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        policies::kept(&mut *self.readers.acquire().await.map_err(unavailable)?, hash).await
    }

    async fn registered(&self) -> Result<Registered, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        registry::registered(&mut reading, &self.registers).await
    }

    async fn person_facts(&self, subject: SubjectIndex) -> Result<PersonFacts, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(unavailable)?;
        registers::person_facts(&mut connection, &self.registers, subject).await
    }

    async fn subject_of_override(&self, id: &str) -> Result<Option<SubjectIndex>, StoreError> {
        registers::subject_of_override(&mut *self.readers.acquire().await.map_err(unavailable)?, id).await
    }

    async fn unreadable(&self, table: &str, row: &str) -> Result<Option<Unreadable>, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        lost::find(&mut reading, &self.registers, table, row).await
    }

    async fn case(&self, id: &CaseId) -> Result<Option<(Revision, Case)>, StoreError> {
        cases::case(&mut *self.readers.acquire().await.map_err(unavailable)?, &self.registers, id).await
    }

    async fn cases(&self) -> Result<Vec<Case>, StoreError> {
        cases::cases(&mut *self.readers.acquire().await.map_err(unavailable)?, &self.registers).await
    }

    async fn offer(&self, id: &str, now: Timestamp) -> Result<Option<OfferRow>, StoreError> {
        offers::offer(&mut *self.readers.acquire().await.map_err(unavailable)?, &self.registers, id, now).await
    }

    async fn offer_like(&self, offer: &OfferRow, now: Timestamp) -> Result<Option<(String, Timestamp)>, StoreError> {
        offers::like(&mut *self.readers.acquire().await.map_err(unavailable)?, offer, now).await
    }

    async fn offers_waiting(&self, recipient: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(unavailable)?;
        offers::waiting(&mut connection, &self.registers, recipient, now, page).await
    }

    async fn offers_made(&self, source: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(unavailable)?;
        offers::made(&mut connection, &self.registers, source, now, page).await
    }

    async fn consent(&self, id: &str) -> Result<Option<KeptConsent>, StoreError> {
        duties::consent(&mut *self.readers.acquire().await.map_err(unavailable)?, &self.registers, id).await
    }

    async fn consents_of(&self, recorder: &Oin, after: &str, limit: u32) -> Result<Vec<ConsentRecord>, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        duties::consents_of(&mut reading, &self.registers, recorder, after, limit).await
    }

    async fn lapsed_consents(&self, now: Timestamp, limit: u32) -> Result<Vec<KeptConsent>, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        duties::lapsed(&mut reading, &self.registers, now, limit).await
    }

    async fn reliances(&self, consent: &str) -> Result<Vec<Reliance>, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        let (_, anchor) = log::head(&mut reading, &self.registers).await?;
        reliances::of(&mut reading, &self.registers, &anchor.lists, consent).await
    }

    async fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        tasks::task(&mut *self.readers.acquire().await.map_err(unavailable)?, &self.registers, id).await
    }

    async fn open_tasks(&self, owner: Option<&Oin>, due_by: Timestamp, limit: u32) -> Result<Vec<Task>, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        tasks::open(&mut reading, &self.registers, owner, due_by, limit).await
    }

    async fn past_term(&self, consents_before: Timestamp, tasks_before: Timestamp, limit: u32) -> Result<PastTerm, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        duties::past_term(&mut reading, &self.registers, (consents_before, tasks_before), limit).await
    }

    async fn claim(&self, organisation: &Oin, key: &str, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        disclosures::claim(&mut *self.readers.acquire().await.map_err(unavailable)?, organisation, key, now).await
    }

    async fn disclosure(&self, id: &str, now: Timestamp) -> Result<Option<StoredDisclosure>, StoreError> {
        let mut reading = self.readers.begin().await.map_err(unavailable)?;
        disclosures::disclosure(&mut reading, id, now).await
    }

    async fn scope_key(&self, scope: &str) -> Result<Option<Vec<u8>>, StoreError> {
        vault::scope_key(&mut *self.readers.acquire().await.map_err(unavailable)?, scope).await
    }

    async fn pseudonyms(&self, scope: &str, indexes: &[[u8; 32]]) -> Result<Vec<Option<String>>, StoreError> {
        vault::pseudonyms(&mut *self.readers.acquire().await.map_err(unavailable)?, scope, indexes).await
    }

    async fn identity(&self, pseudonym: &str) -> Result<Option<PseudonymRow>, StoreError> {
        vault::identity(&mut *self.readers.acquire().await.map_err(unavailable)?, pseudonym).await
    }

    async fn contribution_receipts(&self, limit: u32) -> Result<Vec<WaitingReceipt>, StoreError> {
        disclosures::contributions(&mut *self.readers.acquire().await.map_err(unavailable)?, limit).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut writing = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?;
        disclosures::sweep(&mut writing, now).await?;
        cosigned::sweep(&mut writing, now).await?;
        writing.commit().await.map_err(unavailable)
    }
}

/// The database's own words may hold values of a row, so only the kind of failure is kept.
fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(match error {
        sqlx::Error::Database(error) => format!("SQLite refused (code {})", error.code().unwrap_or_default()),
        sqlx::Error::PoolTimedOut => "no connection became free in time".to_owned(),
        sqlx::Error::Io(error) => format!("input or output: {}", error.kind()),
        _ => "SQLite failed".to_owned(),
    })
}

/// Tells the operator of something that is not what it must be, where the work goes on without it.
fn alarm(error: &StoreError, consequence: &str) {
    tracing::error!(%error, "ALARM: {consequence}");
}

/// `bytes` as an array of `N`, or which column is corrupt.
fn exactly<const N: usize>(
    bytes: &[u8],
    table: &'static str,
    column: &'static str,
    row: impl ToString,
) -> Result<[u8; N], StoreError> {
    <[u8; N]>::try_from(bytes).map_err(|_| StoreError::Corrupt { table, column, row: row.to_string() })
}

/// `number` as unsigned, or which column is corrupt.
fn unsigned(number: i64, table: &'static str, column: &'static str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Corrupt { table, column, row: number.to_string() })
}

/// An index or size as SQLite's integer; a log never reaches the end of it.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
