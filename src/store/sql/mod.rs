//! What both databases have in common: the statements, what rows mean, the seals and codes that vouch for them. What is native to one of them (opening,
//! locking, waiting until a commit is safe) is its [`Backend`].

mod cases;
mod commit;
pub(super) mod connection;
pub mod copy;
mod cosigned;
mod deliveries;
mod disclosures;
mod duties;
mod embargoes;
mod ends;
mod lists;
mod log;
mod lost;
pub mod migrations;
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
mod sessions;
mod statement;
mod tasks;
mod vault;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

pub(super) use self::connection::Connection;
pub(super) use self::log::{HEAD, LOCKED_HEAD};
use self::migrations::Schema;
use self::seal::Seal;
pub(super) use self::statement::{Row, Statement, build, query};

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

/// What is native to a database.
pub(super) trait Backend: Send + Sync + 'static {
    /// Whether it keeps the thread that asks.
    fn is_blocking(&self) -> bool {
        false
    }

    /// A connection that reads, each statement by itself.
    fn reader(&self) -> impl Future<Output = Result<Connection, StoreError>> + Send;

    /// A connection whose statements all read what was there at one moment.
    fn snapshot(&self) -> impl Future<Output = Result<Connection, StoreError>> + Send;

    /// A connection in a transaction that writes, and that holds the head's lock: there is one at a time, whatever the node. For the sequencer alone, with the
    /// head's row, if there is one.
    fn log_writer(&self) -> impl Future<Output = Result<(Connection, Option<Row>), StoreError>> + Send;

    /// The same for everything else (sweeping, moving, looking whether it can be written to): on other connections, because of the sequencer's runtime.
    fn writer(&self) -> impl Future<Output = Result<Connection, StoreError>> + Send;

    /// The schema as this version knows it.
    fn schema(&self) -> &Schema;

    /// Whether a commit is waited for elsewhere too.
    fn has_standbys(&self) -> bool;

    /// Waits until what was just committed on this connection, or read on it, is as durable as it must be before anybody hears of it.
    ///
    /// # Errors
    /// [`StoreError::UnknownOutcome`]: it was committed here, and may be lost all the same.
    fn wait_until_safe(&self, connection: &mut Connection) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Tells the other nodes, with the commit, that the facts have moved.
    fn tell_others(&self, writing: &mut Connection) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns when somebody may have moved the facts, or after a while.
    fn moved(&self) -> impl Future<Output = ()> + Send;

    /// Closes what nobody uses.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Takes what rows have forgotten from wherever else the database keeps it; `false` when that must be tried again.
    fn clean(&self) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Commits what was written, for good.
///
/// # Errors
/// [`StoreError::UnknownOutcome`].
async fn commit_safely(backend: &impl Backend, mut writing: Connection) -> Result<(), StoreError> {
    writing.commit().await?;
    backend.wait_until_safe(&mut writing).await
}

/// For how long a safe head that was seen is good enough.
const SAFE: Duration = Duration::from_millis(250);

/// How many may wait for standbys on connections that read, half of these; and for how long a place is waited for.
const PLACES: usize = 4;
const PLACE: Duration = Duration::from_secs(8);

/// A head that was looked for, or why there was none, and when.
type Seen = Option<(Result<Head, StoreError>, Instant)>;

/// A store in a database.
pub struct SqlStore<D> {
    backend: D,
    registers: Seal,
    safe: Mutex<Seen>,
    places: Semaphore,
}

impl<D> SqlStore<D> {
    /// The store in this database. From `register_key` come the keys that seal consents, overrides and cases at rest, and that vouch for the registry and
    /// the head.
    pub(super) fn new(backend: D, register_key: &Key) -> Self {
        Self { backend, registers: Seal::new(register_key), safe: Mutex::default(), places: Semaphore::new(PLACES) }
    }

    /// What is native to it.
    pub(super) const fn backend(&self) -> &D {
        &self.backend
    }
}

/// A place among those who may keep the connection on which they read until the standbys have what was read: on another one, behind a failover, the
/// answer would be about another server. There are few places, so that a standby that is behind does not use up the connections.
async fn place_to_wait<'p>(backend: &impl Backend, places: &'p Semaphore) -> Result<Option<SemaphorePermit<'p>>, StoreError> {
    if !backend.has_standbys() {
        return Ok(None);
    }
    let place = tokio::time::timeout(PLACE, places.acquire()).await;
    let place = place.map_err(|_| StoreError::Unavailable("too many wait for the standbys".to_owned()))?;
    place.map(Some).map_err(|closed| StoreError::Unavailable(closed.to_string()))
}

async fn safe_head(backend: &impl Backend, seal: &Seal) -> Result<Head, StoreError> {
    let mut reading = backend.reader().await?;
    let (head, _) = log::head(&mut reading, seal).await?;
    read_safely(backend, &mut reading).await?;
    Ok(head)
}

/// Waits until what was read is as durable as it must be before anybody hears of it.
async fn read_safely(backend: &impl Backend, reading: &mut Connection) -> Result<(), StoreError> {
    // Nothing was committed here.
    backend.wait_until_safe(reading).await.map_err(|error| match error {
        StoreError::UnknownOutcome(why) => StoreError::Unavailable(why),
        other => other,
    })
}

/// Why migrations did not run.
pub(super) fn not_migrated(error: MigrateError) -> StoreError {
    StoreError::Unavailable(match error {
        MigrateError::VersionMissing(number) => format!(
            "its schema is of a newer version (migration {number})\n  do: run the version that made it; a schema is never taken back"
        ),
        MigrateError::VersionMismatch(number) => format!("its migration {number} is not the one that this version knows"),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            format!("migrations: {}", unavailable(error))
        }
        other => format!("migrations: {other}"),
    })
}

#[async_trait]
impl<D: Backend> Store for SqlStore<D> {
    async fn head(&self) -> Result<Head, StoreError> {
        log::head(&mut self.backend.reader().await?, &self.registers).await.map(|(head, _)| head)
    }

    async fn safe_head(&self) -> Result<Head, StoreError> {
        if !self.backend.has_standbys() {
            return self.head().await;
        }
        // One looks for all who ask: a standby that is behind does not use up the connections.
        let mut seen = self.safe.lock().await;
        match &*seen {
            Some((outcome, at)) if at.elapsed() < SAFE => outcome.clone(),
            _ => {
                let outcome = safe_head(&self.backend, &self.registers).await;
                *seen = Some((outcome.clone(), Instant::now()));
                outcome
            }
        }
    }

    fn is_blocking(&self) -> bool {
        self.backend.is_blocking()
    }

    async fn commit(
        &self,
        batch: &[Append],
        scribe: &dyn Scribe,
        now: Timestamp,
    ) -> Result<Vec<Result<Committed, Conflict>>, StoreError> {
        commit::commit(&self.backend, &self.registers, batch, scribe, now).await
    }

    async fn takes_writes(&self) -> Result<(), StoreError> {
        self.backend.schema().look(&mut self.backend.reader().await?).await?;
        self.backend.writer().await?.roll_back().await
    }

    async fn moved(&self) {
        self.backend.moved().await;
    }

    async fn close(&self) {
        self.backend.close().await;
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        log::tile(&mut self.backend.reader().await?, level, index).await
    }

    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        log::entries(&mut self.backend.reader().await?, from, limit).await
    }

    async fn public_leaves(&self, from: u64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
        log::public_leaves(&mut self.backend.reader().await?, from, limit).await
    }

    async fn leaves(&self, from: u64, limit: u32) -> Result<Vec<StoredLeaf>, StoreError> {
        log::leaves(&mut self.backend.reader().await?, from, limit).await
    }

    async fn entries_of(&self, trace: TraceId) -> Result<Vec<StoredEntry>, StoreError> {
        log::entries_of(&mut self.backend.reader().await?, trace).await
    }

    async fn entries_at(&self, indexes: &BTreeSet<u64>) -> Result<Vec<StoredEntry>, StoreError> {
        log::entries_at(&mut self.backend.reader().await?, indexes).await
    }

    async fn policy_texts(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        policies::kept(&mut self.backend.reader().await?, hash).await
    }

    async fn registered(&self) -> Result<Registered, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = registry::registered(&mut reading, &self.registers).await;
        reading.ended(read).await
    }

    async fn person_facts(&self, subject: SubjectIndex) -> Result<PersonFacts, StoreError> {
        let mut connection = self.backend.reader().await?;
        registers::person_facts(&mut connection, &self.registers, subject).await
    }

    async fn subject_of_override(&self, id: &str) -> Result<Option<SubjectIndex>, StoreError> {
        registers::subject_of_override(&mut self.backend.reader().await?, id).await
    }

    async fn unreadable(&self, table: &str, row: &str) -> Result<Option<Unreadable>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = lost::find(&mut reading, &self.registers, table, row).await;
        reading.ended(read).await
    }

    async fn case(&self, id: &CaseId) -> Result<Option<(Revision, Case)>, StoreError> {
        cases::case(&mut self.backend.reader().await?, &self.registers, id).await
    }

    async fn cases(&self) -> Result<Vec<Case>, StoreError> {
        cases::cases(&mut self.backend.reader().await?, &self.registers).await
    }

    async fn offer(&self, id: &str, now: Timestamp) -> Result<Option<OfferRow>, StoreError> {
        offers::offer(&mut self.backend.reader().await?, &self.registers, id, now).await
    }

    async fn offer_like(&self, offer: &OfferRow, now: Timestamp) -> Result<Option<(String, Timestamp)>, StoreError> {
        offers::like(&mut self.backend.reader().await?, offer, now).await
    }

    async fn offers_waiting(&self, recipient: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError> {
        let mut connection = self.backend.reader().await?;
        offers::waiting(&mut connection, &self.registers, recipient, now, page).await
    }

    async fn offers_made(&self, source: &Oin, now: Timestamp, page: OfferPage<'_>) -> Result<Vec<OfferRow>, StoreError> {
        let mut connection = self.backend.reader().await?;
        offers::made(&mut connection, &self.registers, source, now, page).await
    }

    async fn consent(&self, id: &str) -> Result<Option<KeptConsent>, StoreError> {
        duties::consent(&mut self.backend.reader().await?, &self.registers, id).await
    }

    async fn consents_of(&self, recorder: &Oin, after: &str, limit: u32) -> Result<Vec<ConsentRecord>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = duties::consents_of(&mut reading, &self.registers, recorder, after, limit).await;
        reading.ended(read).await
    }

    async fn lapsed_consents(&self, now: Timestamp, limit: u32) -> Result<Vec<KeptConsent>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = duties::lapsed(&mut reading, &self.registers, now, limit).await;
        reading.ended(read).await
    }

    async fn reliances(&self, consent: &str) -> Result<Vec<Reliance>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = reliances::all_of(&mut reading, &self.registers, consent).await;
        reading.ended(read).await
    }

    async fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        tasks::task(&mut self.backend.reader().await?, &self.registers, id).await
    }

    async fn open_tasks(&self, owner: Option<&Oin>, due_by: Timestamp, limit: u32) -> Result<Vec<Task>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = tasks::open(&mut reading, &self.registers, owner, due_by, limit).await;
        reading.ended(read).await
    }

    async fn past_term(&self, consents_before: Timestamp, tasks_before: Timestamp, limit: u32) -> Result<PastTerm, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = duties::past_term(&mut reading, &self.registers, (consents_before, tasks_before), limit).await;
        reading.ended(read).await
    }

    async fn claim(&self, organisation: &Oin, key: &str, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        disclosures::claim(&mut self.backend.reader().await?, organisation, key, now).await
    }

    async fn disclosure(&self, id: &str, now: Timestamp) -> Result<Option<StoredDisclosure>, StoreError> {
        let mut reading = self.backend.snapshot().await?;
        let read = disclosures::disclosure(&mut reading, id, now).await;
        reading.ended(read).await
    }

    async fn scope_key(&self, scope: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let _place = place_to_wait(&self.backend, &self.places).await?;
        let mut reading = self.backend.reader().await?;
        let key = vault::scope_key(&mut reading, scope).await?;
        read_safely(&self.backend, &mut reading).await?;
        Ok(key)
    }

    async fn pseudonyms(&self, scope: &str, indexes: &[[u8; 32]]) -> Result<Vec<Option<String>>, StoreError> {
        let _place = place_to_wait(&self.backend, &self.places).await?;
        let mut reading = self.backend.reader().await?;
        let names = vault::pseudonyms(&mut reading, scope, indexes).await?;
        read_safely(&self.backend, &mut reading).await?;
        Ok(names)
    }

    async fn identity(&self, pseudonym: &str) -> Result<Option<PseudonymRow>, StoreError> {
        vault::identity(&mut self.backend.reader().await?, pseudonym).await
    }

    async fn contribution_receipts(&self, limit: u32) -> Result<Vec<WaitingReceipt>, StoreError> {
        disclosures::contributions(&mut self.backend.reader().await?, limit).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        for sweep in disclosures::SWEEPS {
            // Lock and thread are given back after each step: what is to be committed meanwhile comes in between.
            let mut from = Some(i64::MIN);
            while let Some(instant) = from {
                from = swept(&self.backend, sweep, (instant, now)).await?;
                tokio::task::yield_now().await;
            }
        }
        let mut writing = self.backend.writer().await?;
        cosigned::sweep(&mut writing, now).await?;
        sessions::sweep(&mut writing, now).await?;
        commit_safely(&self.backend, writing).await
    }
}

async fn swept(backend: &impl Backend, sweep: disclosures::Sweep, from_to: (i64, Timestamp)) -> Result<Option<i64>, StoreError> {
    let mut writing = backend.writer().await?;
    let more = disclosures::sweep(&mut writing, sweep, from_to).await?;
    commit_safely(backend, writing).await?;
    Ok(more)
}

/// The database's own words may hold values of a row, so only the kind of failure is kept.
pub(super) fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => super::postgres::refusal(error.code()),
            None if error.code().is_some_and(|code| code == "26") => "this is no SQLite database".to_owned(),
            None => format!("SQLite refused (code {})", error.code().unwrap_or_default()),
        },
        sqlx::Error::PoolTimedOut => "no connection answered, or became free, in time".to_owned(),
        sqlx::Error::Io(error) => match error.get_ref() {
            Some(inner) if inner.is::<rustls::Error>() => no_tls(inner),
            // As of a host that has no address.
            Some(inner) => format!("input or output: {inner}"),
            None => format!("input or output: {}", error.kind()),
        },
        sqlx::Error::Tls(error) => no_tls(&*error),
        sqlx::Error::Configuration(error) => format!("its settings cannot be used: {error}"),
        _ => "the database failed".to_owned(),
    })
}

fn no_tls(error: &dyn std::error::Error) -> String {
    format!("no TLS: {error}\n  do: see sslmode, sslrootcert and sslcert in [store] url, and whether the server has TLS")
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
pub(super) fn unsigned(number: i64, table: &'static str, column: &'static str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Corrupt { table, column, row: number.to_string() })
}

/// An index or size as the database's integer; a log never reaches the end of it.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
