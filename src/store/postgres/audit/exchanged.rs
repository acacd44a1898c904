//! What the columns say of exchanges.

use sqlx::postgres::{PgConnection, PgRow};

use super::{corrupt, get};
use crate::store::StoreError;
use crate::store::audit::ExchangeLine;
use crate::store::sql::{integer, unavailable};

pub(super) async fn one(connection: &mut PgConnection, index: u64) -> Result<Option<ExchangeLine>, StoreError> {
    let query = sqlx::query("SELECT idx, kind, source, recipient, trace, outcome FROM entry WHERE idx = $1").bind(integer(index));
    let row = query.fetch_optional(connection).await.map_err(unavailable)?;
    row.as_ref().map(line).transpose()
}

pub(super) async fn page(connection: &mut PgConnection, after: Option<u64>, limit: u32) -> Result<Vec<ExchangeLine>, StoreError> {
    let query = sqlx::query(
        "SELECT idx, kind, source, recipient, trace, outcome FROM entry
         WHERE idx > $1 AND kind IN ('disclosure', 'contribution', 'redelivery', 'undelivered') ORDER BY idx LIMIT $2",
    );
    let query = query.bind(after.map_or(-1, integer)).bind(i64::from(limit));
    query.fetch_all(connection).await.map_err(unavailable)?.iter().map(line).collect()
}

fn line(row: &PgRow) -> Result<ExchangeLine, StoreError> {
    let index: i64 = get(row, 0).map_err(|_| corrupt("entry", "idx", "?"))?;
    let mut columns = [const { None }; 5];
    for ((at, column), name) in (1..).zip(&mut columns).zip(ExchangeLine::COLUMNS) {
        *column = get(row, at).map_err(|_| corrupt("entry", name, &index.to_string()))?;
    }
    ExchangeLine::of(index, columns)
}
