//! The texts of the policies that were in force, by hash. Who reads them holds them against it.

use super::connection::Connection;
use super::statement::query;
use crate::store::StoreError;
use crate::store::change::PolicyVersion;

pub(super) async fn keep(connection: &mut Connection, version: &PolicyVersion) -> Result<(), StoreError> {
    let PolicyVersion { hash, texts } = version;
    let statement =
        "INSERT INTO policy_text (hash, texts) VALUES ($1, $2) ON CONFLICT (hash) DO UPDATE SET texts = excluded.texts";
    query(statement).bind(hash).bind(texts.as_slice()).execute(connection).await.map(drop)
}

pub(super) async fn kept(connection: &mut Connection, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let found = query("SELECT texts FROM policy_text WHERE hash = $1").bind(hash).optional(connection).await?;
    found.map(|row| row.get(0)).transpose()
}
