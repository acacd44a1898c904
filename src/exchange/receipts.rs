//! The receipts of what sources gave, sent to them in the background; each stays waiting until its source has taken it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::Gateway;
use super::collect::KeysOf;
use crate::organisation::Oin;
use crate::source::port::{Destination, SourceFailure};
use crate::source::{ContributionReceipt, ContributionReceipts};
use crate::store::{Append, Change, StoreError, WaitingReceipt};

/// How long receipts wait at most before they are tried again.
const RETRY: Duration = Duration::from_secs(10);

/// How long one call may take.
const CALL: Duration = Duration::from_secs(5);

/// How many receipts are sent in one round.
const ROUND: u32 = 256;

/// How large a call may become, in bytes: a source reads 64 KiB.
const LARGEST: usize = 48 * 1024;

/// Sends what waits, for ever.
pub(super) async fn send_all(gateway: Arc<Gateway>) {
    loop {
        if tokio::time::timeout(RETRY, gateway.receipts_waiting.notified()).await.is_ok() {
            // What comes together is sent together.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if let Err(error) = send_waiting(&gateway).await {
            tracing::warn!(%error, "receipts could not be sent");
        }
    }
}

async fn send_waiting(gateway: &Gateway) -> Result<(), StoreError> {
    loop {
        let waiting = gateway.store.contribution_receipts(ROUND).await?;
        let full = waiting.len() >= usize::try_from(ROUND).unwrap_or(usize::MAX);
        let mut by_source: BTreeMap<Oin, Vec<WaitingReceipt>> = BTreeMap::new();
        for receipt in waiting {
            by_source.entry(receipt.source.clone()).or_default().push(receipt);
        }
        let sent = join_all(by_source.into_iter().map(|(source, waiting)| send_to(gateway, source, waiting))).await;
        let accepted: Vec<i64> = sent.into_iter().flatten().collect();
        let progress = !accepted.is_empty();
        if progress {
            let append = Append { changes: vec![Change::ReceiptsAccepted(accepted)], ..Append::default() };
            gateway.sequencer.append(append).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        }
        if !full || !progress {
            return Ok(());
        }
    }
}

/// Sends one source its receipts, many in a call; the numbers of those that it has taken.
async fn send_to(gateway: &Gateway, source: Oin, waiting: Vec<WaitingReceipt>) -> Vec<i64> {
    let mut taken = Vec::new();
    for batch in batches(waiting) {
        match send(gateway, &source, &batch).await {
            Ok(()) => taken.extend(batch.iter().map(|receipt| receipt.number)),
            // It takes all or none: which one it does not want shows when each comes alone.
            Err(SourceFailure::Refused(_)) if batch.len() > 1 => {
                for receipt in batch.chunks(1) {
                    let sent = send(gateway, &source, receipt).await;
                    taken.extend(receipt.iter().filter(|_| sent.is_ok()).map(|receipt| receipt.number));
                }
            }
            Err(SourceFailure::Refused(_)) => {}
            Err(_) => break,
        }
    }
    taken
}

/// Cuts what waits into calls that a source reads.
fn batches(waiting: Vec<WaitingReceipt>) -> Vec<Vec<WaitingReceipt>> {
    let mut batches: Vec<Vec<WaitingReceipt>> = Vec::new();
    let mut room = 0;
    for receipt in waiting {
        // Line feeds become two characters; an id gets quotes and a comma.
        let length = receipt.receipt.len() + receipt.receipt.lines().count() + 128;
        let length = receipt.items.iter().fold(length, |length, id| length + id.len() + 3);
        match batches.last_mut() {
            Some(batch) if length <= room => {
                room -= length;
                batch.push(receipt);
            }
            _ => {
                room = LARGEST.saturating_sub(length);
                batches.push(vec![receipt]);
            }
        }
    }
    batches
}

async fn send(gateway: &Gateway, source: &Oin, batch: &[WaitingReceipt]) -> Result<(), SourceFailure> {
    let registry = gateway.registry.current();
    let member = registry.member(source).and_then(|member| member.organisation.connector.as_deref());
    let address = member.ok_or_else(|| SourceFailure::Unreachable("it has no connector".to_owned()))?;
    let keys = KeysOf { registry: &registry, source, now: gateway.clock.now() };
    let destination = Destination { oin: source, address, keys: &keys, time: CALL };
    let receipts = batch.iter().map(|waiting| {
        let WaitingReceipt { disclosure, items, receipt, .. } = waiting;
        ContributionReceipt { disclosure: disclosure.clone(), items: items.clone(), receipt: receipt.clone() }
    });
    let receipts = ContributionReceipts { receipts: receipts.collect() };
    gateway.sources.receipts(destination, &receipts).await.inspect_err(|failure| {
        tracing::warn!(%source, receipts = batch.len(), %failure, "a source has not taken its receipts");
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_larger_than_a_source_reads_and_none_is_lost() {
        let waiting = |number: i64| WaitingReceipt {
            number,
            disclosure: "0".repeat(36),
            source: "1".repeat(20).parse().expect("OIN"),
            items: vec!["i".repeat(22); if number == 7 { 3000 } else { 5 }],
            receipt: format!("{}\n", "r".repeat(44)).repeat(30),
        };
        let batches = batches((0..200).map(waiting).collect());
        let numbers: Vec<i64> = batches.iter().flatten().map(|receipt| receipt.number).collect();
        assert_eq!(numbers, (0..200).collect::<Vec<_>>());
        assert!(batches.len() < 20, "{}", batches.len());
        for batch in &batches {
            let receipts = batch.iter().map(|waiting| ContributionReceipt {
                disclosure: waiting.disclosure.clone(),
                items: waiting.items.clone(),
                receipt: waiting.receipt.clone(),
            });
            let call = serde_json::to_vec(&ContributionReceipts { receipts: receipts.collect() }).expect("JSON");
            assert!(call.len() <= LARGEST || batch.len() == 1, "{}", call.len());
        }
    }
}
