//! An override (doorbreking, `domain.md` §7) as a source reports it to the gateway: the body of `POST /v1/overrides`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SubjectWire;
use crate::catalogue::{Category, Form, Ground, PurposeCode};
use crate::clock::Timestamp;
use crate::consent::Professional;
use crate::notice::{Addressed, AnswerCode, TaskKind};
use crate::organisation::Oin;

/// Whether consent was sought before confidentiality was broken.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OverrideConsent)]
#[serde(tag = "sought", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ConsentSought {
    /// It was.
    Yes {
        /// The day, `YYYY-MM-DD`.
        on: String,
        /// What came of it.
        result: String,
    },
    /// It was not.
    No {
        /// Why not.
        why: String,
    },
}

/// Whether an override is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideStanding {
    /// From now until `expiresAt`.
    Active,
    /// Ended before its expiry.
    Revoked,
}

/// A step that a professional of the source signed with a personal Ed25519 key, over canonical JSON (RFC 8785).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedStep {
    /// The professional, by the source's own opaque reference: visible ASCII.
    #[schema(min_length = 1, max_length = 64)]
    pub professional: String,
    /// The professional's registration (BIG, SKJ, service number) as the source has it: the source answers for it with its own signature. Not part
    /// of what the professional signs.
    #[schema(min_length = 1, max_length = 64)]
    pub registration: String,
    /// The professional's Ed25519 public key, base64url without padding.
    pub public_key: String,
    /// When it was signed; part of what is signed.
    #[schema(value_type = String, format = DateTime)]
    pub signed_at: Timestamp,
    /// The signature, base64url without padding.
    pub signature: String,
}

/// What the override opens, for whom, and the rationale that the law asks for. Every field is required.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverrideContent {
    /// About whom.
    pub subject: SubjectWire,
    /// Who may receive: organisations by name, each for itself; for an expertise team every attendee, save the source itself if it attends.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 16)]
    pub recipients: Vec<Oin>,
    /// For which purpose.
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,40}$")]
    pub purpose: PurposeCode,
    /// Which categories it opens.
    #[schema(min_items = 1, max_items = 18)]
    pub categories: Vec<Category>,
    /// In which forms.
    #[schema(min_items = 1, max_items = 4)]
    pub forms: Vec<Form>,
    /// The ground.
    pub ground: Ground,
    /// The threatened harm.
    #[schema(min_length = 1, max_length = 2000)]
    pub harm: String,
    /// Whom it threatens.
    #[schema(min_length = 1, max_length = 2000)]
    pub harm_to: String,
    /// Whether consent was sought.
    pub consent: ConsentSought,
    /// Which alternatives were tried.
    #[schema(min_length = 1, max_length = 2000)]
    pub alternatives: String,
    /// Why these categories are the least that serves.
    #[schema(min_length = 1, max_length = 2000)]
    pub why_least: String,
    /// The colleague consulted, by an opaque reference.
    #[schema(min_length = 1, max_length = 2000)]
    pub colleague: String,
    /// Until when, at most seven days after it was signed.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl fmt::Debug for OverrideContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OverrideContent({} to {:?}, …)", self.purpose, self.recipients)
    }
}

/// The body of a source's `POST /v1/overrides`, sent again with `revoked` when it ends early.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OverrideReport)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverrideMessage {
    /// The id that the source gave it; part of what is signed.
    pub id: String,
    /// In force or ended.
    pub standing: OverrideStanding,
    /// What it opens and why.
    pub content: OverrideContent,
    /// The professional who entered it.
    pub created: SignedStep,
    /// The other professional who approved it; none under `acute-safety`.
    pub approved: Option<SignedStep>,
    /// When the review by the privacy officer (FG) is due, where one person sufficed: then required, at most two working days ahead.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub review_due: Option<Timestamp>,
    /// The professional who ended it.
    pub revoked: Option<SignedStep>,
}

impl SignedStep {
    /// Whose step it is.
    pub fn by(&self) -> Professional {
        Professional { reference: self.professional.clone(), registration: Some(self.registration.clone()) }
    }

    /// Whether one person, or one key, took both steps.
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        self.public_key == other.public_key || self.by().is(&other.by())
    }
}

impl OverrideContent {
    /// What the entering professional signs: the canonical JSON of
    /// `{"action":"override-create","content":…,"override":…,"professional":…,"signedAt":…}`. With the id in it, so that an override that was ended is not
    /// made again with her old signature.
    pub fn create_statement(&self, id: &str, professional: &str, signed_at: Timestamp) -> Vec<u8> {
        super::digest::canonical_json(&serde_json::json!({
            "action": "override-create", "override": id, "content": self, "professional": professional, "signedAt": signed_at,
        }))
    }

    /// What the approving professional signs: the override's id and the same content.
    pub fn approve_statement(&self, id: &str, professional: &str, signed_at: Timestamp) -> Vec<u8> {
        super::digest::canonical_json(&serde_json::json!({
            "action": "override-approve", "override": id, "content": self, "professional": professional, "signedAt": signed_at,
        }))
    }
}

/// The judgement of a privacy officer (FG) on an override that one professional made alone, or on what passed in an emergency unwitnessed.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'v> {
    /// Where it counts.
    pub to: Addressed<'v>,
    /// Of which kind the task is.
    pub of: TaskKind,
    /// The id of the task (`GET /v1/notices`).
    pub notice: &'v str,
    /// The override, or the disclosure, that it is about.
    pub id: &'v str,
    /// What she finds.
    pub answer: AnswerCode,
    /// Why.
    pub basis: Option<&'v str>,
}

impl Verdict<'_> {
    /// What she signs: the canonical JSON of
    /// `{"action":"override-review","answer":…,"basis":…,"gateway":…,"notice":…,"organisation":…,"override":…,"professional":…,"signedAt":…}`; of an emergency
    /// `emergency-review` and, in the place of `override`, `disclosure`.
    pub fn statement(&self, by: &str, signed_at: Timestamp) -> Vec<u8> {
        let Self { to, of, notice, id, answer, basis } = self;
        let object = if *of == TaskKind::EmergencyReview { "disclosure" } else { "override" };
        super::digest::canonical_json(&serde_json::json!({
            "action": of.code(), "answer": answer, "basis": basis, "gateway": to.gateway, "notice": notice,
            "organisation": to.organisation, object: id, "professional": by, "signedAt": signed_at,
        }))
    }
}

/// What a professional signs to end an override early.
pub fn revoke_statement(id: &str, professional: &str, signed_at: Timestamp) -> Vec<u8> {
    super::digest::canonical_json(&serde_json::json!({
        "action": "override-revoke", "override": id, "professional": professional, "signedAt": signed_at,
    }))
}
