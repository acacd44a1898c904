//! What one policy can do by itself, in one form: fail, match, decide; a permit for each category that it names.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use cedar_policy::{Authorizer, Policy, PolicySet};
use cedar_policy_symcc::{CompiledPolicy, Env};

use super::example::Example;
use super::sets::{Compiled, Sets, narrowed};
use super::simpler::matching;
use super::solver::{ProofError, Prover};
use super::{Finding, Outcome};
use crate::catalogue::Category;
use crate::policy::bundle::Bundle;

/// A policy; of a permit, in one of the categories that it names.
pub(super) type Part = (Arc<str>, Option<Category>);

/// What is known to decide some request: in one form is enough, and need not be asked about in the others.
pub(super) type Deciding = Mutex<BTreeSet<Part>>;

/// What the solver finds about a policy.
pub(super) async fn finding(
    prover: &mut Prover,
    bundle: &Bundle,
    (sets, compiled): (&Sets, &Compiled),
    policy: &Policy,
    deciding: &Deciding,
) -> Result<Finding, ProofError> {
    let id: Arc<str> = policy.id().to_string().into();
    let alone = CompiledPolicy::compile(policy, &prover.environment, &prover.schema).map_err(ProofError::undecided)?;
    let failing = prover.compiler.check_never_errors_with_counterexample_opt(&alone).await.map_err(ProofError::undecided)?;
    let fails = |request: &Env| failing_on(request, policy);
    let errs = failing.map(|request| Example::of(request, sets, bundle, fails)).transpose()?.map(Box::new);
    let mut outcomes = Vec::new();
    for category in parts(bundle, &id) {
        let part = (Arc::clone(&id), category);
        let outcome = if deciding.lock().unwrap_or_else(PoisonError::into_inner).contains(&part) {
            Outcome::Decides
        } else if let Some(category) = category {
            permit(prover, bundle, (sets, compiled), &narrowed(policy, category)?).await?
        } else if prover.compiler.check_never_matches_opt(&alone).await.map_err(ProofError::undecided)? {
            Outcome::Idle
        } else {
            Outcome::Decides
        };
        if matches!(outcome, Outcome::Decides) {
            deciding.lock().unwrap_or_else(PoisonError::into_inner).insert(part);
        }
        outcomes.push((category, outcome));
    }
    Ok(Finding::Policy { id, form: prover.form, errs, outcomes })
}

/// The categories that a permit names; a guard is one piece.
fn parts(bundle: &Bundle, id: &str) -> BTreeSet<Option<Category>> {
    match bundle.note(id) {
        Some(note) if note.withheld.is_none() => note.categories.iter().copied().map(Some).collect(),
        _ => [None].into(),
    }
}

/// A permit of one category, by itself and against the guards.
async fn permit(
    prover: &mut Prover,
    bundle: &Bundle,
    (sets, compiled): (&Sets, &Compiled),
    rule: &PolicySet,
) -> Result<Outcome, ProofError> {
    let permit = prover.compile(rule)?;
    let overruled = prover.compiler.check_disjoint_opt(&permit, &compiled.all_but_guarded).await;
    if !overruled.map_err(ProofError::undecided)? {
        return Ok(Outcome::Decides);
    }
    let matched = prover.compiler.check_always_denies_with_counterexample_opt(&permit).await.map_err(ProofError::undecided)?;
    let Some(request) = matched else { return Ok(Outcome::Idle) };
    let shows = |request: &Env| !matching(request, rule).is_empty();
    Ok(Outcome::Overruled(Box::new(Example::of(request, sets, bundle, shows)?)))
}

fn failing_on(request: &Env, policy: &Policy) -> bool {
    let Ok(alone) = PolicySet::from_policies([policy.clone()]) else { return false };
    let response = Authorizer::new().is_authorized(&request.request, &alone, &request.entities);
    response.diagnostics().errors().next().is_some()
}
