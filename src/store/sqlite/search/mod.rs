//! Search in a SQLite file of its own beside the store, filled from the store's entries in their order. It is no part of a backup: whenever it is not what the
//! store says (missing, of another schema, damaged, of another store or ahead of an older copy) it is deleted and built again.

mod audit;
mod fill;
mod find;
mod forget;
mod open;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

pub use self::audit::first_difference;
pub(super) use self::open::{is_in_use, to_look};

use self::fill::Filled;
use crate::store::StoreError;
use crate::store::search::{Filter, Page, Place, Search};

/// How long a query waits for what is being built before its caller is told to try again.
const PATIENCE: Duration = Duration::from_secs(8);

/// Search for the store in one SQLite file. Nothing is opened before it is first used.
pub struct SqliteSearch {
    store: PathBuf,
    file: PathBuf,
    open: Mutex<Option<SqliteConnection>>,
}

impl SqliteSearch {
    /// For the store at `store`: the file has the same name and ends in `.search`.
    pub fn beside(store: &Path) -> Self {
        Self { store: store.to_owned(), file: file_beside(store), open: Mutex::new(None) }
    }

    async fn turn(&self, until: Instant) -> Result<MutexGuard<'_, Option<SqliteConnection>>, StoreError> {
        timeout_at(until, self.open.lock()).await.map_err(|_| building())
    }

    /// One step of filling. A file that cannot be used is deleted, and begun again.
    async fn step(&self, open: &mut Option<SqliteConnection>) -> Result<Filled, StoreError> {
        // At most twice: what was deleted is begun again from nothing.
        let mut trouble = building();
        for _ in 0..2 {
            if open.is_none() {
                *open = Some(self.sound().await?);
            }
            let Some(connection) = open.as_mut() else { break };
            match fill::step(connection).await {
                Ok(Some(filled)) => return Ok(filled),
                Ok(None) => tracing::warn!("the search file is not of this store, or ahead of it: built again"),
                Err(error) => {
                    tracing::warn!(%error, "the search file cannot be filled: built again");
                    trouble = error;
                }
            }
            self.delete(open).await?;
        }
        Err(trouble)
    }

    /// Closes and deletes the file.
    async fn delete(&self, open: &mut Option<SqliteConnection>) -> Result<(), StoreError> {
        if let Some(connection) = open.take() {
            connection.close().await.ok();
        }
        self.remove()
    }
}

/// The search file of a store.
pub fn file_beside(store: &Path) -> PathBuf {
    let mut file = store.as_os_str().to_owned();
    file.push(".search");
    file.into()
}

fn building() -> StoreError {
    StoreError::Unavailable("the search file is being built; try again in a minute".to_owned())
}

#[async_trait]
impl Search for SqliteSearch {
    async fn catch_up(&self) -> Result<u64, StoreError> {
        let mut open = self.turn(Instant::now() + PATIENCE).await?;
        Ok(self.step(&mut open).await?.size)
    }

    async fn find(&self, filter: &Filter, page: Page) -> Result<Vec<Place>, StoreError> {
        let until = Instant::now() + PATIENCE;
        let mut open = self.turn(until).await?;
        let mut filled = self.step(&mut open).await?;
        while filled.size < page.as_of || !filled.is_indexed {
            let earlier = filled.size;
            filled = self.step(&mut open).await?;
            let is_stuck = filled.size == earlier && filled.size < page.as_of;
            if is_stuck || Instant::now() > until {
                return Err(building());
            }
        }
        let Some(connection) = open.as_mut() else { return Err(building()) };
        let found = find::find(connection, filter, page).await;
        if found.is_err() {
            tracing::warn!("the search file cannot be read: built again");
            self.delete(&mut open).await?;
        }
        found
    }

    async fn discard(&self) -> Result<(), StoreError> {
        let mut open = self.turn(Instant::now() + PATIENCE).await?;
        self.delete(&mut open).await
    }

    async fn close(&self) {
        if let Ok(mut open) = self.turn(Instant::now() + PATIENCE).await
            && let Some(connection) = open.take()
        {
            connection.close().await.ok();
        }
    }
}
