//! What can be exchanged: the 18 categories, the four forms, the purposes. No values, no decisions.

mod compute;
pub mod fields;
#[cfg(test)]
pub(crate) mod generated;
pub mod ground;
pub mod minimise;
mod municipality;
pub mod offence;
mod path;
mod precision;
pub mod purpose;
pub mod records;
pub mod shape;
pub mod transforms;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use ground::{Ground, Grounds};
pub use minimise::{FormError, Secrecy, check_at_gateway, minimise_at_source};
pub use precision::recorded_at;
pub use purpose::Purpose;
pub use records::{member_names, schema};

/// A data category (gegevenscategorie), spelled as in the API, the policies and the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// C01 Name, birth date, gender.
    Identity,
    /// C02 Citizen number (BSN): serves matching at the sources, is disclosed to nobody.
    CitizenNumber,
    /// C03 Address, contact, secret-address marker.
    Address,
    /// C04 Household, relations, custody (gezag).
    Household,
    /// C05 Incident reports (meldingen, mutaties).
    IncidentReports,
    /// C06 Criminal record (antecedenten).
    CriminalRecord,
    /// C07 Pending criminal case.
    PendingProsecution,
    /// C08 Measures: temporary restraining order (huisverbod), contact ban, conditions.
    Measures,
    /// C09 Probation status (toezicht, naleving).
    ProbationStatus,
    /// C10 Safety assessment, safety plan, TOP-3.
    SafetyAssessment,
    /// C11 Risk assessment (risicotaxatie).
    RiskAssessment,
    /// C12 In treatment (zorgbetrokkenheid).
    CareInvolvement,
    /// C13 Diagnosis, injury, treatment content.
    Diagnosis,
    /// C14 Addiction, substance use.
    SubstanceUse,
    /// C15 Compulsory care (Wvggz).
    CompulsoryCare,
    /// C16 Child-protection measure, youth help.
    ChildProtectionMeasure,
    /// C17 Living areas, help history.
    LivingAreas,
    /// C18 Reporter or source identity (melder): never leaves.
    Reporter,
}

impl Category {
    /// All categories, C01 to C18.
    pub const ALL: [Self; 18] = [
        Self::Identity,
        Self::CitizenNumber,
        Self::Address,
        Self::Household,
        Self::IncidentReports,
        Self::CriminalRecord,
        Self::PendingProsecution,
        Self::Measures,
        Self::ProbationStatus,
        Self::SafetyAssessment,
        Self::RiskAssessment,
        Self::CareInvolvement,
        Self::Diagnosis,
        Self::SubstanceUse,
        Self::CompulsoryCare,
        Self::ChildProtectionMeasure,
        Self::LivingAreas,
        Self::Reporter,
    ];

    /// The code, as in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::CitizenNumber => "citizen-number",
            Self::Address => "address",
            Self::Household => "household",
            Self::IncidentReports => "incident-reports",
            Self::CriminalRecord => "criminal-record",
            Self::PendingProsecution => "pending-prosecution",
            Self::Measures => "measures",
            Self::ProbationStatus => "probation-status",
            Self::SafetyAssessment => "safety-assessment",
            Self::RiskAssessment => "risk-assessment",
            Self::CareInvolvement => "care-involvement",
            Self::Diagnosis => "diagnosis",
            Self::SubstanceUse => "substance-use",
            Self::CompulsoryCare => "compulsory-care",
            Self::ChildProtectionMeasure => "child-protection-measure",
            Self::LivingAreas => "living-areas",
            Self::Reporter => "reporter",
        }
    }

    /// The category with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.code() == code)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// In which form a category is given. `Exact` ⊇ `Reduced` ⊇ `Signal`; `Summary` stands beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Whether there is something: yes, no or unknown.
    Signal,
    /// Coarsened: pseudonym, year, age band, municipality, coded level.
    Reduced,
    /// As the source's record holds it.
    Exact,
    /// Prose that a professional of the source writes or confirms and releases.
    Summary,
}

impl Form {
    /// The four forms.
    pub const ALL: [Self; 4] = [Self::Signal, Self::Reduced, Self::Exact, Self::Summary];

    /// From the finest to the coarsest; `Summary` stands beside them.
    pub const CASCADE: [Self; 3] = [Self::Exact, Self::Reduced, Self::Signal];

    /// The code, as in the API and as the action in the policies.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Reduced => "reduced",
            Self::Exact => "exact",
            Self::Summary => "summary",
        }
    }

    /// The form with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.code() == code)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The code of a purpose (doel), such as `safety-assessment`: lower-case letters, digits and hyphens, at most 40. Which purposes
/// exist is data: one file each under `policies/purposes`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PurposeCode(Arc<str>);

impl PurposeCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PurposeCode {
    type Error = InvalidPurposeCode;

    fn try_from(text: String) -> Result<Self, InvalidPurposeCode> {
        text.parse()
    }
}

impl std::str::FromStr for PurposeCode {
    type Err = InvalidPurposeCode;

    fn from_str(text: &str) -> Result<Self, InvalidPurposeCode> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let valid = (1..=40).contains(&text.len()) && text.bytes().all(allowed);
        valid.then(|| Self(Arc::from(text))).ok_or(InvalidPurposeCode)
    }
}

impl fmt::Display for PurposeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot be a purpose code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a purpose code is 1 to 40 lower-case letters, digits and hyphens")]
pub struct InvalidPurposeCode;

impl std::str::FromStr for Category {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::from_code(text).ok_or(UnknownCode)
    }
}

/// No category has this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such category")]
pub struct UnknownCode;
