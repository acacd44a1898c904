//! Somebody who can write the database's file but holds no key.

use sluis::store::StoreError;
use sqlx::{AssertSqlSafe, Row};

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

/// Runs statements as somebody does who has the file.
pub async fn write(fixture: &Fixture, statements: &str) {
    let raw = fixture.raw().await;
    let mut connection = raw.acquire().await.expect("a connection");
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut *connection).await;
    done.unwrap_or_else(|error| panic!("{statements}: {error}"));
    let changes: i64 = sqlx::query_scalar("SELECT total_changes()").fetch_one(&mut *connection).await.expect("a count");
    assert!(changes > 0 || statements.starts_with("CREATE"), "nothing was changed by {statements}");
    drop(connection);
    raw.close().await;
}

/// A copy of all tables under `name`: a backup of that moment.
pub async fn keep(fixture: &Fixture, name: &str) {
    let copy = |table| {
        // The one without rowids has no order of its own.
        let number = if table == "reliance" { "0" } else { "rowid" };
        format!("CREATE TABLE {name}_{table} AS SELECT {number} AS r, * FROM {table};")
    };
    write(fixture, &TABLES.map(copy).concat()).await;
}

/// Puts these tables back as they were kept.
pub async fn put_back(fixture: &Fixture, name: &str, tables: &[&str]) {
    let mut statements = String::new();
    for table in tables {
        let raw = fixture.raw().await;
        let rows = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(*table).fetch_all(&raw).await.expect("columns");
        raw.close().await;
        let columns = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join(", ");
        let kept = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {name}_{table} ORDER BY r;");
        statements.extend(["DELETE FROM ", table, "; ", &kept]);
    }
    write(fixture, &statements).await;
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
