//! The rules of a bundle taken apart: permits and guards are two barriers, and each is asked about by itself.

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};
use cedar_policy_symcc::CompiledPolicySet;

use super::solver::{ProofError, Prover};
use crate::catalogue::Category;
use crate::policy::bundle::Bundle;

/// The rules of a bundle, taken apart.
#[derive(Debug)]
pub(super) struct Sets {
    /// Every permit, without the guards.
    pub(super) permits: PolicySet,
    /// Every guard, with nothing to permit.
    pub(super) guards: PolicySet,
    /// Every guard, and a permit of everything: what it denies is what the guards stop.
    pub(super) all_but_guarded: PolicySet,
}

impl Sets {
    pub(super) fn of(bundle: &Bundle) -> Result<Self, ProofError> {
        let guards = bundle.rules.guards.clone();
        let permits = bundle.rules.all.policies().filter(|policy| policy.effect() == Effect::Permit).cloned();
        let everything = Policy::parse(None, "permit (principal, action, resource);").map_err(ProofError::because)?;
        let mut all_but_guarded = guards.clone();
        all_but_guarded.add(everything.new_id(PolicyId::new("everything"))).map_err(ProofError::because)?;
        let permits = PolicySet::from_policies(permits).map_err(ProofError::because)?;
        Ok(Self { permits, guards, all_but_guarded })
    }
}

/// The same for the solver, in one form.
pub(super) struct Compiled {
    /// Permits and guards: what the gateway decides by.
    pub(super) rules: CompiledPolicySet,
    pub(super) permits: CompiledPolicySet,
    pub(super) all_but_guarded: CompiledPolicySet,
}

impl Compiled {
    pub(super) fn new(prover: &Prover, bundle: &Bundle, sets: &Sets) -> Result<Self, ProofError> {
        Ok(Self {
            rules: prover.compile(&bundle.rules.all)?,
            permits: prover.compile(&sets.permits)?,
            all_but_guarded: prover.compile(&sets.all_but_guarded)?,
        })
    }
}

/// A policy, of one category only.
pub(super) fn narrowed(policy: &Policy, category: Category) -> Result<PolicySet, ProofError> {
    let text = policy.to_cedar().unwrap_or_default();
    let clauses = text.trim_end().trim_end_matches(';');
    let text = format!("{clauses}\nwhen {{ resource.category == Sluis::Category::\"{category}\" }};");
    let narrowed = Policy::parse(Some(policy.id().clone()), text).map_err(ProofError::because)?;
    PolicySet::from_policies([narrowed]).map_err(ProofError::because)
}
