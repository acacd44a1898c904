//! What the schema of a database lacks. Migrations are embedded, go forward only, and never change once they were published.

use std::collections::BTreeSet;

use sqlx::migrate::Migrator;

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
