//! What the columns say of exchanges.

use rusqlite::Row;

use super::{LogFile, corrupt, get};
use crate::store::StoreError;
use crate::store::audit::ExchangeLine;
use crate::store::sqlite::integer;

pub(super) fn one(file: &LogFile, index: u64) -> Result<Option<ExchangeLine>, StoreError> {
    let sql = "SELECT idx, kind, source, recipient, trace, outcome FROM entry WHERE idx = ?1";
    file.row(sql, (integer(index),), line)
}

pub(super) fn page(file: &LogFile, after: Option<u64>, limit: u32) -> Result<Vec<ExchangeLine>, StoreError> {
    let sql = "SELECT idx, kind, source, recipient, trace, outcome FROM entry
               WHERE idx > ?1 AND kind IN ('disclosure', 'contribution', 'redelivery', 'undelivered') ORDER BY idx LIMIT ?2";
    file.rows(sql, (after.map_or(-1, integer), limit), line)
}

fn line(row: &Row<'_>) -> Result<ExchangeLine, StoreError> {
    let index: i64 = get(row, 0).map_err(|_| corrupt("entry", "idx", "?"))?;
    let mut columns = [const { None }; 5];
    for ((at, column), name) in (1..).zip(&mut columns).zip(ExchangeLine::COLUMNS) {
        *column = get(row, at).map_err(|_| corrupt("entry", name, &index.to_string()))?;
    }
    ExchangeLine::of(index, columns)
}
