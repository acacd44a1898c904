//! What is written for every call of the gateway, in batches: one transaction, and so one sync, for all that waits.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::state::StateError;
use crate::sqlite::Pool;

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
    pub(super) fn start(pool: Arc<Pool>) -> Self {
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

async fn run(pool: Arc<Pool>, mut jobs: mpsc::Receiver<Job>) {
    let mut waiting = Vec::new();
    while jobs.recv_many(&mut waiting, BATCH).await > 0 {
        // Who only waits for a processor comes along.
        tokio::task::yield_now().await;
        while waiting.len() < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            waiting.push(job);
        }
        let (batch, replies): (Vec<Work>, Vec<_>) = waiting.drain(..).unzip();
        let outcome = commit(&pool, batch).await;
        for reply in replies {
            // A caller that went away gets nothing; its answer stays in the log as asked.
            let _gone = reply.send(outcome);
        }
    }
}

/// On another thread: a commit is synced.
async fn commit(pool: &Arc<Pool>, batch: Vec<Work>) -> Result<(), StateError> {
    let connection = pool.take().await.map_err(|_| StateError::Unavailable)?;
    let written = tokio::task::spawn_blocking(move || write(&connection, &batch)).await;
    Ok(written.map_err(|_| StateError::Unavailable)??)
}

fn write(connection: &Connection, batch: &[Work]) -> Result<(), rusqlite::Error> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for work in batch {
        match work {
            Work::Answer(answer) => insert_answer(connection, answer)?,
            Work::Receipts(receipts) => insert_receipts(connection, receipts)?,
        }
    }
    connection.execute_batch("COMMIT")
}

fn insert_answer(connection: &Connection, answer: &SealedAnswer) -> Result<(), rusqlite::Error> {
    let SealedAnswer { id, at, decision, purpose, recipient, subject, sealed, inbox } = answer;
    let statement =
        "INSERT INTO answer (id, at, decision, purpose, recipient, subject, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(statement)?.execute((id, at, decision, purpose, recipient, subject, sealed))?;
    for entry in inbox {
        let statement = "INSERT INTO inbox (id, answer, decision, category, purpose, recipient, state, entered_at, release_until, content) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, ?9) ON CONFLICT (decision, category) DO NOTHING";
        let SealedEntry { id: entry_id, category, release_until, content } = entry;
        let values = (entry_id, id, decision, category, purpose, recipient, at, release_until, content);
        connection.prepare_cached(statement)?.execute(values)?;
    }
    Ok(())
}

fn insert_receipts(connection: &Connection, receipts: &[SealedReceipt]) -> Result<(), rusqlite::Error> {
    let statement = "INSERT INTO receipt (fingerprint, decision, at, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let mut insert = connection.prepare_cached(statement)?;
    for SealedReceipt { fingerprint, decision, at, sealed } in receipts {
        insert.execute((fingerprint, decision, at, sealed))?;
    }
    Ok(())
}
