//! Receipts: proof, to the organisation that got or gave data, that the delivery is in the log.

use std::fmt;

use super::checkpoint::{CheckpointError, SignedCheckpoint};
use super::note::VerifierKey;
use super::proof::{InvalidProof, TlogProof};
use super::quorum::{Policy, QuorumNotMet};
use super::seal::{Leaf, PartyKey};
use super::statement::Statement;
use super::tree::{NodeHash, ProofRejected};
use crate::clock::Timestamp;

/// The length of `extra`: the leaf, then the party's key.
const EXTRA: usize = Leaf::LENGTH + 32;

/// The text of a receipt: a tlog-proof whose `extra` is `leaf ‖ k_party`.
pub fn receipt(leaf: &Leaf, key: &PartyKey, index: u64, path: Vec<NodeHash>, checkpoint: SignedCheckpoint) -> String {
    let extra = Some([leaf.bytes().as_slice(), key.expose()].concat());
    TlogProof { extra, index, path, checkpoint }.to_string()
}

/// What a verifier pins: the log's key and, if it asks for witnesses, its policy.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The log's key; its name is the log's origin.
    pub log: &'a VerifierKey,
    /// Whose cosignatures are needed; `None` asks for none. Where the policy names logs, `log` must be one of them.
    pub policy: Option<&'a Policy>,
}

/// A receipt that passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// The index of the entry.
    pub index: u64,
    /// The size of the log at the checkpoint.
    pub size: u64,
    /// The root hash of the log at the checkpoint.
    pub root: NodeHash,
    /// The public leaf.
    pub leaf: Leaf,
    /// The witnesses of the policy that cosigned, by their name in it, and when.
    pub witnesses: Vec<(String, Timestamp)>,
}

/// Checks a receipt. `statement` is made by the verifier from what it holds, never taken from a message.
///
/// # Errors
/// [`ReceiptError`]: the first check that failed.
pub fn verify(receipt: &str, statement: &Statement, trust: Trust<'_>) -> Result<VerifiedReceipt, ReceiptError> {
    examine(receipt, statement, trust).outcome
}

/// What a receipt proves of the log, whatever it is about: that the log signed a head of a tree in which this leaf stands at this index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The index of the entry.
    pub index: u64,
    /// The public leaf.
    pub leaf: Leaf,
    /// The size of the log at the checkpoint.
    pub size: u64,
    /// The root hash of the log at the checkpoint.
    pub root: NodeHash,
}

impl Proven {
    /// Of a whole receipt.
    ///
    /// # Errors
    /// [`ReceiptError`]: the first check that failed.
    pub fn of_receipt(receipt: &str, log: &VerifierKey) -> Result<Self, ReceiptError> {
        let proof = TlogProof::parse(receipt)?;
        let (leaf, _) = proof.extra.as_deref().and_then(leaf_and_key).ok_or(ReceiptError::Leaf)?;
        Self::of(&proof, leaf, log)
    }

    /// Of a proof and the leaf that it is of.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn of(proof: &TlogProof, leaf: Leaf, log: &VerifierKey) -> Result<Self, ReceiptError> {
        let head = proof.checkpoint.verify(log).map_err(|error| match error {
            CheckpointError::Origin => origin_error(proof),
            error => ReceiptError::Signature(error),
        })?;
        proof.verify_inclusion(&leaf.hash())?;
        Ok(Self { index: proof.index, leaf, size: head.size(), root: head.root() })
    }
}

/// The leaf and the proof of a receipt without the party's key: what shows that an entry is in the log, and not what it is about.
///
/// # Errors
/// [`ReceiptError`], when it is no receipt.
pub fn without_party_key(receipt: &str) -> Result<(Leaf, TlogProof), ReceiptError> {
    let mut proof = TlogProof::parse(receipt)?;
    let (leaf, _) = proof.extra.take().as_deref().and_then(leaf_and_key).ok_or(ReceiptError::Leaf)?;
    Ok((leaf, proof))
}

/// Checks a receipt and says how each check went.
pub fn examine(receipt: &str, statement: &Statement, trust: Trust<'_>) -> Examination {
    let mut checks = Checks::default();
    let outcome = checks.run(receipt, statement, trust);
    Examination { checks: checks.0, outcome }
}

/// How the checks of a receipt went.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The checks in order, up to and with the first that failed.
    pub checks: Vec<CheckResult>,
    /// The result as a whole.
    pub outcome: Result<VerifiedReceipt, ReceiptError>,
}

/// One check, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// Which check.
    pub check: Check,
    /// What was found, or why it failed. Names no person.
    pub detail: String,
    /// Whether it passed.
    pub passed: bool,
}

/// The checks of a receipt, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// It is a tlog-proof text.
    Format,
    /// It carries a leaf and a party key.
    Leaf,
    /// The leaf commits to the statement that the verifier made.
    Statement,
    /// The checkpoint is of the pinned log.
    Origin,
    /// The log signed the checkpoint.
    Signature,
    /// The leaf is in the tree of the checkpoint.
    Inclusion,
    /// The quorum of witnesses cosigned.
    Witnesses,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "format",
            Self::Leaf => "leaf",
            Self::Statement => "statement",
            Self::Origin => "origin",
            Self::Signature => "signature",
            Self::Inclusion => "inclusion",
            Self::Witnesses => "witnesses",
        })
    }
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not a tlog-proof.
    #[error("the receipt is no tlog-proof text: {0}")]
    Format(#[from] InvalidProof),
    /// `extra` does not hold a leaf and a key.
    #[error("the receipt does not carry a leaf of this log and its party key ({EXTRA} bytes in the line `extra`)")]
    Leaf,
    /// About something else.
    #[error("the log entry is about another disclosure, party, payload or request than the one in hand")]
    Statement,
    /// Of another log.
    #[error("the receipt is of the log {0:?}, not of the one whose key was given")]
    Origin(String),
    /// The checkpoint is not signed by the log.
    #[error(transparent)]
    Signature(CheckpointError),
    /// The leaf is not in the tree.
    #[error("the entry is not in the log at the index that the receipt names: {0}")]
    Inclusion(#[from] ProofRejected),
    /// The policy knows other logs only.
    #[error("the witness policy does not name this log")]
    UnknownLog,
    /// Too few witnesses.
    #[error(transparent)]
    Witnesses(#[from] QuorumNotMet),
}

impl ReceiptError {
    /// Which check failed.
    pub const fn check(&self) -> Check {
        match self {
            Self::Format(_) => Check::Format,
            Self::Leaf => Check::Leaf,
            Self::Statement => Check::Statement,
            Self::Origin(_) => Check::Origin,
            Self::Signature(_) => Check::Signature,
            Self::Inclusion(_) => Check::Inclusion,
            Self::UnknownLog | Self::Witnesses(_) => Check::Witnesses,
        }
    }
}

#[derive(Default)]
struct Checks(Vec<CheckResult>);

impl Checks {
    fn run(&mut self, receipt: &str, statement: &Statement, trust: Trust<'_>) -> Result<VerifiedReceipt, ReceiptError> {
        self.all(receipt, statement, trust).inspect_err(|error| {
            self.0.push(CheckResult { check: error.check(), detail: error.to_string(), passed: false });
        })
    }

    fn all(&mut self, receipt: &str, statement: &Statement, trust: Trust<'_>) -> Result<VerifiedReceipt, ReceiptError> {
        let proof = TlogProof::parse(receipt)?;
        self.passed(Check::Format, "a C2SP tlog-proof, version 1".to_owned());
        let (leaf, key) = proof.extra.as_deref().and_then(leaf_and_key).ok_or(ReceiptError::Leaf)?;
        self.passed(Check::Leaf, format!("leaf hash {}", leaf.hash()));
        if !leaf.commits_to(statement, &key) {
            return Err(ReceiptError::Statement);
        }
        self.passed(Check::Statement, format!("the entry is about {statement}"));
        let head = match proof.checkpoint.verify(trust.log) {
            Ok(head) => head,
            Err(CheckpointError::Origin) => return Err(origin_error(&proof)),
            Err(error) => {
                self.passed(Check::Origin, trust.log.name().to_string());
                return Err(ReceiptError::Signature(error));
            }
        };
        self.passed(Check::Origin, head.origin().to_owned());
        self.passed(Check::Signature, format!("signed by {}", trust.log));
        proof.verify_inclusion(&leaf.hash())?;
        self.passed(Check::Inclusion, format!("entry {} of {}, root {}", proof.index, head.size(), head.root()));
        let witnesses = self.witnesses(&proof, trust)?;
        Ok(VerifiedReceipt { index: proof.index, size: head.size(), root: head.root(), leaf, witnesses })
    }

    fn witnesses(&mut self, proof: &TlogProof, trust: Trust<'_>) -> Result<Vec<(String, Timestamp)>, ReceiptError> {
        let Some(policy) = trust.policy else {
            self.passed(Check::Witnesses, "none asked for".to_owned());
            return Ok(Vec::new());
        };
        if !policy.logs().is_empty() && !policy.logs().contains(trust.log) {
            return Err(ReceiptError::UnknownLog);
        }
        let witnessed = policy.witnessed(&proof.checkpoint)?;
        let by: Vec<(String, Timestamp)> = witnessed.by.iter().map(|(witness, time)| (witness.name.clone(), *time)).collect();
        let names: Vec<String> = by.iter().map(|(name, time)| format!("{name} ({time})")).collect();
        self.passed(Check::Witnesses, format!("quorum met by {} cosignatures: {}", by.len(), names.join(", ")));
        Ok(by)
    }

    fn passed(&mut self, check: Check, detail: String) {
        self.0.push(CheckResult { check, detail, passed: true });
    }
}

fn leaf_and_key(extra: &[u8]) -> Option<(Leaf, PartyKey)> {
    let (leaf, key) = extra.split_at_checked(Leaf::LENGTH)?;
    Some((Leaf::from_bytes(leaf).ok()?, PartyKey::new(key.try_into().ok()?)))
}

/// The foreign origin, cut to a length that an error message can bear.
fn origin_error(proof: &TlogProof) -> ReceiptError {
    ReceiptError::Origin(proof.checkpoint.checkpoint().origin().chars().take(80).collect())
}

#[cfg(test)]
mod tests;
