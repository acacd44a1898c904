//! The fields of the exact forms: what a source's record holds.

use super::{Field, gateway, place, same};
use crate::catalogue::Category;
use crate::catalogue::shape::Shape;

/// The table of a category; empty where the form does not exist.
pub const fn exact(category: Category) -> &'static [Field] {
    match category {
        Category::Identity => IDENTITY,
        Category::Address => ADDRESS,
        Category::Household => HOUSEHOLD,
        Category::IncidentReports => INCIDENT_REPORTS,
        Category::CriminalRecord => CRIMINAL_RECORD,
        Category::PendingProsecution => PENDING_PROSECUTION,
        Category::Measures => MEASURES,
        Category::ProbationStatus => PROBATION_STATUS,
        Category::SafetyAssessment => SAFETY_ASSESSMENT,
        Category::RiskAssessment => RISK_ASSESSMENT,
        Category::CareInvolvement => CARE_INVOLVEMENT,
        Category::Diagnosis => DIAGNOSIS,
        Category::SubstanceUse => SUBSTANCE_USE,
        Category::CompulsoryCare => COMPULSORY_CARE,
        Category::ChildProtectionMeasure => CHILD_PROTECTION_MEASURE,
        Category::LivingAreas => LIVING_AREAS,
        Category::CitizenNumber | Category::Reporter => &[],
    }
}

const IDENTITY: &[Field] = &[
    same("givenNames", Shape::Text),
    same("initials", Shape::Text),
    same("particle", Shape::Text),
    same("surname", Shape::Text),
    same("birthDate", Shape::Day),
    same("deathDate", Shape::Day),
    same("gender", Shape::Code),
    same("nationalityGroup", Shape::Code),
];

const ADDRESS: &[Field] = &[
    place("street", Shape::Text),
    place("houseNumber", Shape::Text),
    place("postcode", Shape::Text),
    place("city", Shape::Text),
    place("phone", Shape::Text),
    place("email", Shape::Text),
    same("secret", Shape::Flag),
];

const HOUSEHOLD: &[Field] = &[
    same("members[].person", Shape::Person),
    gateway("members[].pseudonym"),
    same("members[].role", Shape::Code),
    same("members[].relation", Shape::Code),
    same("members[].custody", Shape::Code),
    same("members[].since", Shape::Day),
    same("members[].until", Shape::Day),
];

const INCIDENT_REPORTS: &[Field] = &[
    same("incidents[].date", Shape::Day),
    same("incidents[].kind", Shape::Code),
    place("incidents[].place", Shape::Text),
    same("incidents[].persons", Shape::Persons),
    same("incidents[].violence", Shape::Code),
    same("incidents[].injury", Shape::Code),
    same("incidents[].childrenPresent", Shape::Flag),
    place("incidents[].text", Shape::Text),
];

const CRIMINAL_RECORD: &[Field] = &[
    same("convictions[].date", Shape::Day),
    same("convictions[].article", Shape::Text),
    same("convictions[].offence", Shape::Text),
    same("convictions[].sentence", Shape::Text),
    same("convictions[].status", Shape::Code),
];

const PENDING_PROSECUTION: &[Field] = &[
    same("cases[].number", Shape::Text),
    same("cases[].date", Shape::Day),
    same("cases[].offence", Shape::Text),
    same("cases[].stage", Shape::Code),
    same("cases[].hearing", Shape::Day),
];

const MEASURES: &[Field] = &[
    same("measures[].kind", Shape::Code),
    same("measures[].from", Shape::Day),
    same("measures[].until", Shape::Day),
    place("measures[].conditions", Shape::Texts),
    same("measures[].protectedPersons", Shape::Persons),
    same("measures[].authority", Shape::Text),
];

const PROBATION_STATUS: &[Field] = &[
    same("supervision.kind", Shape::Code),
    same("supervision.from", Shape::Day),
    same("supervision.until", Shape::Day),
    place("supervision.conditions", Shape::Texts),
    same("supervision.compliance", Shape::Code),
    same("supervision.officer", Shape::Text),
];

const SAFETY_ASSESSMENT: &[Field] = &[
    same("date", Shape::Day),
    same("instrument", Shape::Code),
    same("scale", Shape::Code),
    place("threats", Shape::Texts),
    place("top3", Shape::Texts),
    place("agreements", Shape::Texts),
    place("text", Shape::Text),
];

const RISK_ASSESSMENT: &[Field] = &[
    same("date", Shape::Day),
    same("instrument", Shape::Code),
    same("scores", Shape::Scores),
    same("level", Shape::Level),
    place("text", Shape::Text),
];

const CARE_INVOLVEMENT: &[Field] = &[
    same("provider", Shape::Text),
    place("unit", Shape::Text),
    same("professional", Shape::Text),
    same("role", Shape::Code),
    same("from", Shape::Day),
    same("until", Shape::Day),
];

const DIAGNOSIS: &[Field] = &[
    same("diagnoses[].code", Shape::Text),
    same("diagnoses[].system", Shape::Code),
    same("diagnoses[].date", Shape::Day),
    same("diagnoses[].injury", Shape::Text),
    same("diagnoses[].treatment", Shape::Text),
];

const SUBSTANCE_USE: &[Field] = &[
    same("substances[].kind", Shape::Code),
    same("substances[].severity", Shape::Code),
    same("substances[].treatment", Shape::Text),
    same("substances[].from", Shape::Day),
];

const COMPULSORY_CARE: &[Field] =
    &[same("measures[].kind", Shape::Code), same("measures[].from", Shape::Day), same("measures[].until", Shape::Day)];

const CHILD_PROTECTION_MEASURE: &[Field] = &[
    same("measures[].kind", Shape::Code),
    same("measures[].from", Shape::Day),
    same("measures[].until", Shape::Day),
    place("measures[].body", Shape::Text),
    same("measures[].courtOrderId", Shape::Text),
    place("measures[].plan", Shape::Text),
];

const LIVING_AREAS: &[Field] = &[
    same("areas[].area", Shape::Code),
    place("areas[].situation", Shape::Text),
    place("areas[].help", Shape::Texts),
    place("areas[].effect", Shape::Text),
];
