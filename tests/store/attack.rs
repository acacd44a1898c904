//! Somebody who can write the database but holds no key.

use sluis::store::StoreError;

use super::fixture::Fixture;

/// Every table that an attack here touches.
const TABLES: [&str; 12] = [
    "head",
    "organisation",
    "certificate",
    "published_key",
    "consent",
    "override_record",
    "case_record",
    "person_register",
    "consent_head",
    "reliance",
    "task",
    "offer",
];

/// Runs statements as somebody does who has the database.
pub async fn write(fixture: &Fixture, statements: &str) {
    let changed = fixture.change(statements).await;
    assert!(changed > 0 || statements.starts_with("CREATE"), "nothing was changed by {statements}");
}

/// A copy of all tables under `name`: a backup of that moment.
pub async fn keep(fixture: &Fixture, name: &str) {
    let copy = |table| format!("CREATE TABLE {name}_{table} AS SELECT * FROM {table};");
    fixture.change(&TABLES.map(copy).concat()).await;
}

/// Puts these tables back as they were kept.
pub async fn put_back(fixture: &Fixture, name: &str, tables: &[&str]) {
    let back = |table| format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {name}_{table};");
    fixture.change(&tables.iter().map(back).collect::<String>()).await;
}

/// Where a reading found something wrong.
pub fn alarm<T>(outcome: Result<T, StoreError>) -> Result<String, String> {
    match outcome {
        Ok(_) => Err("read as if it were sound".to_owned()),
        Err(StoreError::Corrupt { table, column, row }) => Ok(format!("{table} {column} {row}")),
        Err(other) => Err(format!("not found corrupt: {other}")),
    }
}

pub fn same(found: String, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found at {found}, expected {expected}")) }
}
