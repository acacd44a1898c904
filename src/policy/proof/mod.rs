//! Proofs over every request that the schema allows, by the solver cvc5 through `cedar-policy-symcc`: the invariants, policies that can go
//! wrong or never decide, and what one version permits beyond another.
//!
//! Permits and guards are two barriers. An invariant says which of them upholds it by itself, and that is what is proved: an edit that opens one
//! is found while the other still stands. The forms are the actions, so each is a problem of its own: one solver process per form, side by side.

mod compare;
mod effects;
mod example;
mod invariants;
mod sets;
mod simpler;
mod solver;
mod witness;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

pub use compare::{Comparison, Verdict, compare};
use effects::{Deciding, Part};
pub use example::Example;
use sets::{Compiled, Sets};
use solver::Prover;
pub use solver::{ProofError, SolverCommand};

use super::bundle::Bundle;
use super::inventory::{Barrier, Invariant};
use crate::catalogue::{Category, Form};

/// How an invariant does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    /// The rules permit what it forbids.
    Open,
    /// A barrier that must uphold it by itself does not; the rules as a whole still do.
    Barrier(Barrier),
}

impl Breach {
    /// The worst first.
    pub const ALL: [Self; 3] = [Self::Open, Self::Barrier(Barrier::Permits), Self::Barrier(Barrier::Guards)];
}

/// What a policy does in one form, as far as it goes.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No request fulfils all its conditions.
    Idle,
    /// A permit that guards overrule on every request, such as this one.
    Overruled(Box<Example>),
    /// It decides some request.
    Decides,
}

/// What the solver found about one thing, in one form.
#[derive(Debug)]
pub enum Finding {
    /// The invariant holds, by each barrier that must uphold it.
    Holds {
        /// The invariant's id.
        invariant: Arc<str>,
        /// In this form.
        form: Form,
    },
    /// It does not.
    Refuted {
        /// The invariant's id.
        invariant: Arc<str>,
        /// How.
        breach: Breach,
        /// A request that shows it.
        example: Box<Example>,
    },
    /// What one policy can do by itself.
    Policy {
        /// The policy's id.
        id: Arc<str>,
        /// In this form.
        form: Form,
        /// A request on which it fails: Cedar then passes it by.
        errs: Option<Box<Example>>,
        /// What it does; a permit for each category that it names.
        outcomes: Vec<(Option<Category>, Outcome)>,
    },
}

/// What was proved and what was not.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many invariants were looked at.
    pub invariants: usize,
    /// How many policies, each by itself.
    pub policies: usize,
    /// The invariants that do not hold, how not, and a request.
    pub refuted: Vec<(Arc<str>, Breach, Box<Example>)>,
    /// Policies that fail on some request.
    pub erring: BTreeMap<Arc<str>, Box<Example>>,
    /// Policies that no request ever matches; of a permit, the category that it names in vain.
    pub idle: BTreeSet<Part>,
    /// Permits that guards overrule on every request of a category, with one such request.
    pub overruled: BTreeMap<Part, Box<Example>>,
}

impl Findings {
    /// Whether everything holds.
    pub fn hold(&self) -> bool {
        self.refuted.is_empty() && self.erring.is_empty() && self.idle.is_empty() && self.overruled.is_empty()
    }
}

/// Checks every invariant and every policy of a bundle, or only the invariants in `only`; `progress` hears of each finding as it comes.
///
/// # Errors
/// [`ProofError`], when the solver does not start or cannot say, or when there is no such invariant. Then nothing is proved.
pub async fn prove(
    bundle: &Arc<Bundle>,
    solver: &SolverCommand,
    only: &[String],
    mut progress: impl FnMut(&Finding),
) -> Result<Findings, ProofError> {
    let mut invariants: Vec<Invariant> = bundle.invariants().map_err(ProofError::because)?;
    if let Some(unknown) = only.iter().find(|id| !invariants.iter().any(|one| one.id == **id)) {
        return Err(ProofError::Undecided(format!("there is no invariant {unknown}")));
    }
    let whole = only.is_empty();
    invariants.retain(|invariant| whole || only.contains(&invariant.id));
    let count = invariants.len();
    let deciding = if whole { Some(Deciding::new(witness::deciding(bundle)?)) } else { None };
    let task = Arc::new(Task { sets: Sets::of(bundle)?, bundle: Arc::clone(bundle), invariants, deciding });
    let (sender, mut found) = unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    for prover in Prover::per_form(bundle.engine.schema(), solver)? {
        tasks.spawn(by_form(prover, Arc::clone(&task), sender.clone()));
    }
    drop(sender);
    let mut collected = Vec::new();
    while let Some(finding) = found.recv().await {
        progress(&finding);
        collected.push(finding);
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.map_err(ProofError::because)??;
    }
    Ok(summary(collected, count))
}

/// What is to be proved, in each form.
struct Task {
    bundle: Arc<Bundle>,
    sets: Sets,
    invariants: Vec<Invariant>,
    /// What is known of the policies; nothing when only invariants are proved.
    deciding: Option<Deciding>,
}

async fn by_form(mut prover: Prover, task: Arc<Task>, found: UnboundedSender<Finding>) -> Result<(), ProofError> {
    let Task { bundle, sets, invariants, deciding } = &*task;
    let compiled = Compiled::new(&prover, bundle, sets)?;
    for invariant in invariants {
        for finding in invariants::findings(&mut prover, bundle, (sets, &compiled), invariant).await? {
            drop(found.send(finding));
        }
    }
    let Some(deciding) = deciding else { return Ok(()) };
    for policy in bundle.rules.all.policies() {
        let finding = effects::finding(&mut prover, bundle, (sets, &compiled), policy, deciding).await?;
        drop(found.send(finding));
    }
    Ok(())
}

fn summary(found: Vec<Finding>, invariants: usize) -> Findings {
    let mut findings = Findings { invariants, ..Findings::default() };
    let mut best: BTreeMap<Part, Outcome> = BTreeMap::new();
    let mut policies: BTreeSet<Arc<str>> = BTreeSet::new();
    for finding in found {
        match finding {
            Finding::Holds { .. } => {}
            Finding::Refuted { invariant, breach, example } => findings.refuted.push((invariant, breach, example)),
            Finding::Policy { id, errs, outcomes, .. } => {
                findings.erring.extend(errs.map(|example| (Arc::clone(&id), example)));
                for (category, outcome) in outcomes {
                    let part = best.entry((Arc::clone(&id), category)).or_insert(Outcome::Idle);
                    if matches!((&*part, &outcome), (Outcome::Idle, _) | (_, Outcome::Decides)) {
                        *part = outcome;
                    }
                }
                policies.insert(id);
            }
        }
    }
    findings.policies = policies.len();
    for (part, outcome) in best {
        match outcome {
            Outcome::Idle => {
                findings.idle.insert(part);
            }
            Outcome::Overruled(example) => {
                findings.overruled.insert(part, example);
            }
            Outcome::Decides => {}
        }
    }
    findings.refuted.sort_by(|one, other| (&one.0, one.1, one.2.form).cmp(&(&other.0, other.1, other.2.form)));
    findings
}
