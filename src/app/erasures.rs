//! Whether what the log says was erased is erased, and nothing else: for whoever holds the gateway's keys. Writes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::at_rest::AtRest;
use super::gateway::{Outside, StartError};
use crate::config::GatewayConfig;
use crate::crypto::digest;
use crate::keystore::Names;
use crate::ledger::entry::{Beside, Erases};
use crate::ledger::token::SearchKey;
use crate::store::journal::{Journal, JournalError};
use crate::store::retention::tombstone;
use crate::store::sqlite::audit::LogFile;
use crate::store::{EntryRow, StoredEntry};

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
    /// Entries whose key is destroyed, as an entry says, while their rows still have tokens: the gateway's next start, or its next minute, takes them.
    pub to_forget: u64,
}

/// Why they are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum ErasuresError {
    /// Configuration, keys or store cannot be read.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An entry is not as it should be.
    #[error("entry {0} {1}")]
    Entry(u64, String),
    /// A key is destroyed, and no entry says why.
    #[error("the key store has destroyed {0}, and no entry of the log says so")]
    Unsaid(String),
    /// What an entry says was erased has its key.
    #[error(
        "the log says that {0} was erased, and its key is not destroyed\n  do: start the gateway, which finishes what was begun"
    )]
    Kept(String),
}

/// Looks at every entry of the gateway's log with its keys.
///
/// # Errors
/// [`ErasuresError`] with the first thing that is wrong.
pub async fn verify(
    config: &GatewayConfig,
    outside: &Outside,
    mut progress: impl FnMut(u64, u64),
) -> Result<Erasures, ErasuresError> {
    let at_rest = AtRest::find(config)?;
    let (keys, root) = at_rest.keys(&outside.entropy)?;
    let search = SearchKey::new(digest::derive(&root, "sluis/v1/search-tokens"));
    let journal = Journal::new(keys, Arc::clone(&outside.entropy), search);
    let mut file = LogFile::open(at_rest.file()).await.map_err(StartError::new)?;
    let size = u64::try_from(file.head().await.map_err(StartError::new)?.size).unwrap_or_default();
    let looking = Looking { said: said(&mut file, &journal).await?, names: journal.names("").map_err(StartError::new)?, journal };
    let (mut found, mut from) = (Erasures::default(), 0);
    loop {
        let entries = file.entries(from, PAGE).await.map_err(StartError::new)?;
        let Some(last) = entries.last() else { break };
        from = last.index.saturating_add(1);
        for entry in &entries {
            looking.at(entry, &mut found)?;
        }
        progress(from, size);
    }
    looking.keys()?;
    Ok(found)
}

/// What the log says was erased, each as its sealed body says it, or, where that is erased itself, as its columns do.
async fn said(file: &mut LogFile, journal: &Journal) -> Result<BTreeSet<Erases>, ErasuresError> {
    let mut said = BTreeSet::new();
    for StoredEntry { index, row } in file.erasing().await.map_err(StartError::new)? {
        let columns = row.leaf.holds(&row.body) && Beside::before(&row.body) == Some(row.beside());
        let opened = match journal.open(&row) {
            Ok(body) => body.erasure.and_then(|erasure| erasure.erases) == row.erases,
            Err(JournalError::Erased) => columns,
            Err(_) => false,
        };
        if !opened {
            return Err(ErasuresError::Entry(index, "says what was erased, and is not what its leaf commits to".to_owned()));
        }
        said.extend(row.erases);
    }
    Ok(said)
}

/// What entries are held against.
struct Looking {
    said: BTreeSet<Erases>,
    names: Names,
    journal: Journal,
}

impl Looking {
    fn at(&self, entry: &StoredEntry, found: &mut Erasures) -> Result<(), ErasuresError> {
        let wrong = |what: String| Err(ErasuresError::Entry(entry.index, what));
        let is_said = self.is_said(entry.index, &entry.row);
        match self.journal.open(&entry.row) {
            Ok(_) if is_said => return wrong("was erased, says the log, and still opens".to_owned()),
            Ok(_) => {
                found.open = found.open.saturating_add(1);
                found.held = found.held.saturating_add(u64::from(entry.row.held_by.is_some()));
            }
            Err(JournalError::Erased) if !is_said => return wrong("was erased, and no entry of the log says so".to_owned()),
            Err(JournalError::Erased) if entry.row.erasable.is_some() => found.to_forget = found.to_forget.saturating_add(1),
            Err(JournalError::Erased) if !self.is_destroyed(&entry.row) => {
                return wrong("has no key, and the key store has".to_owned());
            }
            Err(JournalError::Erased) => found.erased = found.erased.saturating_add(1),
            Err(error) => return wrong(format!("does not open: {error}")),
        }
        Ok(())
    }

    fn is_said(&self, index: u64, row: &EntryRow) -> bool {
        let kept_by = match &row.held_by {
            Some(hold) => Erases::Hold(hold.clone()),
            None => Erases::Class(row.key_class.clone()),
        };
        self.said.contains(&Erases::Entry(index)) || self.said.contains(&kept_by)
    }

    fn is_destroyed(&self, row: &EntryRow) -> bool {
        self.names.destroyed.contains(row.wrapping_key()) || self.names.destroyed.contains(&tombstone(&row.leaf))
    }

    /// That class by class, and hold by hold, key store and log say the same.
    fn keys(&self) -> Result<(), ErasuresError> {
        let destroyed = self.names.destroyed.iter().filter_map(|name| name.parse::<Erases>().ok());
        if let Some(unsaid) = destroyed.filter(|name| !matches!(name, Erases::Entry(_))).find(|name| !self.said.contains(name)) {
            return Err(ErasuresError::Unsaid(unsaid.to_string()));
        }
        match self.said.iter().find(|name| self.names.there.contains(&name.to_string())) {
            Some(kept) => Err(ErasuresError::Kept(kept.to_string())),
            None => Ok(()),
        }
    }
}
