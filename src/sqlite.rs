//! Connections to SQLite files. A statement runs on the thread that asks for it: handing it to another one and its rows back takes longer than most of them do.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Error};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// How many statements a connection keeps prepared.
const PREPARED: usize = 256;

/// A connection, which who has taken it keeps locked.
type Held = tokio::sync::Mutex<Connection>;

/// What opens a connection.
type Open = Box<dyn Fn() -> Result<Connection, Error> + Send + Sync>;

/// Connections to a file, made when they are needed and kept.
pub struct Pool {
    open: Open,
    idle: Mutex<Vec<Arc<Held>>>,
    places: Arc<Semaphore>,
    patience: Duration,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum NoConnection {
    /// All were taken for so long that nobody waits any more.
    #[error("no connection became free in time")]
    Taken,
    /// The file cannot be opened.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Pool {
    /// At most so many connections, each opened by `open`, one of them at once; a free one is waited for as long as `patience`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn new(
        most: usize,
        patience: Duration,
        open: impl Fn() -> Result<Connection, Error> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Error> {
        let pool = Self { open: Box::new(open), idle: Mutex::default(), places: Arc::new(Semaphore::new(most)), patience };
        let first = pool.connect()?;
        pool.put(first);
        Ok(Arc::new(pool))
    }

    /// A connection, of this moment's owner alone.
    ///
    /// # Errors
    /// [`NoConnection`].
    pub async fn take(self: &Arc<Self>) -> Result<Taken, NoConnection> {
        let place = if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            place
        } else {
            let place = tokio::time::timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
            place.ok().and_then(Result::ok).ok_or(NoConnection::Taken)?
        };
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| self.connect(), Ok)?;
        Ok(Taken { connection: connection.lock_owned().await, pool: Arc::clone(self), _place: place })
    }

    /// Closes the connections that nobody has taken.
    pub fn close_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn connect(&self) -> Result<Arc<Held>, Error> {
        let connection = (self.open)()?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(Arc::new(Held::new(connection)))
    }

    fn put(&self, connection: Arc<Held>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// A connection that was taken. It goes back when it is dropped, unless its transaction was not ended: then it is closed, which takes back what it wrote.
pub struct Taken {
    connection: OwnedMutexGuard<Connection>,
    pool: Arc<Pool>,
    _place: OwnedSemaphorePermit,
}

impl Deref for Taken {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.connection.is_autocommit() {
            self.pool.put(Arc::clone(OwnedMutexGuard::mutex(&self.connection)));
        }
    }
}

/// Work that may take long: another thread takes over what else waits for this one.
pub fn at_length<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(most: usize) -> Arc<Pool> {
        Pool::new(most, Duration::from_millis(50), Connection::open_in_memory).expect("a database")
    }

    #[tokio::test]
    async fn one_that_is_taken_is_waited_for_and_not_for_ever() {
        let pool = pool(1);
        let taken = pool.take().await.expect("the only one");
        assert!(matches!(pool.take().await, Err(NoConnection::Taken)));
        let later = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.take().await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(taken);
        later.await.expect("no panic").expect("the one that was given back");
    }

    #[tokio::test]
    async fn one_in_a_transaction_is_not_given_to_the_next() {
        let pool = pool(1);
        let taken = pool.take().await.expect("a connection");
        taken.execute_batch("CREATE TABLE kept (n); INSERT INTO kept VALUES (1)").expect("written");
        drop(taken);
        let taken = pool.take().await.expect("the same one");
        taken.execute_batch("BEGIN; DELETE FROM kept").expect("begun");
        drop(taken);
        let next = pool.take().await.expect("another one");
        assert!(next.is_autocommit());
        assert!(next.prepare("SELECT n FROM kept").is_err(), "each has a database of its own, in memory");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_while_work_takes_long() {
        let (said, heard) = std::sync::mpsc::channel();
        let work = tokio::spawn(async move { at_length(|| heard.recv_timeout(Duration::from_secs(9))) });
        tokio::spawn(async move { said.send(()) }).await.expect("no panic").expect("somebody listens");
        work.await.expect("no panic").expect("said while the only thread was kept");
        assert_eq!(std::thread::spawn(|| at_length(|| 1)).join().expect("no panic"), 1);
    }
}
