//! Whether the log's head is witnessed: the newest checkpoint that a quorum cosigned, and the lock that closes when there has been none for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Gateway;
use super::refusal::{ProblemType, Refusal};
use crate::catalogue::Purpose;
use crate::clock::Timestamp;
use crate::cosigners::Cosigners;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::note::VerifierKey;
use crate::ledger::quorum::Policy;

/// How far the time in a cosignature may be from our own.
pub(super) const SKEW: Duration = Duration::from_mins(5);

/// How long the newest cosigned head stands for the log when it has grown since.
const RECENT: Duration = Duration::from_mins(1);

/// When to try again while the lock is closed.
const LATER: Duration = Duration::from_secs(30);

/// The witnesses of this log, and what they cosigned.
pub struct Witnessing {
    /// Who they are, and how many it takes.
    pub policy: Policy,
    /// The log's key.
    pub log: VerifierKey,
    /// The way to them.
    pub cosigners: Arc<dyn Cosigners>,
    close_after: Duration,
    newest: watch::Sender<Option<Quorum>>,
    failures: Vec<AtomicU64>,
}

/// The newest quorum.
#[derive(Clone, Copy, Debug)]
pub struct Quorum {
    /// The size of the log that it cosigned.
    pub size: u64,
    /// When, on this node's own clock that never leaps.
    pub at: Instant,
    /// The earliest time that one of its witnesses states.
    pub time: Timestamp,
}

impl Witnessing {
    /// Before any round; the lock closes when there was no quorum for `close_after`.
    pub fn new(policy: Policy, log: VerifierKey, cosigners: Arc<dyn Cosigners>, close_after: Duration) -> Self {
        let failures = policy.witnesses().iter().map(|_| AtomicU64::new(0)).collect();
        Self { policy, log, cosigners, close_after, newest: watch::Sender::new(None), failures }
    }

    /// Goes on from the newest checkpoint that an earlier run kept, or another node: its quorum counts from the time that the last of its witnesses states. Of one in the
    /// future nobody knows how long ago it was: the clock was set back since.
    pub fn resume(&self, kept: &SignedCheckpoint, now: Timestamp) {
        if kept.verify(&self.log).is_err() {
            return;
        }
        let Ok(witnessed) = self.policy.witnessed(kept) else { return };
        let latest = witnessed.by.iter().map(|(_, time)| *time).max().filter(|latest| *latest <= now.plus(SKEW));
        let at = latest.and_then(|latest| Instant::now().checked_sub(now.since(latest)));
        let time = witnessed.by.iter().map(|(_, time)| *time).min();
        if let (Some(at), Some(time)) = (at, time) {
            self.met(Quorum { size: kept.checkpoint().size(), at, time });
        }
    }

    /// A quorum cosigned the log of this size.
    pub(super) fn met(&self, quorum: Quorum) {
        self.newest.send_modify(|newest| {
            let size = newest.map_or(quorum.size, |newest| newest.size.max(quorum.size));
            *newest = Some(Quorum { size, ..quorum });
        });
    }

    /// The size of the newest head that a quorum cosigned, when that was within the last minute.
    pub fn recent(&self) -> Option<u64> {
        self.newest().filter(|newest| newest.at.elapsed() < RECENT).map(|newest| newest.size)
    }

    /// The newest quorum, if there was one.
    pub fn newest(&self) -> Option<Quorum> {
        *self.newest.borrow()
    }

    /// Returns when a quorum has cosigned a log that holds the entry with this index.
    pub(super) async fn holds(&self, index: u64) {
        let mut newest = self.newest.subscribe();
        // The sender lives as long as this: there is no other end.
        drop(newest.wait_for(|newest| newest.is_some_and(|newest| newest.size > index)).await);
    }

    /// Whether there has been no quorum for so long that nothing may pass.
    pub fn is_closed(&self) -> bool {
        self.newest().is_none_or(|newest| newest.at.elapsed() >= self.close_after)
    }

    /// The time that all witnesses of the newest quorum agree has come; `None` while the lock is closed. What cannot be undone goes by it, beside our own.
    pub fn time(&self) -> Option<Timestamp> {
        self.newest().filter(|_| !self.is_closed()).map(|newest| newest.time)
    }

    /// Counts a call to the witness at this place of the policy that brought no cosignature.
    pub(super) fn failed(&self, place: usize) {
        if let Some(count) = self.failures.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each witness by its name in the policy, with how many calls to it brought no cosignature.
    pub fn failures(&self) -> impl Iterator<Item = (&str, u64)> {
        let names = self.policy.witnesses().iter().map(|witness| witness.name.as_str());
        names.zip(self.failures.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}

impl Gateway {
    /// That the lock is open for this purpose: a quorum of witnesses has seen the log of late. An emergency goes on without, with an alarm.
    ///
    /// # Errors
    /// `log-unavailable`.
    pub(super) fn lock_is_open(&self, purpose: &Purpose) -> Result<(), Refusal> {
        if self.witnessing.is_none() && purpose.cosigned_before_release {
            let detail = "this purpose waits for a quorum of witnesses, and this log has none";
            return Err(Refusal::new(ProblemType::LogUnavailable, detail));
        }
        if !self.witnessing.as_ref().is_some_and(Witnessing::is_closed) {
            return Ok(());
        }
        if purpose.emergency {
            tracing::error!(purpose = %purpose.id, "ALARM: disclosed in an emergency while no quorum of witnesses cosigns the log");
            return Ok(());
        }
        let detail = "no quorum of witnesses has cosigned the disclosure log of late: nothing passes until one does";
        Err(Refusal::new(ProblemType::LogUnavailable, detail).retry_after(LATER))
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::cosigners::{Answer, Unreached};
    use crate::ledger::cosignature::Cosigner;
    use crate::ledger::note::{KeyKind, NoteSigner, SigningKey};
    use crate::ledger::tree::NodeHash;
    use crate::ledger::witness::AddCheckpoint;
    use crate::secret::Secret;

    struct Nobody;

    #[async_trait]
    impl Cosigners for Nobody {
        async fn add_checkpoint(&self, _: &str, _: &AddCheckpoint) -> Result<Answer, Unreached> {
            Err(Unreached("nobody".to_owned()))
        }

        async fn latest(&self, _: &str, _: &str) -> Result<Answer, Unreached> {
            Err(Unreached("nobody".to_owned()))
        }
    }

    fn key(name: &str, kind: KeyKind) -> SigningKey {
        SigningKey::from_seed(name.parse().expect("valid"), kind, &Secret::new([3; 32])).expect("valid")
    }

    fn witnessing() -> (Witnessing, NoteSigner, Cosigner) {
        let log = NoteSigner::new(key("log.example", KeyKind::Note)).expect("a log's");
        let witness = Cosigner::new(key("w.example", KeyKind::Cosignature)).expect("a witness's");
        let policy = format!("witness w {}\nquorum w\n", witness.verifier());
        let policy = Policy::parse(policy.as_bytes()).expect("a policy");
        (Witnessing::new(policy, log.verifier().clone(), Arc::new(Nobody), Duration::from_mins(1)), log, witness)
    }

    #[test]
    fn the_lock_is_closed_until_a_quorum_and_when_there_was_none_for_long() {
        let (witnessing, ..) = witnessing();
        let met = |ago: u64| {
            let at = Instant::now().checked_sub(Duration::from_secs(ago)).expect("the machine runs for minutes");
            witnessing.met(Quorum { size: 7, at, time: Timestamp::from_seconds(1) });
        };
        assert!(witnessing.is_closed(), "before the first");
        met(0);
        assert!(!witnessing.is_closed());
        met(50);
        assert!(!witnessing.is_closed());
        met(60);
        assert!(witnessing.is_closed());
        met(0);
        assert!(!witnessing.is_closed(), "as soon as there is one again");
    }

    #[test]
    fn what_was_kept_counts_from_its_cosignatures_and_only_when_it_verifies() {
        let second = |seconds: i64| Timestamp::from_seconds(1_000_000 + seconds);
        let (_, log, witness) = witnessing();
        let mut kept = SignedCheckpoint::sign(7, NodeHash::new([1; 32]), &log).expect("in range");
        let closed = |kept: &SignedCheckpoint, now| {
            let (witnessing, ..) = witnessing();
            witnessing.resume(kept, now);
            witnessing.is_closed()
        };
        assert!(closed(&kept, second(0)), "not cosigned");
        kept.add(witness.cosign(&kept, second(0))).expect("room");
        assert!(!closed(&kept, second(50)));
        assert!(closed(&kept, second(60)));
        assert!(!closed(&kept, second(-300)), "clocks differ a little");
        assert!(closed(&kept, second(-301)), "the clock was set back: how long ago that was, nobody knows");
        let altered = SignedCheckpoint::parse(&kept.to_string().replace("\n7\n", "\n8\n")).expect("a checkpoint");
        assert!(closed(&altered, second(0)), "altered in the store");
    }
}
