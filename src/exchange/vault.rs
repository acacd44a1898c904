//! The vault at work: names for persons within one domain, and the way back within the same domain only.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;

use crate::entropy::Entropy;
use crate::keystore::{KeyStore, KeyStoreError};
use crate::pseudonym::{Domain, Pseudonym, Scope, ScopeKey, VaultError};
use crate::secret::Personal;
use crate::store::sequencer::{AppendError, Sequencer};
use crate::store::{Append, Change, NameIndex, PseudonymRow, Store, StoreError};
use crate::subject::SubjectId;

/// The pseudonym service of one node.
pub struct Vault {
    store: Arc<dyn Store>,
    sequencer: Sequencer,
    key_store: Arc<dyn KeyStore>,
    entropy: Arc<dyn Entropy>,
    opened: Mutex<HashMap<Scope, Arc<ScopeKey>>>,
    /// By where they stand: an index is made under the key of its scope, so that no two scopes have one in common.
    given: Mutex<LruCache<[u8; 32], Pseudonym>>,
}

/// How many names are kept in memory, those that were asked for last (some 100 bytes each). A name that was given never changes.
const GIVEN: usize = 65_536;

/// Why the vault gave no name.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultFailure {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// New names could not be committed.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The key store: destroyed, or not readable.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The vault's own content.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Vault {
    /// A vault on these stores.
    pub fn new(store: Arc<dyn Store>, sequencer: Sequencer, key_store: Arc<dyn KeyStore>, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, sequencer, key_store, entropy, opened: Mutex::default(), given: Mutex::new(LruCache::new(GIVEN)) }
    }

    /// The names of `persons` in `domain`, in their order; new ones are drawn and durable before they are returned.
    ///
    /// # Errors
    /// [`VaultFailure`]; no name is ever made up.
    pub async fn names(&self, domain: &Domain, persons: &[Personal<SubjectId>]) -> Result<Vec<Pseudonym>, VaultFailure> {
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let scope = domain.scope();
        let key = self.key(&scope).await?;
        let indexes: Vec<_> = persons.iter().map(|person| key.blind_index(domain, person)).collect();
        if let Some(names) = self.remembered(&indexes) {
            return Ok(names);
        }
        let names = self.found_or_drawn(&scope, &key, persons, &indexes).await?;
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, name) in indexes.into_iter().zip(&names) {
            given.insert(index, *name);
        }
        Ok(names)
    }

    /// All these names, if all are in memory.
    fn remembered(&self, indexes: &[[u8; 32]]) -> Option<Vec<Pseudonym>> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        indexes.iter().map(|index| given.get(index).copied()).collect()
    }

    /// The names in the store, where those that are new are now too.
    async fn found_or_drawn(
        &self,
        scope: &Scope,
        key: &ScopeKey,
        persons: &[Personal<SubjectId>],
        indexes: &[[u8; 32]],
    ) -> Result<Vec<Pseudonym>, VaultFailure> {
        let known = self.store.pseudonyms(scope.as_str(), indexes).await?;
        if known.iter().any(Option::is_none) {
            let absent = persons.iter().zip(indexes).zip(&known).filter(|(_, known)| known.is_none());
            let rows = absent.map(|((person, index), _)| self.draw(scope, key, person, *index)).collect::<Result<Vec<_>, _>>()?;
            self.sequencer.append(Append { changes: vec![Change::Pseudonyms(rows)], ..Append::default() }).await?;
            // Another request may have named the same person first: what is stored now counts.
            return read(scope.as_str(), self.store.pseudonyms(scope.as_str(), indexes).await?);
        }
        read(scope.as_str(), known)
    }

    fn draw(
        &self,
        scope: &Scope,
        key: &ScopeKey,
        person: &Personal<SubjectId>,
        index: [u8; 32],
    ) -> Result<PseudonymRow, VaultError> {
        let pseudonym = Pseudonym::draw(&*self.entropy)?;
        let identity = key.seal_identity(pseudonym, person, &*self.entropy)?;
        Ok(PseudonymRow { scope: scope.as_str().to_owned(), index, pseudonym: pseudonym.to_string(), identity })
    }

    /// The person behind `pseudonym`, if it was issued in `domain`; one of another domain is like one that never was.
    ///
    /// # Errors
    /// [`VaultFailure`].
    pub async fn person(&self, domain: &Domain, pseudonym: Pseudonym) -> Result<Option<Personal<SubjectId>>, VaultFailure> {
        let scope = domain.scope();
        let Some(row) = self.store.identity(&pseudonym.to_string()).await?.filter(|row| row.scope == scope.as_str()) else {
            return Ok(None);
        };
        let key = self.key(&scope).await?;
        let person = key.open_identity(pseudonym, &row.identity)?;
        // One scope can serve several domains (a case's): the index tells for which one it was issued.
        Ok((key.blind_index(domain, &person) == row.index).then_some(person))
    }

    /// Where the names of `persons` in `domain` are, if they have some; gives none.
    ///
    /// # Errors
    /// [`VaultFailure`].
    pub async fn indexes(&self, domain: &Domain, persons: &[Personal<SubjectId>]) -> Result<Vec<NameIndex>, VaultFailure> {
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let scope = domain.scope();
        let key = self.key(&scope).await?;
        let index = |person| NameIndex { scope: scope.as_str().to_owned(), index: key.blind_index(domain, person) };
        Ok(persons.iter().map(index).collect())
    }

    /// Whether one of these names is given.
    ///
    /// # Errors
    /// [`VaultFailure`].
    pub async fn any_given(&self, names: &[NameIndex]) -> Result<bool, VaultFailure> {
        let mut scopes: BTreeMap<&str, Vec<[u8; 32]>> = BTreeMap::new();
        for name in names {
            scopes.entry(&name.scope).or_default().push(name.index);
        }
        for (scope, indexes) in scopes {
            if self.store.pseudonyms(scope, &indexes).await?.iter().any(Option::is_some) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The key of `scope`, made on first use.
    async fn key(&self, scope: &Scope) -> Result<Arc<ScopeKey>, VaultFailure> {
        if let Some(key) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(scope) {
            return Ok(Arc::clone(key));
        }
        let wrapping = self.key_store.wrapping_key(scope.as_str())?;
        let sealed = if let Some(sealed) = self.store.scope_key(scope.as_str()).await? {
            sealed
        } else {
            let sealed = ScopeKey::draw(scope, &wrapping, &*self.entropy)?;
            let change = Change::ScopeKey { scope: scope.as_str().to_owned(), sealed };
            self.sequencer.append(Append { changes: vec![change], ..Append::default() }).await?;
            // Another node may have made one at the same time: the first one stored counts.
            self.store.scope_key(scope.as_str()).await?.ok_or_else(|| missing(scope.as_str()))?
        };
        let key = Arc::new(ScopeKey::open(scope, &wrapping, &sealed)?);
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(scope.clone(), Arc::clone(&key));
        Ok(key)
    }
}

fn read(scope: &str, names: Vec<Option<String>>) -> Result<Vec<Pseudonym>, VaultFailure> {
    let corrupt = || StoreError::Corrupt { table: "pseudonym", column: "pseudonym", row: scope.to_owned() };
    let names = names.into_iter().map(|name| name.and_then(|name| name.parse().ok()).ok_or_else(corrupt));
    names.collect::<Result<_, _>>().map_err(Into::into)
}

fn missing(scope: &str) -> StoreError {
    StoreError::Corrupt { table: "scope", column: "sealed", row: scope.to_owned() }
}
