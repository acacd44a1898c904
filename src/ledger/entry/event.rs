//! What the entry is about when it is no delivery: changes, looks, judgements, re-identifications, erasures.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::erases::Erases;
use super::operation::Actor;
use crate::clock::Timestamp;
use crate::organisation::{Kind, Oin};

/// Something that the entry is about: an earlier entry, a consent, an override, a case, a key, a policy bundle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reference {
    /// What it is: `entry`, `consent`, `override`, `case`, `offer`, `release`, `notice`, `key`, `organisation`, `policy`, …
    pub object: String,
    /// Its id; for an entry its index.
    pub id: String,
}

impl Reference {
    const ENTRY: &str = "entry";

    /// To the entry with this index.
    pub fn entry(index: u64) -> Self {
        Self { object: Self::ENTRY.to_owned(), id: index.to_string() }
    }

    /// The index of the entry, if it is to one.
    pub fn index(&self) -> Option<u64> {
        if self.object == Self::ENTRY { self.id.parse().ok() } else { None }
    }
}

/// A change of state: of a consent, override, organisation, key, policy or release.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Change {
    /// What happened, by its code: `given`, `withdrawn`, `suspended`, `rotated`, …
    pub event: String,
    /// The reason that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The state before, by attribute.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, String>,
    /// The state after, by attribute.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<String, String>,
    /// Who approved it beside the actor, by reference.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub approved_by: BTreeSet<String>,
}

/// A step that a professional signed with a key of her own, and that she cannot deny: whoever has the statement can hold it against this
/// (Ed25519, RFC 8032, over canonical JSON, RFC 8785). That key and registration are hers, her organisation said under its own signature
/// ([`super::Client`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signed {
    /// Which step: `override-create`, `override-approve`, `override-revoke`, `override-review`.
    pub step: String,
    /// Who, by the organisation's own reference.
    pub professional: String,
    /// The registration (BIG, SKJ, service number), where it came with the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// The public key, base64url.
    pub public_key: String,
    /// When; part of the statement.
    pub signed_at: Timestamp,
    /// The signature, base64url.
    pub signature: String,
    /// SHA-256 of the statement, base64url. The statement of an override names the subject, so none is here.
    pub statement: String,
}

/// A look or an export: what was searched for and how much was seen (NEN 7513: the log of the log).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Look {
    /// What was looked at, by its code: `search`, `entry`, `timeline`, `case`, `subject-report`, …
    pub view: String,
    /// The search terms by field. A subject, actor or case only as its token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, String>,
    /// The indexes of the entries whose body was opened.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub opened: BTreeSet<u64>,
    /// How many lines were shown or exported.
    pub count: u64,
    /// The file format of an export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// An officer's judgement of an entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Review {
    /// The index of the entry.
    pub entry: u64,
    /// The verdict, by its code.
    pub verdict: String,
    /// The officer's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The flags that led to the review, by their codes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<String>,
    /// How it came to be reviewed: `override`, `flag`, `sample` (with its seed), `request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
}

/// A step of a re-identification.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reidentification {
    /// Its id.
    pub id: String,
    /// The pseudonym that it is about.
    pub pseudonym: String,
    /// The names of the fields that may be seen.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<String>,
    /// Who asked, by reference.
    pub requested_by: Actor,
    /// Who approved or rejected, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Actor>,
    /// When it lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The source that confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<Oin>,
    /// The kind of the recipient's organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_kind: Option<Kind>,
}

/// What was made unreadable, under which rule.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Erasure {
    /// The retention rule or the request.
    pub rule: String,
    /// What of the log it erases; nothing when it is about registers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erases: Option<Erases>,
    /// How many entries or records.
    pub count: u64,
}

super::silent_debug!(Reference, Change, Signed, Look, Review, Reidentification, Erasure);
