//! The ten hand-written households. Letters in braces in a text (`{K1}`) become the member's first name.

mod care;
mod elder_abuse;
mod honour_threat;
mod intimate_terror;
mod known_nowhere;
mod restraining_order;
mod secret_address;
mod shared_custody;
mod step_family;
mod three_generations;

use super::Story;
use super::calendar::Calendar;
use super::consent::{ConsentTerms, Outcome};
use super::family::Family;
use super::random::SplitMix64;
use crate::catalogue::{Category, Form};
use crate::demo::organisations::Slug;

/// A household before its ids are dealt out.
pub struct Plan {
    /// The household.
    pub family: Family,
    /// Which story, if hand-written.
    pub story: Option<Story>,
    /// What is worth looking at.
    pub note: String,
}

/// Writes one household.
pub type Tell = fn(SplitMix64, Calendar) -> Plan;

/// The stories in the order of their households, H01 to H10.
pub const ALL: [Tell; 10] = [
    three_generations::tell,
    step_family::tell,
    shared_custody::tell,
    secret_address::tell,
    intimate_terror::tell,
    restraining_order::tell,
    care::tell,
    elder_abuse::tell,
    honour_threat::tell,
    known_nowhere::tell,
];

fn plan(story: Story, family: Family, note: &str) -> Plan {
    Plan { family, story: Some(story), note: note.to_owned() }
}

/// Consent that mental-health care gives to Veilig Thuis for its assessment.
pub fn care_to_veilig_thuis(categories: &[Category], outcome: Outcome) -> ConsentTerms {
    ConsentTerms {
        source: Slug::MentalHealth,
        recipients: vec![Slug::VeiligThuis],
        purposes: vec!["safety-assessment"],
        categories: categories.to_vec(),
        max_form: Form::Summary,
        outcome,
    }
}

/// Consent that Veilig Thuis tells mental-health care, for its treatment, how high the risk is.
pub fn risk_to_mental_health(outcome: Outcome) -> ConsentTerms {
    ConsentTerms {
        source: Slug::VeiligThuis,
        recipients: vec![Slug::MentalHealth],
        purposes: vec!["treatment"],
        categories: vec![Category::RiskAssessment],
        max_form: Form::Reduced,
        outcome,
    }
}

/// Consent that mental-health care gives to probation for its supervision.
pub fn care_to_probation(outcome: Outcome) -> ConsentTerms {
    ConsentTerms {
        source: Slug::MentalHealth,
        recipients: vec![Slug::Probation],
        purposes: vec!["probation"],
        categories: vec![Category::CareInvolvement, Category::SubstanceUse],
        max_form: Form::Reduced,
        outcome,
    }
}
