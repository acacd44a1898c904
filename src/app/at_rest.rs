//! Where a gateway keeps what must not be lost: the store, and the keys without which nothing in it can be read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gateway::StartError;
use crate::config::GatewayConfig;
use crate::entropy::Entropy;
use crate::keystore::file::{FileKeyStore, make_root_key, root_key};
use crate::keystore::{Key, KeyStore, KeyStoreError};
use crate::store::Store as _;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::search::SqliteSearch;

/// The name of the key that seals the registers in the store.
const REGISTERS: &str = "registers";

/// The places, and whether a gateway was started on them before.
pub(super) struct AtRest<'a> {
    store: PathBuf,
    root: &'a Path,
    keys: &'a Path,
    /// Whether the store is there. Then its keys must be too.
    pub(super) used: bool,
}

/// What was opened.
pub(super) struct Opened {
    pub(super) root: Key,
    pub(super) keys: Arc<dyn KeyStore>,
    pub(super) store: SqliteStore,
    pub(super) search: SqliteSearch,
}

impl<'a> AtRest<'a> {
    /// Looks, and writes nothing.
    ///
    /// # Errors
    /// [`StartError`] for a store whose keys are not where the configuration says: new ones would make everything in it unreadable.
    pub(super) fn find(config: &'a GatewayConfig) -> Result<Self, StartError> {
        let path = config.store.url.strip_prefix("sqlite:");
        let path = path.ok_or_else(|| StartError::new("[store] url: this version knows sqlite:<path>"))?;
        let (store, root, keys) = (PathBuf::from(path), config.keys.root.as_path(), config.keys.store.as_path());
        let used = match std::fs::metadata(&store) {
            Ok(file) => file.len() > 0,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(StartError::new(format!("[store] url: {}: {error}", store.display()))),
        };
        let found = Self { store, root, keys, used };
        if used {
            found.must_exist("root", root)?;
            found.must_exist("store", keys)?;
            found.must_exist("store", &keys.join(format!("{REGISTERS}.sealed")))?;
        }
        Ok(found)
    }

    fn must_exist(&self, setting: &str, path: &Path) -> Result<(), StartError> {
        let (there, path, store) = (path.try_exists(), path.display(), self.store.display());
        match there {
            Ok(true) => Ok(()),
            Ok(false) => Err(StartError::new(format!(
                "[keys] {setting}: {path} is missing, but the store {store} was made with it: a new one would make everything in that store \
                 unreadable\n  do: restore {path} from its backup, or correct the setting; to begin anew, name another store"
            ))),
            Err(error) => Err(StartError::new(format!("[keys] {setting}: {path}: {error}"))),
        }
    }

    /// Opens store and keys, and makes them where there is no store yet.
    ///
    /// # Errors
    /// [`StartError`] names what cannot be used.
    pub(super) async fn open(&self, entropy: &Arc<dyn Entropy>) -> Result<Opened, StartError> {
        let root = match root_key(self.root).map_err(StartError::new)? {
            Some(root) => root,
            None => make_root_key(self.root, &**entropy).map_err(StartError::new)?,
        };
        let keys = FileKeyStore::create(self.keys, root.clone(), Arc::clone(entropy)).map_err(StartError::new)?;
        let registers = if self.used { keys.existing_key(REGISTERS) } else { keys.wrapping_key(REGISTERS) };
        let registers = registers.map_err(|error| foreign(&error))?;
        let store = SqliteStore::open(&self.store, registers).await.map_err(|error| self.unusable(&error))?;
        Ok(Opened { root, keys: Arc::new(keys), store, search: SqliteSearch::beside(&self.store) })
    }

    /// Store and keys as they are, when there is a store, whose head is whole: to be read, nothing can be written.
    ///
    /// # Errors
    /// [`StartError`] names what cannot be used.
    pub(super) async fn look(&self, entropy: &Arc<dyn Entropy>) -> Result<Option<Opened>, StartError> {
        let found = self.unread(entropy).await?;
        if let Some(Opened { store, .. }) = &found {
            // Whatever is wrong with the file is said under its name.
            store.head().await.map_err(|error| self.unusable(&error))?;
        }
        Ok(found)
    }

    /// The same before anything was read of them.
    ///
    /// # Errors
    /// [`StartError`] names what cannot be used.
    pub(super) async fn unread(&self, entropy: &Arc<dyn Entropy>) -> Result<Option<Opened>, StartError> {
        let root = root_key(self.root).map_err(StartError::new)?;
        let Some(root) = root.filter(|_| self.used) else { return Ok(None) };
        let keys = FileKeyStore::find(self.keys, root.clone(), Arc::clone(entropy));
        let registers = keys.existing_key(REGISTERS).map_err(|error| foreign(&error))?;
        let store = SqliteStore::look(&self.store, registers).await.map_err(|error| self.unusable(&error))?;
        Ok(Some(Opened { root, keys: Arc::new(keys), store, search: SqliteSearch::beside(&self.store) }))
    }

    fn unusable(&self, error: &dyn std::fmt::Display) -> StartError {
        StartError::new(format!("[store] url: {}: {error}", self.store.display()))
    }
}

/// The keys that are there are not those of this store.
fn foreign(error: &KeyStoreError) -> StartError {
    StartError::new(format!("[keys] store: {error}\n  do: restore root key and folder from one backup: they belong together"))
}
