//! The search file beside a store, held against the log: what it leaves out, no officer would find.

use std::path::Path;

use super::AuditError;
use crate::store::sqlite::search::{file_beside, first_difference};

/// That the search file beside the store at `path`, if there is one, says what the log says, line by line; `progress` hears how many of how many were compared.
///
/// # Errors
/// [`AuditError::Search`].
pub async fn verify_search(path: &Path, progress: impl FnMut(u64, u64)) -> Result<(), AuditError> {
    let untrue = |what| AuditError::Search { file: file_beside(path).display().to_string(), what };
    match first_difference(path, progress).await {
        Ok(None) => Ok(()),
        Ok(Some(index)) => Err(untrue(format!("does not say what entry {index} of the log says"))),
        Err(error) => Err(untrue(format!("cannot be held against the log: {error}"))),
    }
}
