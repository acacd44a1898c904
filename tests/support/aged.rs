//! Entries of years ago, so that their terms end in the time of a test.

use std::time::Duration;

use sluis::actions::Desk;
use sluis::clock::Clock;
use sluis::ledger::entry::{Clear, EntryKind};
use sluis::organisation::Oin;
use sluis::store::Append;
use sluis::store::journal::JournalError;

use super::{TestGateway, log};

/// Appends a refusal of six years ago on this party's side, kept for five; its index.
pub async fn entry(gateway: &TestGateway, party: &Oin) -> u64 {
    entry_with(gateway, party, |_| {}).await
}

/// The same with other columns.
pub async fn entry_with(gateway: &TestGateway, party: &Oin, change: impl FnOnce(&mut Clear)) -> u64 {
    let (desk, time) = (&gateway.running().desk, gateway.clock.now().minus(Duration::from_hours(24 * 366 * 6)));
    let entry = log::row(desk, (party, time), EntryKind::Refusal, change, |_| {});
    let committed = desk.sequencer.append(Append { entries: vec![entry], ..Append::default() }).await;
    committed.expect("committed").first_index
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
