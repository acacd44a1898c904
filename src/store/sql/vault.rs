//! Pseudonyms and scope keys.

use std::collections::HashMap;

use super::connection::Connection;
use super::script::Lookup;
use super::statement::{Value, query};
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
    let names = indexes.iter().map(|index| (scope, *index)).collect::<Vec<_>>();
    let found = given(connection, &names).await?;
    Ok(names.iter().map(|(_, index)| found.get(&(scope.to_owned(), index.to_vec())).cloned()).collect())
}

/// Whether one of these names is given.
pub(super) async fn any_given(connection: &mut Connection, names: &[NameIndex]) -> Result<bool, StoreError> {
    let names = names.iter().map(|name| (&*name.scope, name.index)).collect::<Vec<_>>();
    Ok(!given(connection, &names).await?.is_empty())
}

const GIVEN: Lookup = Lookup("SELECT scope, idx, pseudonym FROM pseudonym WHERE (scope, idx)");

/// The pseudonyms at these places, by scope and index.
async fn given(
    connection: &mut Connection,
    names: &[(&str, [u8; 32])],
) -> Result<HashMap<(String, Vec<u8>), String>, StoreError> {
    let keys = names.iter().map(|(scope, index)| vec![Value::from(*scope), Value::from(*index)]);
    let rows = connection.found(GIVEN, keys.collect()).await?;
    rows.iter().map(|row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).collect()
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

/// Gives these names; where one is given already, that one stays.
pub(super) async fn add_pseudonyms(connection: &mut Connection, rows: &[&PseudonymRow]) -> Result<(), StoreError> {
    let into = script::Insert {
        table: "INSERT INTO pseudonym (scope, idx, pseudonym, identity)",
        tail: " ON CONFLICT (scope, idx) DO NOTHING",
    };
    let values = |row: &&PseudonymRow| {
        vec![Value::from(&row.scope), row.index.into(), (&row.pseudonym).into(), row.identity.as_slice().into()]
    };
    connection.insert(into, rows.iter().map(values).collect()).await.map(drop)
}
