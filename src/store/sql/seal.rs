//! What holds the registers to what was written by a holder of the key: records are sealed to their place, rows in the clear carry codes
//! (HMAC-SHA256). Each use has a key of its own, derived from the key store's key for the registers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto::aead;
use crate::crypto::digest::{KeyedDigest, derive, equal};
use crate::entropy::SystemEntropy;
use crate::keystore::Key;
use crate::store::{StoreError, SubjectIndex};

/// An authentication code.
pub(super) type Code = [u8; 32];

/// The keys.
pub(super) struct Seal {
    records: Key,
    /// For the rows of the registry.
    pub(super) rows: KeyedDigest,
    /// For all rows of the registry together.
    pub(super) registry: KeyedDigest,
    /// For the newest versions about one person.
    pub(super) person: KeyedDigest,
    /// For what rested on consents.
    pub(super) reliance: KeyedDigest,
    /// For the head.
    pub(super) head: KeyedDigest,
}

/// Where a sealed record stands, and in what capacity; it opens as nothing else.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    table: &'static str,
    id: &'a str,
    version: u32,
    subject: &'a [u8],
    standing: Standing,
}

/// Whether a later version has taken a record's place.
#[derive(Clone, Copy)]
enum Standing {
    Newest,
    Superseded,
}

impl<'a> Place<'a> {
    /// The newest version of a record that is about no person.
    pub(super) const fn newest(table: &'static str, id: &'a str, version: u32) -> Self {
        Self { table, id, version, subject: &[], standing: Standing::Newest }
    }

    /// The place of a row that should be the newest version.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when there is no such version.
    pub(super) fn row(table: &'static str, id: &'a str, version: i64) -> Result<Self, StoreError> {
        let corrupt = |_| StoreError::Corrupt { table, column: "version", row: id.to_owned() };
        u32::try_from(version).map(|version| Self::newest(table, id, version)).map_err(corrupt)
    }

    /// The same about a person.
    pub(super) const fn about(self, subject: &'a SubjectIndex) -> Self {
        Self { subject: &subject.0, ..self }
    }

    /// The same when a later version has taken its place.
    pub(super) const fn superseded(self) -> Self {
        Self { standing: Standing::Superseded, ..self }
    }

    /// The place of the version before, while it is the newest; `None` before the first.
    pub(super) const fn before(self) -> Option<Self> {
        match self.version {
            0 | 1 => None,
            version => Some(Self { version: version - 1, standing: Standing::Newest, ..self }),
        }
    }

    /// The record's id.
    pub(super) const fn id(&self) -> &'a str {
        self.id
    }

    /// The version.
    pub(super) const fn version(&self) -> u32 {
        self.version
    }

    /// The person's index; empty for none.
    pub(super) const fn person(&self) -> &'a [u8] {
        self.subject
    }

    /// The associated data: each part preceded by its length, so that no other place has the same.
    fn bound(&self) -> Vec<u8> {
        let standing: &[u8] = match self.standing {
            Standing::Newest => b"newest",
            Standing::Superseded => b"superseded",
        };
        let parts = [self.table.as_bytes(), self.id.as_bytes(), &self.version.to_be_bytes(), self.subject, standing];
        let part = |part: &[u8]| [&(part.len() as u64).to_be_bytes(), part].concat();
        parts.into_iter().flat_map(part).collect()
    }

    fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: format!("{}/{}", self.id, self.version) }
    }
}

impl Seal {
    /// The keys, all derived from `key`.
    pub(super) fn new(key: &Key) -> Self {
        Self {
            records: derive(key, "sluis/v1/registers/records"),
            rows: KeyedDigest::new(key, "sluis/v1/registers/registry-row"),
            registry: KeyedDigest::new(key, "sluis/v1/registers/registry"),
            person: KeyedDigest::new(key, "sluis/v1/registers/person"),
            reliance: KeyedDigest::new(key, "sluis/v1/registers/reliance"),
            head: KeyedDigest::new(key, "sluis/v1/registers/head"),
        }
    }

    /// Seals a record to its place.
    pub(super) fn close(&self, place: Place<'_>, record: &impl Serialize) -> Result<Vec<u8>, StoreError> {
        let plain = serde_json::to_vec(record).map(zeroize::Zeroizing::new);
        self.close_bytes(place, &plain.map_err(|_| failed(place, "not serialisable"))?)
    }

    fn close_bytes(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        aead::seal(&self.records, &place.bound(), plain, &SystemEntropy::default()).map_err(|_| failed(place, "no randomness"))
    }

    /// Opens what was sealed to this place.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]: column `version` when the record says of itself that a later one took its place, which then is missing.
    pub(super) fn open<T: DeserializeOwned>(&self, place: Place<'_>, sealed: &[u8]) -> Result<T, StoreError> {
        let plain = aead::open(&self.records, &place.bound(), sealed).map_err(|_| {
            let later_is_missing = aead::open(&self.records, &place.superseded().bound(), sealed).is_ok();
            place.corrupt(if later_is_missing { "version" } else { "record" })
        })?;
        serde_json::from_slice(plain.expose()).map_err(|_| place.corrupt("record"))
    }

    /// The record of this place sealed anew: a later version takes its place.
    pub(super) fn supersede(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let plain = aead::open(&self.records, &place.bound(), sealed).map_err(|_| place.corrupt("record"))?;
        self.close_bytes(place.superseded(), plain.expose())
    }
}

/// That a row carries the code that it must.
pub(super) fn vouched(
    expected: &Code,
    found: Option<&[u8]>,
    (table, row): (&'static str, impl ToString),
) -> Result<(), StoreError> {
    if found.is_some_and(|found| equal(found, expected)) {
        return Ok(());
    }
    Err(StoreError::Corrupt { table, column: "code", row: row.to_string() })
}

fn failed(place: Place<'_>, reason: &str) -> StoreError {
    StoreError::Unavailable(format!("sealing a record of {}: {reason}", place.table))
}
