//! What an entry holds, how far it has come, and what a professional signs about it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::InboxRow;
use crate::catalogue::{Category, Form};
use crate::connector::professionals::Signed;
use crate::crypto::base64;
use crate::organisation::Oin;
use crate::source::digest::{canonical_json, sha256};
use crate::source::overrides::SignedStep;
use crate::source::{ItemFacts, Nature, OtherPerson, RecordsAnswer, SourceItem, SubjectWire};

/// How far an entry has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InboxState {
    /// Waits for a professional.
    Pending,
    /// Released by one.
    Released,
    /// Refused by one.
    Refused,
    /// Nobody decided in time.
    Expired,
}

impl InboxState {
    /// As the database has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// The state with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Pending, Self::Released, Self::Refused, Self::Expired].into_iter().find(|state| state.code() == code)
    }
}

/// The sealed part of a pending entry: who asks about whom, why, and the drafts.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// About whom.
    pub subject: SubjectWire,
    /// The recipient's reference of the person who asks.
    pub actor: String,
    /// The attendees (deelnemers) of the expertise team that it is for, if it is for one: all of them receive.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attendees: BTreeSet<Oin>,
    /// Why, in that person's words.
    pub necessity: String,
    /// The legal bases that the gateway stated.
    pub legal_basis: Vec<String>,
    /// The drafts, each homogeneous in its facts.
    pub parts: Vec<Part>,
}

/// A record in the asked form, with its facts; as an inbox draft, or on its way to being an item.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The regime.
    pub regime: String,
    /// The day of the record.
    pub recorded_at: String,
    /// Fact or hypothesis.
    pub nature: Nature,
    /// The facts.
    pub facts: ItemFacts,
    /// The persons whom the data names.
    pub persons: Vec<OtherPerson>,
    /// The names of the members that hold draft text and may be edited.
    pub drafts: Vec<String>,
    /// The data.
    pub data: Value,
}

impl Part {
    /// The item that goes out.
    pub fn into_item(self, id: String, category: Category, form: Form) -> SourceItem {
        let Self { regime, recorded_at, nature, facts, persons, data, .. } = self;
        SourceItem { id, category, form, regime, recorded_at, nature, facts, persons, data }
    }
}

/// A text in the professional's words instead of the draft.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Which part, from 0.
    pub part: usize,
    /// The JSON Pointer of the text in the part's data; its last member is one of the part's `drafts`.
    pub field: String,
    /// The text; empty takes the draft out.
    pub text: String,
}

/// The signed step that ended the wait, kept sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// SHA-256 of the canonical JSON of the array of the released data, base64url; none for a refusal.
    pub content: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Who, when, and the signature.
    pub step: SignedStep,
}

/// An entry with its draft.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The entry.
    #[serde(flatten)]
    pub row: InboxRow,
    /// The draft, while it is pending.
    pub content: Option<Content>,
}

/// A release on its way to the gateway: `answer` is the body of `POST /v1/releases`.
#[derive(Clone)]
pub struct PendingRelease {
    /// The entry, to acknowledge.
    pub entry: String,
    /// The decision, the subject and the items.
    pub answer: RecordsAnswer,
}

/// What a professional signs to release: canonical JSON of the entry and SHA-256 of the canonical JSON array of the released data.
pub fn release_statement(row: &InboxRow, data: &[&Value], signed: &Signed) -> Vec<u8> {
    canonical_json(&serde_json::json!({
        "action": "release", "entry": row.id, "decision": row.decision, "category": row.category, "content": content_digest(data),
        "professional": signed.professional, "signedAt": signed.signed_at,
    }))
}

/// What a professional signs to refuse.
pub fn refuse_statement(row: &InboxRow, reason: &str, signed: &Signed) -> Vec<u8> {
    canonical_json(&serde_json::json!({
        "action": "refuse", "entry": row.id, "decision": row.decision, "category": row.category, "reason": reason,
        "professional": signed.professional, "signedAt": signed.signed_at,
    }))
}

pub(super) fn content_digest(data: &[&Value]) -> String {
    base64::encode_url(&sha256(&canonical_json(data)))
}
