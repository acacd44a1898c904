//! One unit of work in the log: what it claims, what it rests on, what became of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::Change;
use super::rows::NameIndex;
use super::{Revision, SubjectIndex};
use crate::case_room::CaseId;
use crate::clock::Timestamp;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::entry::{Beside, Clear, Columns, Erases, TokenSalt, TokensDigest};
use crate::ledger::receipt;
use crate::ledger::seal::{Leaf, PartyKey};
use crate::ledger::tree::NodeHash;
use crate::ledger::wrap::WrappedKey;
use crate::organisation::Oin;

/// What is committed together, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// The nonce of the request that this is the first entry of.
    pub nonce: Option<NonceClaim>,
    /// A personal signature that is used up with it.
    pub signature: Option<NonceClaim>,
    /// The Idempotency-Key that the request claims.
    pub idempotency: Option<IdempotencyClaim>,
    /// The facts that must still hold.
    pub expected: Option<Expected>,
    /// Names that must not have been given: as soon as one is, a fact has changed.
    pub apart: Vec<NameIndex>,
    /// The entries, in order.
    pub entries: Vec<EntryRow>,
    /// Everything else.
    pub changes: Vec<Change>,
}

impl Append {
    /// What it claims that can be had once, and what it is when it was had before.
    pub fn claims(&self) -> impl Iterator<Item = (&NonceClaim, Conflict)> {
        let nonce = self.nonce.iter().map(|nonce| (nonce, Conflict::NonceReplayed));
        nonce.chain(self.signature.iter().map(|signature| (signature, Conflict::SignatureUsed)))
    }
}

/// One log entry: its clear columns, its public leaf, its sealed body and the wrapped key to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The clear columns.
    pub clear: Clear,
    /// The public leaf.
    pub leaf: Leaf,
    /// What stands beside it, and the sealed body.
    pub body: Vec<u8>,
    /// The digest of the tokens among the clear columns.
    pub tokens: TokensDigest,
    /// What an erasure takes away beside the tokens; `None` when it has.
    pub erasable: Option<Erasable>,
    /// Retention class and month: the name of a wrapping key in the key store.
    pub key_class: String,
    /// The legal hold by whose key the entry key is wrapped instead, because its class was erased.
    pub held_by: Option<String>,
    /// The sources that were asked, in their order.
    pub asked: Vec<Oin>,
    /// What an erasure erases of the log.
    pub erases: Option<Erases>,
}

/// What of an entry is destroyed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasable {
    /// The entry key, wrapped by the key named [`EntryRow::wrapping_key`].
    pub wrapped_key: WrappedKey,
    /// What the tokens are salted with.
    pub salt: TokenSalt,
}

impl EntryRow {
    /// What its leaf must say of its columns.
    pub fn beside(&self) -> Beside {
        Beside::of(Columns {
            clear: &self.clear,
            tokens: &self.tokens,
            key_class: &self.key_class,
            asked: &self.asked,
            erases: self.erases.as_ref(),
        })
    }

    /// The name of the key that wraps the entry key.
    pub fn wrapping_key(&self) -> &str {
        self.held_by.as_deref().unwrap_or(&self.key_class)
    }
}

/// A nonce, unique per organisation until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonceClaim {
    /// Whose.
    pub organisation: Oin,
    /// The nonce as signed.
    pub nonce: String,
    /// Until when it must be remembered: past every instant at which the signature could still be fresh.
    pub expires: Timestamp,
}

/// A claim on an Idempotency-Key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// Whose.
    pub organisation: Oin,
    /// The key.
    pub key: String,
    /// Keyed digest of the body.
    pub body: [u8; 32],
    /// The disclosure that will answer it.
    pub disclosure: String,
    /// A claim without answer that is older than this instant may be taken over.
    pub stale_before: Timestamp,
    /// The disclosure whose answer this request does anew, because facts have changed since.
    pub replaces: Option<String>,
}

/// The facts a decision rested on, re-read in the transaction that appends (invariant 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The revision at which they were read.
    pub revision: Revision,
    /// From this instant on they count as changed: the earliest end of a consent, an override, a key.
    pub void_at: Timestamp,
    /// The person whose consents and overrides were read, if the person is known by an identifier.
    pub subject: Option<SubjectIndex>,
    /// The organisations that were judged: the one that asks, then the sources.
    pub organisations: Vec<Oin>,
    /// The organisations that receive: of a team all its attendees, whichever of them asks.
    pub recipients: BTreeSet<Oin>,
    /// The case that the request stands in, if any.
    pub case: Option<CaseId>,
    /// A digest of exactly the facts that were used, to compare when the revision has moved.
    pub digest: [u8; 32],
}

/// Which entry of an append a receipt is about.
#[derive(Clone, Debug)]
pub struct Receipting {
    /// The position of the entry within the append.
    pub entry: usize,
    /// `k_party` of that entry: what lets the party check the statement.
    pub party_key: PartyKey,
}

/// What an append became.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The index of its first entry; the others follow.
    pub first_index: u64,
    /// For each entry its inclusion proof.
    pub paths: Vec<Vec<NodeHash>>,
    /// The checkpoint that covers them; none when the append had no entries.
    pub checkpoint: Option<Arc<SignedCheckpoint>>,
}

impl Committed {
    /// The receipt about the entry at `receipting.entry`, whose leaf is `leaf`; `None` when there is no such entry.
    pub fn receipt(&self, receipting: &Receipting, leaf: &Leaf) -> Option<String> {
        let path = self.paths.get(receipting.entry)?.clone();
        let index = self.first_index.checked_add(u64::try_from(receipting.entry).ok()?)?;
        let checkpoint = self.checkpoint.as_deref()?.clone();
        Some(receipt::receipt(leaf, &receipting.party_key, index, path, checkpoint))
    }
}

/// Why one append was not committed, though the batch was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The nonce was used before.
    #[error("the nonce was used before")]
    NonceReplayed,
    /// The personal signature was used before.
    #[error("the signature was used before")]
    SignatureUsed,
    /// The Idempotency-Key is being worked on, was taken over, or was used with another body.
    #[error("the idempotency key is taken")]
    IdempotencyTaken,
    /// A fact is not what the decision rested on.
    #[error("a fact has changed")]
    FactsChanged,
    /// A fact that the decision rests on is stored, but cannot be read: nobody knows whether it still holds.
    #[error("a fact cannot be read")]
    FactsUnreadable,
    /// More than one organisation may have at once.
    #[error("too many of this wait already")]
    TooMany,
    /// What is to be changed is not there, or is newer.
    #[error("what is to be changed is not there, or has changed")]
    StateChanged,
}
