//! What decides some request need not be asked of the solver: one request that shows it is proof enough. The obvious ones are those of the matrix,
//! with every fact stated, consent given and an override made.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::effects::Part;
use super::solver::ProofError;
use crate::catalogue::purpose::CaseTrack;
use crate::catalogue::{Category, Purpose};
use crate::organisation::Kind;
use crate::policy::bundle::Bundle;
use crate::policy::question::{Facts, Question};
use crate::policy::reach::{fulfilling_case, fulfilling_consent, fulfilling_override};

/// The permits that decide a cell of the matrix, with its category.
pub(super) fn deciding(bundle: &Bundle) -> Result<BTreeSet<Part>, ProofError> {
    let mut found = BTreeSet::new();
    for purpose in bundle.purposes() {
        for source in Kind::ALL {
            for recipient in Kind::ALL {
                for category in Category::ALL {
                    let permits = cell(bundle, purpose, (recipient, source), category)?;
                    found.extend(permits.into_iter().map(|id| (Arc::from(id), Some(category))));
                }
            }
        }
    }
    Ok(found)
}

fn cell(bundle: &Bundle, purpose: &Purpose, parties: (Kind, Kind), category: Category) -> Result<Vec<String>, ProofError> {
    let (recipient, source) = parties;
    let Some(policies) = bundle.rules.slices.get(purpose.id.as_str()).and_then(|slices| slices.of(category)) else {
        return Ok(Vec::new());
    };
    let reach = bundle.reach(recipient, &purpose.id, source, category).map_err(ProofError::because)?;
    let question = bundle.static_question(recipient, &purpose.id, source, category);
    let consent = fulfilling_consent(&question);
    let question = Question {
        derogation: Some(fulfilling_override(&question)),
        case: Some(fulfilling_case(&question, purpose.case.unwrap_or(CaseTrack::Named))),
        consent: Some(Arc::clone(&consent)),
        ..question
    };
    let mut permits = Vec::new();
    for article in &reach.articles {
        let facts = Facts::fulfilling(*article, Some(&consent));
        let prepared = bundle.engine.prepare(&question, &facts).map_err(ProofError::because)?;
        for form in reach.ever.iter() {
            let evaluation = bundle.engine.evaluate(&prepared, form, policies);
            permits.extend(evaluation.policies.into_iter().filter(|_| evaluation.allowed));
        }
    }
    Ok(permits)
}
