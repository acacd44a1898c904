//! What the schema of a database lacks. Migrations are embedded, go forward only, and never change once they were published.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::migrate::Migrator;

use super::connection::Connection;
use super::statement::query;
use crate::store::StoreError;

/// One step of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub number: i64,
    /// What it does, in a few words.
    pub name: String,
    /// Whether the database has it.
    pub is_applied: bool,
    /// Whether this version knows it.
    pub is_known: bool,
}

/// Every migration that this version knows or the database has, by number.
pub(in crate::store) fn compared(known: &Migrator, applied: &[(i64, String)]) -> Vec<Migration> {
    let numbers: BTreeSet<i64> = applied.iter().map(|(number, _)| *number).collect();
    let ours = known.iter().map(|migration| Migration {
        number: migration.version,
        name: migration.description.to_string(),
        is_applied: numbers.contains(&migration.version),
        is_known: true,
    });
    let mut all: Vec<Migration> = ours.collect();
    for (number, name) in applied {
        if all.iter().all(|one| one.number != *number) {
            all.push(Migration { number: *number, name: name.clone(), is_applied: true, is_known: false });
        }
    }
    all.sort_by_key(|one| one.number);
    all
}

/// What a database says that it has.
pub(in crate::store) const APPLIED: &str = "SELECT version, description FROM _sqlx_migrations WHERE success ORDER BY version";

/// Whether the schema is still that of this version: a newer one may have been started on the same database meanwhile, and what this one writes then may be
/// wrong there.
pub(in crate::store) struct Schema {
    newest: i64,
    is_newer: AtomicBool,
}

impl Schema {
    /// As these migrations make it.
    pub(in crate::store) fn of(known: &Migrator) -> Self {
        Self { newest: known.iter().map(|one| one.version).max().unwrap_or_default(), is_newer: AtomicBool::new(false) }
    }

    /// Looks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it is newer.
    pub(super) async fn look(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let newest: i64 = query("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").one(connection).await?.get(0)?;
        self.is_newer.store(newest > self.newest, Ordering::Relaxed);
        self.is_known()
    }

    /// What was seen last.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it is newer.
    pub(in crate::store) fn is_known(&self) -> Result<(), StoreError> {
        if self.is_newer.load(Ordering::Relaxed) {
            let told = "its schema is of a newer version, which was started on it\n  do: run that version here too; a schema is never taken back";
            return Err(StoreError::Unavailable(told.to_owned()));
        }
        Ok(())
    }
}
