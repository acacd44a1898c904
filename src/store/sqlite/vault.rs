//! Pseudonyms and scope keys.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::script::statements;
use super::{exactly, unavailable};
use crate::store::{NameIndex, PseudonymRow, StoreError};

pub(super) async fn scope_key(connection: &mut SqliteConnection, scope: &str) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query_scalar("SELECT sealed FROM scope WHERE scope = ?")
        .bind(scope)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)
}

pub(super) async fn pseudonyms(
    connection: &mut SqliteConnection,
    scope: &str,
    indexes: &[[u8; 32]],
) -> Result<Vec<Option<String>>, StoreError> {
    if indexes.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new("SELECT idx, pseudonym FROM pseudonym WHERE scope = ");
    query.push_bind(scope).push(" AND idx IN (");
    let mut list = query.separated(", ");
    for index in indexes {
        list.push_bind(index.as_slice());
    }
    query.push(")");
    let rows = query.build().fetch_all(connection).await.map_err(unavailable)?;
    let found: Vec<(Vec<u8>, String)> =
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>().map_err(unavailable)?;
    let of = |index: &[u8; 32]| found.iter().find(|(known, _)| known == index).map(|(_, pseudonym)| pseudonym.clone());
    Ok(indexes.iter().map(of).collect())
}

/// Whether one of these names is given.
pub(super) async fn any_given(connection: &mut SqliteConnection, names: &[NameIndex]) -> Result<bool, StoreError> {
    for names in statements(names) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT EXISTS (SELECT 1 FROM pseudonym WHERE (scope, idx) IN (");
        query.push_values(names, |mut values, name| {
            values.push_bind(&name.scope).push_bind(name.index.as_slice());
        });
        query.push("))");
        if query.build_query_scalar().fetch_one(&mut *connection).await.map_err(unavailable)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn identity(connection: &mut SqliteConnection, pseudonym: &str) -> Result<Option<PseudonymRow>, StoreError> {
    let row = sqlx::query("SELECT scope, idx, identity FROM pseudonym WHERE pseudonym = ?")
        .bind(pseudonym)
        .fetch_optional(connection)
        .await
        .map_err(unavailable)?;
    let Some(row) = row else { return Ok(None) };
    let index: Vec<u8> = row.try_get(1).map_err(unavailable)?;
    Ok(Some(PseudonymRow {
        scope: row.try_get(0).map_err(unavailable)?,
        index: exactly(&index, "pseudonym", "idx", "one")?,
        pseudonym: pseudonym.to_owned(),
        identity: row.try_get(2).map_err(unavailable)?,
    }))
}

pub(super) async fn add_scope(connection: &mut SqliteConnection, scope: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let query =
        sqlx::query("INSERT INTO scope (scope, sealed) VALUES (?, ?) ON CONFLICT (scope) DO NOTHING").bind(scope).bind(sealed);
    query.execute(connection).await.map(drop).map_err(unavailable)
}

pub(super) async fn add_pseudonyms(connection: &mut SqliteConnection, rows: &[PseudonymRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO pseudonym (scope, idx, pseudonym, identity) ");
    query.push_values(rows, |mut values, row| {
        values.push_bind(&row.scope).push_bind(row.index.as_slice()).push_bind(&row.pseudonym).push_bind(row.identity.as_slice());
    });
    query.push(" ON CONFLICT (scope, idx) DO NOTHING");
    query.build().execute(connection).await.map(drop).map_err(unavailable)
}
