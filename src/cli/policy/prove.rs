//! `sluis policy prove`

use std::sync::Arc;

use clap::Args;

use super::Policies;
use crate::cli::output::{Failure, remark, say};
use crate::policy::proof::{Breach, Example, Finding, Findings, SolverCommand, prove};
use crate::policy::{Barrier, Bundle};

const ABOUT: &str = "Over every request that the schema allows, and not only over examples. A counterexample is a concrete request about nobody: the \
    solver made it up.\n\nPermits and guards are two barriers. Each invariant says by @upheld_by which of them upholds it alone; it is refuted as \
    soon as one of those does not, also while the other still stands.\n\nExit codes: 0 everything is proved; 1 something is not, and why is printed; 2 wrong usage, or no solver.";

/// Prove the invariants over every request.
#[derive(Args)]
#[command(after_help = ABOUT)]
pub(in crate::cli) struct Prove {
    #[command(flatten)]
    policies: Policies,
    /// The SMT solver cvc5: a name on the search path, or a path.
    #[arg(long, value_name = "PROGRAM", default_value = "cvc5")]
    solver: std::ffi::OsString,
    /// Only this invariant, and no policy by itself: for a quick look while writing. Can be given more than once.
    #[arg(long, value_name = "INVARIANT")]
    only: Vec<String>,
}

impl Prove {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let bundle = Arc::new(self.policies.load()?);
        let mut policies = 0_usize;
        let progress = |finding: &Finding| match finding {
            Finding::Holds { invariant, form } => remark(&format!("{form:<8} {invariant}: holds")),
            Finding::Refuted { invariant, example, .. } => remark(&format!("{:<8} {invariant}: REFUTED", example.form)),
            Finding::Policy { form, .. } => {
                policies = policies.saturating_add(1);
                if policies.is_multiple_of(25) {
                    remark(&format!("{form:<8} {policies} policies looked at, each in each form"));
                }
            }
        };
        let findings = prove(&bundle, &SolverCommand::new(self.solver), &self.only, progress).await.map_err(Failure::usage)?;
        report(&bundle, &findings, &self.only)?;
        if findings.hold() {
            return Ok(());
        }
        Err(Failure::refused("the policies do not hold what they must; what is wrong stands above"))
    }
}

fn report(bundle: &Arc<Bundle>, findings: &Findings, only: &[String]) -> Result<(), Failure> {
    let invariants = bundle.invariants().map_err(Failure::refused)?;
    for invariant in invariants.iter().filter(|invariant| only.is_empty() || only.contains(&invariant.id)) {
        let examples = || findings.refuted.iter().filter(|(id, ..)| **id == *invariant.id);
        let verdict = if examples().next().is_none() { "proved " } else { "REFUTED" };
        say(&format!("{verdict}  {}  {}", invariant.id, invariant.why));
        for breach in Breach::ALL {
            let mut of_breach = examples().filter(|(_, one, _)| *one == breach).map(|(.., example)| example);
            let Some(example) = of_breach.next() else { continue };
            let others: Vec<&str> = of_breach.map(|example| example.form.code()).collect();
            let likewise = if others.is_empty() { String::new() } else { format!("; likewise {}", others.join(", ")) };
            say(&format!("  {} (policies/{}){likewise}:\n{example}", told(breach), invariant.place));
        }
    }
    for (id, example) in &findings.erring {
        fault(bundle, id, "fails on some request: Cedar then passes it by", Some(example));
    }
    for (id, category) in &findings.idle {
        let what = category.map(|category| format!(" of {category}")).unwrap_or_default();
        fault(bundle, id, &format!("never matches: no request{what} fulfils its conditions"), None);
    }
    for ((id, category), example) in &findings.overruled {
        let what = category.map(|category| format!(" of {category}")).unwrap_or_default();
        let says = format!("never decides: guards overrule it on every request{what}. Without them it would permit");
        fault(bundle, id, &says, Some(example));
    }
    say(&match (only.is_empty(), findings) {
        (true, Findings { invariants, policies, .. }) => {
            format!("{invariants} invariants, {policies} policies, every request of every form")
        }
        (false, _) => format!("{} of {} invariants, no policy by itself: not the whole proof", only.len(), invariants.len()),
    });
    Ok(())
}

/// What an example shows, in a sentence.
const fn told(breach: Breach) -> &'static str {
    match breach {
        Breach::Open => "permitted all the same",
        Breach::Barrier(Barrier::Permits) => "the permits alone would permit this: only guards still stop it",
        Breach::Barrier(Barrier::Guards) => "no guard stops this: a permit is all that is missing",
    }
}

fn fault(bundle: &Bundle, id: &str, says: &str, example: Option<&Example>) {
    let place = bundle.note(id).map(|note| note.place.as_str()).unwrap_or_default();
    let example = example.map(|example| format!(":\n{example}")).unwrap_or_default();
    say(&format!("FAULT    {id}  policies/{place}: {says}{example}"));
}
