//! What stands beside the entries and is of no log: rows that a proof never reads, and that nobody may take for a part of it.

use sqlx::postgres::{PgConnection, PgRow};

use super::{corrupt, get};
use crate::store::StoreError;
use crate::store::sql::{integer, unavailable, unsigned};

/// A tile of another level, place or length than a log of this size has. One case after the other: what is beyond all numbers is never reckoned with.
const TILE: &str = "SELECT level, idx FROM tile
     WHERE CASE
       WHEN level NOT BETWEEN 0 AND 7 OR idx < 0 THEN true
       WHEN (CAST($1 AS BIGINT) >> CAST(8 * level AS INTEGER)) = 0 THEN true
       WHEN idx > ((CAST($1 AS BIGINT) >> CAST(8 * level AS INTEGER)) - 1) / 256 THEN true
       ELSE octet_length(hashes) IS DISTINCT FROM 32 * least(256, (CAST($1 AS BIGINT) >> CAST(8 * level AS INTEGER)) - 256 * idx)
     END
     ORDER BY level, idx LIMIT 1";

/// A source that was asked, and is none: of no entry, or no OIN (20 digits). The digest of the columns joins them with spaces, so that two rows could be written
/// as one.
const ASKED: &str = "SELECT idx, EXISTS (SELECT 1 FROM entry WHERE entry.idx = entry_asked.idx) FROM entry_asked
     WHERE (source ~ '^[0-9]{20}$') IS NOT TRUE OR NOT EXISTS (SELECT 1 FROM entry WHERE entry.idx = entry_asked.idx)
     ORDER BY idx LIMIT 1";

pub(super) async fn tile(connection: &mut PgConnection, size: u64) -> Result<Option<(i64, i64)>, StoreError> {
    let row = sqlx::query(TILE).bind(integer(size)).fetch_optional(connection).await.map_err(unavailable)?;
    row.as_ref().map(|row| both(row, ("tile", "level"))).transpose()
}

pub(super) async fn sources(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM entry_asked").fetch_one(connection).await.map_err(unavailable)?;
    unsigned(count, "entry_asked", "idx")
}

pub(super) async fn source(connection: &mut PgConnection) -> Result<Option<(i64, bool)>, StoreError> {
    let row = sqlx::query(ASKED).fetch_optional(connection).await.map_err(unavailable)?;
    row.as_ref().map(|row| both(row, ("entry_asked", "idx"))).transpose()
}

/// Two columns.
fn both<'r, A, B>(row: &'r PgRow, (table, column): (&'static str, &'static str)) -> Result<(A, B), StoreError>
where
    A: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    B: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let named = |_| corrupt(table, column, "?");
    Ok((get(row, 0).map_err(named)?, get(row, 1).map_err(named)?))
}
