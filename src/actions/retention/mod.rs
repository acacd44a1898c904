//! Entries of the log end too: a whole retention class and month when its term has passed, one entry when a privacy officer (FG) has it erased. Each erasure
//! is an entry first; then the key is destroyed; then the rows forget. What a legal hold covers stays.

mod holds;
mod one;

use std::collections::BTreeSet;

pub use self::holds::{HoldView, Placing};

use super::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::ledger::entry::{EntryKind, Erases, Erasure};
use crate::store::journal::class_end;
use crate::store::retention::{Hold, settle};
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict};

/// Entries whose keys are wrapped anew in one commit.
const AT_ONCE: u32 = 500;

impl Desk {
    /// Erases the classes whose term has passed by `now`, and finishes what was begun.
    ///
    /// # Errors
    /// [`ActionError`]; what was done until then stays done, and is gone on with the next time.
    pub async fn erase_past_term(&self, now: Timestamp) -> Result<(), ActionError> {
        settle(&*self.store, &self.journal).await?;
        for class in self.journal.names("entries-").map_err(|error| ActionError::Journal(error.into()))?.there {
            if class_end(&class).is_some_and(|end| end <= now) {
                self.erase_class(class).await?;
            }
        }
        Ok(())
    }

    async fn erase_class(&self, class: String) -> Result<(), ActionError> {
        let what = Erases::Class(class);
        loop {
            let holds = self.store.holds().await?;
            for hold in &holds {
                self.keep_for(hold, &what).await?;
            }
            let own = self.oin.clone();
            let (clear, mut body) = self.draft(EntryKind::Erasure, &own, "entries past their term")?;
            let rule = "the term of the retention class has passed".to_owned();
            body.erasure = Some(Erasure { rule, erases: Some(what.clone()), count: self.store.extent(&what).await? });
            match self.commit(clear, &body, vec![Change::HeldBy(ids(&holds))]).await {
                Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => {}
                outcome => break outcome?,
            }
        }
        Ok(settle(&*self.store, &self.journal).await?)
    }

    /// What is kept by a class or hold, and covered by this hold, is kept by the key of this hold from now on.
    async fn keep_for(&self, hold: &Hold, kept_by: &Erases) -> Result<(), ActionError> {
        let mut from = 0;
        loop {
            let covered = self.store.covered(kept_by, hold, from, AT_ONCE).await?;
            let Some(last) = covered.last() else { return Ok(()) };
            from = last.index.saturating_add(1);
            let wrap = |entry: &crate::store::StoredEntry| Ok((entry.index, self.journal.wrap_anew(&entry.row, &hold.key())?));
            let wrapped = covered.iter().map(wrap).collect::<Result<Vec<_>, ActionError>>()?;
            self.store.hold_entries(&wrapped, Some(&hold.key())).await?;
        }
    }
}

fn ids(holds: &[Hold]) -> BTreeSet<String> {
    holds.iter().map(|hold| hold.id.clone()).collect()
}
