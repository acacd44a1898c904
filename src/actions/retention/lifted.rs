//! What a lifted hold kept: other holds take over what they cover, what its class still keeps goes back to that, and the rest, past its term, is erased. All of it
//! after the lift was committed, so that a lift that is refused moves nothing; what a crash leaves is gone on with by the next turn of the terms.

use super::{Desk, Done, changing};
use crate::actions::ActionError;
use crate::ledger::entry::Erases;
use crate::store::retention::{Hold, settle};

impl Desk {
    /// Releases what the hold with this key kept, and destroys the key; nothing while the hold stands. Gives how many entries were erased.
    pub(super) async fn release(&self, key: &str) -> Result<u64, ActionError> {
        let kept = Erases::Hold(key.to_owned());
        for _ in 0..super::TRIES {
            let holds = self.store.holds().await?;
            let is_there = self.names(key)?.there.contains(key);
            if !is_there || holds.iter().any(|hold| hold.key() == key) {
                return Ok(0);
            }
            if self.keep_for(&holds, &kept).await? == Done::Anew || self.give_back(&holds, &kept).await? == Done::Anew {
                // A class of which an entry says that it was erased has its key for a moment more, or since a crash.
                settle(&*self.store, &self.journal).await?;
                continue;
            }
            let count = self.store.extent(&kept).await?;
            let rule = "the hold was lifted; the term of the retention class had passed";
            if self.erased(&kept, count, &holds, rule).await? == Done::Yes {
                return Ok(count);
            }
        }
        Err(changing())
    }

    /// What a lifted hold keeps, and no other covers, is kept by its class again, unless that was erased.
    async fn give_back(&self, holds: &[Hold], kept: &Erases) -> Result<Done, ActionError> {
        let classes = self.names("entries-")?.there;
        self.moved(kept, None, holds, |entry| classes.contains(&entry.row.key_class)).await
    }
}
