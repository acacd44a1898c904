//! What the columns say of exchanges, for reconciliation with what the organisations hold. The leaf covers them, so of a verified log they stand.

use rusqlite::Row;

use super::{LogFile, corrupt, get};
use crate::ledger::entry::{EntryKind, Outcome, TraceId};
use crate::organisation::Oin;
use crate::store::StoreError;
use crate::store::sqlite::{integer, unsigned};

/// What the columns of an entry say of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeLine {
    /// The index of the entry.
    pub index: u64,
    /// What happened.
    pub kind: EntryKind,
    /// The source that gave, where it is one.
    pub source: Option<Oin>,
    /// Who got it.
    pub recipient: Option<Oin>,
    /// The trace of the request.
    pub trace: TraceId,
    /// How it ended.
    pub outcome: Outcome,
}

impl LogFile {
    /// What the columns say of the entry at this index.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn exchange(&self, index: u64) -> Result<Option<ExchangeLine>, StoreError> {
        let sql = "SELECT idx, kind, source, recipient, trace, outcome FROM entry WHERE idx = ?1";
        self.row(sql, (integer(index),), line)
    }

    /// At most `limit` entries behind index `after` that tell of something given: disclosures, contributions, redeliveries, and what was not delivered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn exchanges(&self, after: Option<u64>, limit: u32) -> Result<Vec<ExchangeLine>, StoreError> {
        let sql = "SELECT idx, kind, source, recipient, trace, outcome FROM entry
                   WHERE idx > ?1 AND kind IN ('disclosure', 'contribution', 'redelivery', 'undelivered') ORDER BY idx LIMIT ?2";
        self.rows(sql, (after.map_or(-1, integer), limit), line)
    }
}

fn line(row: &Row<'_>) -> Result<ExchangeLine, StoreError> {
    let index = unsigned(get(row, 0).map_err(|_| corrupt("entry", "idx", "?"))?, "entry", "idx")?;
    let named = |column: &'static str| corrupt("entry", column, &index.to_string());
    let text = |at: usize, column| get::<Option<String>>(row, at).map_err(|_| named(column));
    let oin = |at: usize, column| text(at, column)?.map(|oin| oin.parse().map_err(|_| named(column))).transpose();
    Ok(ExchangeLine {
        index,
        kind: text(1, "kind")?.as_deref().and_then(EntryKind::from_code).ok_or_else(|| named("kind"))?,
        source: oin(2, "source")?,
        recipient: oin(3, "recipient")?,
        trace: text(4, "trace")?.and_then(|trace| trace.parse().ok()).ok_or_else(|| named("trace"))?,
        outcome: text(5, "outcome")?.as_deref().and_then(Outcome::from_code).ok_or_else(|| named("outcome"))?,
    })
}
