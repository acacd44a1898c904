//! Where a gateway keeps what must not be lost: the store, and the keys without which nothing in it can be read.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gateway::StartError;
use crate::config::{GatewayConfig, Mode, StoreUrl};
use crate::entropy::Entropy;
use crate::keystore::file::{FileKeyStore, make_root_key, root_key};
use crate::keystore::{Key, KeyStore, KeyStoreError};
use crate::store::postgres::{Cluster, PostgresStore};
use crate::store::search::Search;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::search::SqliteSearch;
use crate::store::{Store, StoreError};

/// The name of the key that seals the registers in the store.
const REGISTERS: &str = "registers";

/// The places, and whether a gateway was started on them before.
pub(super) struct AtRest<'a> {
    store: Place,
    root: &'a Path,
    keys: &'a Path,
    /// Whether the store is there. Then its keys must be too.
    pub(super) used: bool,
}

/// Where the store is.
enum Place {
    File(PathBuf),
    Database(Box<Cluster>),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Database(cluster) => cluster.fmt(f),
        }
    }
}

/// A store and what finds in it.
type Stored = (Arc<dyn Store>, Arc<dyn Search>);

impl Place {
    async fn is_used(&self) -> Result<bool, StoreError> {
        match self {
            Self::File(path) => match std::fs::metadata(path) {
                Ok(file) => Ok(file.len() > 0),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(StoreError::Unavailable(error.to_string())),
            },
            Self::Database(cluster) => cluster.is_used().await,
        }
    }

    async fn open(&self, registers: Key) -> Result<Stored, StoreError> {
        Ok(match self {
            Self::File(path) => (Arc::new(SqliteStore::open(path, registers).await?), Arc::new(SqliteSearch::beside(path))),
            Self::Database(cluster) => {
                let store = PostgresStore::open(cluster, registers).await?;
                let search = store.search();
                (Arc::new(store), Arc::new(search))
            }
        })
    }

    async fn look(&self, registers: Key) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self {
            Self::File(path) => Arc::new(SqliteStore::look(path, registers)?),
            Self::Database(cluster) => Arc::new(PostgresStore::look(cluster, registers).await?),
        })
    }
}

/// What was opened.
pub(super) struct Opened {
    pub(super) root: Key,
    pub(super) keys: Arc<dyn KeyStore>,
    pub(super) store: Arc<dyn Store>,
    pub(super) search: Arc<dyn Search>,
}

/// The same to be read only.
pub(super) struct Looked {
    pub(super) root: Key,
    pub(super) keys: Arc<dyn KeyStore>,
    pub(super) store: Arc<dyn Store>,
}

/// What is said of a server that does not sync.
const NOT_DURABLE: &str =
    "a power cut takes what it acknowledged: fsync or full_page_writes is off\n  do: turn both on in postgresql.conf";

impl<'a> AtRest<'a> {
    /// Looks, and writes nothing.
    ///
    /// # Errors
    /// [`StartError`] for a store that cannot be reached, or whose keys are not where the configuration says: new ones would make everything in it
    /// unreadable.
    pub(super) async fn find(config: &'a GatewayConfig) -> Result<Self, StartError> {
        let store = match config.store.place().map_err(StartError::new)? {
            StoreUrl::File(path) => Place::File(path),
            StoreUrl::Database(url) => {
                let cluster = Cluster::at(&url, config.store.standbys);
                Place::Database(Box::new(cluster.map_err(|error| StartError::new(format!("[store] url: {error}")))?))
            }
        };
        let (root, keys) = (config.keys.root.as_path(), config.keys.store.as_path());
        let mut found = Self { store, root, keys, used: false };
        found.used = found.store.is_used().await.map_err(|error| found.unusable(&error))?;
        if found.used {
            found.must_exist("root", root)?;
            found.must_exist("store", keys)?;
            found.must_exist("store", &keys.join(format!("{REGISTERS}.sealed")))?;
        }
        Ok(found)
    }

    fn must_exist(&self, setting: &str, path: &Path) -> Result<(), StartError> {
        let (there, path, store) = (path.try_exists(), path.display(), &self.store);
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
        let (store, search) = self.store.open(registers).await.map_err(|error| self.unusable(&error))?;
        Ok(Opened { root, keys: Arc::new(keys), store, search })
    }

    /// Store and keys as they are, when there is a store, whose head is whole: to be read, nothing can be written.
    ///
    /// # Errors
    /// [`StartError`] names what cannot be used.
    pub(super) async fn look(&self, entropy: &Arc<dyn Entropy>) -> Result<Option<Looked>, StartError> {
        let found = self.unread(entropy).await?;
        if let Some(Looked { store, .. }) = &found {
            // Whatever is wrong with the file is said under its name.
            store.head().await.map_err(|error| self.unusable(&error))?;
        }
        Ok(found)
    }

    /// The same before anything was read of them.
    ///
    /// # Errors
    /// [`StartError`] names what cannot be used.
    pub(super) async fn unread(&self, entropy: &Arc<dyn Entropy>) -> Result<Option<Looked>, StartError> {
        let root = root_key(self.root).map_err(StartError::new)?;
        let Some(root) = root.filter(|_| self.used) else { return Ok(None) };
        let keys = FileKeyStore::find(self.keys, root.clone(), Arc::clone(entropy));
        let registers = keys.existing_key(REGISTERS).map_err(|error| foreign(&error))?;
        let store = self.store.look(registers).await.map_err(|error| self.unusable(&error))?;
        Ok(Some(Looked { root, keys: Arc::new(keys), store }))
    }

    /// The keys that are there although there is no store.
    ///
    /// # Errors
    /// [`StartError`]: the root key cannot be read, or is not that of the folder.
    pub(super) fn left(&self, entropy: &Arc<dyn Entropy>) -> Result<Option<FileKeyStore>, StartError> {
        let Some(root) = root_key(self.root).map_err(StartError::new)? else {
            let sealed = self.keys.join(format!("{REGISTERS}.sealed"));
            return if sealed.exists() { Err(foreign(&"there is no root key, and keys that one sealed")) } else { Ok(None) };
        };
        let keys = FileKeyStore::find(self.keys, root, Arc::clone(entropy));
        match keys.existing_key(REGISTERS) {
            Ok(_) | Err(KeyStoreError::Absent(_)) => Ok(Some(keys)),
            Err(error) => Err(foreign(&error)),
        }
    }

    /// That a gateway could write to the store, or begin one; nothing is written. Standbys that do not follow are told of: a start does not wait for them.
    ///
    /// # Errors
    /// [`StartError`] says who does not let it.
    pub(super) async fn may_write(&self, store: Option<&dyn Store>) -> Result<(), StartError> {
        match &self.store {
            Place::Database(cluster) => cluster.may_write().await.map_err(|error| self.unusable(&error))?,
            Place::File(path) if self.used => {
                OpenOptions::new().write(true).open(path).map_err(|error| self.unusable(&error))?;
            }
            Place::File(_) => {}
        }
        if let Some(store) = store
            && let Err(error) = store.safe_head().await
        {
            tracing::warn!(store = %self.store, %error, "nothing would be acknowledged now");
        }
        Ok(())
    }

    /// That what the database acknowledges is on its disk (`design.md` §1.2). Where nothing is real yet, it is only told.
    ///
    /// # Errors
    /// [`StartError`] in production.
    pub(super) async fn is_durable(&self, mode: Mode) -> Result<(), StartError> {
        let Place::Database(cluster) = &self.store else { return Ok(()) };
        if cluster.is_durable().await.map_err(|error| self.unusable(&error))? {
            return Ok(());
        }
        if mode == Mode::Production {
            return Err(self.unusable(&NOT_DURABLE));
        }
        tracing::warn!(store = %self.store, "{NOT_DURABLE}");
        Ok(())
    }

    fn unusable(&self, error: &dyn std::fmt::Display) -> StartError {
        StartError::new(format!("[store] url: {}: {error}", self.store))
    }
}

/// The keys that are there are not those of this store.
fn foreign(error: &dyn std::fmt::Display) -> StartError {
    StartError::new(format!("[keys] store: {error}\n  do: restore root key and folder from one backup: they belong together"))
}
