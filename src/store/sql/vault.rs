//! Pseudonyms and scope keys.

use super::connection::Connection;
use super::statement::{Value, build, query};
use super::{exactly, script};
use crate::store::{NameIndex, PseudonymRow, StoreError};

pub(super) async fn scope_key(connection: &mut Connection, scope: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let row = query("SELECT sealed FROM scope WHERE scope = $1").bind(scope).optional(connection).await?;
    row.map(|row| row.get(0)).transpose()
}

pub(super) async fn pseudonyms(
    connection: &mut Connection,
    scope: &str,
    indexes: &[[u8; 32]],
) -> Result<Vec<Option<String>>, StoreError> {
    if indexes.is_empty() {
        return Ok(Vec::new());
    }
    let all = indexes.iter().copied().map(Value::from);
    let select = if connection.is_postgres() {
        query("SELECT idx, pseudonym FROM pseudonym WHERE scope = $1 AND idx = ANY ($2)")
            .bind(scope)
            .bind(Value::Column(all.collect()))
    } else {
        let select = build("SELECT idx, pseudonym FROM pseudonym WHERE scope = ").value(scope);
        select.push(" AND idx IN (").list(all).push(")")
    };
    let rows = select.all(connection).await?;
    let found: Vec<(Vec<u8>, String)> =
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, StoreError>>()?;
    let of = |index: &[u8; 32]| found.iter().find(|(known, _)| known == index).map(|(_, pseudonym)| pseudonym.clone());
    Ok(indexes.iter().map(of).collect())
}

/// Whether one of these names is given.
pub(super) async fn any_given(connection: &mut Connection, names: &[NameIndex]) -> Result<bool, StoreError> {
    if names.is_empty() {
        return Ok(false);
    }
    if connection.is_postgres() {
        let scopes = names.iter().map(|name| Value::from(&name.scope)).collect();
        let indexes = names.iter().map(|name| name.index.into()).collect();
        let select = query("SELECT EXISTS (SELECT 1 FROM pseudonym WHERE (scope, idx) IN (SELECT * FROM unnest($1, $2)))");
        return select.bind(Value::Column(scopes)).bind(Value::Column(indexes)).one(connection).await?.get(0);
    }
    let rows = names.iter().map(|name| vec![Value::from(&name.scope), name.index.into()]);
    for part in script::parts(rows.collect()) {
        let select = build("SELECT EXISTS (SELECT 1 FROM pseudonym WHERE (scope, idx) IN (VALUES ").rows(part).push("))");
        if select.one(connection).await?.get(0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn identity(connection: &mut Connection, pseudonym: &str) -> Result<Option<PseudonymRow>, StoreError> {
    let select = query("SELECT scope, idx, identity FROM pseudonym WHERE pseudonym = $1").bind(pseudonym);
    let Some(row) = select.optional(connection).await? else { return Ok(None) };
    Ok(Some(PseudonymRow {
        scope: row.get(0)?,
        index: exactly(row.get(1)?, "pseudonym", "idx", "one")?,
        pseudonym: pseudonym.to_owned(),
        identity: row.get(2)?,
    }))
}

pub(super) async fn add_scope(connection: &mut Connection, scope: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let insert = query("INSERT INTO scope (scope, sealed) VALUES ($1, $2) ON CONFLICT (scope) DO NOTHING");
    insert.bind(scope).bind(sealed).execute(connection).await.map(drop)
}

pub(super) async fn add_pseudonyms(connection: &mut Connection, rows: &[PseudonymRow]) -> Result<(), StoreError> {
    let into = script::Insert {
        table: "INSERT INTO pseudonym (scope, idx, pseudonym, identity)",
        tail: " ON CONFLICT (scope, idx) DO NOTHING",
    };
    let values = |row: &PseudonymRow| {
        vec![Value::from(&row.scope), row.index.into(), (&row.pseudonym).into(), row.identity.as_slice().into()]
    };
    connection.insert(into, rows.iter().map(values).collect()).await.map(drop)
}
