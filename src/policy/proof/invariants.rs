//! One invariant in one form: by each barrier that must uphold it alone, or by permits and guards together.

use std::sync::Arc;

use cedar_policy::PolicySet;
use cedar_policy_symcc::{CompiledPolicySet, Env};

use super::example::Example;
use super::sets::{Compiled, Sets};
use super::simpler::matching;
use super::solver::{ProofError, Prover};
use super::{Breach, Finding};
use crate::policy::bundle::Bundle;
use crate::policy::inventory::{Barrier, Invariant};

/// What the solver finds about an invariant: that it holds, or a request for each way in which it does not.
pub(super) async fn findings(
    prover: &mut Prover,
    bundle: &Bundle,
    (sets, compiled): (&Sets, &Compiled),
    invariant: &Invariant,
) -> Result<Vec<Finding>, ProofError> {
    let inside = PolicySet::from_policies([invariant.region.clone()]).map_err(ProofError::because)?;
    let region = prover.compile(&inside)?;
    let (mut upheld, mut refuted) = (false, Vec::new());
    for &barrier in invariant.barriers {
        let policies = match barrier {
            Barrier::Permits => &compiled.permits,
            Barrier::Guards => &compiled.all_but_guarded,
        };
        match common(prover, policies, &region).await? {
            None => upheld = true,
            Some(request) => refuted.push((Breach::Barrier(barrier), request)),
        }
    }
    // What one barrier upholds alone, both uphold.
    if !upheld && let Some(request) = common(prover, &compiled.rules, &region).await? {
        refuted = vec![(Breach::Open, request)];
    }
    let id: Arc<str> = Arc::from(invariant.id.as_str());
    if refuted.is_empty() {
        return Ok(vec![Finding::Holds { invariant: id, form: prover.form }]);
    }
    let told = |(breach, request): (Breach, Env)| {
        let shows = |request: &Env| !matching(request, &inside).is_empty() && breach.is_shown_by(request, sets);
        let example = Box::new(Example::of(request, sets, bundle, shows)?);
        Ok(Finding::Refuted { invariant: Arc::clone(&id), breach, example })
    };
    refuted.into_iter().map(told).collect()
}

/// A request that both sets permit.
async fn common(
    prover: &mut Prover,
    policies: &CompiledPolicySet,
    region: &CompiledPolicySet,
) -> Result<Option<Env>, ProofError> {
    let found = prover.compiler.check_disjoint_with_counterexample_opt(policies, region).await;
    found.map_err(ProofError::undecided)
}

impl Breach {
    /// Whether the stock authorizer finds the same in a request as the solver.
    fn is_shown_by(self, request: &Env, sets: &Sets) -> bool {
        let permitted = || !matching(request, &sets.permits).is_empty();
        let stopped = || !matching(request, &sets.guards).is_empty();
        match self {
            Self::Open => permitted() && !stopped(),
            Self::Barrier(Barrier::Permits) => permitted(),
            Self::Barrier(Barrier::Guards) => !stopped(),
        }
    }
}
