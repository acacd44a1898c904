//! Entries of the log end too: a whole retention class and month when its term has passed, one entry when a privacy officer (FG) has it erased. Each erasure
//! is an entry first; then the key is destroyed; then the rows forget. What a legal hold covers stays.

mod holds;
mod lifted;
mod one;

use std::collections::BTreeSet;

pub use self::holds::{HoldView, Placing};

use super::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::exchange::quorum::Witnessing;
use crate::keystore::{KeyStoreError, Names};
use crate::ledger::entry::{EntryKind, Erases, Erasure};
use crate::store::journal::{JournalError, class_end};
use crate::store::retention::{Hold, Moving, finish, settle};
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict, StoredEntry};

/// Entries whose keys are wrapped anew in one commit.
const AT_ONCE: u32 = 500;

/// How often it is begun anew when holds are placed and lifted at the same moment.
const TRIES: u32 = 10;

/// Whether something was done, or holds, or what keeps entries, changed meanwhile: then it is begun anew.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Yes,
    Anew,
}

impl Desk {
    /// Erases the classes whose term has passed by `now`, and, where the log has witnesses, by the time that a quorum of them stated of late: whoever has
    /// the gateway's clock destroys nothing with it. Finishes what was begun, lifted holds included.
    ///
    /// # Errors
    /// [`ActionError`]; what was done until then stays done, and is gone on with the next time.
    pub async fn erase_past_term(&self, now: Timestamp, witnesses: Option<&Witnessing>) -> Result<(), ActionError> {
        settle(&*self.store, &self.journal).await?;
        for key in self.names("hold-")?.there {
            if let Err(error) = self.release(&key).await {
                tracing::warn!(%error, key, "what a lifted hold kept could not be released");
            }
        }
        for class in self.names("entries-")?.there {
            let Some(end) = class_end(&class).filter(|end| *end <= now) else { continue };
            match witnesses.map(Witnessing::time) {
                None => self.erase_class(class).await?,
                Some(Some(time)) if end <= time => self.erase_class(class).await?,
                Some(_) => tracing::warn!(class, "past its term, and not erased before a quorum of witnesses says the time too"),
            }
        }
        Ok(())
    }

    async fn erase_class(&self, class: String) -> Result<(), ActionError> {
        let what = Erases::Class(class);
        for _ in 0..TRIES {
            // Another node may have been faster.
            if self.is_destroyed(&what)? {
                return Ok(());
            }
            let holds = self.store.holds().await?;
            if self.keep_for(&holds, &what).await? == Done::Anew {
                continue;
            }
            let count = self.store.extent(&what).await?;
            if self.erased(&what, count, &holds, "the term of the retention class has passed").await? == Done::Yes {
                return Ok(());
            }
        }
        Err(changing())
    }

    /// Commits the entry that says that this was erased, and does it; nothing when other holds stand than these.
    async fn erased(&self, what: &Erases, count: u64, holds: &[Hold], rule: &str) -> Result<Done, ActionError> {
        let own = self.oin.clone();
        let (clear, mut body) = self.draft(EntryKind::Erasure, &own, "entries past their term")?;
        body.erasure = Some(Erasure { rule: rule.to_owned(), erases: Some(what.clone()), count });
        match self.commit(clear, body, vec![Change::HeldBy(ids(holds))]).await {
            Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => return Ok(Done::Anew),
            outcome => outcome?,
        }
        finish(&*self.store, &self.journal, what, &what.to_string()).await?;
        Ok(Done::Yes)
    }

    /// What is kept by a class or hold, and covered by one of these holds, which stand, is kept by the key of that from now on.
    async fn keep_for(&self, holds: &[Hold], from: &Erases) -> Result<Done, ActionError> {
        for hold in holds {
            if self.moved(from, Some(hold), holds, |_| true).await? == Done::Anew {
                return Ok(Done::Anew);
            }
        }
        Ok(Done::Yes)
    }

    /// Moves what is kept by a class or hold, those of it that are `wanted`: what a hold covers to that, without one all to their classes. All of it while
    /// exactly `standing` stand.
    async fn moved(
        &self,
        from: &Erases,
        to: Option<&Hold>,
        standing: &[Hold],
        wanted: impl Fn(&StoredEntry) -> bool,
    ) -> Result<Done, ActionError> {
        let (ids, key, mut next) = (ids(standing), to.map(Hold::key), 0);
        loop {
            let kept = self.store.kept(from, to, next, AT_ONCE).await?;
            let Some(last) = kept.last() else { return Ok(Done::Yes) };
            next = last.index.saturating_add(1);
            let mut wrapped = Vec::with_capacity(kept.len());
            for entry in kept.iter().filter(|entry| wanted(entry)) {
                match self.journal.wrap_anew(&entry.row, key.as_deref().unwrap_or(&entry.row.key_class)) {
                    Ok(key) => wrapped.push((entry.index, key)),
                    Err(JournalError::Erased | JournalError::KeyStore(KeyStoreError::Destroyed(_))) => return Ok(Done::Anew),
                    Err(error) => return Err(error.into()),
                }
            }
            let moving = Moving { wrapped: &wrapped, from, to: key.as_deref(), standing: &ids };
            if !wrapped.is_empty() && self.store.move_entries(&moving).await?.is_err() {
                return Ok(Done::Anew);
            }
        }
    }

    fn names(&self, prefix: &str) -> Result<Names, ActionError> {
        self.journal.names(prefix).map_err(|error| ActionError::Journal(error.into()))
    }

    fn is_destroyed(&self, what: &Erases) -> Result<bool, ActionError> {
        self.journal.is_destroyed(&what.to_string()).map_err(|error| ActionError::Journal(error.into()))
    }
}

fn ids(holds: &[Hold]) -> BTreeSet<String> {
    holds.iter().map(|hold| hold.id.clone()).collect()
}

fn changing() -> ActionError {
    ActionError::State("legal holds were placed and lifted at the same moment; try again".to_owned())
}
