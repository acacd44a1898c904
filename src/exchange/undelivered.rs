//! Deliveries that are in the log and did not leave: their commit had an unknown outcome and nothing was released, or they wait for witnesses. Each side of such
//! a delivery gets an *undelivered* entry beside its own, so that the log does not tell of what never happened.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::{Gateway, Stopped};
use crate::ledger::entry::{Body, Clear, EntryKind, Operation, Outcome, Reference, Status, TraceId};
use crate::ledger::seal::Leaf;
use crate::organisation::Oin;
use crate::store::journal::DEFAULT_YEARS;
use crate::store::sequencer::AppendError;
use crate::store::{Append, EntryRow, StoreError, StoredEntry};

/// Deliveries of this node of which nobody knows whether they are in the log.
#[derive(Debug, Default)]
pub struct Doubts {
    open: Mutex<Vec<Told>>,
    noted: Notify,
}

/// What an append tells of one delivery: that a recipient received, and that sources gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    trace: TraceId,
    disclosure: String,
    leaves: Vec<Leaf>,
}

impl Told {
    /// By the entries of the append, all of one request.
    pub(super) fn by(entries: &[EntryRow], disclosure: &str) -> Option<Self> {
        let gives =
            |row: &&EntryRow| matches!(row.clear.kind, EntryKind::Disclosure | EntryKind::Contribution | EntryKind::Redelivery);
        let trace = entries.first()?.clear.trace;
        let leaves = entries.iter().filter(gives).map(|row| row.leaf).collect();
        Some(Self { trace, disclosure: disclosure.to_owned(), leaves })
    }
}

impl Doubts {
    /// Notes that the append of a delivery has failed, if its outcome is unknown.
    pub(super) fn note(&self, error: &AppendError, told: Option<Told>) {
        if let (AppendError::Store(StoreError::UnknownOutcome(_)), Some(told)) = (error, told) {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).push(told);
            self.noted.notify_one();
        }
    }

    /// Returns when there is one.
    pub(super) async fn noted(&self) {
        self.noted.notified().await;
    }

    fn all(&self) -> Vec<Told> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn settled(&self, told: &Told) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|doubt| doubt != told);
    }
}

/// Looks for every doubtful delivery, and logs those that are there as undelivered.
///
/// # Errors
/// [`Stopped`], when the log cannot be read or written yet; what is not settled stays noted.
pub(super) async fn settle(gateway: &Gateway) -> Result<(), Stopped> {
    let doubts = gateway.doubts.all();
    if doubts.is_empty() {
        return Ok(());
    }
    // This node commits one batch after the other: when this one is through, no earlier one is under way any more.
    let barrier = gateway.sequencer.append(Append::default()).await;
    barrier.map_err(|error| Stopped::Refused(error.into()))?;
    for told in doubts {
        withdraw(gateway, &told).await?;
        gateway.doubts.settled(&told);
    }
    Ok(())
}

/// Logs, on each side that has an entry of it, that what was told does not leave now. Of what is not in the log nothing is said.
///
/// # Errors
/// [`Stopped`], when the log cannot be read, or does not take it.
pub(super) async fn withdraw(gateway: &Gateway, told: &Told) -> Result<(), Stopped> {
    let log = gateway.store.entries_of(told.trace).await?;
    let mut sides: BTreeMap<&Oin, Vec<&StoredEntry>> = BTreeMap::new();
    for entry in log.iter().filter(|entry| told.leaves.contains(&entry.row.leaf)) {
        sides.entry(&entry.row.clear.party).or_default().push(entry);
    }
    let entries = sides.values().map(|side| entry(gateway, side, &told.disclosure)).collect::<Result<Vec<_>, _>>()?;
    let entries: Vec<EntryRow> = entries.into_iter().flatten().collect();
    if entries.is_empty() {
        return Ok(());
    }
    let append = Append { entries, ..Append::default() };
    gateway.sequencer.append(append).await.map(drop).map_err(|error| Stopped::Refused(error.into()))
}

/// The entry of one side about its own.
fn entry(gateway: &Gateway, side: &[&StoredEntry], disclosure: &str) -> Result<Option<EntryRow>, Stopped> {
    let Some(clear) = side.first().map(|entry| &entry.row.clear) else { return Ok(None) };
    let now = gateway.clock.now();
    let operation = Operation {
        trace_id: clear.trace,
        span_id: gateway.journal.span()?,
        parent_span_id: None,
        name: "undelivered".to_owned(),
        status: Status::Unset,
        started_at: clear.time,
        ended_at: Some(now),
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(EntryKind::Undelivered, now, clear.party.clone(), operation);
    body.receiving.clone_from(&clear.recipient);
    body.disclosing = (clear.kind == EntryKind::Contribution).then(|| clear.party.clone());
    body.disclosure = Some(disclosure.to_owned());
    let about = side.iter().map(|entry| Reference::entry(entry.index));
    body.references = about.chain([Reference { object: "disclosure".to_owned(), id: disclosure.to_owned() }]).collect();
    let clear = Clear { kind: EntryKind::Undelivered, time: now, outcome: Outcome::Failed, ..clear.clone() };
    Ok(Some(gateway.journal.write(clear, body, None, DEFAULT_YEARS)?.row))
}
