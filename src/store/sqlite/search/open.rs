//! The file: opening it, finding out whether it can be used, deleting it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::super::unavailable;
use super::SqliteSearch;
use crate::store::StoreError;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/sqlite/search/migrations");

impl SqliteSearch {
    /// The file, made anew when it cannot be used as it is.
    pub(super) async fn sound(&self) -> Result<SqliteConnection, StoreError> {
        let was_there = self.file.exists();
        match self.connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) if was_there => tracing::warn!(%error, "the search file cannot be used: built again"),
            Err(error) => return Err(error),
        }
        self.remove()?;
        self.connect().await
    }

    /// Opens it with the store beside it, which it can only read, and holds every index against its table.
    async fn connect(&self) -> Result<SqliteConnection, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(&self.file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5))
            .pragma("secure_delete", "ON")
            // Subject tokens must not stay in temporary files.
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(unavailable)?;
        let checked = self.check(&mut connection).await;
        if let Err(error) = checked {
            connection.close().await.ok();
            return Err(error);
        }
        Ok(connection)
    }

    async fn check(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        MIGRATIONS.run_direct(None, connection, false).await.map_err(|_| unusable("it has another schema"))?;
        // Every index against its table, row by row. Mapped into memory it would take a third less time, and as much memory as the file is long.
        let verdict: String =
            sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *connection).await.map_err(unavailable)?;
        if verdict != "ok" {
            return Err(unusable("it is damaged"));
        }
        let store = uri(&self.store).ok_or_else(|| unusable("the store's path is not UTF-8"))?;
        sqlx::query("ATTACH DATABASE ? AS log").bind(store).execute(&mut *connection).await.map_err(unavailable)?;
        Ok(())
    }

    /// Deletes it, with what SQLite keeps beside it.
    pub(super) fn remove(&self) -> Result<(), StoreError> {
        for ending in ["", "-wal", "-shm"] {
            let mut file = self.file.as_os_str().to_owned();
            file.push(ending);
            match fs::remove_file(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unusable(&format!("it cannot be deleted ({})", error.kind()))),
            }
        }
        Ok(())
    }
}

/// Whether somebody has this database open, or left a write-ahead log: then it may change while it is read.
pub(in crate::store::sqlite) fn is_in_use(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
}

fn unusable(why: &str) -> StoreError {
    StoreError::Unavailable(format!("search file: {why}"))
}

/// The store as a URI (RFC 3986) by which SQLite opens it for reading only.
pub(in crate::store::sqlite) fn uri(path: &Path) -> Option<String> {
    let path = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Some(format!("file:{path}?mode=ro"))
}

/// The same for who only looks: without a write-ahead log nobody has the file open, and then even the files beside it, which readers make, can be left out.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub(in crate::store::sqlite) fn to_look(path: &Path) -> Result<String, StoreError> {
    let name = uri(path).ok_or_else(|| StoreError::Unavailable("the store's path is not UTF-8".to_owned()))?;
    Ok(if is_in_use(path) { name } else { format!("{name}&immutable=1") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_path() {
        assert_eq!(uri(Path::new("/a b/c?mode=rw#%.sqlite")).as_deref(), Some("file:/a b/c%3fmode=rw%23%25.sqlite?mode=ro"));
    }
}
