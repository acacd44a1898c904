//! Receipts beside the log itself: that of one who keeps it, and those that the store still keeps.

use super::{Against, AuditError, StorePlace, root};
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::receipt::Proven;
use crate::ledger::tree::NodeHash;
use crate::store::audit::{Keeping, KeptReceipt, StoredLog};

/// Receipts read at once: each is about 2 KiB.
const PAGE: u32 = 256;

/// The roots of the log at hand, as receipts ask for them; many of them share a head.
pub(super) struct Roots {
    size: u64,
    last: Option<(u64, NodeHash)>,
}

/// What a receipt has that the log at hand has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// It is of an entry behind its end.
    #[error("the log ends before it")]
    Beyond,
    /// Another leaf stands at its index.
    #[error("it is not of the entry at its place")]
    Entry,
    /// The head under it is none that this log had.
    #[error("the log never had the head under it: it was cut off, rewritten, or put back to an earlier day")]
    Head,
}

impl Roots {
    /// Of a log of `size` whose tiles were found sound.
    pub(super) const fn new(size: u64) -> Self {
        Self { size, last: None }
    }

    /// How many entries that log has.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Whether the log has what the receipt proves: this leaf at this index, and the head under it.
    pub(super) async fn have(&mut self, log: &mut impl StoredLog, proven: &Proven) -> Result<Result<(), Foreign>, AuditError> {
        if proven.index >= self.size {
            return Ok(Err(Foreign::Beyond));
        }
        if log.leaf(proven.index).await?.as_deref() != Some(proven.leaf.bytes().as_slice()) {
            return Ok(Err(Foreign::Entry));
        }
        if proven.size > self.size {
            return Ok(Err(Foreign::Head));
        }
        let own = match self.last {
            Some((size, root)) if size == proven.size => root,
            _ => root(log, proven.size).await?,
        };
        self.last = Some((proven.size, own));
        Ok(if own == proven.root { Ok(()) } else { Err(Foreign::Head) })
    }
}

impl Against {
    /// Verifies every receipt that the store keeps, once the log in it was found sound: that the log signed it, and has what it proves.
    pub(super) async fn kept(&self, log: &mut impl StoredLog, size: u64) -> Result<u64, AuditError> {
        let mut roots = Roots::new(size);
        let mut count = 0_u64;
        for place in Keeping::ALL {
            let mut after = None;
            loop {
                let page = log.receipts(place, after.as_ref(), PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.at.clone());
                for kept in &page {
                    self.kept_one(log, &mut roots, kept).await?;
                    count = count.saturating_add(1);
                }
            }
        }
        Ok(count)
    }

    async fn kept_one(&self, log: &mut impl StoredLog, roots: &mut Roots, kept: &KeptReceipt) -> Result<(), AuditError> {
        // It names a disclosure and an organisation; whoever wrote something else there writes to no terminal by it.
        let about: String = kept.about.escape_debug().take(120).collect();
        let foreign = |why: &dyn std::fmt::Display| AuditError::Kept { about: about.clone(), why: why.to_string() };
        let proven = Proven::of_receipt(&kept.receipt, &self.log).map_err(|error| foreign(&error))?;
        if kept.index.is_some_and(|index| u64::try_from(index) != Ok(proven.index)) {
            return Err(foreign(&Foreign::Entry));
        }
        match roots.have(log, &proven).await? {
            Ok(()) => Ok(()),
            Err(Foreign::Head) => {
                let name = format!("the receipt of {about}");
                Err(AuditError::Diverged { name, size: proven.size, now: roots.size })
            }
            Err(other) => Err(foreign(&other)),
        }
    }

    /// Verifies that the log in the store at `place` has what a sound receipt proves: its entry, and the head under it.
    ///
    /// # Errors
    /// [`AuditError`]: [`AuditError::Diverged`] and [`AuditError::NotThere`] when it has not.
    pub async fn has(&self, place: &StorePlace, receipt: &str) -> Result<u64, AuditError> {
        let seen = |error: &dyn std::fmt::Display| AuditError::Seen("the receipt".to_owned(), error.to_string());
        let proven = Proven::of_receipt(receipt, &self.log).map_err(|error| seen(&error))?;
        let mut log = place.open().await?;
        let head = log.head().await?;
        let name = "the receipt".to_owned();
        if head.checkpoint.is_empty() && head.size == 0 {
            return Err(AuditError::Diverged { name, size: proven.size, now: 0 });
        }
        let signed = SignedCheckpoint::parse(&head.checkpoint).map_err(AuditError::Head)?;
        self.is_head(&head, &signed)?;
        let now = signed.checkpoint().size();
        // The tiles are believed once they lead to the head that was signed.
        if root(&mut log, now).await? != signed.checkpoint().root() {
            return Err(AuditError::Proof("its tiles do not lead to its signed head".to_owned()));
        }
        match Roots::new(now).have(&mut log, &proven).await? {
            Ok(()) => Ok(now),
            Err(Foreign::Entry) => Err(AuditError::NotThere(proven.index)),
            Err(Foreign::Beyond | Foreign::Head) => Err(AuditError::Diverged { name, size: proven.size, now }),
        }
    }
}
