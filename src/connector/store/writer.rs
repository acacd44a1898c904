//! What is written for every call of the gateway, in batches: one transaction, and so one sync, for all that waits.

use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::state::StateError;

/// How much waiting work shares one transaction.
const BATCH: usize = 256;

/// An answer whose body is sealed.
pub(super) struct SealedAnswer {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) decision: String,
    pub(super) purpose: String,
    pub(super) recipient: String,
    pub(super) subject: [u8; 32],
    pub(super) sealed: Vec<u8>,
    pub(super) inbox: Vec<SealedEntry>,
}

/// An inbox entry whose content is sealed.
pub(super) struct SealedEntry {
    pub(super) id: String,
    pub(super) category: &'static str,
    pub(super) release_until: i64,
    pub(super) content: Vec<u8>,
}

/// A sealed receipt.
pub(super) struct SealedReceipt {
    pub(super) fingerprint: [u8; 32],
    pub(super) decision: String,
    pub(super) at: i64,
    pub(super) sealed: Vec<u8>,
}

/// What can be written.
pub(super) enum Work {
    /// An answer, with its inbox entries.
    Answer(SealedAnswer),
    /// Receipts; one that is there already stays.
    Receipts(Vec<SealedReceipt>),
}

type Job = (Work, oneshot::Sender<Result<(), StateError>>);

/// The task that commits waiting work in batches.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Job>);

impl Writer {
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (sender, receiver) = mpsc::channel(BATCH);
        tokio::spawn(run(pool, receiver));
        Self(sender)
    }

    /// Makes it durable.
    pub(super) async fn write(&self, work: Work) -> Result<(), StateError> {
        let (reply, outcome) = oneshot::channel();
        self.0.send((work, reply)).await.map_err(|_| StateError::Unavailable)?;
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
    for (work, _) in batch {
        match work {
            Work::Answer(answer) => insert_answer(&mut transaction, answer).await?,
            Work::Receipts(receipts) => insert_receipts(&mut transaction, receipts).await?,
        }
    }
    Ok(transaction.commit().await?)
}

async fn insert_answer(transaction: &mut sqlx::SqliteTransaction<'_>, answer: &SealedAnswer) -> Result<(), StateError> {
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

async fn insert_receipts(transaction: &mut sqlx::SqliteTransaction<'_>, receipts: &[SealedReceipt]) -> Result<(), StateError> {
    for receipt in receipts {
        let statement = "INSERT INTO receipt (fingerprint, decision, at, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let insert = sqlx::query(statement).bind(receipt.fingerprint.as_slice()).bind(&receipt.decision).bind(receipt.at);
        insert.bind(&receipt.sealed).execute(&mut **transaction).await?;
    }
    Ok(())
}
