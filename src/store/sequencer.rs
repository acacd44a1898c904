//! Natural group commit: one task per node takes what is waiting, at most 256 appends, and commits them in one transaction. No timer:
//! while one batch is being synced, the next one gathers.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::journal::Journal;
use super::{Append, Committed, Conflict, EntryRow, Scribe, Store, StoreError};
use crate::clock::Clock;
use crate::ledger::entry::EntryKind;

/// The largest batch.
const MOST: usize = 256;

/// How many appends may wait before the log counts as unavailable.
const QUEUE: usize = 4096;

/// The way into the log.
#[derive(Clone)]
pub struct Sequencer {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    append: Append,
    answer: oneshot::Sender<Result<Committed, AppendError>>,
}

/// Why an append did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// It was judged and refused.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The store did not take it, or nobody knows whether it did: release nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sequencer {
    /// Starts the task that commits. It ends when every `Sequencer` is dropped and the queue is empty.
    pub fn start(store: Arc<dyn Store>, scribe: Arc<dyn Scribe>, journal: Arc<Journal>, clock: Arc<dyn Clock>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(waiting, Committing { store, scribe, journal, clock, unresolved: Vec::new() }));
        Self { queue }
    }

    /// Commits `append` durably, together with whatever else is waiting. The commit goes on when the caller goes away.
    ///
    /// # Errors
    /// [`AppendError`]; after [`StoreError::UnknownOutcome`] release nothing.
    pub async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        let (answer, answered) = oneshot::channel();
        let overloaded = |_| StoreError::Unavailable("too many appends are waiting".to_owned());
        self.queue.try_send(Waiting { append, answer }).map_err(overloaded)?;
        answered.await.map_err(|_| StoreError::Unavailable("the sequencer has stopped".to_owned()))?
    }
}

/// What the task works with.
struct Committing {
    store: Arc<dyn Store>,
    scribe: Arc<dyn Scribe>,
    journal: Arc<Journal>,
    clock: Arc<dyn Clock>,
    /// Deliveries whose commit's outcome is not known yet.
    unresolved: Vec<EntryRow>,
}

async fn run(mut queue: mpsc::Receiver<Waiting>, mut committing: Committing) {
    let mut waiting = Vec::with_capacity(MOST);
    while queue.recv_many(&mut waiting, MOST).await > 0 {
        let (batch, answers): (Vec<_>, Vec<_>) = waiting.drain(..).map(|one| (one.append, one.answer)).unzip();
        match committing.commit(&batch).await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    tell(answer, outcome.map_err(Into::into));
                }
            }
            Err(error) => {
                tracing::error!(%error, appends = batch.len(), "a batch was not committed");
                for answer in answers {
                    tell(answer, Err(error.clone().into()));
                }
            }
        }
    }
}

impl Committing {
    async fn commit(&mut self, batch: &[Append]) -> Result<Vec<Result<Committed, Conflict>>, StoreError> {
        self.resolve().await?;
        let outcome = self.store.commit(batch, &*self.scribe, self.clock.now()).await;
        if matches!(outcome, Err(StoreError::UnknownOutcome(_))) {
            let entries = batch.iter().flat_map(|append| &append.entries);
            self.unresolved.extend(entries.filter(|row| row.clear.kind == EntryKind::Disclosure).cloned());
        }
        outcome
    }

    /// Looks for deliveries whose commit's outcome was not known. One that is there, though it was never released, gets an *undelivered*
    /// entry; nothing else is committed before that is done.
    async fn resolve(&mut self) -> Result<(), StoreError> {
        if self.unresolved.is_empty() {
            return Ok(());
        }
        let mut entries = Vec::new();
        for row in &self.unresolved {
            if let Some(index) = self.store.index_of(row.clear.trace, &row.leaf).await? {
                let entry = self.journal.undelivered(row, index, self.clock.now());
                entries.push(entry.map_err(|error| StoreError::Unavailable(error.to_string()))?);
            }
        }
        if !entries.is_empty() {
            let append = Append { entries, ..Append::default() };
            let outcomes = self.store.commit(&[append], &*self.scribe, self.clock.now()).await?;
            if outcomes.iter().any(Result::is_err) {
                return Err(StoreError::Unavailable("the undelivered entries were not taken".to_owned()));
            }
        }
        self.unresolved.clear();
        Ok(())
    }
}

/// Who waits may have gone away; the commit stands all the same.
fn tell(answer: oneshot::Sender<Result<Committed, AppendError>>, outcome: Result<Committed, AppendError>) {
    drop(answer.send(outcome));
}
