//! The fields of the summaries: a few computed ones beside the prose.

use super::{Field, How, computed, prose, same};
use crate::catalogue::Category;
use crate::catalogue::shape::Shape;

/// The table of a category; empty where the form does not exist.
pub const fn summary(category: Category) -> &'static [Field] {
    match category {
        Category::IncidentReports => INCIDENT_REPORTS,
        Category::PendingProsecution => PENDING_PROSECUTION,
        Category::SafetyAssessment => SAFETY_ASSESSMENT,
        Category::RiskAssessment => RISK_ASSESSMENT,
        Category::Diagnosis => DIAGNOSIS,
        Category::ChildProtectionMeasure => CHILD_PROTECTION_MEASURE,
        Category::LivingAreas => LIVING_AREAS,
        _ => &[],
    }
}

const INCIDENT_REPORTS: &[Field] = &[
    computed("incidents[].month", "incidents[].date", How::Month, Shape::Month),
    same("incidents[].kind", Shape::Code),
    same("incidents[].violence", Shape::Code),
    same("incidents[].childrenPresent", Shape::Flag),
    prose("incidents[].summary"),
];

const PENDING_PROSECUTION: &[Field] = &[
    computed("cases[].month", "cases[].date", How::Month, Shape::Month),
    computed("cases[].offenceClass", "cases[].offence", How::OffenceClass, Shape::OffenceClass),
    same("cases[].stage", Shape::Code),
    prose("cases[].summary"),
];

const SAFETY_ASSESSMENT: &[Field] = &[
    computed("month", "date", How::Month, Shape::Month),
    same("scale", Shape::Code),
    same("top3", Shape::Texts),
    prose("summary"),
];

const RISK_ASSESSMENT: &[Field] = &[
    computed("month", "date", How::Month, Shape::Month),
    same("instrument", Shape::Code),
    same("level", Shape::Level),
    prose("summary"),
];

const DIAGNOSIS: &[Field] = &[prose("summary")];

const CHILD_PROTECTION_MEASURE: &[Field] = &[
    computed("kind", "measures[].kind", How::Latest, Shape::Code),
    computed("month", "measures[].from", How::LatestMonth, Shape::Month),
    prose("planSummary"),
];

const LIVING_AREAS: &[Field] = &[same("areas[].area", Shape::Code), prose("areas[].summary")];
