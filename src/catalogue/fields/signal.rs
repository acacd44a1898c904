//! The fields of the signals: one each.

use super::{Field, How, any, computed};
use crate::catalogue::Category;
use crate::catalogue::shape::Shape;

/// The table of a category; empty where the form does not exist.
pub const fn signal(category: Category) -> &'static [Field] {
    match category {
        Category::Identity | Category::Address => const { &[any("known", "")] },
        Category::Household => const { &[computed("sharedHousehold", "members[]", How::Current, Shape::Presence)] },
        Category::IncidentReports => const { &[any("any", "incidents[]")] },
        Category::CriminalRecord => const { &[any("any", "convictions[]")] },
        Category::PendingProsecution => const { &[any("any", "cases[]")] },
        Category::Measures | Category::CompulsoryCare | Category::ChildProtectionMeasure => const { &[any("any", "measures[]")] },
        Category::ProbationStatus => const { &[any("any", "supervision")] },
        Category::SafetyAssessment | Category::RiskAssessment => const { &[any("assessed", "")] },
        Category::CareInvolvement => const { &[any("any", "")] },
        Category::LivingAreas => const { &[any("any", "areas[]")] },
        Category::Diagnosis | Category::SubstanceUse | Category::CitizenNumber | Category::Reporter => &[],
    }
}
