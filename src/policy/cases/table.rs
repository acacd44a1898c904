//! A table test as its file states it, and the question that it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::case_room::CaseFact;
use crate::catalogue::purpose::CaseTrack;
use crate::catalogue::{Category, Form, Purpose};
use crate::clock::Timestamp;
use crate::consent::minors::AgeRange;
use crate::consent::{ConsentFact, ConsentState, OverrideFact};
use crate::organisation::{Kind, Oin};
use crate::policy::question::{Facts, Party, Question, WpgArticle};

const NOW: &str = "2026-11-21T12:00:00Z";
const RECIPIENT: &str = "00000099000000001000";
const SOURCE: &str = "00000099000000002000";
const COLLEAGUE: &str = "00000099000000003000";
const OTHER: &str = "00000099000000009000";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    pub(super) case: Vec<Spanned<Case>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    recipient: Kind,
    source: Kind,
    #[serde(default = "exact")]
    pub(super) form: Form,
    /// The form that the context claims, when it is not the one decided: tests the guard against that.
    pub(super) claims: Option<Form>,
    /// Asks whether the source may be asked: facts are assumed.
    #[serde(default)]
    before_asking: bool,
    consent: Option<ConsentCase>,
    #[serde(rename = "override")]
    derogation: Option<OverrideCase>,
    #[serde(default)]
    facts: FactsCase,
    /// The case that it stands in: open, of the purpose's track, attended by the recipient and one other organisation, unless told otherwise.
    #[serde(rename = "in_case")]
    standing: Option<InCase>,
    /// The kind of the organisation that asks, when it acts as team or director.
    asker: Option<Kind>,
    /// Per category, such as `exact`, `reduced + summary`, `reduced limited: secret-address` or `withheld: consent-missing`.
    pub(super) expect: BTreeMap<Category, String>,
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
#[expect(clippy::struct_excessive_bools, reason = "each is a way not to cover, on its own")]
struct OverrideCase {
    categories: BTreeSet<Category>,
    #[serde(default = "every_form")]
    forms: BTreeSet<Form>,
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
    /// The kind of the other organisation that attends.
    #[serde(default = "municipality")]
    other: Kind,
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
    wpg19_decision: bool,
    wpg20_decision: bool,
    mandate: bool,
    court_order: bool,
    professional: bool,
    meldcode_steps: bool,
    test51c: bool,
    severity: bool,
    under_restraining_order: bool,
    restraining_order: Option<bool>,
    secret_address: Option<bool>,
    subject_age: Option<u8>,
    withheld_by_source: bool,
    protected_from_recipient: bool,
}

fn every_form() -> BTreeSet<Form> {
    Form::ALL.into()
}

const fn municipality() -> Kind {
    Kind::Municipality
}

const fn exact() -> Form {
    Form::Exact
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
const fn self_given() -> Option<(u8, u8)> {
    Some((12, u8::MAX))
}

impl Case {
    /// The question about one category.
    pub(super) fn question(&self, purpose: &Purpose, category: Category) -> Result<Question, String> {
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
                given_at: None,
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
                forms: case.forms.clone(),
                valid_from: case.valid_from.unwrap_or_else(|| now.minus(hour)),
                not_after: case.not_after.unwrap_or_else(|| now.plus(hour)),
                four_eyes: !case.one_person,
            })),
        };
        let facts = (!self.before_asking).then(|| self.facts.facts());
        let asker = self.asker.unwrap_or(self.recipient);
        let case = match &self.standing {
            None => None,
            Some(case) => Some(Arc::new(case.fact(purpose, &Party { oin: recipient.oin.clone(), kind: asker }, oin(COLLEAGUE)?))),
        };
        let purpose = purpose.id.clone();
        Ok(Question { purpose, recipient, asker, source, category, finest: self.form, now, consent, derogation, case, facts })
    }
}

impl InCase {
    /// `asker`: who asks, of its own kind.
    fn fact(&self, purpose: &Purpose, asker: &Party, colleague: Oin) -> CaseFact {
        let named = purpose.case != Some(CaseTrack::Anonymous);
        let attends = (!self.absent).then_some(asker);
        CaseFact {
            id: "case".to_owned(),
            version: 1,
            open: !self.closed,
            named: named != self.other_track,
            attendees: attends.map(|asker| asker.oin.clone()).into_iter().chain([colleague]).collect(),
            attendee_kinds: attends.map(|asker| asker.kind).into_iter().chain([self.other]).collect(),
            director: self.directs.then(|| asker.oin.clone()),
            family_informed: self.family_informed,
            plan_made: self.plan_made,
        }
    }
}

impl FactsCase {
    fn facts(&self) -> Facts {
        Facts {
            wpg_article: self.wpg_article.as_deref().map(WpgArticle::from_text),
            wpg19_decision: self.wpg19_decision,
            wpg20_decision: self.wpg20_decision,
            mandate: self.mandate,
            court_order: self.court_order,
            professional: self.professional,
            meldcode_steps: self.meldcode_steps,
            test51c: self.test51c,
            severity: self.severity,
            under_restraining_order: self.under_restraining_order,
            restraining_order: self.restraining_order,
            secret_address: self.secret_address,
            subject_age: self.subject_age,
            withheld_by_source: self.withheld_by_source,
            protected_from_recipient: self.protected_from_recipient,
        }
    }
}
