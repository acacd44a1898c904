//! Deliveries whose commit has an unknown outcome: nothing was released. When the log can be read again, an entry that is there after all gets an
//! *undelivered* entry beside it, so that the log does not tell of a delivery that never happened.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::{Gateway, Stopped};
use crate::ledger::entry::{Body, Clear, EntryKind, Operation, Outcome, Reference, Status};
use crate::ledger::seal::Leaf;
use crate::store::journal::DEFAULT_YEARS;
use crate::store::sequencer::AppendError;
use crate::store::{Append, EntryRow, StoreError};

/// Entries of this node of which nobody knows whether they are in the log.
#[derive(Debug, Default)]
pub struct Doubts {
    open: Mutex<Vec<Doubt>>,
    noted: Notify,
}

#[derive(Clone, Debug)]
struct Doubt {
    leaf: Leaf,
    clear: Clear,
    disclosure: String,
}

impl Doubts {
    /// Notes that the append of a delivery's entry has failed, if its outcome is unknown.
    pub(super) fn note(&self, error: &AppendError, entry: &EntryRow, disclosure: &str) {
        if let AppendError::Store(StoreError::UnknownOutcome(_)) = error {
            let doubt = Doubt { leaf: entry.leaf, clear: entry.clear.clone(), disclosure: disclosure.to_owned() };
            self.open.lock().unwrap_or_else(PoisonError::into_inner).push(doubt);
            self.noted.notify_one();
        }
    }

    /// Returns when there is one.
    pub(super) async fn noted(&self) {
        self.noted.notified().await;
    }

    fn all(&self) -> Vec<Doubt> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn settled(&self, leaf: &Leaf) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|doubt| doubt.leaf != *leaf);
    }
}

/// Looks for every doubtful entry, and logs those that are there as undelivered.
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
    for doubt in doubts {
        let entries = gateway.store.entries_of(doubt.clear.trace).await?;
        if entries.iter().any(|entry| entry.row.leaf == doubt.leaf) {
            let append = Append { entries: vec![entry(gateway, &doubt)?], ..Append::default() };
            gateway.sequencer.append(append).await.map_err(|error| Stopped::Refused(error.into()))?;
        }
        gateway.doubts.settled(&doubt.leaf);
    }
    Ok(())
}

/// Logs that what was recorded under this entry does not leave now.
///
/// # Errors
/// [`Stopped`], when the log does not take it.
pub(super) async fn withheld(gateway: &Gateway, (clear, leaf): (Clear, Leaf), disclosure: &str) -> Result<(), Stopped> {
    let doubt = Doubt { leaf, clear, disclosure: disclosure.to_owned() };
    let append = Append { entries: vec![entry(gateway, &doubt)?], ..Append::default() };
    gateway.sequencer.append(append).await.map(drop).map_err(|error| Stopped::Refused(error.into()))
}

fn entry(gateway: &Gateway, doubt: &Doubt) -> Result<EntryRow, Stopped> {
    let now = gateway.clock.now();
    let operation = Operation {
        trace_id: doubt.clear.trace,
        span_id: gateway.journal.span()?,
        parent_span_id: None,
        name: "undelivered".to_owned(),
        status: Status::Unset,
        started_at: doubt.clear.time,
        ended_at: Some(now),
        processing_activity: None,
        foreign: None,
    };
    let party = doubt.clear.party.clone();
    let mut body = Body::new(EntryKind::Undelivered, now, party.clone(), operation);
    body.receiving = Some(party);
    body.disclosure = Some(doubt.disclosure.clone());
    body.references = [Reference { object: "disclosure".to_owned(), id: doubt.disclosure.clone() }].into();
    let clear = Clear { kind: EntryKind::Undelivered, time: now, outcome: Outcome::Failed, ..doubt.clear.clone() };
    Ok(gateway.journal.write(clear, &body, None, DEFAULT_YEARS)?.row)
}
