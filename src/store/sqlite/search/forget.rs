//! Forgetting: what the store erased loses its tokens here too. The store notes each erasure once its rows have forgotten; that note is followed, so that
//! neither a crash in between nor an older copy of either file leaves a token behind.

use sqlx::SqliteConnection;

use super::super::unavailable;
use crate::store::StoreError;

/// What there was to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgets {
    /// Nothing new.
    Nothing,
    /// Something, and it was.
    Some,
    /// Nobody can say which rows: everything is taken in anew.
    Unknown,
}

const NEW: &str = "SELECT EXISTS (SELECT 1 FROM log.erased WHERE name NOT IN (SELECT name FROM forgotten))";

/// Of entries erased one by one the store notes a name made of the leaf, and the log has an entry that says which. In a store that was put back, that entry
/// may be missing.
const UNSAID: &str = "SELECT (SELECT count(*) FROM log.erased WHERE name LIKE 'entry-%')
    > (SELECT count(DISTINCT erases) FROM log.entry WHERE erases IS NOT NULL AND erases NOT LIKE 'entries-%' AND erases NOT LIKE 'hold-%')";

/// Of the rows of erased classes and of single entries, those that have no tokens in the log any more: what a hold keeps has them until it is lifted.
const FORGET: &str = "UPDATE line SET subject = NULL, actor = NULL, matter = NULL
    WHERE idx IN (SELECT line.idx FROM line JOIN word ON word.id = line.class WHERE word.text IN (SELECT name FROM log.erased)
                      AND (subject IS NOT NULL OR actor IS NOT NULL OR matter IS NOT NULL)
                  UNION SELECT CAST(erases AS INTEGER) FROM log.entry WHERE erases IS NOT NULL AND erases NOT LIKE 'entries-%' AND erases NOT LIKE 'hold-%')
      AND EXISTS (SELECT 1 FROM log.entry WHERE entry.idx = line.idx AND token_salt IS NULL)";

/// Follows what was erased since; in the transaction that fills.
pub(super) async fn follow(writing: &mut SqliteConnection, from: i64) -> Result<Forgets, StoreError> {
    let is_new: bool = sqlx::query_scalar(NEW).fetch_one(&mut *writing).await.map_err(unavailable)?;
    if !is_new {
        return Ok(Forgets::Nothing);
    }
    // What is only now taken in came without its tokens.
    if from > 0 {
        let unsaid: bool = sqlx::query_scalar(UNSAID).fetch_one(&mut *writing).await.map_err(unavailable)?;
        if unsaid {
            return Ok(Forgets::Unknown);
        }
        sqlx::query(FORGET).execute(&mut *writing).await.map_err(unavailable)?;
    }
    let note = "INSERT OR IGNORE INTO forgotten (name) SELECT name FROM log.erased";
    sqlx::query(note).execute(writing).await.map_err(unavailable)?;
    Ok(Forgets::Some)
}

/// Takes what was forgotten from the write-ahead log; the pages themselves are overwritten (`secure_delete`).
pub(super) async fn flush(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("PRAGMA main.wal_checkpoint(TRUNCATE)").execute(connection).await.map(drop).map_err(unavailable)
}
