//! Stores of a version before all that is kept was authenticated (migrations 13 and 21): registers, lists, the columns and tokens of entries. Nobody can say who
//! wrote what is in them, so no code is put on it.

use sqlx::sqlite::SqlitePool;

use super::unavailable;
use crate::store::StoreError;

/// Refuses such a store once something was written to it, and leaves it as it is.
///
/// # Errors
/// [`StoreError::Unavailable`] says what to do.
pub(super) async fn refuse(database: &SqlitePool) -> Result<(), StoreError> {
    let known = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('head')) AND NOT EXISTS (SELECT 1 FROM pragma_table_info('head') WHERE name = 'holds')";
    let is_earlier: bool = sqlx::query_scalar(known).fetch_one(database).await.map_err(unavailable)?;
    if !is_earlier {
        return Ok(());
    }
    let written: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM head WHERE size > 0 OR revision > 0)")
        .fetch_one(database)
        .await
        .map_err(unavailable)?;
    if !written {
        return Ok(());
    }
    Err(StoreError::Unavailable(
        "made by an earlier version, which did not authenticate all that it kept\n  do: keep the file for its log, and begin with a new one, \
         in which organisations, keys and consents are recorded anew; a demo: start it in another --dir"
            .to_owned(),
    ))
}
