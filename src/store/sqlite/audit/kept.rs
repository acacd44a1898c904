//! The receipts that a store keeps: of deliveries until they go, of contributions until their sources have taken them.

use rusqlite::Row;

use super::{LogFile, corrupt, get};
use crate::store::StoreError;

/// Where a store keeps receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// With the deliveries, for their recipients.
    Deliveries,
    /// Until the sources have taken them.
    Contributions,
}

impl Keeping {
    /// Both places.
    pub const ALL: [Self; 2] = [Self::Deliveries, Self::Contributions];

    const fn table(self) -> &'static str {
        match self {
            Self::Deliveries => "delivery",
            Self::Contributions => "contribution_receipt",
        }
    }
}

/// A receipt that a store keeps.
#[derive(Clone, Debug)]
pub struct KeptReceipt {
    /// Its number in its place.
    pub number: i64,
    /// Of which disclosure at which entry, or of which disclosure for which source.
    pub about: String,
    /// At which entry it must be, where the store says so.
    pub index: Option<i64>,
    /// Its text.
    pub receipt: String,
}

impl LogFile {
    /// At most `limit` receipts that the store keeps in `place`, behind the one of number `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn receipts(&self, place: Keeping, after: i64, limit: u32) -> Result<Vec<KeptReceipt>, StoreError> {
        let sql = match place {
            Keeping::Deliveries => {
                "SELECT rowid, disclosure || ' at ' || seq, seq, receipt FROM delivery WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
            }
            Keeping::Contributions => {
                "SELECT rowid, disclosure || ' for ' || source, NULL, receipt FROM contribution_receipt WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
            }
        };
        self.rows(sql, (after, limit), |row| kept(row, place.table()))
    }
}

fn kept(row: &Row<'_>, table: &'static str) -> Result<KeptReceipt, StoreError> {
    let number: i64 = get(row, 0).map_err(|_| corrupt(table, "seq", "?"))?;
    let text = |at: usize, column| get(row, at).map_err(|_| corrupt(table, column, &number.to_string()));
    let index = get(row, 2).map_err(|_| corrupt(table, "seq", &number.to_string()))?;
    Ok(KeptReceipt { number, about: text(1, "disclosure")?, index, receipt: text(3, "receipt")? })
}
