//! The body of an entry, its encoding and its versions.

use std::collections::{BTreeMap, BTreeSet};

use ciborium::Value;
use serde::{Deserialize, Serialize};

use super::decision::{Basis, Decision, Emergency, Item, Obligations, Refusal};
use super::event::{Change, Erasure, Look, Reference, Reidentification, Review, Signed};
use super::kind::EntryKind;
use super::operation::{Actor, Client, Operation};
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::ledger::padding::{InvalidPadding, PaddedBody};
use crate::organisation::Oin;

/// The version that is written. Older ones stay readable for as long as entries are kept.
const VERSION: u16 = 1;

/// What is sealed: `evidence/audit-log.md` §4 part 1, which covers NEN 7513, the Logboek Dataverwerkingen and the Authorization Decision Log.
/// One structure for all kinds; each kind fills the parts that it has. It tells of persons, so its `Debug` says only the kind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Body {
    /// What happened.
    pub kind: EntryKind,
    /// When.
    pub occurred_at: Timestamp,
    /// Whose side of the log this entry is.
    pub party: Oin,
    /// The processing operation.
    pub operation: Operation,
    /// The id of the disclosure that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<String>,
    /// The organisation that gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosing: Option<Oin>,
    /// The organisation that got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving: Option<Oin>,
    /// Who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// From where, and how authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// For what purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeCode>,
    /// In which case, by the party's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The subject, by its pseudonym in the party's domain (LDV `dpl.core.data_subject_id`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// On what it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// The decision that allowed or refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What each source is asked for, in which forms.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<Oin, BTreeMap<Category, BTreeSet<Form>>>,
    /// What became of each source's category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// The overrides that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Emergency>,
    /// What the recipient must do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obligations: Option<Obligations>,
    /// The statement that the leaf commits to, as JCS text: the digests of what left and of the signed request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What else it is about.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub references: BTreeSet<Reference>,
    /// A change of state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The steps that professionals signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed: Vec<Signed>,
    /// A look or an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
    /// A judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// A step of a re-identification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reidentification: Option<Reidentification>,
    /// An erasure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erasure: Option<Erasure>,
}

impl Body {
    /// A body with what every entry has; the other parts are empty.
    pub const fn new(kind: EntryKind, occurred_at: Timestamp, party: Oin, operation: Operation) -> Self {
        Self {
            kind,
            occurred_at,
            party,
            operation,
            disclosure: None,
            disclosing: None,
            receiving: None,
            actor: None,
            client: None,
            purpose: None,
            case: None,
            subject: None,
            basis: None,
            decision: None,
            asked: BTreeMap::new(),
            items: Vec::new(),
            overrides: Vec::new(),
            obligations: None,
            statement: None,
            refusal: None,
            references: BTreeSet::new(),
            change: None,
            signed: Vec::new(),
            look: None,
            review: None,
            reidentification: None,
            erasure: None,
        }
    }

    /// Encodes (CBOR, RFC 8949; equal bodies give equal bytes) and pads it.
    ///
    /// # Errors
    /// [`BodyError`] when it is too long to be an entry.
    pub fn encode(&self) -> Result<PaddedBody, BodyError> {
        let mut cbor = zeroize::Zeroizing::new(Vec::with_capacity(4096));
        let written = ciborium::into_writer(&Written { version: VERSION, body: self }, &mut *cbor);
        written.map_err(|_| BodyError::Encoding)?;
        Ok(PaddedBody::pad(&cbor)?)
    }

    /// Decodes an opened body.
    ///
    /// # Errors
    /// [`BodyError`] when it is not the encoding of a body of a known version.
    pub fn decode(padded: &PaddedBody) -> Result<Self, BodyError> {
        let mut rest = padded.body();
        let read: Read = ciborium::from_reader(&mut rest).map_err(|_| BodyError::Encoding)?;
        match (read.version, rest) {
            (VERSION, []) => read.body.deserialized().map_err(|_| BodyError::Encoding),
            (VERSION, _) => Err(BodyError::Encoding),
            (version, _) => Err(BodyError::Version(version)),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({}, …)", self.kind)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "v")]
    version: u16,
    body: &'a Body,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(rename = "v")]
    version: u16,
    body: Value,
}

/// A body cannot be encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Too long, or not padded as it should be.
    #[error(transparent)]
    Padding(#[from] InvalidPadding),
    /// Not the CBOR of a body.
    #[error("the body of the log entry is not encoded as it should be")]
    Encoding,
    /// Written by a newer version of this software.
    #[error("the body of the log entry has version {0}: a newer version of this software wrote it, and can read it")]
    Version(u16),
}
