//! What the rules can ever permit, whoever the person is: computed by evaluating them with every fact, consent and override
//! fulfilled, and again without. Static per recipient kind, purpose, source kind and category.

use std::sync::Arc;

use cedar_policy::PolicySet;

use super::engine::Engine;
use super::forms::FormSet;
use super::question::{Facts, Question, WpgArticle};
use super::vocabulary::Unfit;
use crate::case_room::CaseFact;
use crate::catalogue::Form;
use crate::catalogue::purpose::CaseTrack;
use crate::clock::Timestamp;
use crate::consent::minors::AgeRange;
use crate::consent::{ConsentFact, ConsentState, OverrideFact};
use crate::organisation::Kind;

/// On what a cell of the matrix rests, at one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Footing {
    /// Permitted whatever the source states: an unconditional A of the matrix. Only here may absence be told as a signal `no`.
    Always,
    /// Permitted without consent or override, if the item's facts fulfil the row's conditions.
    Facts,
    /// Permitted only with consent or an override.
    ConsentOrOverride,
    /// Never permitted.
    Never,
}

/// What can ever be permitted of one category of one kind of source to one kind of recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Without consent, override or any fact stated.
    pub always: FormSet,
    /// Without consent or override, every condition fulfilled.
    pub on_facts: FormSet,
    /// With consent, every condition fulfilled.
    pub with_consent: FormSet,
    /// With an override, every condition fulfilled.
    pub with_override: FormSet,
    /// In any of these ways.
    pub ever: FormSet,
    /// The guards that forbid every form even then.
    pub closed_by: Vec<String>,
    /// The Wpg articles to assume before a source is asked, so that each reachable form is found.
    pub articles: Vec<WpgArticle>,
}

impl Reach {
    /// On what a form rests.
    pub fn footing(&self, form: Form) -> Footing {
        if !self.ever.contains(form) {
            Footing::Never
        } else if self.always.contains(form) {
            Footing::Always
        } else if self.on_facts.contains(form) {
            Footing::Facts
        } else {
            Footing::ConsentOrOverride
        }
    }

    /// Evaluates a cell. `question` names its parties (two organisations of these kinds), purpose and category; `need` is the kind of case that the
    /// purpose stands in: that case is registered, not stated of the person, so it is there in every one of these evaluations.
    pub fn compute(engine: &Engine, policies: &PolicySet, question: &Question, need: Option<CaseTrack>) -> Result<Self, Unfit> {
        let consent = Some(fulfilling_consent(question));
        let derogation = Some(fulfilling_override(question));
        let case = need.map(|track| fulfilling_case(question, track));
        let with = |consent: &Option<Arc<ConsentFact>>, derogation: &Option<Arc<OverrideFact>>| Question {
            consent: consent.clone(),
            derogation: derogation.clone(),
            case: case.clone(),
            ..question.clone()
        };
        let all = with(&consent, &derogation);
        let mut reach = Self::default();
        let police = question.source.kind == Kind::Police;
        let candidates: &[WpgArticle] = if police { &WpgArticle::ALL } else { &[WpgArticle::Everyday] };
        for article in candidates {
            let facts = Facts::fulfilling(*article, all.consent.as_deref());
            let (ever, closed_by) = tried(engine, policies, &all, &facts)?;
            if *article == WpgArticle::Everyday {
                reach.closed_by = closed_by;
            }
            if reach.ever.union(ever) == reach.ever {
                continue;
            }
            reach.ever = reach.ever.union(ever);
            reach.articles.push(*article);
            let without = Facts::fulfilling(*article, None);
            let allowed = |question: &Question, facts| allowed(engine, policies, question, facts, ever);
            reach.on_facts = reach.on_facts.union(allowed(&with(&None, &None), &without)?);
            reach.with_consent = reach.with_consent.union(allowed(&with(&consent, &None), &facts)?);
            reach.with_override = reach.with_override.union(allowed(&with(&None, &derogation), &without)?);
        }
        reach.always = allowed(engine, policies, &with(&None, &None), &Facts::default(), reach.on_facts)?;
        if reach.articles.is_empty() {
            reach.articles.push(WpgArticle::Everyday);
        }
        Ok(reach)
    }
}

/// Which of the forms `within` are allowed.
fn allowed(engine: &Engine, policies: &PolicySet, question: &Question, facts: &Facts, within: FormSet) -> Result<FormSet, Unfit> {
    if within.is_empty() {
        return Ok(within);
    }
    let prepared = engine.prepare(question, facts)?;
    Ok(within.iter().filter(|form| engine.evaluate(&prepared, *form, policies).allowed).collect())
}

/// Which forms are allowed, and the guards that forbid every one.
fn tried(engine: &Engine, policies: &PolicySet, question: &Question, facts: &Facts) -> Result<(FormSet, Vec<String>), Unfit> {
    let prepared = engine.prepare(question, facts)?;
    let mut allowed = FormSet::NONE;
    let mut closing: Option<Vec<String>> = None;
    for form in Form::ALL {
        let evaluation = engine.evaluate(&prepared, form, policies);
        if evaluation.allowed {
            allowed = allowed.with(form);
        }
        let forbids: Vec<String> = if evaluation.allowed { vec![] } else { evaluation.policies };
        closing = Some(match closing {
            None => forbids,
            Some(before) => before.into_iter().filter(|id| forbids.contains(id)).collect(),
        });
    }
    Ok((allowed, closing.unwrap_or_default()))
}

const ALWAYS: (Timestamp, Timestamp) = (Timestamp::from_seconds(0), Timestamp::from_seconds(200_000_000_000));

pub fn fulfilling_consent(question: &Question) -> Arc<ConsentFact> {
    Arc::new(ConsentFact {
        given_at: None,
        id: String::new(),
        version: 0,
        state: ConsentState::Given,
        sources: [question.source.oin.clone()].into(),
        recipients: [question.recipient.oin.clone()].into(),
        purposes: [question.purpose.clone()].into(),
        categories: [question.category].into(),
        max_form: Form::Exact,
        valid_from: ALWAYS.0,
        not_after: ALWAYS.1,
        ages: Some(AgeRange { from: 0, until: u8::MAX }),
    })
}

pub fn fulfilling_override(question: &Question) -> Arc<OverrideFact> {
    Arc::new(OverrideFact {
        id: String::new(),
        source: question.source.oin.clone(),
        recipients: [question.recipient.oin.clone()].into(),
        purpose: question.purpose.clone(),
        categories: [question.category].into(),
        forms: Form::ALL.into(),
        valid_from: ALWAYS.0,
        not_after: ALWAYS.1,
        four_eyes: true,
    })
}

/// A case that fulfils every condition: open, of this track, with the recipient among those who attend anyway and as its director.
pub fn fulfilling_case(question: &Question, track: CaseTrack) -> Arc<CaseFact> {
    let recipient = &question.recipient.oin;
    let attend = question.case.iter().flat_map(|case| case.attendees.iter());
    Arc::new(CaseFact {
        id: String::new(),
        version: 0,
        open: true,
        named: track == CaseTrack::Named,
        attendees: attend.chain([recipient]).cloned().collect(),
        attendee_kinds: question.case.iter().flat_map(|case| case.attendee_kinds.iter().copied()).collect(),
        director: Some(recipient.clone()),
        family_informed: true,
        plan_made: true,
    })
}
