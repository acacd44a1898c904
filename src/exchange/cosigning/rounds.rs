//! Which heads are being cosigned, by whom they have been, and when that makes a quorum.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::ask::{Asked, Trouble};
use crate::exchange::Gateway;
use crate::exchange::quorum::{Quorum, Witnessing};
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::store::StoreError;

/// How often a log that does not grow is cosigned anew.
const HEARTBEAT: Duration = Duration::from_mins(1);

/// How many heads still take cosignatures: what a slow witness brings for one that is not the newest any more counts for it.
const HEADS: usize = 4;

/// How often in a row another node may have been faster with a witness before that is trouble: a witness that only says so gives no cosignature either.
const OFTEN: u32 = 30;

/// The state of the collection.
pub(super) struct Rounds {
    /// By size.
    heads: BTreeMap<u64, Head>,
    /// By place in the policy.
    witnesses: Vec<Known>,
}

struct Head {
    checkpoint: SignedCheckpoint,
    shown: Instant,
    by: BTreeSet<usize>,
    kept: bool,
}

#[derive(Default)]
struct Known {
    size: u64,
    busy: bool,
    troubled: bool,
    /// How often in a row another node was faster, as it says.
    overtaken: u32,
}

impl Rounds {
    pub(super) fn of(witnessing: &Witnessing) -> Self {
        let witnesses = witnessing.policy.witnesses().iter().map(|_| Known::default()).collect();
        Self { heads: BTreeMap::new(), witnesses }
    }

    /// Looks at the head: whom to show what, with the size that it cosigned last.
    pub(super) async fn begin(&mut self, gateway: &Gateway) -> Vec<(usize, u64, SignedCheckpoint)> {
        match head(gateway).await {
            Ok(Some(checkpoint)) => self.take(checkpoint),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the head cannot be read; no cosignatures are collected"),
        }
        let Some(newest) = self.heads.values().next_back() else { return Vec::new() };
        let idle = self.witnesses.iter_mut().enumerate().filter(|(place, known)| !known.busy && !newest.by.contains(place));
        let calls = idle.map(|(place, known)| {
            known.busy = true;
            (place, known.size, newest.checkpoint.clone())
        });
        calls.collect()
    }

    fn take(&mut self, checkpoint: SignedCheckpoint) {
        let size = checkpoint.checkpoint().size();
        if self.heads.get(&size).is_some_and(|head| head.shown.elapsed() < HEARTBEAT) {
            return;
        }
        self.heads.insert(size, Head { checkpoint, shown: Instant::now(), by: BTreeSet::new(), kept: false });
        while self.heads.len() > HEADS {
            self.heads.pop_first();
        }
    }

    /// Takes what a witness answered.
    pub(super) async fn learn(&mut self, gateway: &Gateway, witnessing: &Witnessing, asked: Asked) {
        let Asked { place, size, known, outcome } = asked;
        let name = witnessing.policy.witnesses().get(place).map_or("", |witness| witness.name.as_str());
        let Some(witness) = self.witnesses.get_mut(place) else { return };
        witness.busy = false;
        witness.size = known;
        let line = match outcome {
            Ok(line) => line,
            Err(Trouble::Overtaken) if witness.overtaken < OFTEN => {
                witness.overtaken = witness.overtaken.saturating_add(1);
                return take_over(gateway, witnessing).await;
            }
            Err(trouble) => {
                witnessing.failed(place);
                if let Trouble::Contradicted(how) = &trouble {
                    gateway.gate.close(how);
                }
                if !std::mem::replace(&mut witness.troubled, true) {
                    tracing::error!(witness = name, %trouble, "ALARM: a witness gives no cosignature that counts");
                }
                return;
            }
        };
        witness.overtaken = 0;
        if std::mem::replace(&mut witness.troubled, false) {
            tracing::info!(witness = name, "cosigns again");
        }
        let Some(head) = self.heads.get_mut(&size) else { return };
        if head.checkpoint.add(line).is_ok() {
            head.by.insert(place);
            head.keep(gateway, witnessing).await;
        }
    }
}

impl Head {
    /// Keeps it when the quorum is there, and once more when all have cosigned.
    async fn keep(&mut self, gateway: &Gateway, witnessing: &Witnessing) {
        let all = self.by.len() == witnessing.policy.witnesses().len();
        let Ok(witnessed) = witnessing.policy.witnessed(&self.checkpoint) else { return };
        let Some(time) = witnessed.by.iter().map(|(_, time)| *time).min() else { return };
        if self.kept && !all {
            return;
        }
        match gateway.store.keep_cosigned(&self.checkpoint, gateway.clock.now()).await {
            Ok(()) => {
                self.kept = true;
                witnessing.met(Quorum { size: self.checkpoint.checkpoint().size(), at: Instant::now(), time });
            }
            Err(error) => tracing::error!(%error, "a cosigned checkpoint could not be kept"),
        }
    }
}

/// Goes on from what another node had cosigned.
async fn take_over(gateway: &Gateway, witnessing: &Witnessing) {
    match gateway.store.newest_cosigned().await {
        Ok(Some(kept)) if witnessing.newest().is_none_or(|newest| newest.size < kept.checkpoint().size()) => {
            witnessing.resume(&kept, gateway.clock.now());
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "what another node had cosigned cannot be read"),
    }
}

/// The head as the log signed it; none of an empty log.
async fn head(gateway: &Gateway) -> Result<Option<SignedCheckpoint>, StoreError> {
    let head = gateway.store.safe_head().await?;
    if head.size == 0 {
        return Ok(None);
    }
    let corrupt = |_| StoreError::Corrupt { table: "head", column: "checkpoint", row: head.size.to_string() };
    SignedCheckpoint::parse(&head.checkpoint).map(Some).map_err(corrupt)
}
