//! The request behind an act: its nonce is used up with the act, and its Idempotency-Key makes it one however often it is sent.

use super::officer::{Vouched, used};
use super::{ActionError, Desk};
use crate::ledger::entry::{Body, Clear};
use crate::store::journal::DEFAULT_YEARS;
use crate::store::{Append, Change, EntryRow, IdempotencyClaim, NonceClaim};

/// What one request claims; by default nothing, as for an act that no request asked for.
#[derive(Clone, Debug, Default)]
pub struct Once {
    /// Its nonce.
    pub nonce: Option<NonceClaim>,
    /// Its Idempotency-Key.
    pub claim: Option<IdempotencyClaim>,
}

impl Desk {
    /// An entry, sealed.
    pub(super) fn entry(&self, (clear, body): (Clear, Body)) -> Result<EntryRow, ActionError> {
        Ok(self.journal.write(clear, body, None, DEFAULT_YEARS)?.row)
    }

    /// Commits entries and changes with all that the request claims.
    pub(super) async fn commit_once(&self, entries: Vec<EntryRow>, changes: Vec<Change>, once: Once) -> Result<(), ActionError> {
        self.commit_vouched(entries, changes, once, None).await
    }

    /// The same, and, where it stands on a personal signature, that this is used up, and who made it is still who she was.
    pub(super) async fn commit_vouched(
        &self,
        entries: Vec<EntryRow>,
        mut changes: Vec<Change>,
        once: Once,
        vouched: Option<Vouched>,
    ) -> Result<(), ActionError> {
        if let Some(IdempotencyClaim { organisation, key, disclosure, .. }) = once.claim.clone() {
            changes.push(Change::Answered { organisation, key, disclosure });
        }
        let (signature, expected) = vouched.map(|vouched| (vouched.claim, vouched.expected)).unzip();
        let Once { nonce, claim: idempotency } = once;
        let append = Append { nonce, signature, idempotency, expected, entries, changes, ..Append::default() };
        self.sequencer.append(append).await.map(drop).map_err(used)
    }
}
