//! Proofs that can be checked offline (C2SP tlog-proof).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{CheckpointError, SignedCheckpoint, decimal};
use super::note::{MAX_NOTE, VerifierKey};
use super::tree::{NodeHash, ProofRejected, verify_inclusion};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most extra data that is read, in bytes.
const MAX_EXTRA: usize = 64 * 1024;

/// The longest inclusion proof: a tree has fewer than 2⁶³ leaves.
const MAX_PATH: usize = 63;

/// A proof as read: nothing in it is to be trusted before [`Self::verify`], and `extra` not even then. Displayed as tlog-proof text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// What the application adds; not authenticated.
    pub extra: Option<Vec<u8>>,
    /// The index of the entry.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling up.
    pub path: Vec<NodeHash>,
    /// The head of the log that the proof leads to.
    pub checkpoint: SignedCheckpoint,
}

impl TlogProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// [`InvalidProof`]: what about its form is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidProof> {
        if text.len() > MAX_NOTE + 2 * MAX_EXTRA {
            return Err(InvalidProof::TooLong);
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(InvalidProof::Checkpoint(None))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(InvalidProof::Header);
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            None => None,
            Some(encoded) => {
                lines.next();
                Some(STANDARD.decode(encoded).ok().filter(|extra| extra.len() <= MAX_EXTRA).ok_or(InvalidProof::Extra)?)
            }
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal).ok_or(InvalidProof::Index)?;
        let path: Vec<NodeHash> = lines.map(NodeHash::from_base64).collect::<Option<_>>().ok_or(InvalidProof::Path)?;
        if path.len() > MAX_PATH {
            return Err(InvalidProof::TooLong);
        }
        let checkpoint = SignedCheckpoint::parse(checkpoint).map_err(|error| InvalidProof::Checkpoint(Some(error)))?;
        Ok(Self { extra, index, path, checkpoint })
    }

    /// Checks that the leaf with this hash is in the log with this key. Cosignatures are for a [`super::quorum::Policy`] to judge.
    ///
    /// # Errors
    /// [`ProofError`]: which check failed.
    pub fn verify(&self, leaf: &NodeHash, log: &VerifierKey) -> Result<(), ProofError> {
        self.checkpoint.verify(log)?;
        Ok(self.verify_inclusion(leaf)?)
    }

    /// Checks only that the path leads from the leaf to the root that the checkpoint names.
    ///
    /// # Errors
    /// [`ProofRejected`] when it does not.
    pub fn verify_inclusion(&self, leaf: &NodeHash) -> Result<(), ProofRejected> {
        let head = self.checkpoint.checkpoint();
        verify_inclusion(leaf, self.index, head.size(), &self.path, &head.root())
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// The text is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProof {
    /// Too much of something.
    #[error("the proof is longer than any proof can be")]
    TooLong,
    /// The first line is another.
    #[error("the first line must be {HEADER}")]
    Header,
    /// The extra data is no base64 or too long.
    #[error("the line `extra` must hold base64 of at most {MAX_EXTRA} bytes")]
    Extra,
    /// The index line is missing or malformed.
    #[error("the line `index` with a decimal number, without leading zeros, is missing")]
    Index,
    /// A line of the path is no hash.
    #[error("each line of the inclusion proof must be one SHA-256 hash in base64")]
    Path,
    /// The checkpoint is missing or malformed.
    #[error("after an empty line the log's checkpoint must follow, as the log signed it")]
    Checkpoint(#[source] Option<CheckpointError>),
}

/// A proof does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The checkpoint is of another log, or not signed by it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The leaf is not in the tree that the checkpoint names.
    #[error("the entry is not in the log at this index: {0}")]
    Inclusion(#[from] ProofRejected),
}
