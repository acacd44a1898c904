//! What decides some request need not be asked of the solver: one request that shows it is proof enough. The obvious ones have every fact stated,
//! consent given, an override made and a case open.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{Effect, PolicySet};

use super::effects::Part;
use super::solver::ProofError;
use crate::catalogue::purpose::CaseTrack;
use crate::catalogue::{Category, Form, Purpose};
use crate::organisation::Kind;
use crate::policy::bundle::Bundle;
use crate::policy::question::{Facts, Question, WpgArticle};
use crate::policy::reach::{fulfilling_case, fulfilling_consent, fulfilling_override};

/// Permits that decide a request, with its category.
pub(super) fn deciding(bundle: &Bundle) -> Result<BTreeSet<Part>, ProofError> {
    let mut found = BTreeSet::new();
    for purpose in bundle.purposes() {
        for category in Category::ALL {
            let permits = of_category(bundle, purpose, category)?;
            found.extend(permits.into_iter().map(|id| (Arc::from(id), Some(category))));
        }
    }
    Ok(found)
}

/// Tries every kind of recipient and source until each permit that names the category has decided something.
fn of_category(bundle: &Bundle, purpose: &Purpose, category: Category) -> Result<BTreeSet<String>, ProofError> {
    let mut found = BTreeSet::new();
    let policies = bundle.rules.slices.get(purpose.id.as_str()).and_then(|slices| slices.of(category));
    let Some(policies) = policies else { return Ok(found) };
    let permits = policies.policies().filter(|policy| policy.effect() == Effect::Permit).count();
    for recipient in Kind::ALL {
        for source in Kind::ALL {
            if found.len() < permits {
                let question = bundle.static_question(recipient, &purpose.id, source, category);
                found.extend(allowing(bundle, policies, fulfilled(question, purpose.case))?);
            }
        }
    }
    Ok(found)
}

fn fulfilled(question: Question, track: Option<CaseTrack>) -> Question {
    Question {
        consent: Some(fulfilling_consent(&question)),
        derogation: Some(fulfilling_override(&question)),
        case: Some(fulfilling_case(&question, track.unwrap_or(CaseTrack::Named))),
        ..question
    }
}

/// The permits that allow it, in whichever form.
fn allowing(bundle: &Bundle, policies: &PolicySet, question: Question) -> Result<Vec<String>, ProofError> {
    let facts = Facts::fulfilling(WpgArticle::Everyday, question.consent.as_deref());
    let prepared = bundle.engine.prepare(&question, &facts).map_err(ProofError::because)?;
    let evaluated = Form::ALL.into_iter().map(|form| bundle.engine.evaluate(&prepared, form, policies));
    Ok(evaluated.filter(|evaluation| evaluation.allowed).flat_map(|evaluation| evaluation.policies).collect())
}
