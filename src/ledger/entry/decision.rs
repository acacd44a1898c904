//! Why it was allowed, and what came of it. ADL is the Authorization Decision Log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::organisation::{Kind, Oin};

/// On what the processing rests.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Basis {
    /// The codes of the legal bases.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub legal: BTreeSet<String>,
    /// Why it is needed, in the requester's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub necessity: Option<String>,
    /// What the requester claimed: `emergency`, `decision-id`, `court-order-id`, `severity`, each with its value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
}

/// One decision of the policy engine (ADL: `request`, `response`, `policies`, `information`, `configuration`; NEN 7513: authorisation protocol).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// `permit`, `withhold` or `refuse`, over all.
    pub outcome: String,
    /// The hash of the policy bundle that decided.
    pub bundle: String,
    /// The version of that bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The ids of the policies that determined the outcome.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub policies: BTreeSet<Arc<str>>,
    /// The facts that were given to the engine, by attribute. Never data from a source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// The version of the software and its settings that matter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configuration: BTreeMap<String, String>,
}

/// What one decision was made from, beside the facts that the source stated ([`Item::facts`]): codes and references, never content or persons.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Considered {
    /// When.
    pub at: Timestamp,
    /// The kind of the source.
    pub source_kind: Kind,
    /// The finest form that was in question.
    pub finest: Form,
    /// The forms that the policies permitted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub permitted: BTreeSet<Form>,
    /// The governing consent, relied upon or not: it stands in [`Decision::facts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentReference>,
    /// The id of the override that was looked at: it stands in [`Decision::facts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derogation: Option<String>,
    /// Whether the source had stated the item's facts; before it is asked, fulfilled conditions are assumed.
    pub stated: bool,
    /// A person in the item was protected from someone for whom the recipient acts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected_from_recipient: bool,
}

/// What became of one source's category: released field names and class, never values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    /// The source.
    pub source: Oin,
    /// The category: the class of the fields.
    pub category: Category,
    /// The form that was asked for.
    pub asked: Form,
    /// The form that was given; nothing when withheld or not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Form>,
    /// Why it was coarsened or withheld, by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the decision was made from, so that it can be explained and made again; nothing when no policy was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub considered: Option<Considered>,
    /// The ids of the policies that decided.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub policies: BTreeSet<Arc<str>>,
    /// The names of the fields that were given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<String>,
    /// The names of the fields that minimisation took away.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub withheld_fields: BTreeSet<String>,
    /// How many records.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub records: u32,
    /// The legal regime of the records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regime: Option<String>,
    /// The facts that source or authority stated about the item and that the policies asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// The consent that it rests on (NEN 7513: consent profile).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentReference>,
    /// The id of the override that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden_by: Option<String>,
    /// The consent to something else that was there when the one for this was missing: to explain, and not relied upon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearby: Option<ConsentReference>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A consent as it was when it was relied upon.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentReference {
    /// Its id.
    pub id: String,
    /// Its version: the number of its events then.
    pub version: u64,
}

/// The override that was relied upon or decided (NEN 7513: use of the emergency button).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Emergency {
    /// The override's id.
    pub id: String,
    /// The reason that was given for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when it must be reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<Timestamp>,
}

/// What the recipient must do with what it got.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Obligations {
    /// Until when it may keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_until: Option<Timestamp>,
    /// Whether it may pass it on.
    pub onward_disclosure: bool,
    /// By when the subject must be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_subject_by: Option<Timestamp>,
}

/// Why a request was refused.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refusal {
    /// The suffix of the problem type that the caller got.
    pub problem: String,
    /// The problem's instance, by which the caller may ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The real reason, for officers only, by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

super::silent_debug!(Basis, Decision, Considered, Item, ConsentReference, Emergency, Obligations, Refusal);
