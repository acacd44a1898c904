//! What is kept beside the registers and the log: offers, pseudonyms, disclosures with their deliveries, receipts.

use serde::{Deserialize, Serialize};

use super::append::{Expected, Receipting};
use crate::catalogue::PurposeCode;
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::source::SubjectWire;
use crate::source::offers::OfferKind;

use super::SubjectIndex;

/// A part of a list of offers.
#[derive(Clone, Copy, Debug)]
pub struct OfferPage<'a> {
    /// Only those older than this one; empty for the newest.
    pub after: &'a str,
    /// At most so many.
    pub limit: u32,
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
