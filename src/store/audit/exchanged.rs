//! What the columns say of exchanges, for reconciliation with what the organisations hold. The leaf covers them, so of a verified log they stand.

use crate::ledger::entry::{EntryKind, Outcome, TraceId};
use crate::organisation::Oin;
use crate::store::StoreError;

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

impl ExchangeLine {
    /// The columns behind its index, in the order in which they are given to [`ExchangeLine::of`].
    pub(in crate::store) const COLUMNS: [&'static str; 5] = ["kind", "source", "recipient", "trace", "outcome"];

    /// What these columns say.
    pub(in crate::store) fn of(index: i64, columns: [Option<String>; 5]) -> Result<Self, StoreError> {
        let named = |column| StoreError::Corrupt { table: "entry", column, row: index.to_string() };
        let oin = |oin: Option<String>, column| oin.map(|oin| oin.parse().map_err(|_| named(column))).transpose();
        let [kind, source, recipient, trace, outcome] = columns;
        Ok(Self {
            index: u64::try_from(index).map_err(|_| named("idx"))?,
            kind: kind.as_deref().and_then(EntryKind::from_code).ok_or_else(|| named("kind"))?,
            source: oin(source, "source")?,
            recipient: oin(recipient, "recipient")?,
            trace: trace.and_then(|trace| trace.parse().ok()).ok_or_else(|| named("trace"))?,
            outcome: outcome.as_deref().and_then(Outcome::from_code).ok_or_else(|| named("outcome"))?,
        })
    }
}
