//! Whether what the log says was erased is erased, and nothing else: for whoever holds the gateway's keys. Writes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::at_rest::{AtRest, Looked};
use super::gateway::{Outside, StartError};
use crate::config::GatewayConfig;
use crate::crypto::digest;
use crate::keystore::KeyStoreError;
use crate::ledger::entry::{Beside, Erases};
use crate::ledger::token::SearchKey;
use crate::store::journal::{Journal, JournalError};
use crate::store::retention::tombstone;
use crate::store::{EntryRow, Store, StoreError, StoredEntry};

/// Entries read at once.
const PAGE: u32 = 512;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erasures {
    /// Entries that open.
    pub open: u64,
    /// Of these, kept by a legal hold beyond the term of their class.
    pub held: u64,
    /// Entries that are erased, as an entry says, and whose key is destroyed.
    pub erased: u64,
    /// Entries that an entry says are erased, and whose erasing is not finished: they open, or their rows still have tokens. The gateway finishes it at its
    /// next start, or within a minute.
    pub unfinished: u64,
}

/// Why they are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum ErasuresError {
    /// Configuration or keys cannot be read.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The store cannot be read, or what is in it is not what it must be.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The key store cannot be read.
    #[error("{0}")]
    KeyStore(#[from] KeyStoreError),
    /// An entry is not as it should be.
    #[error("entry {0} {1}")]
    Entry(u64, String),
    /// A key is destroyed, and no entry says why.
    #[error(
        "the key store has destroyed {0}, and no entry of the log says so: what it kept is lost, and not by the gateway\n  \
         do: put the folder of the key store back from its backup, if it has this key"
    )]
    Unsaid(String),
    /// What entries say was erased is not gone yet.
    #[error(
        "not finished: {0}\n  do: start the gateway, which finishes what was begun, or, where it runs, wait a minute; if it is still so then, its log says why"
    )]
    Unfinished(String),
}

const CHANGED: &str = "says that something was erased, and was changed: its columns or its body do not match its leaf\n  do: run `sluis log verify full`";
const UNSAID: &str =
    "was erased, and no entry of the log says so\n  do: restore the store, or the folder of the key store, from its backup";
const KEY_IS_BACK: &str = "is erased, and the key store has its key, or lacks its tombstone: the folder was put back\n  do: start the gateway, which destroys it again";

/// Looks at every entry of the gateway's log with its keys.
///
/// # Errors
/// [`ErasuresError`] with the first thing that is wrong; [`ErasuresError::Unfinished`] only when nothing else is.
pub async fn verify(
    config: &GatewayConfig,
    outside: &Outside,
    mut progress: impl FnMut(u64, u64),
) -> Result<Erasures, ErasuresError> {
    let Looked { root, keys, store } = opened(config, outside).await?;
    let search = SearchKey::new(digest::derive(&root, "sluis/v1/search-tokens"));
    let journal = Journal::new(keys, Arc::clone(&outside.entropy), search);
    let size = store.head().await?.size;
    // What keeps entries from being erased, or told, is all there.
    store.holds().await?;
    store.embargoes(&config.gateway.oin).await?;
    let said = said(&*store, &journal).await?;
    let mut looking = Looking { config, outside, store, said, journal };
    looking.nothing_unsaid().await?;
    let (mut found, mut from) = (Erasures::default(), 0);
    loop {
        let entries = looking.store.entries(from, PAGE).await?;
        let Some(last) = entries.last() else { break };
        from = last.index.saturating_add(1);
        for entry in &entries {
            looking.at(entry, &mut found).await?;
        }
        progress(from, size);
    }
    looking.nothing_kept()?;
    if found.unfinished > 0 {
        let Erasures { unfinished, .. } = found;
        return Err(ErasuresError::Unfinished(format!("{unfinished} entries that the log says are erased are not gone yet")));
    }
    Ok(found)
}

/// Store and keys as they are now.
async fn opened(config: &GatewayConfig, outside: &Outside) -> Result<Looked, ErasuresError> {
    let opened = AtRest::find(config).await?.unread(&outside.entropy).await?;
    Ok(opened.ok_or_else(|| StartError::new("[store] url: there is no store yet"))?)
}

/// What the log says was erased, each as its sealed body says it, or, where that is erased itself, as its columns do.
async fn said(store: &dyn Store, journal: &Journal) -> Result<BTreeSet<Erases>, ErasuresError> {
    let mut said = BTreeSet::new();
    for StoredEntry { index, row } in store.erasures().await? {
        let columns = row.leaf.holds(&row.body) && Beside::before(&row.body) == Some(row.beside());
        let opened = match journal.open(&row) {
            Ok(body) => body.erasure.and_then(|erasure| erasure.erases) == row.erases,
            Err(JournalError::Erased) => columns,
            Err(_) => false,
        };
        if !opened {
            return Err(ErasuresError::Entry(index, CHANGED.to_owned()));
        }
        said.extend(row.erases);
    }
    Ok(said)
}

/// What entries are held against.
struct Looking<'s> {
    config: &'s GatewayConfig,
    outside: &'s Outside,
    store: Arc<dyn Store>,
    said: BTreeSet<Erases>,
    journal: Journal,
}

impl Looking<'_> {
    async fn at(&mut self, entry: &StoredEntry, found: &mut Erasures) -> Result<(), ErasuresError> {
        let wrong = |what: &str| Err(ErasuresError::Entry(entry.index, what.to_owned()));
        let is_said = self.is_said(entry.index, &entry.row);
        match self.journal.open(&entry.row) {
            Ok(_) if is_said => found.unfinished = found.unfinished.saturating_add(1),
            Ok(_) => {
                found.open = found.open.saturating_add(1);
                found.held = found.held.saturating_add(u64::from(entry.row.held_by.is_some()));
            }
            Err(JournalError::Erased) if !is_said => {
                // A gateway that runs may have erased it since that was asked.
                self.hear_again().await?;
                if !self.is_said(entry.index, &entry.row) {
                    return wrong(UNSAID);
                }
                found.unfinished = found.unfinished.saturating_add(1);
            }
            Err(JournalError::Erased) if entry.row.erasable.is_some() => found.unfinished = found.unfinished.saturating_add(1),
            Err(JournalError::Erased) if !self.is_destroyed(&entry.row)? => return wrong(KEY_IS_BACK),
            Err(JournalError::Erased) => found.erased = found.erased.saturating_add(1),
            Err(error) => {
                return wrong(&format!("does not open: {error}\n  do: run `sluis log verify full`, and restore the store"));
            }
        }
        Ok(())
    }

    /// What the log says by now: also of a gateway that was started since, of which a file that was opened as nobody's tells nothing.
    async fn hear_again(&mut self) -> Result<(), ErasuresError> {
        self.store = opened(self.config, self.outside).await?.store;
        let now = said(&*self.store, &self.journal).await?;
        self.said.extend(now);
        Ok(())
    }

    fn is_said(&self, index: u64, row: &EntryRow) -> bool {
        let kept_by = match &row.held_by {
            Some(hold) => Erases::Hold(hold.clone()),
            None => Erases::Class(row.key_class.clone()),
        };
        self.said.contains(&Erases::Entry(index)) || self.said.contains(&kept_by)
    }

    fn is_destroyed(&self, row: &EntryRow) -> Result<bool, KeyStoreError> {
        Ok(self.journal.is_destroyed(row.wrapping_key())? || self.journal.is_destroyed(&tombstone(&row.leaf))?)
    }

    /// That of no class, and no hold, the key is destroyed without an entry that says so.
    async fn nothing_unsaid(&mut self) -> Result<(), ErasuresError> {
        let mut again = false;
        for name in self.journal.names("")?.destroyed {
            let Ok(what @ (Erases::Class(_) | Erases::Hold(_))) = name.parse::<Erases>() else { continue };
            if !self.said.contains(&what) && !std::mem::replace(&mut again, true) {
                self.hear_again().await?;
            }
            if !self.said.contains(&what) {
                return Err(ErasuresError::Unsaid(name));
            }
        }
        Ok(())
    }

    /// That of every class, and every hold, that is said to be erased the key is gone.
    fn nothing_kept(&self) -> Result<(), ErasuresError> {
        let there = self.journal.names("")?.there;
        match self.said.iter().map(ToString::to_string).find(|name| there.contains(name)) {
            Some(kept) => Err(ErasuresError::Unfinished(format!("the log says that {kept} was erased, and its key is there"))),
            None => Ok(()),
        }
    }
}
