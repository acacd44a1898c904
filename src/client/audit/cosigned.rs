//! The cosigned heads that a store keeps beside its log.

use std::collections::BTreeMap;

use super::{Against, AuditError, Witnessed};
use crate::ledger::audit::Audit;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::tree::NodeHash;
use crate::store::audit::StoredLog;

/// Heads read at once.
const PAGE: u32 = 256;

/// What is kept: each head was signed by the log.
pub(super) struct Kept {
    roots: BTreeMap<u64, NodeHash>,
    /// The newest one that a quorum cosigned.
    pub(super) newest: Option<Witnessed>,
}

impl Against {
    /// Reads every one, the newest first: the log must have signed it, and none of its witnesses' lines may be forged before the quorum is found.
    pub(super) async fn cosigned(&self, log: &mut impl StoredLog) -> Result<Kept, AuditError> {
        let mut kept = Kept { roots: BTreeMap::new(), newest: None };
        let mut below = i64::MAX;
        loop {
            let page = log.cosigned(below, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(kept) };
            below = *last;
            for (size, text) in &page {
                let foreign = |why: &dyn std::fmt::Display| AuditError::Cosigned { size: *size, why: why.to_string() };
                let signed = SignedCheckpoint::parse(text).map_err(|error| foreign(&error))?;
                let checkpoint = signed.verify(&self.log).map_err(|error| foreign(&error))?;
                if u64::try_from(*size) != Ok(checkpoint.size()) {
                    return Err(foreign(&"it is of another size"));
                }
                kept.roots.insert(checkpoint.size(), checkpoint.root());
                if kept.newest.is_none() {
                    kept.newest = self.witnessed(&signed)?;
                }
            }
        }
    }
}

impl Kept {
    /// Of which sizes.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u64> {
        self.roots.keys().copied()
    }

    /// The smallest head that is none of this log's.
    pub(super) fn diverged(&self, audit: &Audit, now: u64) -> Option<AuditError> {
        let is_another = |size: u64, root: NodeHash| size > now || audit.root_at(size).is_some_and(|own| own != root);
        let (size, _) = self.roots.iter().find(|(size, root)| is_another(**size, **root))?;
        Some(AuditError::Diverged { name: format!("the cosigned head of {size} that the store keeps"), size: *size, now })
    }
}
