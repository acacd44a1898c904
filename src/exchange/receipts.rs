//! The receipts of what sources gave, sent to them in the background; each stays waiting until its source has taken it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::Gateway;
use super::collect::KeysOf;
use super::pace::{Pace, Pauses};
use super::upgrade::upgraded;
use crate::entropy::Entropy;
use crate::ledger::proof::TlogProof;
use crate::organisation::Oin;
use crate::source::port::{Destination, SourceFailure};
use crate::source::{ContributionReceipt, ContributionReceipts};
use crate::store::{Append, Change, StoreError, WaitingReceipt};

/// How long receipts that nobody announced wait at most before they are looked for.
const LOOK: Duration = Duration::from_secs(10);

/// For how long receipts gather once there is one: a call and a commit for each would cost as much as the disclosures.
const TOGETHER: Duration = Duration::from_millis(200);

/// How often receipts that wait for cosignatures are looked at, and how long after a quorum the next one is waited for.
const COSIGNING: Duration = Duration::from_millis(500);
const HELD: Duration = Duration::from_mins(1);

/// The pace at which a source that takes nothing is tried again, and likewise a receipt that its source does not want.
const PACE: Pace = Pace { first: Duration::from_secs(2), most: Duration::from_mins(5) };

/// How long one call may take.
const CALL: Duration = Duration::from_secs(5);

/// How many receipts are sent in one round.
const ROUND: u32 = 256;

/// How long one source may be sent receipts in a round: a slow or quarrelsome one does not hold up the others.
const TURN: Duration = Duration::from_secs(15);

/// How large a call may become, in bytes: a source reads 64 KiB.
const LARGEST: usize = 48 * 1024;

/// Sends what waits, for ever.
pub(super) async fn send_all(gateway: Arc<Gateway>) {
    let mut waits = Waits { sources: Pauses::new(PACE), receipts: Pauses::new(PACE) };
    let mut held = false;
    loop {
        let soon = if held { COSIGNING } else { LOOK };
        let look = waits.next().map_or(soon, |next| next.saturating_duration_since(Instant::now()).min(soon));
        if tokio::time::timeout(look, gateway.receipts_waiting.notified()).await.is_ok() {
            tokio::time::sleep(TOGETHER).await;
        }
        match send_waiting(&gateway, &mut waits).await {
            Ok(some_held) => held = some_held,
            Err(error) => {
                tracing::warn!(%error, "receipts could not be sent");
                tokio::time::sleep(PACE.first).await;
            }
        }
    }
}

/// What is not tried for a while: sources that took nothing, receipts that their source did not want. All of them are kept.
struct Waits {
    sources: Pauses<Oin>,
    receipts: Pauses<i64>,
}

impl Waits {
    fn next(&self) -> Option<Instant> {
        let now = Instant::now();
        [self.sources.next(now), self.receipts.next(now)].into_iter().flatten().min()
    }

    /// What may be tried now, by source.
    fn due(&mut self, waiting: Vec<WaitingReceipt>) -> BTreeMap<Oin, Vec<WaitingReceipt>> {
        let now = Instant::now();
        let numbers: BTreeSet<i64> = waiting.iter().map(|receipt| receipt.number).collect();
        self.receipts.retain(|number| numbers.contains(number));
        let mut by_source: BTreeMap<Oin, Vec<WaitingReceipt>> = BTreeMap::new();
        for receipt in waiting {
            if self.sources.may(&receipt.source, now) && self.receipts.may(&receipt.number, now) {
                by_source.entry(receipt.source.clone()).or_default().push(receipt);
            }
        }
        by_source
    }

    fn note(&mut self, source: Oin, sent: &Sent, entropy: &dyn Entropy) {
        let now = Instant::now();
        for number in &sent.unwanted {
            self.receipts.failed(*number, now, Duration::ZERO, entropy);
        }
        if sent.broke_off {
            let pause = self.sources.failed(source.clone(), now, Duration::ZERO, entropy);
            let (failures, again_in) = (pause.failures, pause.until.saturating_duration_since(now));
            tracing::warn!(%source, failures, ?again_in, "a source takes no receipts; they are kept and tried again");
        } else {
            self.sources.done(&source);
        }
    }
}

/// What became of the receipts of one source.
#[derive(Default)]
struct Sent {
    taken: Vec<i64>,
    unwanted: Vec<i64>,
    broke_off: bool,
}

/// Sends what may be sent; whether some was held back for its cosignatures.
async fn send_waiting(gateway: &Gateway, waits: &mut Waits) -> Result<bool, StoreError> {
    loop {
        // Those that are not wanted stay in the store, and must not be all that is seen of it.
        let most = ROUND.saturating_add(waits.receipts.count());
        let waiting = gateway.store.contribution_receipts(most).await?;
        let full = waiting.len() >= usize::try_from(most).unwrap_or(usize::MAX);
        let (waiting, held) = cosigned(gateway, waiting).await;
        let sending = waits.due(waiting).into_iter();
        let sending = sending.map(async |(source, waiting)| (send_to(gateway, &source, waiting).await, source));
        let mut accepted: Vec<i64> = Vec::new();
        for (sent, source) in join_all(sending).await {
            waits.note(source, &sent, &*gateway.entropy);
            accepted.extend(sent.taken);
        }
        let progress = !accepted.is_empty();
        if progress {
            let append = Append { changes: vec![Change::ReceiptsAccepted(accepted)], ..Append::default() };
            gateway.sequencer.append(append).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        }
        if !full || !progress {
            return Ok(held);
        }
    }
}

/// Each receipt under a head that a quorum cosigned. One without is held back as long as a quorum may be expected in a moment: a source that knows the
/// witnesses takes no other.
async fn cosigned(gateway: &Gateway, waiting: Vec<WaitingReceipt>) -> (Vec<WaitingReceipt>, bool) {
    let Some(witnessing) = &gateway.witnessing else { return (waiting, false) };
    let expected = witnessing.newest().filter(|newest| newest.at.elapsed() < HELD).map(|newest| newest.size);
    let mut ready = Vec::with_capacity(waiting.len());
    let mut held = false;
    for mut one in waiting {
        let index = TlogProof::parse(&one.receipt).map_or(0, |proof| proof.index);
        if expected.is_some_and(|size| size <= index) {
            held = true;
            continue;
        }
        one.receipt = upgraded(gateway, one.receipt).await;
        ready.push(one);
    }
    (ready, held)
}

/// Sends one source its receipts, many in a call, until it takes none any more.
async fn send_to(gateway: &Gateway, source: &Oin, waiting: Vec<WaitingReceipt>) -> Sent {
    let mut sent = Sent::default();
    let mut batches: VecDeque<_> = batches(waiting).into();
    let until = Instant::now() + TURN;
    while let Some(mut batch) = batches.pop_front() {
        if Instant::now() >= until {
            sent.broke_off = sent.taken.is_empty();
            break;
        }
        let numbers = batch.iter().map(|receipt| receipt.number);
        match send(gateway, source, &batch).await {
            Ok(()) => sent.taken.extend(numbers),
            // It takes all or none: halves show which one it does not want, in few calls.
            Err(SourceFailure::Refused(400..500)) if batch.len() > 1 => {
                let rest = batch.split_off(batch.len() / 2);
                batches.push_front(rest);
                batches.push_front(batch);
            }
            Err(SourceFailure::Refused(400..500)) => sent.unwanted.extend(numbers),
            Err(_) => {
                sent.broke_off = true;
                break;
            }
        }
    }
    sent
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
