//! The fields of the reduced forms.

use super::{Field, How, computed, gateway, same};
use crate::catalogue::Category;
use crate::catalogue::shape::Shape;

/// The table of a category; empty where the form does not exist.
pub const fn reduced(category: Category) -> &'static [Field] {
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
        Category::SubstanceUse => SUBSTANCE_USE,
        Category::ChildProtectionMeasure => CHILD_PROTECTION_MEASURE,
        Category::LivingAreas => LIVING_AREAS,
        Category::Diagnosis | Category::CompulsoryCare | Category::CitizenNumber | Category::Reporter => &[],
    }
}

const IDENTITY: &[Field] =
    &[computed("ageBand", "birthDate", How::AgeBand, Shape::AgeBand), same("gender", Shape::Code), gateway("pseudonym")];

const ADDRESS: &[Field] = &[
    Field { path: "municipality", from: "city", how: How::Municipality, shape: Shape::Text, place: true },
    same("secret", Shape::Flag),
];

const HOUSEHOLD: &[Field] = &[
    gateway("members[].pseudonym"),
    computed("members[].letter", "members[].person", How::Letter, Shape::Letter),
    computed("members[].ageBand", "members[].person", How::PersonBand, Shape::AgeBand),
    same("members[].relation", Shape::Code),
    same("members[].custody", Shape::Code),
];

const INCIDENT_REPORTS: &[Field] = &[
    computed("incidents[].year", "incidents[].date", How::Year, Shape::Year),
    same("incidents[].kind", Shape::Code),
    same("incidents[].childrenPresent", Shape::Flag),
    computed("count", "incidents[]", How::Count, Shape::Count),
];

const CRIMINAL_RECORD: &[Field] = &[
    computed("convictions[].year", "convictions[].date", How::Year, Shape::Year),
    computed("convictions[].offenceClass", "convictions[].article", How::OffenceClass, Shape::OffenceClass),
    computed("count", "convictions[]", How::Count, Shape::Count),
];

const PENDING_PROSECUTION: &[Field] = &[
    computed("cases[].offenceClass", "cases[].offence", How::OffenceClass, Shape::OffenceClass),
    same("cases[].stage", Shape::Code),
];

const MEASURES: &[Field] = &[same("measures[].kind", Shape::Code), same("measures[].until", Shape::Day)];

const PROBATION_STATUS: &[Field] = &[
    computed("kind", "supervision.kind", How::Same, Shape::Code),
    computed("compliance", "supervision.compliance", How::Same, Shape::Code),
    computed("until", "supervision.until", How::Same, Shape::Day),
];

const SAFETY_ASSESSMENT: &[Field] = &[
    computed("month", "date", How::Month, Shape::Month),
    computed("scaleBand", "scale", How::ScaleBand, Shape::ScaleBand),
    computed("structural", "threats", How::Stated, Shape::Presence),
    computed("acute", "threats", How::Stated, Shape::Presence),
];

const RISK_ASSESSMENT: &[Field] = &[
    computed("month", "date", How::Month, Shape::Month),
    same("instrument", Shape::Code),
    computed("level", "level", How::Level, Shape::Level),
];

const CARE_INVOLVEMENT: &[Field] =
    &[computed("providerKind", "provider", How::Stated, Shape::Code), computed("contactRole", "role", How::Same, Shape::Code)];

const SUBSTANCE_USE: &[Field] = &[computed("level", "substances[].severity", How::HighestLevel, Shape::Level)];

const CHILD_PROTECTION_MEASURE: &[Field] = &[
    computed("kind", "measures[].kind", How::Latest, Shape::Code),
    computed("year", "measures[].from", How::LatestYear, Shape::Year),
];

const LIVING_AREAS: &[Field] = &[
    same("areas[].area", Shape::Code),
    computed("areas[].level", "areas[].effect", How::Stated, Shape::Level),
    computed("areas[].concern", "areas[].effect", How::Stated, Shape::Presence),
    computed("areas[].helpKinds", "areas[].help", How::Kinds, Shape::Codes),
];
