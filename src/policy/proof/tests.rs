//! Needs cvc5.

use std::collections::BTreeSet;

use super::*;
use crate::policy::files::Files;

fn solver() -> SolverCommand {
    SolverCommand::new("cvc5")
}

fn files() -> Files {
    Bundle::embedded().unwrap_or_else(|error| panic!("{error}")).files
}

fn bundle(files: Files) -> Arc<Bundle> {
    Arc::new(Bundle::from_files(files).unwrap_or_else(|error| panic!("{error}")))
}

async fn proved(files: Files) -> Findings {
    prove(&bundle(files), &solver(), |_| {}).await.unwrap_or_else(|error| panic!("{error}"))
}

fn told(findings: &Findings) -> String {
    findings.refuted.iter().map(|(id, example)| format!("{id}\n{example}")).collect()
}

#[tokio::test]
async fn every_invariant_is_proved_and_every_policy_decides_something() {
    let all = files();
    let invariants = all.keys().filter(|file| file.starts_with("invariants/")).count();
    let findings = proved(all).await;
    assert!(findings.hold(), "{findings:?}\n{}", told(&findings));
    assert_eq!(findings.invariants, invariants);
    assert!(invariants >= 9 && findings.policies > 30, "{findings:?}");
}
