//! Table tests of the policies: `tests/<purpose>.toml`, request → form per category and reason. Run by the tests of this crate
//! and by `sluis policy test`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::bundle::Bundle;
use super::decision::{Decision, reason};
use super::question::{Facts, Party, Question, WpgArticle};
use crate::case_room::CaseFact;
use crate::catalogue::purpose::{CaseTrack, FileError};
use crate::catalogue::{Category, Form, Purpose};
use crate::clock::Timestamp;
use crate::consent::minors::AgeRange;
use crate::consent::{ConsentFact, ConsentState, OverrideFact};
use crate::organisation::{Kind, Oin};

const NOW: &str = "2026-11-21T12:00:00Z";
const RECIPIENT: &str = "00000099000000001000";
const SOURCE: &str = "00000099000000002000";
const COLLEAGUE: &str = "00000099000000003000";
const OTHER: &str = "00000099000000009000";

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: Vec<Spanned<Case>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    recipient: Kind,
    source: Kind,
    #[serde(default = "exact")]
    form: Form,
    /// The form that the context claims, when it is not the one decided: tests the guard against that.
    claims: Option<Form>,
    /// Asks whether the source may be asked: facts are assumed.
    #[serde(default)]
    before_asking: bool,
    consent: Option<ConsentCase>,
    #[serde(rename = "override")]
    derogation: Option<OverrideCase>,
    #[serde(default)]
    facts: FactsCase,
    /// The case that it stands in: open, of the purpose's track, attended by the recipient and one other organisation, unless told otherwise.
    in_case: Option<InCase>,
    /// The kind of the organisation that asks, when it acts as team or director.
    asker: Option<Kind>,
    /// Per category, such as `exact`, `reduced + summary`, `reduced limited: secret-address` or `withheld: consent-missing`.
    expect: BTreeMap<Category, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentCase {
    state: ConsentState,
    categories: BTreeSet<Category>,
    #[serde(default = "exact")]
    max_form: Form,
    #[serde(default)]
    other_source: bool,
    #[serde(default)]
    other_recipient: bool,
    /// Covers every attendee of the case.
    #[serde(default)]
    all_attendees: bool,
    valid_from: Option<Timestamp>,
    not_after: Option<Timestamp>,
    #[serde(default = "self_given")]
    ages: Option<(u8, u8)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverrideCase {
    categories: BTreeSet<Category>,
    #[serde(default = "exact")]
    max_form: Form,
    #[serde(default)]
    other_source: bool,
    #[serde(default)]
    other_recipient: bool,
    /// Covers every attendee of the case.
    #[serde(default)]
    all_attendees: bool,
    #[serde(default)]
    one_person: bool,
    valid_from: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, registered or not")]
struct InCase {
    #[serde(default)]
    closed: bool,
    /// Of the other track than the purpose asks for.
    #[serde(default)]
    other_track: bool,
    /// The recipient does not attend.
    #[serde(default)]
    absent: bool,
    /// The recipient directs it.
    #[serde(default)]
    directs: bool,
    #[serde(default)]
    family_informed: bool,
    #[serde(default)]
    plan_made: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, stated or not")]
struct FactsCase {
    wpg_article: Option<String>,
    decision: bool,
    mandate: bool,
    court_order: bool,
    professional: bool,
    meldcode_steps: bool,
    test51c: bool,
    severity: bool,
    restraining_order: Option<bool>,
    secret_address: Option<bool>,
    subject_age: Option<u8>,
    withheld_by_source: bool,
    protected_from_recipient: bool,
}

const fn exact() -> Form {
    Form::Exact
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
const fn self_given() -> Option<(u8, u8)> {
    Some((12, u8::MAX))
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
            let file: CaseFile = toml::from_str(text)
                .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
            for case in &file.case {
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

impl Case {
    fn question(&self, purpose: &Purpose, category: Category) -> Result<Question, String> {
        let oin = |text: &str| text.parse::<Oin>().map_err(|error| error.to_string());
        let now = Timestamp::parse(NOW).map_err(|error| error.to_string())?;
        let recipient = Party { oin: oin(RECIPIENT)?, kind: self.recipient };
        let source = Party { oin: oin(SOURCE)?, kind: self.source };
        let named = |party: &Party, other: bool| if other { oin(OTHER) } else { Ok(party.oin.clone()) };
        let covered = |other: bool, all: bool| {
            let colleague = if all { Some(oin(COLLEAGUE)?) } else { None };
            Ok::<BTreeSet<Oin>, String>(colleague.into_iter().chain([named(&recipient, other)?]).collect())
        };
        let hour = std::time::Duration::from_hours(1);
        let consent = match &self.consent {
            None => None,
            Some(case) => Some(Arc::new(ConsentFact {
                id: "consent".to_owned(),
                version: 1,
                state: case.state,
                sources: [named(&source, case.other_source)?].into(),
                recipients: covered(case.other_recipient, case.all_attendees)?,
                purposes: [purpose.id.clone()].into(),
                categories: case.categories.clone(),
                max_form: case.max_form,
                valid_from: case.valid_from.unwrap_or_else(|| now.minus(hour)),
                not_after: case.not_after.unwrap_or_else(|| now.plus(hour)),
                ages: case.ages.map(|(from, until)| AgeRange { from, until }),
            })),
        };
        let derogation = match &self.derogation {
            None => None,
            Some(case) => Some(Arc::new(OverrideFact {
                id: "override".to_owned(),
                source: named(&source, case.other_source)?,
                recipients: covered(case.other_recipient, case.all_attendees)?,
                purpose: purpose.id.clone(),
                categories: case.categories.clone(),
                max_form: case.max_form,
                valid_from: case.valid_from.unwrap_or_else(|| now.minus(hour)),
                not_after: case.not_after.unwrap_or_else(|| now.plus(hour)),
                four_eyes: !case.one_person,
            })),
        };
        let facts = (!self.before_asking).then(|| self.facts.facts());
        let case = match &self.in_case {
            None => None,
            Some(case) => Some(Arc::new(case.fact(purpose, &recipient.oin, oin(COLLEAGUE)?))),
        };
        let asker = self.asker.unwrap_or(self.recipient);
        let purpose = purpose.id.clone();
        Ok(Question { purpose, recipient, asker, source, category, finest: self.form, now, consent, derogation, case, facts })
    }
}

impl InCase {
    fn fact(&self, purpose: &Purpose, recipient: &Oin, colleague: Oin) -> CaseFact {
        let named = purpose.case != Some(CaseTrack::Anonymous);
        let attends = (!self.absent).then(|| recipient.clone());
        CaseFact {
            id: "case".to_owned(),
            version: 1,
            open: !self.closed,
            named: named != self.other_track,
            attendees: attends.into_iter().chain([colleague]).collect(),
            director: self.directs.then(|| recipient.clone()),
            family_informed: self.family_informed,
            plan_made: self.plan_made,
        }
    }
}

impl FactsCase {
    fn facts(&self) -> Facts {
        Facts {
            wpg_article: self.wpg_article.as_deref().map(WpgArticle::from_text),
            decision: self.decision,
            mandate: self.mandate,
            court_order: self.court_order,
            professional: self.professional,
            meldcode_steps: self.meldcode_steps,
            test51c: self.test51c,
            severity: self.severity,
            restraining_order: self.restraining_order,
            secret_address: self.secret_address,
            subject_age: self.subject_age,
            withheld_by_source: self.withheld_by_source,
            protected_from_recipient: self.protected_from_recipient,
        }
    }
}
