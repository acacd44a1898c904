//! Table tests of the policies: `tests/<purpose>.toml`, request → form per category and reason. Run by the tests of this crate
//! and by `sluis policy test`.

mod table;

use std::collections::BTreeSet;

use table::{Case, CaseFile};

use super::bundle::Bundle;
use super::decision::{Decision, reason};
use super::faults::Faults;
use super::question::{Facts, Question, WpgArticle};
use crate::catalogue::purpose::FileError;
use crate::catalogue::{Form, Purpose};

/// What came of the table tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many expectations held.
    pub passed: usize,
    /// The expectations that did not, each with file, line, case and what was decided.
    pub failures: Vec<String>,
    /// Policies that decided no case.
    pub undecided: Vec<String>,
}

impl Bundle {
    /// Runs every table test of the bundle.
    ///
    /// # Errors
    /// [`FileError`] when a file cannot be read as cases, or a purpose has none.
    pub fn run_cases(&self) -> Result<Report, FileError> {
        let mut report = Report::default();
        let mut decided = BTreeSet::new();
        for purpose in self.purposes() {
            let name = format!("tests/{}.toml", purpose.id);
            let missing = || FileError { file: name.clone(), line: 1, message: "a purpose has table tests".to_owned() };
            let text = self.files.get(&name).ok_or_else(missing)?;
            let at = |offset: usize, message: String| FileError::at(&name, text, offset, message);
            for case in &read(&name, text)?.case {
                for (category, expected) in &case.get_ref().expect {
                    let question =
                        case.get_ref().question(purpose, *category).map_err(|message| at(case.span().start, message))?;
                    let outcome = self.outcome(case.get_ref(), &question, &mut decided);
                    if outcome == *expected {
                        report.passed = report.passed.saturating_add(1);
                    } else {
                        let what = format!("{}: {category} is `{outcome}`, expected `{expected}`", case.get_ref().name);
                        report.failures.push(at(case.span().start, what).to_string());
                    }
                }
            }
        }
        report.undecided = self.notes().map(|note| note.id.to_string()).filter(|id| !decided.contains(id)).collect();
        Ok(report)
    }

    fn outcome(&self, case: &Case, question: &Question, decided: &mut BTreeSet<String>) -> String {
        let facts = question.facts.unwrap_or_else(|| Facts::fulfilling(WpgArticle::Everyday, question.consent.as_deref()));
        let Ok(prepared) = self.engine.prepare(question, &facts) else { return "the facts do not fit".to_owned() };
        let Some(slices) = self.rules.slices.get(question.purpose.as_str()) else { return "no rules".to_owned() };
        for form in Form::ALL {
            let claimed = case.claims.unwrap_or(form);
            let schema = Some(self.engine.schema());
            let evaluation = self.engine.evaluate_claimed(&prepared, form, claimed, &slices.all, schema);
            if evaluation.failed {
                return "evaluation failed".to_owned();
            }
            decided.extend(evaluation.policies.iter().cloned());
            if case.claims.is_some() && form == case.form {
                let guard = evaluation.policies.iter().find_map(|id| self.note(id)?.withheld.as_deref());
                return guard.map_or_else(|| form.to_string(), |code| format!("withheld: {code}"));
            }
        }
        let (finest, summary) = (self.decide(question), self.decide_summary(question));
        decided.extend([&finest, &summary].into_iter().flat_map(Decision::policies).map(ToString::to_string));
        describe(&finest, &summary)
    }
}

fn read(name: &str, text: &str) -> Result<CaseFile, FileError> {
    toml::from_str(text)
        .map_err(|error| FileError::at(name, text, error.span().map_or(0, |span| span.start), error.message().to_owned()))
}

/// Whether a file reads as cases of a purpose; what comes of them is another question.
pub(super) fn check(name: &str, text: &str, purpose: &Purpose, faults: &mut Faults) {
    let Some(file) = faults.keep(read(name, text)) else { return };
    for case in &file.case {
        let mut questions = case.get_ref().expect.keys().map(|category| case.get_ref().question(purpose, *category));
        if let Some(message) = questions.find_map(Result::err) {
            faults.add(FileError::at(name, text, case.span().start, message));
        }
    }
}

fn describe(finest: &Decision, summary: &Decision) -> String {
    let forms: Vec<&str> = [finest, summary].iter().filter_map(|decision| decision.form()).map(Form::code).collect();
    let mut text = forms.join(" + ");
    if let Decision::Permit { limited: Some(limit), .. } = finest {
        text.push_str(" limited: ");
        text.push_str(&limit.reason);
    }
    if !text.is_empty() {
        return text;
    }
    let shown = finest.reason().filter(|code| *code != reason::SUMMARY_ONLY).or_else(|| summary.reason());
    format!("withheld: {}", shown.unwrap_or_default())
}
