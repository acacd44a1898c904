//! Natural group commit: one task per node takes what is waiting, at most 256 appends, and commits them in one transaction. No timer:
//! while one batch is being synced, the next one gathers.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::{Append, Committed, Conflict, Scribe, Store, StoreError};
use crate::clock::Clock;

/// The largest batch.
const MOST: usize = 256;

/// How many appends may wait before the log counts as unavailable.
const QUEUE: usize = 4096;

/// How long an append is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way into the log.
#[derive(Clone)]
pub struct Sequencer {
    queue: mpsc::Sender<Waiting>,
    patience: Duration,
    trouble: Arc<ArcSwapOption<Trouble>>,
}

/// Why the last batch was not committed.
struct Trouble {
    error: StoreError,
    since: Instant,
}

/// For how long a batch that failed says something about the next one.
const TROUBLED: Duration = Duration::from_secs(15);

struct Waiting {
    append: Append,
    /// Until when it may be taken: behind that, who asked was told that it did not happen in time.
    until: Instant,
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
    /// Starts what commits. It ends when every `Sequencer` is dropped and the queue is empty.
    pub fn start(store: Arc<dyn Store>, scribe: Arc<dyn Scribe>, clock: Arc<dyn Clock>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let trouble = Arc::<ArcSwapOption<Trouble>>::default();
        let thread = Thread::start();
        let is_blocking = store.is_blocking();
        let committing = Arc::new(Committing { store, scribe, clock });
        match thread {
            // A store that keeps the thread which asks: there each batch is committed, while the next one gathers here.
            Some(thread) if is_blocking => drop(tokio::spawn(run(waiting, Place::On(thread, committing), Arc::clone(&trouble)))),
            Some(thread) => thread.run(run(waiting, Place::Here(committing), Arc::clone(&trouble))),
            None => drop(tokio::spawn(run(waiting, Place::Here(committing), Arc::clone(&trouble)))),
        }
        Self { queue, patience: PATIENCE, trouble }
    }

    /// Why nothing could be committed of late, when that was so with the last batch.
    pub fn trouble(&self) -> Option<StoreError> {
        if self.queue.is_closed() {
            return Some(stopped());
        }
        let trouble = self.trouble.load_full()?;
        (trouble.since.elapsed() < TROUBLED).then(|| trouble.error.clone())
    }

    /// The same way in for one who waits no longer than this.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Commits `append` durably, together with whatever else is waiting. The commit goes on when the caller goes away.
    ///
    /// # Errors
    /// [`AppendError`]; after [`StoreError::UnknownOutcome`] (also: not in time) release nothing.
    pub async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        let (answer, answered) = oneshot::channel();
        let refused = |error| match error {
            TrySendError::Full(_) => StoreError::Unavailable("too many appends are waiting".to_owned()),
            TrySendError::Closed(_) => stopped(),
        };
        let until = Instant::now() + self.patience;
        self.queue.try_send(Waiting { append, until, answer }).map_err(refused)?;
        let unknown = |reason: &str| StoreError::UnknownOutcome(reason.to_owned());
        let answered = tokio::time::timeout(self.patience, answered).await.map_err(|_| unknown("not in time"))?;
        answered.map_err(|_| unknown("not in time, or the sequencer has stopped"))?
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the sequencer has stopped\n  do: start the gateway again".to_owned())
}

/// A thread with a runtime of its own: between the steps of a commit, for which everybody waits, no request is worked on first. It ends when this is dropped.
struct Thread {
    runtime: Handle,
    _ends: oneshot::Sender<()>,
}

impl Thread {
    fn start() -> Option<Self> {
        let (ends, ended) = oneshot::channel::<()>();
        let (said, heard) = std::sync::mpsc::channel();
        // The runtime is made there: dropped here, where no thread was to be had for it, it would panic.
        let work = move || match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                drop(said.send(Ok(runtime.handle().clone())));
                runtime.block_on(async { drop(ended.await) });
            }
            Err(error) => drop(said.send(Err(error))),
        };
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn(work);
        let runtime = thread.and_then(|_| heard.recv().map_err(std::io::Error::other)?);
        let started = runtime.map(|runtime| Self { runtime, _ends: ends });
        let slower =
            |error| tracing::warn!(%error, "the log has no thread of its own; commits share it with requests, and are slower");
        started.map_err(slower).ok()
    }

    /// Works on this until it is done, and ends.
    fn run(self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.clone().spawn(async move {
            work.await;
            drop(self);
        });
    }
}

/// How often those who are about to append may hold up a batch, each time for as long as it takes them to get a processor.
const GATHERING: usize = 8;

async fn run(mut queue: mpsc::Receiver<Waiting>, place: Place, trouble: Arc<ArcSwapOption<Trouble>>) {
    let mut waiting = Vec::with_capacity(MOST);
    while queue.recv_many(&mut waiting, MOST).await > 0 {
        gather(&mut queue, &mut waiting).await;
        // What waited too long is not committed behind the back of who asked; who only went away is answered to nobody, and stays in the log.
        let now = Instant::now();
        let in_time = waiting.drain(..).filter(|one| now < one.until);
        let (batch, answers): (Vec<_>, Vec<_>) = in_time.map(|one| (one.append, one.answer)).unzip();
        if batch.is_empty() {
            continue;
        }
        let appends = batch.len();
        match place.commit(batch).await {
            Ok(outcomes) => {
                trouble.store(None);
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    tell(answer, outcome.map_err(Into::into));
                }
            }
            Err(error) => {
                tracing::error!(%error, appends, "a batch was not committed");
                trouble.store(Some(Arc::new(Trouble { error: error.clone(), since: Instant::now() })));
                for answer in answers {
                    tell(answer, Err(error.clone().into()));
                }
            }
        }
    }
}

/// With what is committed.
struct Committing {
    store: Arc<dyn Store>,
    scribe: Arc<dyn Scribe>,
    clock: Arc<dyn Clock>,
}

impl Committing {
    async fn commit(&self, batch: &[Append]) -> Outcome {
        self.store.commit(batch, &*self.scribe, self.clock.now()).await
    }
}

/// What became of each append of a batch, or of all of it.
type Outcome = Result<Vec<Result<Committed, Conflict>>, StoreError>;

/// Where batches are committed.
enum Place {
    /// Where they were gathered.
    Here(Arc<Committing>),
    /// On this thread, always the same: what a commit needs is in its caches.
    On(Thread, Arc<Committing>),
}

impl Place {
    async fn commit(&self, batch: Vec<Append>) -> Outcome {
        match self {
            Self::Here(committing) => committing.commit(&batch).await,
            Self::On(thread, committing) => {
                let committing = Arc::clone(committing);
                let committed = thread.runtime.spawn(async move { committing.commit(&batch).await }).await;
                committed.unwrap_or_else(|_| Err(StoreError::UnknownOutcome("the commit was broken off".to_owned())))
            }
        }
    }
}

/// Who is about to append and only waits for a processor comes along; when nothing else can run, this is no wait at all. On a thread of its own nobody waits
/// for this processor: there only what is in the queue already comes along.
async fn gather(queue: &mut mpsc::Receiver<Waiting>, waiting: &mut Vec<Waiting>) {
    for _ in 0..GATHERING {
        let known = waiting.len();
        tokio::task::yield_now().await;
        while waiting.len() < MOST
            && let Ok(one) = queue.try_recv()
        {
            waiting.push(one);
        }
        if waiting.len() == known {
            return;
        }
    }
}

/// Who waits may have gone away; the commit stands all the same.
fn tell(answer: oneshot::Sender<Result<Committed, AppendError>>, outcome: Result<Committed, AppendError>) {
    drop(answer.send(outcome));
}
