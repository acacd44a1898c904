//! The receipts that a store keeps: of deliveries until they go, of contributions until their sources have taken them.

use rusqlite::Row;

use super::{LogFile, corrupt, get};
use crate::store::StoreError;
use crate::store::audit::{Keeping, KeptAt, KeptReceipt};

/// They stand in the order of their rows.
pub(super) fn page(file: &LogFile, place: Keeping, after: Option<&KeptAt>, limit: u32) -> Result<Vec<KeptReceipt>, StoreError> {
    let sql = match place {
        Keeping::Deliveries => {
            "SELECT rowid, disclosure || ' at ' || seq, seq, receipt FROM delivery WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
        }
        Keeping::Contributions => {
            "SELECT rowid, disclosure || ' for ' || source, NULL, receipt FROM contribution_receipt WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
        }
    };
    file.rows(sql, (after.map_or(i64::MIN, |after| after.1), limit), |row| kept(row, place.table()))
}

fn kept(row: &Row<'_>, table: &'static str) -> Result<KeptReceipt, StoreError> {
    let number: i64 = get(row, 0).map_err(|_| corrupt(table, "seq", "?"))?;
    let text = |at: usize, column| get(row, at).map_err(|_| corrupt(table, column, &number.to_string()));
    let index = get(row, 2).map_err(|_| corrupt(table, "seq", &number.to_string()))?;
    let at = KeptAt(String::new(), number);
    Ok(KeptReceipt { at, about: text(1, "disclosure")?, index, receipt: text(3, "receipt")? })
}
