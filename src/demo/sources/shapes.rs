//! Parts of rows that several sources write in the same order, each into a table of its own.

use super::table::{Cell, row};
use super::view::{json, letters};
use crate::demo::households::{Entry, Household, Record, SafetyAssessment};
use crate::source::Nature;

/// `fact` or `hypothesis`.
pub(super) const fn nature(record: &Record) -> &'static str {
    match record.nature {
        Nature::Fact => "fact",
        Nature::Hypothesis => "hypothesis",
    }
}

/// The text of the draft, if there is one.
pub(super) fn draft(record: &Record) -> Option<&String> {
    record.draft.as_ref().map(|draft| &draft.text)
}

/// Day of writing, nature, draft: how most entries end.
pub(super) fn ending(record: &Record) -> Vec<Cell> {
    row![record.recorded, nature(record), draft(record)]
}

/// Scores as a JSON object.
pub(super) fn scores(scores: &[(&'static str, i64)]) -> String {
    json(&scores.iter().copied().collect::<std::collections::BTreeMap<_, _>>())
}

/// The class in which the demo's police and prosecution code an offence.
pub(super) fn offence_class(offence: &str) -> &'static str {
    let classes = [
        ("mishandel", "violence"),
        ("bedreig", "threat"),
        ("belaging", "stalking"),
        ("diefstal", "property"),
        ("oplichting", "property"),
        ("rijden", "traffic"),
    ];
    classes.into_iter().find(|(part, _)| offence.contains(part)).map_or("other", |(_, class)| class)
}

/// Kind, from, until, conditions, protected persons, authority. Empty for another entry.
pub(super) fn measure(household: &Household, record: &Record) -> Vec<Cell> {
    let Entry::Measure { kind, until, conditions, protects, authority } = &record.entry else { return Vec::new() };
    row![*kind, record.date, *until, json(conditions), letters(household, protects), *authority]
}

/// Date, instrument, scores, level, text. Empty for another entry.
pub(super) fn risk(record: &Record) -> Vec<Cell> {
    let Entry::Risk { instrument, scores: points, level, text } = &record.entry else { return Vec::new() };
    row![record.date, *instrument, scores(points), *level, text]
}

/// Area, level, situation, help, effect. Empty for another entry.
pub(super) fn area(record: &Record) -> Vec<Cell> {
    let Entry::Area { area, level, situation, help, effect } = &record.entry else { return Vec::new() };
    row![*area, *level, situation, json(help), effect]
}

/// Kind, from, until, body, court order, plan. Empty for another entry.
pub(super) fn child_measure(record: &Record) -> Vec<Cell> {
    let Entry::ChildMeasure { kind, until, body, plan } = &record.entry else { return Vec::new() };
    row![*kind, record.date, *until, *body, record.facts.court_order_id.as_ref(), plan]
}

/// Code, system, date, injury, treatment. Empty for another entry.
pub(super) fn diagnosis(record: &Record) -> Vec<Cell> {
    let Entry::Diagnosis { code, system, injury, treatment } = &record.entry else { return Vec::new() };
    row![*code, *system, record.date, *injury, treatment]
}

/// Date, article, offence, class, sentence, status. Empty for another entry.
pub(super) fn conviction(record: &Record) -> Vec<Cell> {
    let Entry::Conviction { article, offence, sentence, status } = &record.entry else { return Vec::new() };
    row![record.date, *article, *offence, offence_class(offence), sentence, *status]
}

/// Date, offence, class, stage, hearing. Empty for another entry.
pub(super) fn pending(record: &Record) -> Vec<Cell> {
    let Entry::Pending { offence, stage, hearing } = &record.entry else { return Vec::new() };
    row![record.date, *offence, offence_class(offence), *stage, *hearing]
}

/// Date, instrument, scale, structural, acute, threats, TOP-3, agreements, text.
pub(super) fn safety(record: &Record, assessment: &SafetyAssessment) -> Vec<Cell> {
    let SafetyAssessment { instrument, scale, structural, acute, threats, top3, agreements, text } = assessment;
    let coded = row![record.date, *instrument, i64::from(*scale), *structural, *acute, json(threats)];
    [coded, row![json(top3), json(agreements), text]].concat()
}

#[cfg(test)]
mod tests {
    use super::offence_class;

    #[test]
    fn offences_have_classes() {
        assert_eq!(offence_class("poging tot zware mishandeling"), "violence");
        assert_eq!(offence_class("iets anders"), "other");
    }
}
