//! Proofs over every request that the schema allows, by the solver cvc5 through `cedar-policy-symcc`: the invariants, policies that can go
//! wrong or never decide, and what one version permits beyond another.
//!
//! The forms are the actions, so each is a problem of its own: one solver process per form, side by side.

mod compare;
mod example;
mod solver;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use cedar_policy::{Effect, Policy, PolicySet};
use cedar_policy_symcc::{CompiledPolicy, CompiledPolicySet};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

pub use compare::{Comparison, Verdict, compare};
pub use example::Example;
use solver::Prover;
pub use solver::{ProofError, SolverCommand};

use super::bundle::Bundle;
use super::inventory::Invariant;
use crate::catalogue::Form;

/// What the solver found about one thing, in one form.
#[derive(Debug)]
pub enum Finding {
    /// Nothing that the invariant forbids is permitted.
    Holds {
        /// The invariant's id.
        invariant: Arc<str>,
        /// In this form.
        form: Form,
    },
    /// A request is permitted that the invariant forbids.
    Refuted {
        /// The invariant's id.
        invariant: Arc<str>,
        /// The request.
        example: Box<Example>,
    },
    /// What one policy can do by itself.
    Policy {
        /// The policy's id.
        id: Arc<str>,
        /// In this form.
        form: Form,
        /// It fails on some request: Cedar then passes it by.
        errs: bool,
        /// Some request fulfils all its conditions, in this form or another.
        matches: bool,
        /// A permit that no guard overrules on some request; a guard that matches.
        decides: bool,
    },
}

/// What was proved and what was not.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many invariants there are.
    pub invariants: usize,
    /// How many policies.
    pub policies: usize,
    /// Requests that an invariant forbids and the rules permit, with the invariant's id.
    pub refuted: Vec<(Arc<str>, Box<Example>)>,
    /// Policies that fail on some request.
    pub erring: BTreeSet<Arc<str>>,
    /// Policies that no request ever matches.
    pub dead: BTreeSet<Arc<str>>,
    /// Permits that guards overrule on every request.
    pub overruled: BTreeSet<Arc<str>>,
}

impl Findings {
    /// Whether everything holds.
    pub fn hold(&self) -> bool {
        self.refuted.is_empty() && self.erring.is_empty() && self.dead.is_empty() && self.overruled.is_empty()
    }
}

/// Policies known to decide on some request.
type Deciding = Arc<Mutex<BTreeSet<Arc<str>>>>;

/// Checks every invariant and every policy of a bundle; `progress` hears of each finding as it comes.
///
/// # Errors
/// [`ProofError`], when the solver does not start or cannot say. Then nothing is proved.
pub async fn prove(
    bundle: &Arc<Bundle>,
    solver: &SolverCommand,
    mut progress: impl FnMut(&Finding),
) -> Result<Findings, ProofError> {
    let invariants: Arc<[Invariant]> = bundle.invariants().map_err(|error| ProofError::Undecided(error.to_string()))?.into();
    // A policy that decides in one form need not be asked about in the others.
    let deciding: Deciding = Arc::default();
    let (sender, mut found) = unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    for prover in Prover::per_form(bundle.engine.schema(), solver)? {
        tasks.spawn(by_form(prover, Arc::clone(bundle), Arc::clone(&invariants), sender.clone(), Arc::clone(&deciding)));
    }
    drop(sender);
    let mut collected = Vec::new();
    while let Some(finding) = found.recv().await {
        progress(&finding);
        collected.push(finding);
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.map_err(ProofError::unfinished)??;
    }
    Ok(summary(collected, invariants.len()))
}

async fn by_form(
    mut prover: Prover,
    bundle: Arc<Bundle>,
    invariants: Arc<[Invariant]>,
    found: UnboundedSender<Finding>,
    deciding: Deciding,
) -> Result<(), ProofError> {
    let rules = prover.compile(&bundle.rules.all)?;
    for invariant in invariants.iter() {
        let finding = refutation(&mut prover, &bundle, &rules, invariant).await?;
        drop(found.send(finding));
    }
    let guards = &bundle.rules.guards;
    for policy in bundle.rules.all.policies() {
        let finding = alone(&mut prover, guards, policy, &deciding).await?;
        drop(found.send(finding));
    }
    Ok(())
}

async fn refutation(
    prover: &mut Prover,
    bundle: &Bundle,
    rules: &CompiledPolicySet,
    invariant: &Invariant,
) -> Result<Finding, ProofError> {
    let region =
        PolicySet::from_policies([invariant.region.clone()]).map_err(|error| ProofError::Undecided(error.to_string()))?;
    let region = prover.compile(&region)?;
    let found = prover.compiler.check_disjoint_with_counterexample_opt(rules, &region).await;
    let id = Arc::from(invariant.id.as_str());
    match found.map_err(ProofError::undecided)? {
        None => Ok(Finding::Holds { invariant: id, form: prover.form }),
        Some(request) => {
            let example = Example::permitted(&request, bundle)?;
            Ok(Finding::Refuted { invariant: id, example: Box::new(example) })
        }
    }
}

/// One policy by itself, and a permit against the guards.
async fn alone(
    prover: &mut Prover,
    guards: &PolicySet,
    policy: &Policy,
    deciding: &Mutex<BTreeSet<Arc<str>>>,
) -> Result<Finding, ProofError> {
    let id: Arc<str> = policy.id().to_string().into();
    let compiled = CompiledPolicy::compile(policy, &prover.environment, &prover.schema).map_err(ProofError::undecided)?;
    let errs = !prover.compiler.check_never_errors_opt(&compiled).await.map_err(ProofError::undecided)?;
    if deciding.lock().unwrap_or_else(PoisonError::into_inner).contains(&id) {
        return Ok(Finding::Policy { id, form: prover.form, errs, matches: true, decides: true });
    }
    let matches = !prover.compiler.check_never_matches_opt(&compiled).await.map_err(ProofError::undecided)?;
    let decides = matches && (policy.effect() == Effect::Forbid || prover.ever_allows(guards, policy).await?);
    if decides {
        deciding.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(&id));
    }
    Ok(Finding::Policy { id, form: prover.form, errs, matches, decides })
}

fn summary(found: Vec<Finding>, invariants: usize) -> Findings {
    let mut findings = Findings { invariants, ..Findings::default() };
    let mut ever: BTreeMap<Arc<str>, (bool, bool)> = BTreeMap::new();
    for finding in found {
        match finding {
            Finding::Holds { .. } => {}
            Finding::Refuted { invariant, example } => findings.refuted.push((invariant, example)),
            Finding::Policy { id, errs, matches, decides, .. } => {
                if errs {
                    findings.erring.insert(Arc::clone(&id));
                }
                let before = ever.entry(id).or_default();
                *before = (before.0 || matches, before.1 || decides);
            }
        }
    }
    findings.policies = ever.len();
    for (id, (matches, decides)) in ever {
        match (matches, decides) {
            (false, _) => findings.dead.insert(id),
            (true, false) => findings.overruled.insert(id),
            (true, true) => false,
        };
    }
    findings.refuted.sort_by(|one, other| (&one.0, one.1.form).cmp(&(&other.0, other.1.form)));
    findings
}
