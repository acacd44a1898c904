//! The texts of the policies that were in force, by hash. Who reads them holds them against it.

use sqlx::SqliteConnection;

use super::unavailable;
use crate::store::StoreError;
use crate::store::change::PolicyVersion;

pub(super) async fn keep(connection: &mut SqliteConnection, version: &PolicyVersion) -> Result<(), StoreError> {
    let PolicyVersion { hash, texts } = version;
    let keep = sqlx::query("INSERT OR REPLACE INTO policy_text (hash, texts) VALUES (?, ?)").bind(hash).bind(texts);
    keep.execute(connection).await.map_err(unavailable)?;
    Ok(())
}

pub(super) async fn kept(connection: &mut SqliteConnection, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let found = sqlx::query_scalar("SELECT texts FROM policy_text WHERE hash = ?").bind(hash);
    found.fetch_optional(connection).await.map_err(unavailable)
}
