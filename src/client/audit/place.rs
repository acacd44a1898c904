//! Where a gateway's store is, for who verifies it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::AuditError;
use crate::ledger::audit::{StoredHead, StoredLine};
use crate::ledger::entry::Erases;
use crate::store::StoreError;
use crate::store::audit::{ExchangeLine, Keeping, KeptAt, KeptReceipt, StoredLog};
use crate::store::postgres::Cluster;
use crate::store::postgres::audit::LogDatabase;
use crate::store::sqlite::audit::LogFile;

/// Where a gateway's store is.
#[derive(Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// The SQLite file.
    File(PathBuf),
    /// The URL of the PostgreSQL database; there may be a password in it.
    Database(String),
}

/// Without the URL.
impl fmt::Debug for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Database(_) => f.debug_tuple("Database").finish_non_exhaustive(),
        }
    }
}

/// What does not begin as a URL is a path, as whoever is asked for a file gives it.
impl From<OsString> for StorePlace {
    fn from(given: OsString) -> Self {
        match given.to_str() {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => Self::Database(url.to_owned()),
            _ => Self::File(given.into()),
        }
    }
}

impl From<&Path> for StorePlace {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl StorePlace {
    /// Opens the log there: a wrong name is not a changed log.
    pub(super) async fn open(&self) -> Result<OpenLog, AuditError> {
        match self {
            Self::File(path) => super::open(path).map(OpenLog::File),
            Self::Database(url) => {
                let cluster = Cluster::at(url, 0).map_err(|error| none("the store", error))?;
                let log = LogDatabase::open(&cluster).await.map_err(|error| none(&cluster, error))?;
                let empty = || StoreError::Unavailable("no gateway has a store in this database".to_owned());
                log.map(OpenLog::Database).ok_or_else(|| none(&cluster, empty()))
            }
        }
    }
}

/// Why there is none at `place`, of which no password is told.
fn none(place: impl fmt::Display, error: StoreError) -> AuditError {
    let why = if let StoreError::Unavailable(why) = error { why } else { error.to_string() };
    AuditError::NoDatabase(place.to_string(), why)
}

/// A log that was opened, in either database.
pub(super) enum OpenLog {
    File(LogFile),
    Database(LogDatabase),
}

/// What either of them gives.
macro_rules! given {
    ($opened:ident, $log:ident => $call:expr) => {
        match $opened {
            Self::File($log) => $call.await,
            Self::Database($log) => $call.await,
        }
    };
}

impl StoredLog for OpenLog {
    async fn head(&mut self) -> Result<StoredHead, StoreError> {
        given!(self, log => log.head())
    }

    async fn cosigned(&mut self, below: i64, limit: u32) -> Result<Vec<(i64, String)>, StoreError> {
        given!(self, log => log.cosigned(below, limit))
    }

    async fn erasures(&mut self) -> Result<BTreeSet<Erases>, StoreError> {
        given!(self, log => log.erasures())
    }

    async fn leaf(&mut self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        given!(self, log => log.leaf(index))
    }

    async fn tile(&mut self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        given!(self, log => log.tile(level, index))
    }

    async fn lines(&mut self, first: i64, limit: u32) -> Result<Vec<StoredLine>, StoreError> {
        given!(self, log => log.lines(first, limit))
    }

    async fn exchange(&mut self, index: u64) -> Result<Option<ExchangeLine>, StoreError> {
        given!(self, log => log.exchange(index))
    }

    async fn exchanges(&mut self, after: Option<u64>, limit: u32) -> Result<Vec<ExchangeLine>, StoreError> {
        given!(self, log => log.exchanges(after, limit))
    }

    async fn receipts(&mut self, place: Keeping, after: Option<&KeptAt>, limit: u32) -> Result<Vec<KeptReceipt>, StoreError> {
        given!(self, log => log.receipts(place, after, limit))
    }

    async fn stray_tile(&mut self, size: u64) -> Result<Option<(i64, i64)>, StoreError> {
        given!(self, log => log.stray_tile(size))
    }

    async fn sources(&mut self) -> Result<u64, StoreError> {
        given!(self, log => log.sources())
    }

    async fn stray_source(&mut self) -> Result<Option<(i64, bool)>, StoreError> {
        given!(self, log => log.stray_source())
    }
}
