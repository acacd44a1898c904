//! What a log and a witness say to each other (C2SP tlog-witness): the request for a cosignature, and how a witness judges it. Pure; the service
//! (`src/witness/`) and the gateway that collects cosignatures share it.

use std::fmt;

use super::checkpoint::{CheckpointError, SignedCheckpoint, decimal};
use super::cosignature;
use super::note::{NotSigned, NoteSignature, VerifierKey};
use super::tree::{NodeHash, empty_root, verify_consistency};
use crate::clock::Timestamp;
use crate::crypto::{digest, hex};

/// The largest request that is read, in bytes: 63 hashes and a checkpoint with room for other witnesses' signatures.
pub const MAX_REQUEST: usize = 64 * 1024;

/// The most hashes in a consistency proof.
pub const MAX_PROOF: usize = 63;

/// The path of the call, below a witness's submission prefix.
pub const ADD_CHECKPOINT: &str = "/add-checkpoint";

/// The media type of the answer that tells the size that was cosigned last.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// The body of `add-checkpoint`: `old <size>`, the consistency proof, an empty line, the checkpoint. Displayed as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness cosigned last, as the sender believes.
    pub old: u64,
    /// The RFC 6962 consistency proof from `old` to the checkpoint's size.
    pub proof: Vec<NodeHash>,
    /// The new head. **Not to be trusted before [`Self::admit`].**
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Reads a request.
    ///
    /// # Errors
    /// [`WitnessRefusal::Malformed`] when it is none.
    pub fn parse(body: &[u8]) -> Result<Self, WitnessRefusal> {
        let malformed =
            || WitnessRefusal::Malformed("not `old <size>`, at most 63 base64 hashes, an empty line and a checkpoint");
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        let (before, checkpoint) = text.split_once("\n\n").ok_or_else(malformed)?;
        let mut lines = before.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal).ok_or_else(malformed)?;
        let proof: Option<Vec<NodeHash>> = lines.map(NodeHash::from_base64).collect();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF).ok_or_else(malformed)?;
        let checkpoint = SignedCheckpoint::parse(checkpoint);
        let checkpoint = checkpoint.map_err(|_| WitnessRefusal::Malformed("what follows the empty line is no checkpoint"))?;
        Ok(Self { old, proof, checkpoint })
    }

    /// Checks what depends on the request and the known logs alone, in the order of the specification.
    ///
    /// # Errors
    /// [`WitnessRefusal::UnknownLog`], [`WitnessRefusal::NotSigned`] or [`WitnessRefusal::Backwards`].
    pub fn admit(self, logs: &[VerifierKey]) -> Result<Admitted, WitnessRefusal> {
        let Self { old, proof, mut checkpoint } = self;
        let origin = checkpoint.checkpoint().origin();
        let keys: Vec<&VerifierKey> = logs.iter().filter(|log| log.name().as_str() == origin).collect();
        if keys.is_empty() {
            return Err(WitnessRefusal::UnknownLog);
        }
        let verified = keys.iter().map(|key| checkpoint.verify(key)).collect::<Vec<_>>();
        let missing = |outcome: &Result<_, CheckpointError>| *outcome == Err(CheckpointError::NotSigned(NotSigned::Missing));
        if verified.iter().all(missing) || verified.iter().any(|outcome| outcome.is_err() && !missing(outcome)) {
            return Err(WitnessRefusal::NotSigned);
        }
        if old > checkpoint.checkpoint().size() {
            return Err(WitnessRefusal::Backwards);
        }
        checkpoint.keep_signatures_of(&keys);
        Ok(Admitted { old, proof, checkpoint })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// A request whose checkpoint is signed by a known log. It may be cosigned once [`Self::follows`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    old: u64,
    proof: Vec<NodeHash>,
    checkpoint: SignedCheckpoint,
}

impl Admitted {
    /// The checkpoint, with the verified signatures of its log and no others.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Checks that the checkpoint is consistent with the one that was cosigned last, if any. Judge and make durable in one transaction.
    ///
    /// # Errors
    /// [`WitnessRefusal::Conflict`] or [`WitnessRefusal::Inconsistent`].
    pub fn follows(&self, latest: Option<(u64, NodeHash)>) -> Result<(), WitnessRefusal> {
        let (size, root) = latest.unwrap_or_else(|| (0, empty_root()));
        if self.old != size {
            return Err(WitnessRefusal::Conflict(size));
        }
        let new = self.checkpoint.checkpoint();
        if new.size() == 0 && new.root() != empty_root() {
            return Err(WitnessRefusal::Inconsistent);
        }
        verify_consistency((size, &root), (new.size(), &new.root()), &self.proof).map_err(|_| WitnessRefusal::Inconsistent)
    }
}

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// Not a request.
    #[error("{0}")]
    Malformed(&'static str),
    /// No log of that origin is known here.
    #[error("the checkpoint is of a log that is not known here")]
    UnknownLog,
    /// Not signed by a known key of the log, or a signature in its name does not verify.
    #[error("the checkpoint is not signed by a known key of its log, or a signature in its name does not verify")]
    NotSigned,
    /// The old size is beyond the checkpoint.
    #[error("the old size is larger than the checkpoint")]
    Backwards,
    /// The old size is not that of the checkpoint that was cosigned last.
    #[error("the checkpoint that was cosigned last has size {0}")]
    Conflict(u64),
    /// Another root than the proof, or the equal size, asks for.
    #[error("the checkpoint is not proved to be consistent with the one that was cosigned last")]
    Inconsistent,
}

impl WitnessRefusal {
    /// The HTTP status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Backwards => 400,
            Self::NotSigned => 403,
            Self::UnknownLog => 404,
            Self::Conflict(_) => 409,
            Self::Inconsistent => 422,
        }
    }
}

/// The size in the body of an answer 409.
pub fn read_size(body: &[u8]) -> Option<u64> {
    decimal(std::str::from_utf8(body).ok()?.strip_suffix('\n')?)
}

/// The line of `witness` in the body of an answer 200 about `checkpoint`, verified; lines of other keys are ignored.
///
/// # Errors
/// [`NotSigned`]: there is none, one of them does not verify, or the body is no sequence of signature lines.
pub fn read_cosignature(
    body: &[u8],
    checkpoint: &SignedCheckpoint,
    witness: &VerifierKey,
) -> Result<(NoteSignature, Timestamp), NotSigned> {
    let text = std::str::from_utf8(body).ok().and_then(|text| text.strip_suffix('\n')).ok_or(NotSigned::Missing)?;
    let lines: Result<Vec<NoteSignature>, _> = text.split('\n').map(NoteSignature::parse).collect();
    let lines = lines.map_err(|_| NotSigned::Missing)?;
    let line = lines.into_iter().find(|line| line.claims(witness)).ok_or(NotSigned::Missing)?;
    // Verified apart from whatever the checkpoint carries already.
    let mut alone = checkpoint.clone();
    alone.keep_signatures_of(&[]);
    alone.add(line.clone()).map_err(|_| NotSigned::Missing)?;
    let time = cosignature::verify(&alone, witness)?;
    if time.seconds() == 0 { Err(NotSigned::Forged) } else { Ok((line, time)) }
}

/// The path under which a witness's monitoring prefix shows the latest checkpoint of a log.
pub fn monitoring_path(origin: &str) -> String {
    format!("/{}/checkpoint", hex::encode(&digest::sha256(origin.as_bytes())))
}

#[cfg(test)]
mod tests;
