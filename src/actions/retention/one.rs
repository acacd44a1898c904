//! Erasing one entry: for what should never have been recorded, or must go before its term (AVG 17). The columns stay, so does the entry that says who had
//! it erased and why; what is left of the other party's entry about the same disclosure is that party's.

use super::ids;
use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::ledger::entry::{EntryKind, Erases, Erasure};
use crate::store::retention::{finish, tombstone};
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict};

const ENTRY: &str = "the index of an entry that tells of a subject's data; what tells of looks, judgements, overrides, keys and erasures is not erased one by one";
const HELD: &str = "a legal hold covers it; lift that first (`sluis log hold lift`)";
const GONE: &str = "it is erased already";

impl Desk {
    /// Erases an entry of the officer's own organisation; gives the index of the entry that says so.
    ///
    /// # Errors
    /// [`ActionError::NotFound`] also for another organisation's; [`ActionError::Member`] for a kind that is not erased one by one;
    /// [`ActionError::State`] when it is erased, or held.
    pub async fn erase_entry(&self, officer: &Officer, index: u64, ground: &str) -> Result<u64, ActionError> {
        let found = self.store.entries(index, 1).await?.into_iter().find(|entry| entry.index == index);
        let entry = found.filter(|entry| entry.row.clear.party == *officer.organisation()).ok_or(ActionError::NotFound)?;
        if !can_be_erased(entry.row.clear.kind) {
            return Err(ActionError::Member { pointer: "/request/entry", expected: ENTRY.to_owned() });
        }
        if entry.row.erasable.is_none() {
            return Err(ActionError::State(GONE.to_owned()));
        }
        let holds = self.store.holds().await?;
        let mates = self.store.entries_of(entry.row.clear.trace).await?;
        if holds.iter().any(|hold| hold.covers(index, &mates)) {
            return Err(ActionError::State(HELD.to_owned()));
        }
        let (clear, mut body) = self.officers_draft(EntryKind::Erasure, officer, "entry erased")?;
        let what = Erases::Entry(index);
        body.erasure = Some(Erasure { rule: ground.to_owned(), erases: Some(what.clone()), count: 1 });
        let changes = vec![Change::HeldBy(ids(&holds))];
        let committed =
            self.commit_for(officer, vec![self.entry((clear, body))?], changes).await.map_err(|error| match error {
                ActionError::Append(AppendError::Conflict(Conflict::StateChanged)) => {
                    ActionError::State("a legal hold was placed or lifted; try again".to_owned())
                }
                error => error,
            })?;
        finish(&*self.store, &self.journal, &what, &tombstone(&entry.row.leaf)).await?;
        Ok(committed.first_index)
    }
}

const fn can_be_erased(kind: EntryKind) -> bool {
    use EntryKind::{
        Ask, ConsentEvent, Contribution, Disclosure, Offer, Redelivery, Refusal, ReleaseDecision, SubjectNotification,
        Undelivered, WithdrawalNotice,
    };
    matches!(
        kind,
        Ask | Disclosure
            | Contribution
            | Refusal
            | Redelivery
            | Undelivered
            | Offer
            | ReleaseDecision
            | ConsentEvent
            | SubjectNotification
            | WithdrawalNotice
    )
}
