//! What an organisation has written down about persons of one household: one entry of one category, with its facts and the
//! professional's draft.

use time::Date;

use crate::catalogue::Category;
use crate::demo::organisations::Slug;
use crate::source::{ItemFacts, Nature};

/// One entry in one organisation's administration. Persons are indexes in the household.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose administration.
    pub source: Slug,
    /// Whom it is about, each with the part played.
    pub subjects: Vec<(usize, Part)>,
    /// When it happened or was made.
    pub date: Date,
    /// When it was written down.
    pub recorded: Date,
    /// Fact or hypothesis.
    pub nature: Nature,
    /// Facts for the legal conditions.
    pub facts: ItemFacts,
    /// The content.
    pub entry: Entry,
    /// The professional's draft of a summary, in Dutch, if there is one.
    pub draft: Option<Draft>,
}

/// Which part a person has in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The entry is about this person.
    Subject,
    /// Suspected of the violence (vermoedelijke pleger).
    Suspect,
    /// Victim.
    Victim,
    /// Was present.
    Witness,
}

impl Part {
    /// The code in the source databases.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Suspect => "suspect",
            Self::Victim => "victim",
            Self::Witness => "witness",
        }
    }
}

/// A draft of a summary.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// The text. `{A1}` stands for the first name of that member until the household is finished, `{bsn:A1}` for the citizen
    /// number.
    pub text: String,
    /// What it names on purpose, so that its release is blocked.
    pub flaw: Option<DraftFlaw>,
}

/// Why the release of a draft must be blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftFlaw {
    /// It names a member of the household.
    NamesMember,
    /// It holds a citizen number.
    HoldsBsn,
}

/// Content by category; the members are those of the `exact` form in the domain model.
#[expect(missing_docs, reason = "the members are the fields of the domain model's exact form, by the same names")]
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// Incident report (melding, mutatie).
    Incident { kind: &'static str, place: String, violence: String, injury: String, children_present: bool, text: String },
    /// Conviction (antecedent).
    Conviction { article: &'static str, offence: &'static str, sentence: String, status: &'static str },
    /// Pending criminal case.
    Pending { offence: &'static str, stage: &'static str, hearing: Option<Date> },
    /// Measure: temporary restraining order, contact ban, area ban.
    Measure { kind: &'static str, until: Option<Date>, conditions: Vec<String>, protects: Vec<usize>, authority: &'static str },
    /// Probation supervision (toezicht).
    Supervision {
        kind: &'static str,
        until: Option<Date>,
        conditions: Vec<String>,
        compliance: &'static str,
        officer: &'static str,
    },
    /// Safety assessment with plan and TOP-3.
    Safety(SafetyAssessment),
    /// Risk assessment (risicotaxatie).
    Risk { instrument: &'static str, scores: Vec<(&'static str, i64)>, level: &'static str, text: String },
    /// In treatment.
    Care { unit: &'static str, professional: &'static str, role: &'static str, until: Option<Date> },
    /// Diagnosis or injury.
    Diagnosis { code: &'static str, system: &'static str, injury: Option<&'static str>, treatment: String },
    /// Substance use.
    Substance { kind: &'static str, severity: &'static str, treatment: String },
    /// Compulsory care (Wvggz).
    Compulsory { kind: &'static str, until: Option<Date> },
    /// Child-protection measure or youth help.
    ChildMeasure { kind: &'static str, until: Option<Date>, body: &'static str, plan: String },
    /// One living area (leefgebied).
    Area { area: &'static str, level: &'static str, situation: String, help: Vec<&'static str>, effect: String },
}

/// A safety assessment (veiligheidsbeoordeling).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SafetyAssessment {
    /// Name of the instrument.
    pub instrument: &'static str,
    /// 0 (unsafe) to 10 (safe).
    pub scale: u8,
    /// Structurally unsafe.
    pub structural: bool,
    /// Acutely unsafe.
    pub acute: bool,
    /// Threats, coded.
    pub threats: Vec<&'static str>,
    /// The three most unsafe situations, in words.
    pub top3: Vec<String>,
    /// Agreements of the safety plan.
    pub agreements: Vec<String>,
    /// The assessor's text.
    pub text: String,
}

impl Entry {
    /// The category it belongs to.
    pub const fn category(&self) -> Category {
        match self {
            Self::Incident { .. } => Category::IncidentReports,
            Self::Conviction { .. } => Category::CriminalRecord,
            Self::Pending { .. } => Category::PendingProsecution,
            Self::Measure { .. } => Category::Measures,
            Self::Supervision { .. } => Category::ProbationStatus,
            Self::Safety(_) => Category::SafetyAssessment,
            Self::Risk { .. } => Category::RiskAssessment,
            Self::Care { .. } => Category::CareInvolvement,
            Self::Diagnosis { .. } => Category::Diagnosis,
            Self::Substance { .. } => Category::SubstanceUse,
            Self::Compulsory { .. } => Category::CompulsoryCare,
            Self::ChildMeasure { .. } => Category::ChildProtectionMeasure,
            Self::Area { .. } => Category::LivingAreas,
        }
    }

    /// The free texts in it, for the replacement of placeholders.
    pub fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Incident { text, .. } | Self::Risk { text, .. } => vec![text],
            Self::Safety(safety) => safety.top3.iter_mut().chain(&mut safety.agreements).chain([&mut safety.text]).collect(),
            Self::ChildMeasure { plan, .. } => vec![plan],
            Self::Area { situation, effect, .. } => vec![situation, effect],
            Self::Measure { conditions, .. } | Self::Supervision { conditions, .. } => conditions.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}

/// Which categories a source's administration can hold; the order is that of its mapping file.
pub const fn categories_of(source: Slug) -> &'static [Category] {
    use Category as C;
    match source {
        Slug::Police => &[
            C::Identity,
            C::Address,
            C::Household,
            C::IncidentReports,
            C::Measures,
            C::RiskAssessment,
            C::CriminalRecord,
            C::PendingProsecution,
        ],
        Slug::VeiligThuis => &[
            C::Identity,
            C::Address,
            C::Household,
            C::IncidentReports,
            C::SafetyAssessment,
            C::RiskAssessment,
            C::ChildProtectionMeasure,
            C::LivingAreas,
        ],
        Slug::Prosecution => &[C::Identity, C::Address, C::CriminalRecord, C::PendingProsecution, C::Measures],
        Slug::Probation => &[C::Identity, C::Address, C::Measures, C::ProbationStatus, C::RiskAssessment, C::LivingAreas],
        Slug::MentalHealth => &[
            C::Identity,
            C::Address,
            C::Household,
            C::SafetyAssessment,
            C::RiskAssessment,
            C::CareInvolvement,
            C::Diagnosis,
            C::SubstanceUse,
            C::CompulsoryCare,
        ],
        Slug::YouthProtection => {
            &[C::Identity, C::Address, C::Household, C::Measures, C::ChildProtectionMeasure, C::LivingAreas, C::Diagnosis]
        }
        Slug::Municipality => &[C::Identity, C::Address, C::Household, C::Measures, C::LivingAreas],
        Slug::ChildProtectionBoard => &[C::Identity, C::Address, C::Household, C::ChildProtectionMeasure, C::LivingAreas],
        Slug::CaseManagement => &[],
    }
}
