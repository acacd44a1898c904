//! The source's own access log with the inbox entries of each answer, written in one transaction before the answer leaves.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::inbox::NewEntry;
use super::state::{State, StateError, instant};
use crate::clock::Timestamp;
use crate::connector::seal::Place;

/// How many waiting answers share one transaction, so that they share its fsync.
const BATCH: usize = 256;

/// One answer, as it goes into the access log. `body` is sealed.
pub struct AnswerRow<'a, B> {
    /// Random.
    pub id: &'a str,
    /// When.
    pub at: Timestamp,
    /// The gateway's decision.
    pub decision: &'a str,
    /// The purpose.
    pub purpose: &'a str,
    /// The recipient's OIN.
    pub recipient: &'a str,
    /// The keyed digest of the subject.
    pub subject: [u8; 32],
    /// What was given and refused, to whom.
    pub body: &'a B,
    /// The entries for the professional's inbox; one whose decision and category are there already is left out.
    pub inbox: &'a [NewEntry],
}

/// A row of the access log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessEntry<B> {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The gateway's decision.
    pub decision: String,
    /// The purpose.
    pub purpose: String,
    /// The recipient's OIN.
    pub recipient: String,
    /// What was given and refused, to whom.
    pub body: B,
}

type StoredAnswer = (String, i64, String, String, String, Vec<u8>);

impl State {
    /// Makes the answer and its inbox entries durable, together with other answers that wait.
    ///
    /// # Errors
    /// [`StateError`]: then nothing may be given. The commit's outcome may be unknown; the log then says more than was given, never less.
    pub async fn record_answer<B: Serialize>(&self, row: AnswerRow<'_, B>) -> Result<(), StateError> {
        let sealed = self.seal(answer_place(row.id), row.body)?;
        let inbox = row.inbox.iter().map(|entry| self.sealed_entry(entry)).collect::<Result<_, _>>()?;
        let job = SealedAnswer {
            id: row.id.to_owned(),
            at: row.at.millis(),
            decision: row.decision.to_owned(),
            purpose: row.purpose.to_owned(),
            recipient: row.recipient.to_owned(),
            subject: row.subject,
            sealed,
            inbox,
        };
        self.writer.write(job).await
    }

    /// The newest rows of the access log, newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn access_log<B: serde::de::DeserializeOwned>(&self, limit: u32) -> Result<Vec<AccessEntry<B>>, StateError> {
        let query = "SELECT id, at, decision, purpose, recipient, sealed FROM answer ORDER BY at DESC, rowid DESC LIMIT ?1";
        let rows: Vec<StoredAnswer> = sqlx::query_as(query).bind(limit).fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| self.access_entry(row)).collect()
    }

    /// The answers under one decision, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn answers<B: serde::de::DeserializeOwned>(&self, decision: &str) -> Result<Vec<AccessEntry<B>>, StateError> {
        let query = "SELECT id, at, decision, purpose, recipient, sealed FROM answer WHERE decision = ?1 ORDER BY rowid";
        let rows: Vec<StoredAnswer> = sqlx::query_as(query).bind(decision).fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| self.access_entry(row)).collect()
    }

    fn access_entry<B: serde::de::DeserializeOwned>(&self, row: StoredAnswer) -> Result<AccessEntry<B>, StateError> {
        let (id, at, decision, purpose, recipient, sealed) = row;
        let body = self.open_sealed(answer_place(&id), &sealed)?;
        Ok(AccessEntry { at: instant(at), body, id, decision, purpose, recipient })
    }
}

fn answer_place(id: &str) -> Place<'_> {
    Place { table: "answer", column: "sealed", row: id }
}

struct SealedAnswer {
    id: String,
    at: i64,
    decision: String,
    purpose: String,
    recipient: String,
    subject: [u8; 32],
    sealed: Vec<u8>,
    inbox: Vec<SealedEntry>,
}

/// An inbox entry whose content is sealed.
pub(super) struct SealedEntry {
    pub(super) id: String,
    pub(super) category: &'static str,
    pub(super) release_until: i64,
    pub(super) content: Vec<u8>,
}

type Job = (SealedAnswer, oneshot::Sender<Result<(), StateError>>);

/// The task that commits waiting answers in batches.
#[derive(Clone)]
pub(super) struct AnswerWriter(mpsc::Sender<Job>);

impl AnswerWriter {
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (sender, receiver) = mpsc::channel(BATCH);
        tokio::spawn(run(pool, receiver));
        Self(sender)
    }

    async fn write(&self, answer: SealedAnswer) -> Result<(), StateError> {
        let (reply, outcome) = oneshot::channel();
        self.0.send((answer, reply)).await.map_err(|_| StateError::Unavailable)?;
        outcome.await.unwrap_or(Err(StateError::Unavailable))
    }
}

async fn run(pool: SqlitePool, mut jobs: mpsc::Receiver<Job>) {
    let mut batch = Vec::new();
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        let outcome = commit(&pool, &batch).await;
        for (_, reply) in batch.drain(..) {
            // A caller that went away gets nothing; its answer stays in the log as asked.
            let _gone = reply.send(outcome);
        }
    }
}

async fn commit(pool: &SqlitePool, batch: &[Job]) -> Result<(), StateError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    for (answer, _) in batch {
        insert(&mut transaction, answer).await?;
    }
    Ok(transaction.commit().await?)
}

async fn insert(transaction: &mut sqlx::SqliteTransaction<'_>, answer: &SealedAnswer) -> Result<(), StateError> {
    let statement =
        "INSERT INTO answer (id, at, decision, purpose, recipient, subject, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let insert = sqlx::query(statement).bind(&answer.id).bind(answer.at).bind(&answer.decision).bind(&answer.purpose);
    let insert = insert.bind(&answer.recipient).bind(answer.subject.as_slice()).bind(&answer.sealed);
    insert.execute(&mut **transaction).await?;
    for entry in &answer.inbox {
        let statement = "INSERT INTO inbox (id, answer, decision, category, purpose, recipient, state, entered_at, release_until, content) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, ?9) ON CONFLICT (decision, category) DO NOTHING";
        let insert = sqlx::query(statement).bind(&entry.id).bind(&answer.id).bind(&answer.decision).bind(entry.category);
        let insert = insert.bind(&answer.purpose).bind(&answer.recipient).bind(answer.at).bind(entry.release_until);
        insert.bind(&entry.content).execute(&mut **transaction).await?;
    }
    Ok(())
}
