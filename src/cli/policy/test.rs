//! `sluis policy test`

use clap::Args;

use super::Policies;
use crate::cli::output::{Failure, remark};
use crate::cli::say;

/// Run the table tests. Fails when an expectation does not hold, or a policy decides no case.
#[derive(Args)]
pub(super) struct Test {
    #[command(flatten)]
    policies: Policies,
}

impl Test {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let bundle = self.policies.load()?;
        let report = bundle.run_cases().map_err(|error| self.policies.refused(&error.into()))?;
        report.failures.iter().for_each(|failure| remark(&self.policies.place(failure)));
        report.undecided.iter().for_each(|id| remark(&format!("{id} decides no case: add one in which it does")));
        if !report.failures.is_empty() || !report.undecided.is_empty() {
            let (failed, idle) = (report.failures.len(), report.undecided.len());
            return Err(Failure::refused(format!("{failed} expectations do not hold, {idle} policies decide no case")));
        }
        say(&format!("{} expectations hold; each of {} policies decides a case.", report.passed, bundle.notes().count()));
        Ok(())
    }
}
