//! Erasing entries of the log, and what keeps them from it (`design.md` §6, §7). What is destroyed is the key in the key store, outside the database; the
//! rows lose their tokens and wrapped keys after it. Leaf, sealed body and all other columns stay, so that every old proof goes on verifying.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::{EntryRow, Store, StoreError, StoredEntry};
use crate::clock::Timestamp;
use crate::keystore::KeyStoreError;
use crate::ledger::entry::{Erases, TraceId};
use crate::ledger::seal::Leaf;
use crate::ledger::token::SearchToken;
use crate::ledger::wrap::WrappedKey;
use crate::organisation::Oin;

/// What a store keeps and does for retention.
#[async_trait]
pub trait Retention: Send + Sync {
    /// The entries that erase something, oldest first.
    async fn erasures(&self) -> Result<Vec<StoredEntry>, StoreError>;

    /// The names of keys and tombstones whose rows were made to forget.
    async fn forgotten(&self) -> Result<BTreeSet<String>, StoreError>;

    /// Takes tokens, salts and wrapped keys from the rows of what was erased, and then notes it under `name`; may be repeated.
    async fn forget(&self, what: &Erases, name: &str) -> Result<(), StoreError>;

    /// The indexes of the entries with these leaves' tombstones, by tombstone: looks at every leaf.
    async fn buried(&self, tombstones: &BTreeSet<String>) -> Result<Vec<(u64, String)>, StoreError>;

    /// How many entries erasing this takes.
    async fn extent(&self, what: &Erases) -> Result<u64, StoreError>;

    /// The legal holds that stand, oldest first.
    async fn holds(&self) -> Result<Vec<Hold>, StoreError>;

    /// Entries from index `from` on, at most `limit`, that are kept by this class or hold, and that `by` covers.
    async fn covered(&self, kept_by: &Erases, by: &Hold, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError>;

    /// From now on these entries' keys are wrapped by the key of this hold; of their class again for none.
    async fn hold_entries(&self, wrapped: &[(u64, WrappedKey)], hold: Option<&str>) -> Result<(), StoreError>;
}

/// A legal hold: what it covers is not erased while it stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hold {
    /// Its id (`UUIDv7`).
    pub id: String,
    /// Whose side of the log it is about.
    pub party: Oin,
    /// What it covers.
    pub covers: Covers,
    /// Why.
    pub ground: String,
    /// Who placed it: a privacy officer's reference.
    pub placed_by: String,
    /// When.
    pub placed_at: Timestamp,
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hold({}, …)", self.id)
    }
}

/// What a hold covers of its party's entries, those that are still to come included.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Covers {
    /// What is about a person.
    Subject(#[serde(with = "token")] SearchToken),
    /// What belongs to a case.
    Case(#[serde(with = "token")] SearchToken),
    /// What belongs to a disclosure.
    Trace(TraceId),
    /// These entries.
    Entries(BTreeSet<u64>),
}

mod token {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::crypto::hex;
    use crate::ledger::token::SearchToken;

    pub(super) fn serialize<S: Serializer>(token: &SearchToken, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(token.bytes()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SearchToken, D::Error> {
        let bytes = hex::decode_array(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("not 16 bytes"))?;
        Ok(SearchToken::from_bytes(bytes))
    }
}

impl Hold {
    /// The name of the key that wraps what it keeps beyond its term.
    pub fn key(&self) -> String {
        format!("hold-{}", self.id)
    }

    /// Whether it covers an entry.
    pub fn covers(&self, index: u64, row: &EntryRow) -> bool {
        row.clear.party == self.party
            && match &self.covers {
                Covers::Subject(token) => row.clear.subject == Some(*token),
                Covers::Case(token) => row.clear.case == Some(*token),
                Covers::Trace(trace) => row.clear.trace == *trace,
                Covers::Entries(entries) => entries.contains(&index),
            }
    }
}

/// The name under which the key store knows that the entry with this leaf was erased by itself.
pub fn tombstone(leaf: &Leaf) -> String {
    format!("entry-{}", crate::crypto::hex::encode(leaf.hash().bytes()))
}

/// Why erasing was not finished. What is left is done at the next start, or the next turn.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SettleError {
    /// The key store could not be read or written.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the database follow what was erased: what an entry says is erased is destroyed in the key store, and what the key store says is destroyed is taken
/// from the rows. So neither a crash in between nor a backup that is put back brings anything back.
///
/// # Errors
/// [`SettleError`].
pub async fn settle(store: &dyn Store, journal: &Journal) -> Result<(), SettleError> {
    // What the rows have forgotten counts only where the key is gone too: the list is anybody's who can write the database, and a key folder that was put
    // back has keys again.
    let mut forgotten = &store.forgotten().await? & &journal.names("")?.destroyed;
    for erasure in store.erasures().await? {
        let Some(what) = &erasure.row.erases else { continue };
        let Some(name) = name_of(store, what).await? else { continue };
        if forgotten.contains(&name) || says(&erasure, journal).as_ref() != Some(what) {
            continue;
        }
        journal.destroy(&name)?;
        store.forget(what, &name).await?;
        forgotten.insert(name);
    }
    let left = |prefix: &str| Ok::<_, KeyStoreError>(&journal.names(prefix)?.destroyed - &forgotten);
    for name in left("entries-")?.into_iter().chain(left("hold-")?) {
        if let Ok(what) = name.parse() {
            store.forget(&what, &name).await?;
        }
    }
    let tombstones = left("entry-")?;
    if !tombstones.is_empty() {
        for (index, name) in store.buried(&tombstones).await? {
            store.forget(&Erases::Entry(index), &name).await?;
        }
    }
    Ok(())
}

/// What an erasure says in its sealed body; the column alone could be anybody's.
fn says(erasure: &StoredEntry, journal: &Journal) -> Option<Erases> {
    match journal.open(&erasure.row) {
        Ok(body) => body.erasure.and_then(|erasure| erasure.erases),
        Err(error) => {
            if !matches!(error, super::journal::JournalError::Erased) {
                tracing::error!(entry = erasure.index, %error, "ALARM: an erasure cannot be read; what it erases may stay");
            }
            None
        }
    }
}

async fn name_of(store: &dyn Store, what: &Erases) -> Result<Option<String>, StoreError> {
    match what {
        Erases::Class(name) | Erases::Hold(name) => Ok(Some(name.clone())),
        Erases::Entry(index) => {
            let entry = store.entries(*index, 1).await?.into_iter().find(|entry| entry.index == *index);
            Ok(entry.map(|entry| tombstone(&entry.row.leaf)))
        }
    }
}
