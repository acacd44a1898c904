//! A log witness (C2SP tlog-witness): an organisation's own small service that cosigns the heads of logs that it knows, each only if it grew out of
//! all heads that it cosigned before. It reads nothing but sizes and hashes.

pub mod config;
mod service;
pub mod store;

use std::sync::Arc;

pub use service::router;

use self::store::{State, StateError};
use crate::clock::Clock;
use crate::ledger::cosignature::Cosigner;
use crate::ledger::note::{NoteSignature, VerifierKey};
use crate::ledger::witness::{AddCheckpoint, WitnessRefusal};

/// One witness: its key, the logs that it knows, what it cosigned last.
pub struct Witness {
    /// The key that it cosigns with.
    pub cosigner: Cosigner,
    /// The keys of the logs that it knows.
    pub logs: Vec<VerifierKey>,
    /// What it cosigned.
    pub state: State,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Why a witness gives no cosignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCosigned {
    /// The request may not be cosigned.
    #[error(transparent)]
    Refused(#[from] WitnessRefusal),
    /// The state cannot be read, or the new head is not known to be durable.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Witness {
    /// Judges a request and cosigns it; the new head is durable when this returns.
    ///
    /// # Errors
    /// [`NotCosigned`].
    pub async fn add_checkpoint(&self, body: &[u8]) -> Result<NoteSignature, NotCosigned> {
        let admitted = AddCheckpoint::parse(body)?.admit(&self.logs)?;
        self.state.cosign(&admitted, &self.cosigner, self.clock.now()).await
    }
}
