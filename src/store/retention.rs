//! Erasing entries of the log, and what keeps them from it (`design.md` §6, §7). What is destroyed is the key in the key store, outside the database; the
//! rows lose their tokens and wrapped keys after it. Leaf, sealed body and all other columns stay, so that every old proof goes on verifying.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::{Conflict, Store, StoreError, StoredEntry};
use crate::clock::Timestamp;
use crate::crypto::hex;
use crate::keystore::KeyStoreError;
use crate::ledger::entry::{Erases, TraceId};
use crate::ledger::seal::Leaf;
use crate::ledger::token::SearchToken;
use crate::ledger::wrap::WrappedKey;
use crate::organisation::Oin;

/// Entries read at once.
const AT_ONCE: usize = 500;

/// What a store keeps and does for retention.
#[async_trait]
pub trait Retention: Send + Sync {
    /// The entries that erase something, oldest first.
    async fn erasures(&self) -> Result<Vec<StoredEntry>, StoreError>;

    /// The names of keys and tombstones whose rows were made to forget.
    async fn forgotten(&self) -> Result<BTreeSet<String>, StoreError>;

    /// Takes tokens, salts and wrapped keys from the rows of what was erased; may be repeated.
    async fn forget(&self, what: &Erases) -> Result<(), StoreError>;

    /// Makes sure that no file of the database still has what was forgotten, and then notes it under these names. While somebody reads what was there before,
    /// nothing is noted: it is to be forgotten again.
    async fn note_forgotten(&self, names: &BTreeSet<String>) -> Result<(), StoreError>;

    /// The indexes of the entries with these leaves' tombstones, by tombstone: looks at every leaf.
    async fn buried(&self, tombstones: &BTreeSet<String>) -> Result<Vec<(u64, String)>, StoreError>;

    /// How many entries erasing this takes.
    async fn extent(&self, what: &Erases) -> Result<u64, StoreError>;

    /// The legal holds that stand, oldest first.
    async fn holds(&self) -> Result<Vec<Hold>, StoreError>;

    /// Entries from index `from` on, at most `limit`, that a class or hold keeps; of those only what this hold covers, if one is given.
    async fn kept(
        &self,
        kept_by: &Erases,
        covered_by: Option<&Hold>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError>;

    /// From now on these entries are kept by something else, all of them or none: in one transaction in which exactly the holds stand that who moves them
    /// knows, what keeps them still does, and no entry says that this, or what is to keep them, was erased.
    async fn move_entries(&self, moving: &Moving<'_>) -> Result<Result<(), Conflict>, StoreError>;
}

/// How many holds of one organisation may stand: every erasure looks at each of them.
pub const MOST_HOLDS: usize = 1_000;

/// Entries that are to be kept by something else.
#[derive(Clone, Copy, Debug)]
pub struct Moving<'m> {
    /// The index of each, with its key as it is wrapped from now on.
    pub wrapped: &'m [(u64, WrappedKey)],
    /// What keeps them until now.
    pub from: &'m Erases,
    /// The name of the key of the hold that is to keep them; their class again for none.
    pub to: Option<&'m str>,
    /// The ids of the holds that stand.
    pub standing: &'m BTreeSet<String>,
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

/// What a hold covers of its party's entries, those that are still to come included. What is about a person, or belongs to a case, takes what shares a trace with it
/// along: a pick-up, a refusal or a release tells of the same disclosure, and not always of whom.
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

impl Covers {
    /// What sort of thing it is, in a word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Subject(_) => "subject",
            Self::Case(_) => "case",
            Self::Trace(_) => "disclosure",
            Self::Entries(_) => "entries",
        }
    }

    /// Which: a token in hexadecimal, a trace, or indexes with spaces between.
    pub fn value(&self) -> String {
        match self {
            Self::Subject(token) | Self::Case(token) => hex::encode(token.bytes()),
            Self::Trace(trace) => trace.to_string(),
            Self::Entries(entries) => entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        }
    }
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

    /// Whether it covers the entry with this index; `mates` are all entries of its trace, itself among them.
    pub fn covers(&self, index: u64, mates: &[StoredEntry]) -> bool {
        let own = || mates.iter().filter(|mate| mate.row.clear.party == self.party);
        own().any(|mate| mate.index == index)
            && match &self.covers {
                Covers::Subject(token) => own().any(|mate| mate.row.clear.subject == Some(*token)),
                Covers::Case(token) => own().any(|mate| mate.row.clear.case == Some(*token)),
                Covers::Trace(trace) => own().any(|mate| mate.row.clear.trace == *trace),
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

/// Does what an entry says that was committed: the key is destroyed, then the rows forget. That they have is noted by the next [`settle`], when the database
/// keeps it nowhere else either, which may take its time.
///
/// # Errors
/// [`SettleError`].
pub async fn finish(store: &dyn Store, journal: &Journal, what: &Erases, name: &str) -> Result<(), SettleError> {
    journal.destroy(name)?;
    Ok(store.forget(what).await?)
}

/// Makes the database follow what was erased: what an entry says is erased is destroyed in the key store, and what the key store says is destroyed is taken
/// from the rows. So neither a crash in between nor a backup that is put back brings anything back.
///
/// # Errors
/// [`SettleError`].
pub async fn settle(store: &dyn Store, journal: &Journal) -> Result<(), SettleError> {
    // What the rows have forgotten counts only where the key is gone too: the list is anybody's who can write the database, and a key folder that was put
    // back has keys again.
    let forgotten = &store.forgotten().await? & &journal.names("")?.destroyed;
    let mut taken = BTreeSet::new();
    let erasures = store.erasures().await?;
    let tombstones = tombstones(store, &erasures).await?;
    for erasure in &erasures {
        let name = match &erasure.row.erases {
            Some(Erases::Class(name) | Erases::Hold(name)) => Some(name),
            Some(Erases::Entry(index)) => tombstones.get(index),
            None => None,
        };
        let (Some(what), Some(name)) = (&erasure.row.erases, name) else { continue };
        if forgotten.contains(name) || says(erasure, journal).as_ref() != Some(what) {
            continue;
        }
        journal.destroy(name)?;
        store.forget(what).await?;
        taken.insert(name.clone());
    }
    let left = |prefix: &str, taken: &BTreeSet<String>| {
        Ok::<_, KeyStoreError>(&(&journal.names(prefix)?.destroyed - &forgotten) - taken)
    };
    for name in left("entries-", &taken)?.into_iter().chain(left("hold-", &taken)?) {
        if let Ok(what) = name.parse() {
            store.forget(&what).await?;
            taken.insert(name);
        }
    }
    let buried = left("entry-", &taken)?;
    if !buried.is_empty() {
        for (index, name) in store.buried(&buried).await? {
            store.forget(&Erases::Entry(index)).await?;
            taken.insert(name);
        }
    }
    if !taken.is_empty() {
        store.note_forgotten(&taken).await?;
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

/// The tombstones of the entries that were erased by themselves, by index.
async fn tombstones(store: &dyn Store, erasures: &[StoredEntry]) -> Result<BTreeMap<u64, String>, StoreError> {
    let erased = erasures.iter().filter_map(|erasure| match erasure.row.erases {
        Some(Erases::Entry(index)) => Some(index),
        _ => None,
    });
    let (erased, mut names) = (erased.collect::<Vec<_>>(), BTreeMap::new());
    for some in erased.chunks(AT_ONCE) {
        let entries = store.entries_at(&some.iter().copied().collect()).await?;
        names.extend(entries.into_iter().map(|entry| (entry.index, tombstone(&entry.row.leaf))));
    }
    Ok(names)
}
