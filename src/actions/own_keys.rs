//! The keys that the gateway itself works with: each one is in the log from when it is first used (`design.md` §7, *key event*).

use std::collections::{BTreeMap, BTreeSet};

use super::{ActionError, Desk};
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::store::Append;
use crate::store::journal::DEFAULT_YEARS;

/// What a key of the gateway is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyUse {
    /// It signs the heads of the log.
    Log,
    /// It signs the gateway's calls and answers.
    Messages,
    /// It cosigns the heads of the log: a witness's, whom the gateway believes from now on.
    Witness,
    /// It wraps the keys of the entries of one retention class and month.
    Wrapping,
}

impl KeyUse {
    /// The code, as in the log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Messages => "messages",
            Self::Witness => "witness",
            Self::Wrapping => "wrapping",
        }
    }
}

/// A key by its use and what tells it from others: never the key itself, where it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnKey {
    /// What it is for.
    pub key_use: KeyUse,
    /// A public key in full, or the name of a secret one.
    pub id: String,
}

impl Desk {
    /// Records that these keys are in use from now on, in one commit.
    ///
    /// # Errors
    /// [`ActionError`]: none of them is recorded, or nobody knows.
    pub async fn own_keys_in_use(&self, keys: &BTreeSet<OwnKey>) -> Result<(), ActionError> {
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            let (clear, mut body) = self.draft(EntryKind::KeyEvent, &self.oin, "own-key-in-use")?;
            body.references = BTreeSet::from([Reference { object: "key".to_owned(), id: key.id.clone() }]);
            body.change = Some(entry::Change {
                event: "in-use".to_owned(),
                after: BTreeMap::from([("use".to_owned(), key.key_use.code().to_owned())]),
                ..entry::Change::default()
            });
            entries.push(self.journal.write(clear, body, None, DEFAULT_YEARS)?.row);
        }
        self.sequencer.append(Append { entries, ..Append::default() }).await?;
        Ok(())
    }
}
