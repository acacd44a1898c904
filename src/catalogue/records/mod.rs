//! One typed structure per category and form (`domain.md` §4, table "Fields per category and form"). Every field may be absent,
//! since a purpose keeps what it needs; only the one field of a signal is always there. Unknown members are refused.

pub mod care;
pub mod justice;
pub mod person;
pub mod safety;
pub mod scalar;
pub mod youth;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::PartialSchema;

use super::{Category, Form};

/// A structure whose fields may all be absent; its `Debug` shows no data.
macro_rules! form {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(inline, nullable = false)]
            pub $field: Option<$type>,)*
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

/// A signal: one field, always there.
macro_rules! signal {
    ($(#[$doc:meta])* $name:ident, $field:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            /// Yes, no or unknown.
            #[schema(inline)]
            pub $field: $crate::catalogue::records::scalar::Presence,
        }
    };
}

pub(crate) use {form, signal};

/// Calls `$then!(Type)` with the structure of a category in a form, or gives `$otherwise` where that form does not exist.
macro_rules! with_form {
    ($category:expr, $form:expr, $then:ident, $otherwise:expr) => {
        match ($category, $form) {
            (Category::Identity, Form::Exact) => $then!(person::IdentityExact),
            (Category::Identity, Form::Reduced) => $then!(person::IdentityReduced),
            (Category::Identity, Form::Signal) => $then!(person::IdentitySignal),
            (Category::Address, Form::Exact) => $then!(person::AddressExact),
            (Category::Address, Form::Reduced) => $then!(person::AddressReduced),
            (Category::Address, Form::Signal) => $then!(person::AddressSignal),
            (Category::Household, Form::Exact) => $then!(person::HouseholdExact),
            (Category::Household, Form::Reduced) => $then!(person::HouseholdReduced),
            (Category::Household, Form::Signal) => $then!(person::HouseholdSignal),
            (Category::IncidentReports, Form::Exact) => $then!(justice::IncidentReportsExact),
            (Category::IncidentReports, Form::Summary) => $then!(justice::IncidentReportsSummary),
            (Category::IncidentReports, Form::Reduced) => $then!(justice::IncidentReportsReduced),
            (Category::IncidentReports, Form::Signal) => $then!(justice::IncidentReportsSignal),
            (Category::CriminalRecord, Form::Exact) => $then!(justice::CriminalRecordExact),
            (Category::CriminalRecord, Form::Reduced) => $then!(justice::CriminalRecordReduced),
            (Category::CriminalRecord, Form::Signal) => $then!(justice::CriminalRecordSignal),
            (Category::PendingProsecution, Form::Exact) => $then!(justice::PendingProsecutionExact),
            (Category::PendingProsecution, Form::Summary) => $then!(justice::PendingProsecutionSummary),
            (Category::PendingProsecution, Form::Reduced) => $then!(justice::PendingProsecutionReduced),
            (Category::PendingProsecution, Form::Signal) => $then!(justice::PendingProsecutionSignal),
            (Category::Measures, Form::Exact) => $then!(justice::MeasuresExact),
            (Category::Measures, Form::Reduced) => $then!(justice::MeasuresReduced),
            (Category::Measures, Form::Signal) => $then!(justice::MeasuresSignal),
            (Category::ProbationStatus, Form::Exact) => $then!(justice::ProbationStatusExact),
            (Category::ProbationStatus, Form::Reduced) => $then!(justice::ProbationStatusReduced),
            (Category::ProbationStatus, Form::Signal) => $then!(justice::ProbationStatusSignal),
            (Category::SafetyAssessment, Form::Exact) => $then!(safety::SafetyAssessmentExact),
            (Category::SafetyAssessment, Form::Summary) => $then!(safety::SafetyAssessmentSummary),
            (Category::SafetyAssessment, Form::Reduced) => $then!(safety::SafetyAssessmentReduced),
            (Category::SafetyAssessment, Form::Signal) => $then!(safety::SafetyAssessmentSignal),
            (Category::RiskAssessment, Form::Exact) => $then!(safety::RiskAssessmentExact),
            (Category::RiskAssessment, Form::Summary) => $then!(safety::RiskAssessmentSummary),
            (Category::RiskAssessment, Form::Reduced) => $then!(safety::RiskAssessmentReduced),
            (Category::RiskAssessment, Form::Signal) => $then!(safety::RiskAssessmentSignal),
            (Category::CareInvolvement, Form::Exact) => $then!(care::CareInvolvementExact),
            (Category::CareInvolvement, Form::Reduced) => $then!(care::CareInvolvementReduced),
            (Category::CareInvolvement, Form::Signal) => $then!(care::CareInvolvementSignal),
            (Category::Diagnosis, Form::Exact) => $then!(care::DiagnosisExact),
            (Category::Diagnosis, Form::Summary) => $then!(care::DiagnosisSummary),
            (Category::SubstanceUse, Form::Exact) => $then!(care::SubstanceUseExact),
            (Category::SubstanceUse, Form::Reduced) => $then!(care::SubstanceUseReduced),
            (Category::CompulsoryCare, Form::Exact) => $then!(care::CompulsoryCareExact),
            (Category::CompulsoryCare, Form::Signal) => $then!(care::CompulsoryCareSignal),
            (Category::ChildProtectionMeasure, Form::Exact) => $then!(youth::ChildProtectionExact),
            (Category::ChildProtectionMeasure, Form::Summary) => $then!(youth::ChildProtectionSummary),
            (Category::ChildProtectionMeasure, Form::Reduced) => $then!(youth::ChildProtectionReduced),
            (Category::ChildProtectionMeasure, Form::Signal) => $then!(youth::ChildProtectionSignal),
            (Category::LivingAreas, Form::Exact) => $then!(youth::LivingAreasExact),
            (Category::LivingAreas, Form::Summary) => $then!(youth::LivingAreasSummary),
            (Category::LivingAreas, Form::Reduced) => $then!(youth::LivingAreasReduced),
            (Category::LivingAreas, Form::Signal) => $then!(youth::LivingAreasSignal),
            _ => $otherwise,
        }
    };
}

/// The JSON Schema of a category in a form, self-contained, without additional properties; `None` where that form does not exist.
pub fn schema(category: Category, form: Form) -> Option<Value> {
    macro_rules! schema_of {
        ($type:ty) => {
            serde_json::to_value(<$type as PartialSchema>::schema()).ok().map(joined)
        };
    }
    with_form!(category, form, schema_of, None)
}

/// The names of all members, at any depth, of a category in these forms.
pub fn member_names(category: Category, forms: &[Form]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    forms.iter().filter_map(|form| schema(category, *form)).for_each(|schema| collect_names(&schema, &mut names));
    names
}

fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            names
                .extend(members.get("properties").and_then(Value::as_object).into_iter().flat_map(|known| known.keys().cloned()));
            members.values().for_each(|member| collect_names(member, names));
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect_names(element, names)),
        _ => {}
    }
}

/// The schema with each `allOf` of a type and a bare description joined into one: the generator writes the description as an
/// `object`, which no string could fulfil.
fn joined(schema: Value) -> Value {
    match schema {
        Value::Array(entries) => entries.into_iter().map(joined).collect(),
        Value::Object(mut members) => match members.remove("allOf") {
            Some(Value::Array(parts)) => join(parts),
            _ => Value::Object(members.into_iter().map(|(name, value)| (name, joined(value))).collect()),
        },
        other => other,
    }
}

fn join(parts: Vec<Value>) -> Value {
    let mut whole = serde_json::Map::new();
    for part in parts {
        let Value::Object(members) = joined(part) else { continue };
        let described_only = members.keys().all(|name| name == "type" || name == "description");
        let kept = members.into_iter().filter(|(name, _)| !(described_only && !whole.is_empty() && name == "type"));
        whole.extend(kept.collect::<Vec<_>>());
    }
    Value::Object(whole)
}

/// Whether the data deserialises into the structure of its category and form; `false` too where that form does not exist.
pub fn conforms(category: Category, form: Form, data: &Value) -> bool {
    macro_rules! reads_as {
        ($type:ty) => {
            reads::<$type>(data)
        };
    }
    with_form!(category, form, reads_as, false)
}

fn reads<T: DeserializeOwned>(data: &Value) -> bool {
    T::deserialize(data).is_ok()
}
