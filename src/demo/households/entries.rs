//! Short ways to write entries down; codes are the vocabulary of the demo's sources.

use time::Date;

use super::record::{Entry, SafetyAssessment};

/// Incident report. `kind`: `partner-violence`, `child-abuse`, `witness-of-violence`, `stalking`, `threat`, `elder-abuse`,
/// `neglect`, `honour-related-violence`, `order-breach`, `disturbance`.
pub fn incident(kind: &'static str, place: &str, violence: &str, injury: &str, children_present: bool, text: &str) -> Entry {
    Entry::Incident {
        kind,
        place: place.into(),
        violence: violence.into(),
        injury: injury.into(),
        children_present,
        text: text.into(),
    }
}

/// Conviction by its article of the Wetboek van Strafrecht, such as `Sr 300`. `status`: `final` or `appeal`.
pub fn conviction(article: &'static str, offence: &'static str, sentence: &str, status: &'static str) -> Entry {
    Entry::Conviction { article, offence, sentence: sentence.into(), status }
}

/// Pending case. `stage`: `investigation`, `summoned`, `hearing`, `appeal`.
pub fn pending(offence: &'static str, stage: &'static str, hearing: Option<Date>) -> Entry {
    Entry::Pending { offence, stage, hearing }
}

/// Measure. `kind`: `temporary-restraining-order`, `contact-ban`, `area-ban`, `special-conditions`.
pub fn measure(kind: &'static str, until: Date, conditions: &[&str], protects: &[usize], authority: &'static str) -> Entry {
    Entry::Measure { kind, until: Some(until), conditions: owned(conditions), protects: protects.to_vec(), authority }
}

/// Supervision. `compliance`: `complies`, `partly`, `breached`.
pub fn supervision(
    kind: &'static str,
    until: Date,
    conditions: &[&str],
    compliance: &'static str,
    officer: &'static str,
) -> Entry {
    Entry::Supervision { kind, until: Some(until), conditions: owned(conditions), compliance, officer }
}

/// Safety assessment: scale 0 to 10, structural and acute unsafety.
pub fn safety(
    scale: u8,
    [structural, acute]: [bool; 2],
    threats: &[&'static str],
    top3: &[&str],
    text: &str,
) -> SafetyAssessment {
    SafetyAssessment {
        instrument: "Triage-instrument Veilig Thuis",
        scale,
        structural,
        acute,
        threats: threats.to_vec(),
        top3: owned(top3),
        agreements: vec![],
        text: text.into(),
    }
}

impl SafetyAssessment {
    /// With these agreements of the safety plan.
    pub fn agreed(mut self, agreements: &[&str]) -> Entry {
        self.agreements = owned(agreements);
        Entry::Safety(self)
    }
}

/// Risk assessment. `level`: `low`, `mid`, `high`.
pub fn risk(instrument: &'static str, scores: &[(&'static str, i64)], level: &'static str, text: &str) -> Entry {
    Entry::Risk { instrument, scores: scores.to_vec(), level, text: text.into() }
}

/// Care. `role`: `practitioner`, `case-manager`, `crisis-service`.
pub fn care(unit: &'static str, professional: &'static str, role: &'static str, until: Option<Date>) -> Entry {
    Entry::Care { unit, professional, role, until }
}

/// Diagnosis with its code in DSM-5 or ICD-10.
pub fn diagnosis(code: &'static str, system: &'static str, injury: Option<&'static str>, treatment: &str) -> Entry {
    Entry::Diagnosis { code, system, injury, treatment: treatment.into() }
}

/// Substance use. `severity`: `low`, `mid`, `high`.
pub fn substance(kind: &'static str, severity: &'static str, treatment: &str) -> Entry {
    Entry::Substance { kind, severity, treatment: treatment.into() }
}

/// Compulsory care. `kind`: `crisis-measure` (crisismaatregel), `care-authorisation` (zorgmachtiging).
pub const fn compulsory(kind: &'static str, until: Date) -> Entry {
    Entry::Compulsory { kind, until: Some(until) }
}

/// Child-protection measure. `kind`: `supervision-order` (ots), `placement` (uithuisplaatsing), `voluntary-help`,
/// `board-inquiry`.
pub fn child_measure(kind: &'static str, until: Date, body: &'static str, plan: &str) -> Entry {
    Entry::ChildMeasure { kind, until: Some(until), body, plan: plan.into() }
}

/// Living area: `work`, `debt`, `housing`, `school`, `health`, `network`, `parenting`. `level`: `good`, `concern`, `severe`.
pub fn area(area: &'static str, level: &'static str, situation: &str, help: &[&'static str], effect: &str) -> Entry {
    Entry::Area { area, level, situation: situation.into(), help: help.to_vec(), effect: effect.into() }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
