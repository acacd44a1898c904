//! One consent (toestemming) in its current state, and what of it the policies are given.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::authority::{Authority, Giving, Hold, Regime, Standing};
use super::minors::{AgeRange, Band, Grantor};
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::Oin;

/// The state of a consent. Only `Given` justifies anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentState {
    /// Asked, not answered.
    Requested,
    /// Given.
    Given,
    /// Refused.
    Refused,
    /// Withdrawn: immediate for new disclosures.
    Withdrawn,
    /// Past its term.
    Expired,
    /// Found invalid, such as given under coercion.
    Invalidated,
}

impl ConsentState {
    /// The code, as in the API and the policies.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Invalidated => "invalidated",
        }
    }

    /// The state with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Requested, Self::Given, Self::Refused, Self::Withdrawn, Self::Expired, Self::Invalidated]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// Which text the giver was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The text's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its language, BCP 47.
    pub language: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// What shows that consent was given; it stays with its holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `signed_form`, `recorded_oral` or `digital_id`.
    pub kind: EvidenceKind,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// The OIN of the organisation that keeps it, one that takes part here: as a rule the recorder.
    #[schema(value_type = String, pattern = "^[0-9]{20}$")]
    pub holder: Oin,
}

/// The kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A signed form.
    SignedForm,
    /// Given orally and recorded.
    RecordedOral,
    /// Given with a digital identity.
    DigitalId,
}

/// The event that brought the record into its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentEvent {
    /// When it happened: a withdrawal counts from then, though recorded later.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When the gateway recorded it.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// Why, in the giver's words.
    pub reason: Option<String>,
}

/// One consent in its current version. Organisations are named one by one: there are no wildcards and no kinds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentRecord {
    /// Its id, a UUID of version 7, the same in every version.
    pub id: String,
    /// From 1, one more with each event.
    pub version: u32,
    /// The subject, as the store's keyed token: never an identifier.
    pub subject: String,
    /// The state.
    pub state: ConsentState,
    /// Whose data.
    #[schema(value_type = Vec<String>)]
    pub sources: BTreeSet<Oin>,
    /// For whom.
    #[schema(value_type = Vec<String>)]
    pub recipients: BTreeSet<Oin>,
    /// For what.
    #[schema(value_type = Vec<String>)]
    pub purposes: BTreeSet<PurposeCode>,
    /// Of which categories.
    #[schema(value_type = Vec<Category>)]
    pub categories: BTreeSet<Category>,
    /// Up to which form: see [`super::within_ceiling`].
    pub max_form: Form,
    /// In force from then.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// No longer in force from then.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// The text shown.
    pub notice: Notice,
    /// Who gave it.
    pub grantors: Vec<Grantor>,
    /// How many parents or guardians have custody: of a child under 12 all of them must agree.
    pub parents_with_custody: u8,
    /// Who judged that the subject cannot decide about this (wilsonbekwaam): only then representatives of an adult count, and the subject does not.
    pub capacity_assessed_by: Option<String>,
    /// The subject's age in whole years when it was given. Turning 12, 16 or 18 re-opens it.
    pub subject_age: u8,
    /// It was asked outside the partner's hearing (coercion check).
    pub asked_in_private: bool,
    /// What shows it.
    pub evidence: Evidence,
    /// The organisation that recorded it.
    #[schema(value_type = String)]
    pub recorder: Oin,
    /// The professional who recorded it.
    pub recorded_by: String,
    /// Why it waits for the source's professional; only while it is `requested`.
    pub hold: Option<Hold>,
    /// The professional of the source who accepted it although a representative is suspected of the violence.
    pub reviewed_by: Option<String>,
    /// The event that led to this version.
    pub event: ConsentEvent,
    /// Conditions that the giver made, for the source's professional to mind.
    pub conditions: Option<String>,
    /// The id of the earlier consent that this one takes the place of.
    pub supersedes: Option<String>,
    /// The recorder's signature over the record, when it has one.
    pub signature: Option<String>,
}

impl ConsentRecord {
    /// Whether the record speaks about this source, recipient, purpose and category, whatever it says.
    pub fn concerns(&self, source: &Oin, recipient: &Oin, purpose: &PurposeCode, category: Category) -> bool {
        self.sources.contains(source)
            && self.recipients.contains(recipient)
            && self.purposes.contains(purpose)
            && self.categories.contains(&category)
    }

    /// Whether there is something that both are about.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.sources.is_disjoint(&other.sources)
            && !self.recipients.is_disjoint(&other.recipients)
            && !self.purposes.is_disjoint(&other.purposes)
            && !self.categories.is_disjoint(&other.categories)
    }

    /// Whether it is about all that the other is about.
    pub fn covers(&self, other: &Self) -> bool {
        other.sources.is_subset(&self.sources)
            && other.recipients.is_subset(&self.recipients)
            && other.purposes.is_subset(&self.purposes)
            && other.categories.is_subset(&self.categories)
    }

    /// When it was given: the earliest that is stated, whenever a professional accepted it.
    pub fn given_at(&self) -> Timestamp {
        self.grantors.iter().map(|grantor| grantor.at).fold(self.event.at, Timestamp::min)
    }

    /// Whether those who gave it may, for a record under `regime`.
    pub fn standing(&self, authority: &Authority, regime: Regime) -> Standing {
        authority.judge(
            regime,
            Giving {
                grantors: &self.grantors,
                parents_with_custody: self.parents_with_custody,
                incapable: self.capacity_assessed_by.is_some(),
                subject_age: self.subject_age,
                reviewed: self.reviewed_by.is_some(),
            },
        )
    }

    /// The state at `now`: a consent past its term has expired, whether that was recorded yet or not.
    pub fn state_at(&self, now: Timestamp) -> ConsentState {
        match self.state {
            ConsentState::Given if now >= self.not_after => ConsentState::Expired,
            state => state,
        }
    }

    /// The next version of this record, in another state.
    #[must_use]
    pub fn next(&self, state: ConsentState, event: ConsentEvent) -> Self {
        Self { version: self.version.saturating_add(1), state, event, hold: None, ..self.clone() }
    }

    /// What stands in the place of a record that nobody can read any more, invalidated: it names nobody, and says nothing of what was shown or signed.
    #[must_use]
    pub fn lost(id: String, version: u32, recorder: Oin, event: ConsentEvent) -> Self {
        let unknown = || "unknown".to_owned();
        let no_digest = "0".repeat(64);
        Self {
            id,
            version,
            subject: String::new(),
            state: ConsentState::Invalidated,
            sources: BTreeSet::new(),
            recipients: BTreeSet::new(),
            purposes: BTreeSet::new(),
            categories: BTreeSet::new(),
            max_form: Form::Signal,
            valid_from: event.at,
            not_after: event.at,
            notice: Notice { id: unknown(), version: unknown(), language: "und".to_owned(), sha256: no_digest.clone() },
            grantors: Vec::new(),
            parents_with_custody: 0,
            capacity_assessed_by: None,
            subject_age: 0,
            asked_in_private: false,
            evidence: Evidence { kind: EvidenceKind::RecordedOral, sha256: no_digest, holder: recorder.clone() },
            recorder,
            recorded_by: unknown(),
            hold: None,
            reviewed_by: None,
            event,
            conditions: None,
            supersedes: None,
            signature: None,
        }
    }

    /// What the policies are given of this record. A consent that was not asked in private, or not by all who must agree for a record under
    /// `regime`, counts for no age; any other for the ages between which nobody's authority changes. Of a consent for one source, that
    /// source is among the recipients: it has the data already, so that a team that it attends can be covered.
    pub fn fact(&self, authority: &Authority, regime: Regime) -> Arc<ConsentFact> {
        let itself = self.sources.iter().filter(|_| self.sources.len() == 1);
        let counts = self.asked_in_private && self.standing(authority, regime) == Standing::Accepted;
        Arc::new(ConsentFact {
            id: self.id.clone(),
            version: self.version,
            state: self.state,
            sources: self.sources.clone(),
            recipients: self.recipients.iter().chain(itself).cloned().collect(),
            purposes: self.purposes.clone(),
            categories: self.categories.clone(),
            max_form: self.max_form,
            given_at: Some(self.given_at()),
            valid_from: self.valid_from,
            not_after: self.not_after,
            ages: counts.then(|| Band::of(self.subject_age).ages()),
        })
    }
}

impl std::fmt::Debug for ConsentRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConsentRecord({} v{}, {})", self.id, self.version, self.state.code())
    }
}

/// The one governing consent as the policies see it: facts, no judgement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentFact {
    /// When it was given, for an explanation; the policies look at its term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_at: Option<Timestamp>,
    /// The record's id, for the log.
    pub id: String,
    /// The record's version, for the log.
    pub version: u32,
    /// The state.
    pub state: ConsentState,
    /// Whose data.
    pub sources: BTreeSet<Oin>,
    /// For whom.
    pub recipients: BTreeSet<Oin>,
    /// For what.
    pub purposes: BTreeSet<PurposeCode>,
    /// Of which categories.
    pub categories: BTreeSet<Category>,
    /// Up to which form.
    pub max_form: Form,
    /// In force from then.
    pub valid_from: Timestamp,
    /// No longer in force from then.
    pub not_after: Timestamp,
    /// For which ages of the subject it counts; `None` for no age.
    pub ages: Option<AgeRange>,
}
