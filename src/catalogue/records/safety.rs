//! Assessments: `safety-assessment` (veiligheidsbeoordeling), `risk-assessment` (risicotaxatie).

use std::collections::BTreeMap;

use super::scalar::{Code, Day, Level, Month, Presence, ScaleBand, Text};
use super::{form, signal};

form! {
    /// C10, exact: at the source only.
    SafetyAssessmentExact {
        /// When.
        date: Day,
        /// Instrument.
        instrument: Code,
        /// Mark on the instrument's scale.
        scale: Code,
        /// Threats.
        threats: Vec<Text>,
        /// The three most pressing concerns (TOP-3).
        top3: Vec<Text>,
        /// Agreements with the family.
        agreements: Vec<Text>,
        /// Free text: at the source only, never released.
        text: Text,
    }
}

form! {
    /// C10, summary.
    SafetyAssessmentSummary {
        /// In which month.
        month: Month,
        /// Mark on the instrument's scale.
        scale: Code,
        /// The three most pressing concerns (TOP-3), de-identified.
        top3: Vec<Text>,
        /// The professional's prose.
        summary: Text,
    }
}

form! {
    /// C10, reduced.
    SafetyAssessmentReduced {
        /// In which month.
        month: Month,
        /// Band of the mark.
        scale_band: ScaleBand,
        /// Structural unsafety.
        structural: Presence,
        /// Acute unsafety.
        acute: Presence,
    }
}

signal! {
    /// C10, signal.
    SafetyAssessmentSignal, assessed
}

form! {
    /// C11, exact: at the source only.
    RiskAssessmentExact {
        /// When.
        date: Day,
        /// Instrument.
        instrument: Code,
        /// Scores by name.
        scores: BTreeMap<String, f64>,
        /// Level.
        level: Level,
        /// Free text: at the source only, never released.
        text: Text,
    }
}

form! {
    /// C11, summary.
    RiskAssessmentSummary {
        /// In which month.
        month: Month,
        /// Instrument.
        instrument: Code,
        /// Level.
        level: Level,
        /// The professional's prose.
        summary: Text,
    }
}

form! {
    /// C11, reduced.
    RiskAssessmentReduced {
        /// In which month.
        month: Month,
        /// Instrument.
        instrument: Code,
        /// Level.
        level: Level,
    }
}

signal! {
    /// C11, signal.
    RiskAssessmentSignal, assessed
}
