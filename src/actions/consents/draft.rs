//! A consent as a source brings it, before it is judged.

use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::consent::minors::Grantor;
use crate::consent::record::{Evidence, Notice};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::subject::SubjectId;

/// With which event a consent enters the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It was asked for.
    Requested,
    /// It was given.
    Given,
    /// It was refused.
    Refused,
}

impl Draft {
    /// When it was given, or asked or refused: the earliest that is stated.
    pub(super) fn given_at(&self) -> Timestamp {
        self.grantors.iter().map(|grantor| grantor.at).fold(self.at, Timestamp::min)
    }
}

/// The body of `POST /v1/consents`, read.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What happened.
    pub opening: Opening,
    /// About whom.
    pub subject: Personal<SubjectId>,
    /// The source states that the person has no citizen number, or none that it knows.
    pub without_bsn: bool,
    /// The subject's age in whole years at that moment.
    pub subject_age: u8,
    /// Whose data.
    pub sources: Vec<Oin>,
    /// For whom.
    pub recipients: Vec<Oin>,
    /// For what.
    pub purposes: Vec<PurposeCode>,
    /// Of which categories.
    pub categories: Vec<Category>,
    /// Up to which form.
    pub max_form: Form,
    /// When it happened.
    pub at: Timestamp,
    /// From when it holds; from its recording on, if not stated.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds.
    pub not_after: Timestamp,
    /// The text shown.
    pub notice: Notice,
    /// Who gave or refused it.
    pub grantors: Vec<Grantor>,
    /// How many have custody; two, if not stated.
    pub parents_with_custody: u8,
    /// Who judged the subject incapable.
    pub capacity_assessed_by: Option<String>,
    /// Asked outside the hearing of others.
    pub asked_in_private: bool,
    /// What shows it.
    pub evidence: Evidence,
    /// The professional who records it.
    pub recorded_by: String,
    /// Why, in the giver's words.
    pub reason: Option<String>,
    /// Conditions that the giver made.
    pub conditions: Option<String>,
    /// The earlier consent that it takes the place of.
    pub supersedes: Option<String>,
}
