//! `sluis policy prove`

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;

use super::Policies;
use crate::cli::output::{Failure, remark, say};
use crate::policy::Bundle;
use crate::policy::proof::{Finding, Findings, SolverCommand, prove};

const ABOUT: &str = "Over every request that the schema allows, and not only over examples. A counterexample is a concrete request about nobody: the \
    solver made it up.\n\nExit codes: 0 everything is proved; 1 something is not, and why is printed; 2 wrong usage, or no solver.";

/// Prove the invariants over every request.
#[derive(Args)]
#[command(after_help = ABOUT)]
pub(in crate::cli) struct Prove {
    #[command(flatten)]
    policies: Policies,
    /// The SMT solver cvc5: a name on the search path, or a path.
    #[arg(long, value_name = "PROGRAM", default_value = "cvc5")]
    solver: std::ffi::OsString,
}

impl Prove {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let bundle = Arc::new(self.policies.load()?);
        let mut policies = 0_usize;
        let progress = |finding: &Finding| match finding {
            Finding::Holds { invariant, form } => remark(&format!("{form:<8} {invariant}: holds")),
            Finding::Refuted { invariant, example } => remark(&format!("{:<8} {invariant}: REFUTED", example.form)),
            Finding::Policy { form, .. } => {
                policies = policies.saturating_add(1);
                if policies.is_multiple_of(25) {
                    remark(&format!("{form:<8} {policies} policies looked at, each in each form"));
                }
            }
        };
        let findings = prove(&bundle, &SolverCommand::new(self.solver), progress).await.map_err(Failure::usage)?;
        report(&bundle, &findings)?;
        if findings.hold() {
            return Ok(());
        }
        Err(Failure::refused("the policies do not hold what they must; what is wrong stands above"))
    }
}

fn report(bundle: &Arc<Bundle>, findings: &Findings) -> Result<(), Failure> {
    for invariant in bundle.invariants().map_err(Failure::refused)? {
        let examples: Vec<_> =
            findings.refuted.iter().filter(|(id, _)| **id == *invariant.id).map(|(_, example)| example).collect();
        let verdict = if examples.is_empty() { "proved " } else { "REFUTED" };
        say(&format!("{verdict}  {}  {}", invariant.id, invariant.why));
        for example in examples {
            say(&format!("  permitted all the same (policies/{}):\n{example}", invariant.place));
        }
    }
    for (ids, fault) in [
        (&findings.erring, "fails on some request: Cedar then passes it by"),
        (&findings.dead, "never matches: no request fulfils its conditions"),
        (&findings.overruled, "never decides: guards overrule it on every request"),
    ] {
        say_policies(bundle, ids, fault);
    }
    say(&format!("{} invariants, {} policies, every request of every form", findings.invariants, findings.policies));
    Ok(())
}

fn say_policies(bundle: &Bundle, ids: &BTreeSet<Arc<str>>, fault: &str) {
    for id in ids {
        let place = bundle.note(id).map(|note| note.place.as_str()).unwrap_or_default();
        say(&format!("FAULT    {id}  policies/{place}: {fault}"));
    }
}
