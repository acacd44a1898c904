//! `sluis policy check`

use clap::Args;

use super::Policies;
use crate::cli::output::Failure;
use crate::cli::say;
use crate::policy::Inventory;

/// Read every file, check it against the model, and count what there is. Says of every fault file and line, and of a folder with a manifest which files
/// are not those that were approved.
#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    policies: Policies,
}

impl Check {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let (bundle, inventory) = self.policies.examine()?;
        let Inventory { purposes, permits, rows, guards, invariants, tests } = inventory;
        say(&format!("{}, SHA-256 {}", self.policies.name(), bundle.hash()));
        for (number, what, place) in [
            (purposes, "purposes", "purposes/<purpose>.toml"),
            (permits, "permits", "rules/<purpose>.cedar"),
            (rows, "rows of the matrix", "named by @row in rules/"),
            (guards, "guards", "rules/guards.cedar"),
            (invariants, "invariants", "invariants/<name>.cedar"),
            (tests, "files of table tests", "tests/<purpose>.toml"),
        ] {
            say(&format!("{number:>6}  {what:<22}{place}"));
        }
        if let Some((version, names)) = self.policies.named()? {
            let names = names.join(" and ");
            say(&format!("MANIFEST.json: version {version}, these files, approved under the names {names}."));
            say("Whether the signatures are theirs, a gateway checks by the keys in its [[policy.approvers]].");
        }
        say("Everything reads, fits schema.cedarschema at level 1, and is explained in reasons/nl.toml and reasons/en.toml.");
        Ok(())
    }
}
