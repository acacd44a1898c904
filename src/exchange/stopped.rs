//! Why a step did not lead to the next.

use super::matter::Matter;
use super::refusal::{ProblemType, Refusal};
use crate::keystore::KeyStoreError;
use crate::store::journal::JournalError;
use crate::store::sequencer::AppendError;
use crate::store::{Conflict, StoreError};

/// Why a step did not lead to the next.
#[derive(Debug)]
pub enum Stopped {
    /// A fact has changed: back to authorise, and never an error that the caller could read.
    FactsChanged(Box<Matter>),
    /// The request ends here.
    Refused(Refusal),
}

impl Stopped {
    /// Something inside failed; the caller learns only that nothing was disclosed.
    pub(super) fn internal(reason: &'static str) -> Self {
        tracing::error!(reason, "the exchange stopped");
        Self::Refused(Refusal::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again"))
    }

    /// An append that did not happen.
    pub(super) fn of_append(error: AppendError, matter: Matter) -> Self {
        match error {
            AppendError::Conflict(Conflict::FactsChanged) => Self::FactsChanged(Box::new(matter)),
            error => Self::Refused(error.into()),
        }
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<JournalError> for Stopped {
    fn from(error: JournalError) -> Self {
        tracing::error!(%error, "an entry could not be made");
        Self::Refused(Refusal::new(ProblemType::LogUnavailable, "nothing was disclosed; try again"))
    }
}

impl From<KeyStoreError> for Stopped {
    fn from(error: KeyStoreError) -> Self {
        tracing::error!(%error, "the key store failed");
        Self::Refused(Refusal::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again"))
    }
}
