//! One unit of work in the log: what it claims, what it rests on, what it writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::case_room::{Case, CaseId};
use crate::clock::Timestamp;
use crate::consent::{ConsentRecord, Override};
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::entry::Clear;
use crate::ledger::receipt;
use crate::ledger::seal::{Leaf, PartyKey};
use crate::ledger::tree::NodeHash;
use crate::ledger::wrap::WrappedKey;
use crate::notice::Task;
use crate::organisation::keys::Validity;
use crate::organisation::{Oin, Organisation, Status};

use super::duties::{PastTerm, Reliance};
use crate::catalogue::PurposeCode;
use crate::source::SubjectWire;
use crate::source::offers::OfferKind;

use super::{Revision, SubjectIndex};

/// What is committed together, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// The nonce of the request that this is the first entry of.
    pub nonce: Option<NonceClaim>,
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

/// One log entry: its clear columns, its public leaf, its sealed body and the wrapped key to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The clear columns.
    pub clear: Clear,
    /// The public leaf.
    pub leaf: Leaf,
    /// The sealed body.
    pub body: Vec<u8>,
    /// The entry key, wrapped by the key named `key_class`.
    pub wrapped_key: WrappedKey,
    /// The wrapping key in the key store: retention class and month.
    pub key_class: String,
    /// The sources that were asked, for an *ask* of several.
    pub asked: Vec<Oin>,
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
    /// The organisations that were judged: the recipient, then the sources.
    pub organisations: Vec<Oin>,
    /// The case that the request stands in, if any.
    pub case: Option<CaseId>,
    /// A digest of exactly the facts that were used, to compare when the revision has moved.
    pub digest: [u8; 32],
}

/// A write beside the log.
#[derive(Clone, Debug)]
pub enum Change {
    /// The sealed key of a new pseudonym scope; one that is there stays.
    ScopeKey {
        /// The scope.
        scope: String,
        /// Its key, sealed by the key store's key of the same name.
        sealed: Vec<u8>,
    },
    /// New pseudonyms; one that is there under the same blind index stays.
    Pseudonyms(Vec<PseudonymRow>),
    /// A disclosure to be picked up.
    Disclosure(Box<DisclosureRow>),
    /// A delivery of a disclosure.
    Delivery(DeliveryRow),
    /// Not a write: a disclosure is kept as it was read, or none of the append happens.
    Unchanged {
        /// The disclosure.
        disclosure: String,
        /// Its sealed request as it was read: sealed anew with every delivery, it tells one state from another.
        version: Vec<u8>,
    },
    /// Sealed deliveries of a disclosure are destroyed, because facts have changed.
    DestroyDeliveries {
        /// The disclosure.
        disclosure: String,
        /// The sealed texts of those that stay.
        stay: Vec<String>,
    },
    /// A receipt that a source is still to get: kept until it has.
    ContributionReceipt(ContributionRow),
    /// The sources have these receipts ([`super::WaitingReceipt::number`]).
    ReceiptsAccepted(Vec<i64>),
    /// The disclosure under an Idempotency-Key was answered; a conflict when another request has taken the key over.
    Answered {
        /// Whose key.
        organisation: Oin,
        /// The key.
        key: String,
        /// The disclosure that answers it.
        disclosure: String,
    },
    /// An offer waits for its recipient; a conflict when one like it does already.
    Offer(Box<OfferRow>),
    /// An offer was collected and names the person until then; a changed fact when it is not there any more.
    OfferCollected {
        /// The offer.
        offer: String,
        /// Until when what was collected is kept.
        until: Timestamp,
    },
    /// An offer that nobody has collected is gone.
    OfferWithdrawn(String),
    /// A new version of a consent (a decision depends on it).
    Consent(SubjectIndex, Box<ConsentRecord>),
    /// Something that is recorded about a person cannot be read: these, each with a version of its own, are all that is recorded about her from now on
    /// (a decision depends on it).
    Lost(SubjectIndex, Vec<ConsentRecord>),
    /// A version of an override: its making, or its end (a decision depends on it).
    Override(SubjectIndex, u32, Box<Override>),
    /// A new version of a case: its opening, or what happens to it (a decision depends on it).
    Case(Box<Case>),
    /// A disclosure rests on a consent; known ones are given again.
    Reliance(Reliance),
    /// A disclosure is given again: what rested on a consent was given once more.
    GivenAgain {
        /// The disclosure.
        disclosure: String,
        /// When.
        at: Timestamp,
    },
    /// Not a write: those who received on a consent are exactly these, or none of the append happens.
    ReceivedBy {
        /// The consent.
        consent: String,
        /// Who.
        recipients: BTreeSet<Oin>,
    },
    /// A task arises; one of the same kind, owner and matter stays.
    Task(Box<Task>),
    /// The next version of a task.
    TaskAnswered(Box<Task>),
    /// Consents and tasks past their term are removed.
    Erase(PastTerm),
    /// An organisation joins or changes (a decision depends on it).
    Organisation(Box<Organisation>),
    /// An organisation's status changes (a decision depends on it).
    Status(StatusChange),
    /// A credential is published or withdrawn (a decision depends on it).
    Credential(CredentialChange),
    /// The policies with this hash come in force (every decision depends on it).
    Policies(String),
}

impl Change {
    /// Whether decisions depend on this: it moves the facts' revision.
    pub const fn moves_facts(&self) -> bool {
        matches!(
            self,
            Self::Consent(..)
                | Self::Lost(..)
                | Self::Override(..)
                | Self::Case(_)
                | Self::Organisation(_)
                | Self::Status(_)
                | Self::Credential(_)
                | Self::Erase(_)
                | Self::Policies(_)
        )
    }

    /// Whether it changes how many rows a list has that stands under the head's code.
    pub const fn is_listed(&self) -> bool {
        matches!(self, Self::Reliance(_) | Self::Task(_) | Self::TaskAnswered(_))
    }

    /// Whether it can turn out to be impossible.
    pub const fn can_conflict(&self) -> bool {
        let checks = matches!(
            self,
            Self::Unchanged { .. }
                | Self::Answered { .. }
                | Self::Offer(_)
                | Self::OfferCollected { .. }
                | Self::OfferWithdrawn(_)
                | Self::ReceivedBy { .. }
                | Self::TaskAnswered(_)
        );
        self.moves_facts() || checks
    }
}

/// A suspension or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// Whose.
    pub organisation: Oin,
    /// The new status.
    pub status: Status,
}

/// A certificate or key as published, or its withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialChange {
    /// A TLS certificate.
    Certificate {
        /// Whose.
        organisation: Oin,
        /// SHA-256 of its DER.
        fingerprint: [u8; 32],
        /// Its validity.
        validity: Validity,
    },
    /// A signing key.
    Signing {
        /// Whose.
        organisation: Oin,
        /// The key.
        key: crate::organisation::keys::PublishedKey,
    },
    /// An encryption key.
    Encryption {
        /// Whose.
        organisation: Oin,
        /// The key.
        key: crate::organisation::keys::PublishedKey,
    },
    /// The key with this id is withdrawn.
    RevokeKey {
        /// Its id.
        keyid: String,
    },
    /// The certificate with this fingerprint is withdrawn.
    RevokeCertificate {
        /// SHA-256 of its DER.
        fingerprint: [u8; 32],
    },
}

/// An offer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferRow {
    /// Its id (`UUIDv7`).
    pub id: String,
    /// Who offers.
    pub source: Oin,
    /// Who may collect.
    pub recipient: Oin,
    /// For which purpose.
    pub purpose: PurposeCode,
    /// What there is.
    pub kind: OfferKind,
    /// Whom it is about, as an index: by it the same offer is found again.
    pub subject: SubjectIndex,
    /// Whom it is about; sealed at rest.
    pub reference: SubjectWire,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it can be collected.
    pub expires: Timestamp,
    /// Whether it was.
    pub collected: bool,
}

/// One pseudonym in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PseudonymRow {
    /// The scope whose key made the index and sealed the identity.
    pub scope: String,
    /// The blind index of domain and identifier.
    pub index: [u8; 32],
    /// The pseudonym, `p1_…`.
    pub pseudonym: String,
    /// The identifier, sealed under the scope's key.
    pub identity: Vec<u8>,
}

/// Where the name of a person is, if there is one: in which scope, under which blind index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NameIndex {
    /// The scope.
    pub scope: String,
    /// The blind index of domain and identifier.
    pub index: [u8; 32],
}

/// What is kept of a disclosure until its sealed results are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisclosureRow {
    /// The disclosure's id (`UUIDv7`).
    pub id: String,
    /// Who may pick it up.
    pub recipient: Oin,
    /// When it was asked.
    pub created: Timestamp,
    /// `open` until this instant; equal to `created` when no summary can come.
    pub open_until: Timestamp,
    /// When the sealed results are destroyed.
    pub expires: Timestamp,
    /// The facts it rested on.
    pub expected: Expected,
    /// The hash of the policy bundle that decided.
    pub bundle: String,
    /// The request itself, sealed by the key named `payload_class`: to collect anew when facts have changed.
    pub request: Vec<u8>,
    /// The wrapping key in the key store; destroyed with its day.
    pub payload_class: String,
    /// The Idempotency-Key it was asked with.
    pub idempotency_key: Option<String>,
}

/// A delivery to be kept for pick-up.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// The disclosure's id.
    pub disclosure: String,
    /// The compact JWE.
    pub sealed: String,
    /// Where its receipt comes from.
    pub receipt: Receipting,
}

/// A receipt for a source, to be sent to its connector.
#[derive(Clone, Debug)]
pub struct ContributionRow {
    /// The disclosure's id.
    pub disclosure: String,
    /// The source.
    pub source: Oin,
    /// The ids of its items that were delivered, in order.
    pub items: Vec<String>,
    /// Where the receipt comes from.
    pub receipt: Receipting,
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
