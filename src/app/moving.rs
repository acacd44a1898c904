//! Stores as an operator moves them: to a newer schema, or from one machine to a cluster.

use super::gateway::StartError;
use crate::config::StoreUrl;
use crate::secret::Secret;
use crate::store::copy::{Copied, copy};
use crate::store::postgres::{Cluster, PostgresStore};
use crate::store::sqlite::{self, SqliteStore};
use crate::store::{Migration, StoreError};

/// A key for opening a store in which nothing is unsealed.
const NONE: [u8; 32] = [0; 32];

fn cluster(url: &str) -> Result<Cluster, StartError> {
    Cluster::at(url, 0).map_err(StartError::new)
}

/// Every migration of a store, applied or not. Nothing is written.
///
/// # Errors
/// [`StartError`]: it cannot be reached.
pub async fn migrations(store: &StoreUrl) -> Result<Vec<Migration>, StartError> {
    match store {
        StoreUrl::File(path) => {
            sqlite::migrations(path).await.map_err(|error| StartError::new(format!("{}: {error}", path.display())))
        }
        StoreUrl::Database(url) => {
            let cluster = cluster(url)?;
            cluster.migrations().await.map_err(|error| StartError::new(format!("{cluster}: {error}")))
        }
    }
}

/// Brings a store's schema to that of this version.
///
/// # Errors
/// [`StartError`].
pub async fn migrate(store: &StoreUrl) -> Result<(), StartError> {
    let unusable = |place: &dyn std::fmt::Display, error: StoreError| StartError::new(format!("{place}: {error}"));
    match store {
        StoreUrl::File(path) => {
            SqliteStore::open(path, Secret::new(NONE)).await.map_err(|error| unusable(&path.display(), error)).map(drop)
        }
        StoreUrl::Database(url) => {
            let cluster = cluster(url)?;
            PostgresStore::open(&cluster, Secret::new(NONE)).await.map_err(|error| unusable(&cluster, error)).map(drop)
        }
    }
}

/// Copies a SQLite store into an empty PostgreSQL database.
///
/// # Errors
/// [`StartError`]; what was copied stays, and copying again goes on behind it.
pub async fn copy_up(from: &StoreUrl, to: &StoreUrl, progress: impl FnMut(u64, u64)) -> Result<Copied, StartError> {
    let (StoreUrl::File(path), StoreUrl::Database(url)) = (from, to) else {
        return Err(StartError::new("a store is copied from sqlite:<path> to postgres://…"));
    };
    if !path.is_file() {
        return Err(StartError::new(format!("{}: there is no such file", path.display())));
    }
    let cluster = cluster(url)?;
    if sqlite::is_open_elsewhere(path).map_err(|error| StartError::new(format!("{}: {error}", path.display())))? {
        return Err(StartError::new(format!(
            "{}: a gateway, or another program, has it open\n  do: stop it first: what it went on to write here would not be there, under the same log key",
            path.display()
        )));
    }
    let file = SqliteStore::open(path, Secret::new(NONE)).await;
    let file = file.map_err(|error| StartError::new(format!("{}: {error}", path.display())))?;
    let database = PostgresStore::open(&cluster, Secret::new(NONE)).await;
    let database = database.map_err(|error| StartError::new(format!("{cluster}: {error}")))?;
    copy(&file, &database, progress).await.map_err(StartError::new)
}
