//! What the columns say of exchanges, for reconciliation with what the organisations hold. The leaf covers them, so of a verified log they stand.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{LogFile, corrupt};
use crate::ledger::entry::{EntryKind, Outcome, TraceId};
use crate::organisation::Oin;
use crate::store::StoreError;
use crate::store::sqlite::{integer, unavailable, unsigned};

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
    pub async fn exchange(&mut self, index: u64) -> Result<Option<ExchangeLine>, StoreError> {
        let query = sqlx::query("SELECT idx, kind, source, recipient, trace, outcome FROM entry WHERE idx = ?");
        let row = query.bind(integer(index)).fetch_optional(&mut self.connection).await.map_err(unavailable)?;
        row.as_ref().map(line).transpose()
    }

    /// At most `limit` entries behind index `after` that tell of something given: disclosures, contributions, redeliveries, and what was not delivered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn exchanges(&mut self, after: Option<u64>, limit: u32) -> Result<Vec<ExchangeLine>, StoreError> {
        let query = sqlx::query(
            "SELECT idx, kind, source, recipient, trace, outcome FROM entry
             WHERE idx > ? AND kind IN ('disclosure', 'contribution', 'redelivery', 'undelivered') ORDER BY idx LIMIT ?",
        );
        let query = query.bind(after.map_or(-1, integer)).bind(limit);
        query.fetch_all(&mut self.connection).await.map_err(unavailable)?.iter().map(line).collect()
    }
}

fn line(row: &SqliteRow) -> Result<ExchangeLine, StoreError> {
    let index = unsigned(row.try_get(0).map_err(|_| corrupt("entry", "idx", "?"))?, "entry", "idx")?;
    let named = |column: &'static str| corrupt("entry", column, &index.to_string());
    let text = |at: usize, column| row.try_get::<Option<&str>, _>(at).map_err(|_| named(column));
    let oin = |at: usize, column| text(at, column)?.map(|oin| oin.parse().map_err(|_| named(column))).transpose();
    Ok(ExchangeLine {
        index,
        kind: text(1, "kind")?.and_then(EntryKind::from_code).ok_or_else(|| named("kind"))?,
        source: oin(2, "source")?,
        recipient: oin(3, "recipient")?,
        trace: text(4, "trace")?.and_then(|trace| trace.parse().ok()).ok_or_else(|| named("trace"))?,
        outcome: text(5, "outcome")?.and_then(Outcome::from_code).ok_or_else(|| named("outcome"))?,
    })
}
