//! The witnesses of the log, as the gateway reaches them. The [`Cosigners`] port.

use async_trait::async_trait;

use crate::ledger::witness::AddCheckpoint;

/// Calls witnesses (C2SP tlog-witness). Judges nothing.
#[async_trait]
pub trait Cosigners: Send + Sync {
    /// `POST <prefix>/add-checkpoint`.
    ///
    /// # Errors
    /// [`Unreached`].
    async fn add_checkpoint(&self, prefix: &str, request: &AddCheckpoint) -> Result<Answer, Unreached>;

    /// `GET <prefix>/<origin hash>/checkpoint`: what the witness cosigned last of the log called `origin`.
    ///
    /// # Errors
    /// [`Unreached`].
    async fn latest(&self, prefix: &str, origin: &str) -> Result<Answer, Unreached>;
}

/// What a witness answered; nothing in it is to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A witness gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreached(pub String);
