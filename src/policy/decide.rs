//! Decides: the cascade from the finest form asked to the first allowed, and why nothing is.

use std::sync::Arc;

use cedar_policy::PolicySet;

use super::bundle::Bundle;
use super::decision::{Decision, Limit, PolicyIds, reason};
use super::engine::{Evaluation, forbids};
use super::question::{Facts, Question, WpgArticle};
use super::reach::{Reach, fulfilling_case};
use super::rules::Basis;
use super::vocabulary::Unfit;
use crate::catalogue::Form;
use crate::consent::ConsentState;

impl Bundle {
    /// Decides a question, from memory where the same facts were decided before.
    pub fn decide(&self, question: &Question) -> Decision {
        self.cache.get_or(question, || self.decide_fresh(question))
    }

    /// Decides whether the category may be given as a summary, whatever form the question asks for.
    pub fn decide_summary(&self, question: &Question) -> Decision {
        self.decide(&Question { finest: Form::Summary, ..question.clone() })
    }

    /// Decides a question by evaluation, without the memory of earlier decisions.
    pub fn decide_fresh(&self, question: &Question) -> Decision {
        let Some(slices) = self.rules.slices.get(question.purpose.as_str()) else {
            return Decision::withheld(reason::UNKNOWN_PURPOSE, Decision::no_policies());
        };
        let policies = slices.of(question.category).unwrap_or(&self.rules.guards);
        self.cascade(question, policies).unwrap_or_else(|_| Decision::withheld(reason::EVALUATION_ERROR, Decision::no_policies()))
    }

    /// On what a permit rests: the first of law, consent and override that one of its deciding permits rests on. `None` when
    /// withheld.
    pub fn basis(&self, decision: &Decision) -> Option<Basis> {
        decision.form()?;
        decision.policies().iter().filter_map(|id| self.note(id)?.basis).min()
    }

    fn cascade(&self, question: &Question, policies: &PolicySet) -> Result<Decision, Unfit> {
        let reach = self.reach(question.recipient.kind, &question.purpose, question.source.kind, question.category)?;
        let open: Vec<Form> = asked(question.finest).filter(|form| reach.ever.contains(*form)).collect();
        let Some(coarsest) = open.last().copied() else { return Ok(self.closed(question, &reach)) };
        let variants = match question.facts {
            Some(facts) => vec![facts],
            None => reach.articles.iter().map(|article| Facts::fulfilling(*article, question.consent.as_deref())).collect(),
        };
        let prepared = variants.iter().map(|facts| self.engine.prepare(question, facts)).collect::<Result<Vec<_>, _>>()?;
        let (mut limited, mut last) = (None, Evaluation::default());
        for form in open {
            for one in &prepared {
                last = self.engine.evaluate(one, form, policies);
                if last.failed {
                    return Ok(Decision::withheld(reason::EVALUATION_ERROR, ids(&last.policies)));
                }
                if last.allowed {
                    return Ok(Decision::Permit { form, policies: ids(&last.policies), limited });
                }
            }
            if let (None, Some(guard)) = (&limited, self.guard(question, &last.policies)) {
                limited = Some(Arc::new(Limit { form, reason: guard, policies: ids(&last.policies) }));
            }
        }
        if let Some(guard) = self.guard(question, &last.policies) {
            return Ok(Decision::withheld(&guard, ids(&last.policies)));
        }
        Ok(Decision::withheld(self.missing(question, &reach, coarsest, policies)?, Decision::no_policies()))
    }

    /// Nothing that was asked can ever be permitted.
    fn closed(&self, question: &Question, reach: &Reach) -> Decision {
        if let Some(guard) = self.guard(question, &reach.closed_by) {
            return Decision::withheld(&guard, ids(&reach.closed_by));
        }
        let code = match (reach.ever.finest(), reach.ever.contains(Form::Summary)) {
            _ if question.finest == Form::Summary => reason::NOT_PERMITTED,
            (Some(_), _) => reason::FORM_NOT_ASKED,
            (None, true) => reason::SUMMARY_ONLY,
            (None, false) => reason::NOT_PERMITTED,
        };
        Decision::withheld(code, Decision::no_policies())
    }

    /// What would have to be otherwise for the coarsest form to be permitted; no guard stands in its way.
    fn missing(&self, question: &Question, reach: &Reach, form: Form, policies: &PolicySet) -> Result<&'static str, Unfit> {
        let consent = question.consent.as_deref();
        let stated_age = question.facts.and_then(|facts| facts.subject_age);
        let fulfilled = |article: &WpgArticle| {
            let facts = Facts::fulfilling(*article, consent);
            Facts { subject_age: stated_age.or(facts.subject_age), ..facts }
        };
        let facts: Vec<Facts> = reach.articles.iter().map(fulfilled).collect();
        let allowed = |question: &Question, facts: &[Facts]| {
            let mut tried = facts.iter().map(|facts| self.engine.prepare(question, facts));
            tried.try_fold(false, |found, prepared| Ok(found || self.engine.evaluate(&prepared?, form, policies).allowed))
        };
        if question.facts.is_some() && allowed(question, &facts)? {
            return Ok(reason::CONDITION_NOT_MET);
        }
        if let Some(track) = self.purpose(&question.purpose).and_then(|purpose| purpose.case) {
            let case = Some(fulfilling_case(question, track));
            if allowed(&Question { case, ..question.clone() }, &facts)? {
                return Ok(reason::CASE_NOT_MET);
            }
        }
        let by_override = reach.with_override.contains(form);
        let stated = question.consent.as_ref().map(|consent| consent.state);
        Ok(match stated {
            _ if reach.on_facts.contains(form) => reason::CONDITION_NOT_MET,
            _ if !reach.with_consent.contains(form) && question.derogation.is_some() => reason::OVERRIDE_NOT_COVERING,
            _ if !reach.with_consent.contains(form) => reason::OVERRIDE_MISSING,
            None | Some(ConsentState::Requested) if by_override && question.derogation.is_some() => reason::OVERRIDE_NOT_COVERING,
            None | Some(ConsentState::Requested) => reason::CONSENT_MISSING,
            Some(ConsentState::Given) => reason::CONSENT_NOT_COVERING,
            Some(ConsentState::Refused) => reason::CONSENT_REFUSED,
            Some(ConsentState::Withdrawn) => reason::CONSENT_WITHDRAWN,
            Some(ConsentState::Expired) => "consent-expired",
            Some(ConsentState::Invalidated) => "consent-invalidated",
        })
    }

    /// The reason of the first guard among deciding policies. One guard stands before every "no" of the person: which it was, the consent tells.
    fn guard(&self, question: &Question, policies: &[String]) -> Option<Arc<str>> {
        let found =
            policies.iter().filter(|id| forbids(&self.rules.guards, id)).find_map(|id| self.note(id)?.withheld.clone())?;
        let withdrawn = question.consent.as_ref().is_some_and(|consent| consent.state == ConsentState::Withdrawn);
        Some(if withdrawn && *found == *reason::CONSENT_REFUSED { Arc::from(reason::CONSENT_WITHDRAWN) } else { found })
    }
}

/// The forms to try, the finest first.
pub(super) fn asked(finest: Form) -> impl Iterator<Item = Form> {
    let cascade: &[Form] = match finest {
        Form::Exact => &Form::CASCADE,
        Form::Reduced => &[Form::Reduced, Form::Signal],
        Form::Signal => &[Form::Signal],
        Form::Summary => &[Form::Summary],
    };
    cascade.iter().copied()
}

fn ids(policies: &[String]) -> PolicyIds {
    policies.iter().map(|id| Arc::from(id.as_str())).collect()
}
