//! Entries of years ago, so that their terms end in the time of a test.

use std::collections::BTreeSet;
use std::time::Duration;

use sluis::actions::Desk;
use sluis::clock::{Clock, Timestamp};
use sluis::ledger::entry::{Body, Clear, EntryKind, Operation, Outcome, Status};
use sluis::organisation::Oin;
use sluis::store::journal::JournalError;
use sluis::store::{Append, EntryRow};

use super::TestGateway;

/// Appends a refusal of six years ago on this party's side, kept for five; its index.
pub async fn entry(gateway: &TestGateway, party: &Oin) -> u64 {
    entry_with(gateway, party, |_| {}).await
}

/// The same with other columns.
pub async fn entry_with(gateway: &TestGateway, party: &Oin, change: impl FnOnce(&mut Clear)) -> u64 {
    let (desk, time) = (&gateway.running().desk, gateway.clock.now().minus(Duration::from_hours(24 * 366 * 6)));
    let entry = row(desk, (party, time), EntryKind::Refusal, change, |_| {});
    let committed = desk.sequencer.append(Append { entries: vec![entry], ..Append::default() }).await;
    committed.expect("committed").first_index
}

/// An entry of a kind at an instant, to be kept for five years.
pub fn row(
    desk: &Desk,
    (party, time): (&Oin, Timestamp),
    kind: EntryKind,
    change: impl FnOnce(&mut Clear),
    tell: impl FnOnce(&mut Body),
) -> EntryRow {
    let mut clear = Clear {
        kind,
        time,
        party: party.clone(),
        source: None,
        recipient: None,
        purpose: None,
        categories: BTreeSet::new(),
        outcome: Outcome::Refused,
        overridden: false,
        subject: None,
        actor: None,
        case: None,
        trace: desk.journal.trace().expect("randomness"),
    };
    change(&mut clear);
    let operation = Operation {
        trace_id: clear.trace,
        span_id: desk.journal.span().expect("randomness"),
        parent_span_id: None,
        name: "test".to_owned(),
        status: Status::Unset,
        started_at: time,
        ended_at: None,
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(kind, time, party.clone(), operation);
    tell(&mut body);
    desk.journal.write(clear, &body, None, 5).expect("written").row
}

/// Whether the entry opens; any other failure than that it was erased is a panic.
pub async fn opens(gateway: &TestGateway, index: u64) -> bool {
    let Desk { store, journal, .. } = &*gateway.running().desk;
    match journal.open(&store.entries(index, 1).await.expect("read")[0].row) {
        Ok(_) => true,
        Err(JournalError::Erased) => false,
        Err(error) => panic!("{error}"),
    }
}
