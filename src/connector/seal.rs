//! Sealing of what is personal in the connector's own state, and keyed digests of identifiers, under one key file.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::secret::Secret;

const VERSION: u8 = 1;

/// Where a sealed value stands: bound as associated data, so that a value moved to another row or column does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's key.
    pub row: &'a str,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(96);
        for part in [self.table, self.column, self.row] {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// The keys derived from the state key file: AES-256-GCM for content, HMAC-SHA256 for digests of identifiers.
pub struct StateKey {
    sealing: LessSafeKey,
    digests: hmac::Key,
}

impl std::fmt::Debug for StateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StateKey(…)")
    }
}

impl StateKey {
    /// Reads the 32-byte key file, or makes it with mode 0600 when there is none.
    ///
    /// # Errors
    /// [`StateKeyError`] when the file cannot be read or made, is readable by others, or does not hold 32 bytes.
    pub fn load_or_create(path: &Path, entropy: &dyn Entropy) -> Result<Self, StateKeyError> {
        match std::fs::File::open(path) {
            Ok(file) => Self::read(path, file),
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Self::create(path, entropy),
            Err(source) => Err(StateKeyError::Unreadable { path: path.to_owned(), source }),
        }
    }

    /// Derives the keys from the 32 bytes of the key file.
    ///
    /// # Errors
    /// [`StateKeyError::Derivation`], which AWS-LC gives only for lengths that do not occur here.
    pub fn from_secret(key: &Secret<[u8; 32]>) -> Result<Self, StateKeyError> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"sluis connector state").extract(key.expose());
        let sealing = root.expand(&[b"seal v1"], &AES_256_GCM).map_err(|_| StateKeyError::Derivation)?;
        let digests = root.expand(&[b"digest v1"], hmac::HMAC_SHA256).map_err(|_| StateKeyError::Derivation)?;
        Ok(Self { sealing: LessSafeKey::new(UnboundKey::from(sealing)), digests: hmac::Key::from(digests) })
    }

    /// Seals `value` as JSON for its place: version byte ‖ 96-bit random nonce ‖ ciphertext and tag.
    ///
    /// # Errors
    /// [`SealError`] when there is no randomness or the value is no JSON.
    pub fn seal<T: Serialize>(&self, place: Place<'_>, value: &T, entropy: &dyn Entropy) -> Result<Vec<u8>, SealError> {
        let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| SealError::NotJson)?);
        let nonce: [u8; NONCE_LEN] = random(entropy)?;
        let mut text = plain.to_vec();
        let data = Aad::from(place.associated_data());
        let sealed = self.sealing.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), data, &mut text);
        sealed.map_err(|_| SealError::TooLong)?;
        Ok([&[VERSION][..], &nonce, &text].concat())
    }

    /// Opens what [`Self::seal`] sealed for the same place.
    ///
    /// # Errors
    /// [`SealError::Forged`] when it was not sealed under this key for this place.
    pub fn open<T: DeserializeOwned>(&self, place: Place<'_>, sealed: &[u8]) -> Result<T, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Forged)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::Forged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Forged)?;
        let mut text = Zeroizing::new(text.to_vec());
        let data = Aad::from(place.associated_data());
        let plain = self.sealing.open_in_place(nonce, data, &mut text).map_err(|_| SealError::Forged)?;
        if *version != VERSION {
            return Err(SealError::Forged);
        }
        serde_json::from_slice(plain).map_err(|_| SealError::NotJson)
    }

    /// A keyed digest of `bytes` (HMAC-SHA256), apart per `use_`: finds an identifier again without keeping it.
    pub fn digest(&self, use_: &'static str, bytes: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.digests);
        context.update(&u32::try_from(use_.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(use_.as_bytes());
        context.update(bytes);
        let mut result = [0; 32];
        result.copy_from_slice(context.sign().as_ref());
        result
    }

    fn read(path: &Path, mut file: std::fs::File) -> Result<Self, StateKeyError> {
        let unreadable = |source| StateKeyError::Unreadable { path: path.to_owned(), source };
        refuse_wide_access(path, &file.metadata().map_err(unreadable)?)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        (&mut file).take(33).read_to_end(&mut bytes).map_err(unreadable)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| StateKeyError::WrongLength { path: path.to_owned() })?;
        Self::from_secret(&Secret::new(key))
    }

    fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, StateKeyError> {
        let unwritable = |source| StateKeyError::Unwritable { path: path.to_owned(), source };
        let key = Secret::new(random::<32>(entropy)?);
        let mut file = private_file().open(path).map_err(unwritable)?;
        file.write_all(key.expose()).and_then(|()| file.sync_all()).map_err(unwritable)?;
        Self::from_secret(&key)
    }
}

fn private_file() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn refuse_wide_access(path: &Path, metadata: &std::fs::Metadata) -> Result<(), StateKeyError> {
    let others = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077;
    if others == 0 { Ok(()) } else { Err(StateKeyError::OpenToOthers { path: path.to_owned() }) }
}

#[cfg(not(unix))]
fn refuse_wide_access(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), StateKeyError> {
    Ok(())
}

/// The state key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateKeyError {
    /// The file is there but cannot be read.
    #[error("cannot read the state key {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be made.
    #[error("cannot make the state key {path}: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Group or others can read it.
    #[error("the state key {path} is open to others: set its mode to 0600")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
    },
    /// It does not hold 32 bytes.
    #[error("the state key {path} does not hold 32 bytes: restore it from its backup")]
    WrongLength {
        /// The file.
        path: PathBuf,
    },
    /// The keys could not be derived.
    #[error("the keys could not be derived from the state key")]
    Derivation,
    /// No randomness for a new key.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}

/// A value could not be sealed or opened. Never holds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness for the nonce.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// Not JSON of the expected shape.
    #[error("the sealed value is not JSON of the expected shape")]
    NotJson,
    /// Longer than AES-GCM takes.
    #[error("the value is too long to seal")]
    TooLong,
    /// Not sealed under this key for this place.
    #[error("the sealed value was not sealed under this key for this row")]
    Forged,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const PLACE: Place<'static> = Place { table: "inbox", column: "content", row: "r1" };

    fn key(byte: u8) -> StateKey {
        StateKey::from_secret(&Secret::new([byte; 32])).unwrap()
    }

    #[test]
    fn opens_only_in_its_place_under_its_key() {
        let entropy = SystemEntropy::default();
        let sealed = key(1).seal(PLACE, &"Fatima", &entropy).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"Fatima"));
        assert_eq!(key(1).open::<String>(PLACE, &sealed).unwrap(), "Fatima");
        assert_eq!(key(2).open::<String>(PLACE, &sealed), Err(SealError::Forged));
        assert_eq!(key(1).open::<String>(Place { row: "r2", ..PLACE }, &sealed), Err(SealError::Forged));
        assert_eq!(key(1).open::<String>(Place { column: "items", ..PLACE }, &sealed), Err(SealError::Forged));
        let mut tampered = sealed.clone();
        tampered[0] = 2;
        assert_eq!(key(1).open::<String>(PLACE, &tampered), Err(SealError::Forged));
        assert_eq!(key(1).open::<String>(PLACE, &sealed[..5]), Err(SealError::Forged));
    }

    #[test]
    fn digests_differ_by_key_and_use() {
        assert_ne!(key(1).digest("subject", b"x"), key(2).digest("subject", b"x"));
        assert_ne!(key(1).digest("subject", b"x"), key(1).digest("override", b"x"));
        assert_eq!(key(1).digest("subject", b"x"), key(1).digest("subject", b"x"));
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_private_and_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = crate::connector::tests::TempDir::new();
        let path = folder.path().join("state.key");
        let made = StateKey::load_or_create(&path, &SystemEntropy::default()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = StateKey::load_or_create(&path, &SystemEntropy::default()).unwrap();
        assert_eq!(made.digest("subject", b"x"), again.digest("subject", b"x"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = StateKey::load_or_create(&path, &SystemEntropy::default());
        assert!(matches!(refused, Err(StateKeyError::OpenToOthers { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, [1; 31]).unwrap();
        assert!(matches!(StateKey::load_or_create(&path, &SystemEntropy::default()), Err(StateKeyError::WrongLength { .. })));
    }
}
