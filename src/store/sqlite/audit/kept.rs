//! The receipts that a store keeps: of deliveries until they go, of contributions until their sources have taken them.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{LogFile, corrupt};
use crate::store::StoreError;
use crate::store::sqlite::unavailable;

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
    pub async fn receipts(&mut self, place: Keeping, after: i64, limit: u32) -> Result<Vec<KeptReceipt>, StoreError> {
        let query = match place {
            Keeping::Deliveries => {
                "SELECT rowid, disclosure || ' at ' || seq, seq, receipt FROM delivery WHERE rowid > ? ORDER BY rowid LIMIT ?"
            }
            Keeping::Contributions => {
                "SELECT rowid, disclosure || ' for ' || source, NULL, receipt FROM contribution_receipt WHERE rowid > ? ORDER BY rowid LIMIT ?"
            }
        };
        let rows = sqlx::query(query).bind(after).bind(limit).fetch_all(&mut self.connection).await;
        rows.map_err(unavailable)?.iter().map(|row| kept(row, place.table())).collect()
    }
}

fn kept(row: &SqliteRow, table: &'static str) -> Result<KeptReceipt, StoreError> {
    let number: i64 = row.try_get(0).map_err(|_| corrupt(table, "seq", "?"))?;
    let text = |at: usize, column| row.try_get(at).map_err(|_| corrupt(table, column, &number.to_string()));
    let index = row.try_get(2).map_err(|_| corrupt(table, "seq", &number.to_string()))?;
    Ok(KeptReceipt { number, about: text(1, "disclosure")?, index, receipt: text(3, "receipt")? })
}
