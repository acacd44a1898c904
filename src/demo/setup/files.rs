//! Writing the demo's files.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::demo::authority::{Authority, AuthorityError, Issued, write_private};

/// The demo cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct SetupError {
    file: String,
    reason: String,
}

impl SetupError {
    /// What is wrong with `file`.
    pub fn new(file: &Path, reason: impl ToString) -> Self {
        Self { file: file.display().to_string(), reason: reason.to_string() }
    }
}

impl From<AuthorityError> for SetupError {
    fn from(error: AuthorityError) -> Self {
        Self::new(Path::new("certificates"), error)
    }
}

pub(super) fn folder(path: &Path) -> Result<(), SetupError> {
    std::fs::create_dir_all(path).map_err(|error| SetupError::new(path, error))
}

pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), SetupError> {
    std::fs::write(path, content).map_err(|error| SetupError::new(path, error))
}

/// A file that only its owner reads.
pub(super) fn private(path: &Path, content: &[u8]) -> Result<(), SetupError> {
    write_private(path, content).map_err(|error| SetupError::new(path, error))
}

/// `tls.pem` and `tls.key` in `folder`.
pub(super) fn tls(folder: &Path, issued: &Issued) -> Result<(), SetupError> {
    write(&folder.join("tls.pem"), issued.certificate.as_bytes())?;
    private(&folder.join("tls.key"), issued.key.as_bytes())
}

/// `ca.pem` and an empty `crl.pem` in `folder`.
pub(super) fn trust(folder: &Path, authority: &Authority) -> Result<(), SetupError> {
    let nobody: [&Issued; 0] = [];
    write(&folder.join("ca.pem"), authority.certificate().as_bytes())?;
    write(&folder.join("crl.pem"), authority.revocation_list(&nobody, 1)?.as_bytes())
}

pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, SetupError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| SetupError::new(Path::new("JSON"), error))?;
    text.push(b'\n');
    Ok(text)
}

pub(super) fn read_optional<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, SetupError> {
    match std::fs::read(path) {
        Ok(content) => serde_json::from_slice(&content).map(Some).map_err(|error| SetupError::new(path, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SetupError::new(path, error)),
    }
}
