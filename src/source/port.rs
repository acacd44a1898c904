//! The port through which the gateway reaches sources. An adapter verifies the source's signature before it gives an answer.

use std::time::Duration;

use async_trait::async_trait;

use super::{ContributionReceipts, RecordsAnswer};
use crate::crypto::keys::VerifyingKey;
use crate::organisation::Oin;

/// The signing keys of one source that count now.
pub trait SourceKeys: Sync {
    /// The key with this id, if it is the source's and counts.
    fn key(&self, keyid: &str) -> Option<&VerifyingKey>;
}

/// A source to be called.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// Its OIN.
    pub oin: &'a Oin,
    /// Where its connector answers: `https://host:port`.
    pub address: &'a str,
    /// Its signing keys.
    pub keys: &'a dyn SourceKeys,
    /// How long the call may take.
    pub time: Duration,
}

/// The sources of this gateway.
#[async_trait]
pub trait Sources: Send + Sync {
    /// `POST /v1/records` with `call`, a serialised [`super::RecordsRequest`].
    ///
    /// # Errors
    /// [`SourceFailure`]; no retries.
    async fn records(&self, source: Destination<'_>, call: &[u8]) -> Result<RecordsAnswer, SourceFailure>;

    /// `POST /v1/receipts`: all are kept, or none.
    ///
    /// # Errors
    /// [`SourceFailure`].
    async fn receipts(&self, source: Destination<'_>, receipts: &ContributionReceipts) -> Result<(), SourceFailure>;

    /// Whether the connector answers at all, without asking about anybody.
    ///
    /// # Errors
    /// [`SourceFailure`].
    async fn probe(&self, source: Destination<'_>) -> Result<(), SourceFailure>;
}

/// Why a source gave nothing that counts. Never data of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFailure {
    /// Not reached, or not in time.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// It answered, but not as it should: wrong signature, too much, not the format.
    #[error("untrustworthy answer: {0}")]
    Untrustworthy(String),
    /// It refused with a signed problem.
    #[error("refused with status {0}")]
    Refused(u16),
}
