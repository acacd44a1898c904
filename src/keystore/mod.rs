//! The key store: wrapping keys that live outside the database and its backups, so that destroying one really destroys what it wraps
//! (`design.md` §6). The [`KeyStore`] port.

pub mod file;

use std::collections::BTreeSet;

use crate::secret::Secret;

/// A symmetric 256-bit key.
pub type Key = Secret<[u8; 32]>;

/// Where wrapping keys are kept. A key that was destroyed is never made again under the same name.
pub trait KeyStore: Send + Sync {
    /// The wrapping key called `name` (`a-z0-9-`, at most 80), made on first use and durable (fsync'd) before it is returned.
    ///
    /// # Errors
    /// [`KeyStoreError`]: destroyed, unreadable, or the name is not allowed.
    fn wrapping_key(&self, name: &str) -> Result<Key, KeyStoreError>;

    /// The wrapping key called `name` if it exists; never makes one.
    ///
    /// # Errors
    /// [`KeyStoreError::Destroyed`] when it is gone for good, otherwise as [`KeyStore::wrapping_key`].
    fn existing_key(&self, name: &str) -> Result<Key, KeyStoreError>;

    /// Destroys the key called `name`: what it wrapped is unrecoverable, also from a restored backup of the database.
    ///
    /// # Errors
    /// [`KeyStoreError::Unreadable`] when the store cannot be written; the key then counts as still there.
    fn destroy(&self, name: &str) -> Result<(), KeyStoreError>;

    /// Whether the key called `name` was destroyed. A name that no key ever had can be destroyed too, and is never had by one then: a tombstone.
    ///
    /// # Errors
    /// [`KeyStoreError::Unreadable`].
    fn is_destroyed(&self, name: &str) -> Result<bool, KeyStoreError>;

    /// The names with this prefix of the keys that are there, and of those that were destroyed, each in order.
    ///
    /// # Errors
    /// [`KeyStoreError::Unreadable`].
    fn names(&self, prefix: &str) -> Result<Names, KeyStoreError>;

    /// Remembers something under `name` in the place of what was remembered before, sealed, and durable before this returns: what must be known also
    /// when the database is put back from an old copy.
    ///
    /// # Errors
    /// [`KeyStoreError::Unreadable`] when the store cannot be written; then what was remembered before stays.
    fn remember(&self, name: &str, what: &[u8]) -> Result<(), KeyStoreError>;

    /// What was remembered last under `name`, if anything was.
    ///
    /// # Errors
    /// [`KeyStoreError::Unreadable`].
    fn remembered(&self, name: &str) -> Result<Option<Vec<u8>>, KeyStoreError>;
}

/// Names of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Of those that are there.
    pub there: BTreeSet<String>,
    /// Of those that were destroyed.
    pub destroyed: BTreeSet<String>,
}

/// Why a key cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// The key was destroyed on purpose.
    #[error("key {0} was destroyed: what it protected is gone")]
    Destroyed(String),
    /// There is no such key.
    #[error("there is no key {0}")]
    Absent(String),
    /// The store cannot be read or written, or its content is not sealed by this root.
    #[error("key store, {name}: {reason}")]
    Unreadable {
        /// Which key.
        name: String,
        /// What happened, without key material.
        reason: String,
    },
}
