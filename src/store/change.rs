//! What an append writes beside the log.

use std::collections::{BTreeMap, BTreeSet};

use super::SubjectIndex;
use super::duties::{PastTerm, Reliance};
use super::retention::Hold;
use super::rows::{ContributionRow, DeliveryRow, DisclosureRow, OfferRow, PseudonymRow};
use crate::case_room::Case;
use crate::clock::Timestamp;
use crate::consent::{ConsentRecord, Override};
use crate::ledger::embargo::Embargo;
use crate::notice::Task;
use crate::organisation::keys::Validity;
use crate::organisation::session::Session;
use crate::organisation::{Oin, Organisation, Status};

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
    /// A disclosure is given again: what rested on these consents was given once more.
    GivenAgain {
        /// The disclosure.
        disclosure: String,
        /// On which consents it rests as it is kept now; `None` where that is not known, which counts as all on which it ever did.
        consents: Option<BTreeSet<String>>,
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
    /// Not a write: what was given since then and rested on a consent are exactly these disclosures, or none of the append happens.
    GivenSince {
        /// The consent.
        consent: String,
        /// Since when.
        since: Timestamp,
        /// The disclosures.
        disclosures: BTreeSet<String>,
    },
    /// A task arises; one of the same kind, owner and matter stays.
    Task(Box<Task>),
    /// The next version of a task.
    TaskAnswered(Box<Task>),
    /// An embargo is placed, or its next version; a conflict when that is not what is there.
    /// [`Conflict::TooMany`](super::Conflict::TooMany) when as many of its organisation stand as may.
    Embargo(Box<Embargo>),
    /// Not a write: the embargoes of an organisation are exactly these, each in this version, or none of the append happens.
    HeldBack {
        /// Whose.
        party: Oin,
        /// Their versions by their ids.
        versions: BTreeMap<String, u32>,
    },
    /// Consents, overrides, cases, tasks and embargoes past their term are removed.
    Erase(PastTerm),
    /// An organisation joins or changes (a decision depends on it).
    Organisation(Box<Organisation>),
    /// An organisation's status changes (a decision depends on it).
    Status(StatusChange),
    /// A credential is published or withdrawn (a decision depends on it).
    Credential(CredentialChange),
    /// A legal hold is placed; a conflict when its organisation has as many as it may have.
    Hold(Box<Hold>),
    /// The legal hold with this id is lifted.
    HoldLifted(String),
    /// Not a write: the legal holds that stand are exactly these, or none of the append happens.
    HeldBy(BTreeSet<String>),
    /// These policies come in force (every decision depends on it); their texts are kept.
    Policies(PolicyVersion),
    /// Somebody signs in, or the next version of her session; a conflict when that is not what follows, or it was ended.
    /// [`Conflict::TooMany`](super::Conflict::TooMany) when as many of hers stand as may.
    Session(Box<Session>),
    /// Not a write: this session is whose it was seen to be and nobody has ended it, or none of the append happens.
    SignedIn(Box<Session>),
}

/// One version of the policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// What the log calls it, hexadecimal.
    pub hash: String,
    /// All of it: the hash is over this.
    pub texts: Vec<u8>,
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
        matches!(
            self,
            Self::Reliance(_) | Self::Task(_) | Self::TaskAnswered(_) | Self::Hold(_) | Self::HoldLifted(_) | Self::Embargo(_)
        )
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
                | Self::GivenSince { .. }
                | Self::TaskAnswered(_)
                | Self::Embargo(_)
                | Self::HeldBack { .. }
                | Self::Hold(_)
                | Self::HoldLifted(_)
                | Self::HeldBy(_)
                | Self::Session(_)
                | Self::SignedIn(_)
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
    /// Somebody is enrolled with a personal key.
    Person {
        /// Of which organisation.
        organisation: Oin,
        /// As what.
        role: crate::organisation::people::Role,
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
