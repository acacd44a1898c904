//! What one version permits beyond another, over every request.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use cedar_policy::{Authorizer, Decision, PolicySet};
use cedar_policy_symcc::{CompiledPolicySet, Env};

use super::example::Example;
use super::sets::Sets;
use super::solver::{ProofError, Prover, SolverCommand};
use crate::catalogue::Form;
use crate::policy::bundle::Bundle;

/// How two versions differ in one form.
#[derive(Debug)]
pub struct Verdict {
    /// The form.
    pub form: Form,
    /// Requests that only the new version permits, one per purpose that has any.
    pub wider: Vec<Example>,
    /// Requests that only the old version permits.
    pub narrower: Vec<Example>,
}

/// How two versions differ.
#[derive(Debug)]
pub struct Comparison {
    /// By form, the finest first.
    pub forms: Vec<Verdict>,
}

impl Comparison {
    /// Whether the new version permits anything that the old one does not.
    pub fn widens(&self) -> bool {
        self.forms.iter().any(|verdict| !verdict.wider.is_empty())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.wider.is_empty(), self.narrower.is_empty()) {
            (true, true) => "nothing wider, nothing narrower",
            (false, true) => "wider",
            (true, false) => "narrower",
            (false, false) => "wider and narrower",
        })
    }
}

/// Compares two versions over every request of the new version's model.
///
/// # Errors
/// [`ProofError`]: no solver, no answer, or models so different that the old rules mean nothing in the new one.
pub async fn compare(old: &Arc<Bundle>, new: &Arc<Bundle>, solver: &SolverCommand) -> Result<Comparison, ProofError> {
    let mut tasks = tokio::task::JoinSet::new();
    for prover in Prover::per_form(new.engine.schema(), solver)? {
        tasks.spawn(by_form(prover, Arc::clone(old), Arc::clone(new)));
    }
    let mut forms = Vec::new();
    while let Some(verdict) = tasks.join_next().await {
        forms.push(verdict.map_err(ProofError::because)??);
    }
    let place = |form: Form| Form::ALL.iter().position(|one| *one == form);
    forms.sort_by_key(|verdict| place(verdict.form));
    Ok(Comparison { forms })
}

async fn by_form(mut prover: Prover, old: Arc<Bundle>, new: Arc<Bundle>) -> Result<Verdict, ProofError> {
    let before = prover.compile(&old.rules.all).map_err(|error| {
        ProofError::Undecided(format!("the old rules do not fit the new model ({error}): compare what they decide with `replay`"))
    })?;
    let after = prover.compile(&new.rules.all)?;
    let wider = implied(&mut prover, &after, &before).await?;
    let narrower = implied(&mut prover, &before, &after).await?;
    let wider = if wider { vec![] } else { beyond(&mut prover, &new, &old).await? };
    let narrower = if narrower { vec![] } else { beyond(&mut prover, &old, &new).await? };
    Ok(Verdict { form: prover.form, wider, narrower })
}

async fn implied(prover: &mut Prover, one: &CompiledPolicySet, other: &CompiledPolicySet) -> Result<bool, ProofError> {
    prover.compiler.check_implies_opt(one, other).await.map_err(ProofError::undecided)
}

/// One example per purpose of what `one` permits and `other` does not.
async fn beyond(prover: &mut Prover, one: &Bundle, other: &Bundle) -> Result<Vec<Example>, ProofError> {
    let mut examples = Vec::new();
    let sets = Sets::of(one)?;
    let purposes: BTreeSet<&str> = one.rules.slices.keys().map(String::as_str).collect();
    for purpose in purposes {
        let (ours, theirs) = (of_purpose(one, purpose), of_purpose(other, purpose));
        let compiled = (prover.compile(ours)?, prover.compile(theirs)?);
        let found = prover.compiler.check_implies_with_counterexample_opt(&compiled.0, &compiled.1).await;
        if let Some(request) = found.map_err(ProofError::undecided)? {
            let permits = |policies, request: &Env| {
                Authorizer::new().is_authorized(&request.request, policies, &request.entities).decision() == Decision::Allow
            };
            examples.push(Example::of(request, &sets, one, |request| permits(ours, request) && !permits(theirs, request))?);
        }
    }
    if examples.is_empty() {
        return Err(ProofError::Undecided("the versions differ, and no purpose shows where".to_owned()));
    }
    Ok(examples)
}

fn of_purpose<'b>(bundle: &'b Bundle, purpose: &str) -> &'b PolicySet {
    bundle.rules.slices.get(purpose).map_or(&bundle.rules.guards, |slices| &slices.all)
}
