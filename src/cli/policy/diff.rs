//! `sluis policy diff OLD NEW`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::cli::output::{Failure, say};
use crate::policy::Bundle;
use crate::policy::proof::{Example, SolverCommand, compare};

const ABOUT: &str = "The verdict on the rules is about every request of the new model, by the solver; the examples are concrete requests about nobody. What no solver \
    sees (terms, fields that are kept, whom a purpose serves, invariants) is compared line by line, and counts as much.\n\n\
    Exit codes: 0 nothing is wider; 1 something is wider; 2 wrong usage, or no solver.";

/// Say what a new version permits beyond an old one.
#[derive(Args)]
#[command(after_help = ABOUT)]
pub(in crate::cli) struct Diff {
    /// The folder of the old version.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The folder of the new version.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// The SMT solver cvc5: a name on the search path, or a path.
    #[arg(long, value_name = "PROGRAM", default_value = "cvc5")]
    solver: std::ffi::OsString,
}

impl Diff {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (old, new) = (load(&self.old)?, load(&self.new)?);
        let changes = old.changes_to(&new);
        for (path, change) in &changes.files {
            say(&format!("{change:<8} {path}"));
        }
        for (id, change) in &changes.policies {
            let note = new.note(id).or_else(|| old.note(id));
            let what = note.map(|note| format!("policies/{}: {}", note.place, note.why)).unwrap_or_default();
            say(&format!("{change:<8} {id}  {what}"));
        }
        if changes.files.is_empty() {
            say("the same files");
        }
        let terms = old.terms_to(&new).map_err(Failure::usage)?;
        for shift in &terms {
            say(&shift.to_string());
        }
        let comparison = compare(&old, &new, &SolverCommand::new(self.solver)).await.map_err(Failure::usage)?;
        for verdict in &comparison.forms {
            say(&format!("{:<8} {verdict}", verdict.form.code()));
            examples("only the new version permits", &verdict.wider);
            examples("only the old version permitted", &verdict.narrower);
        }
        if comparison.widens() || terms.iter().any(|shift| shift.wider) {
            return Err(Failure::refused(
                "the new version is wider than the old one: it permits, keeps or waits for more; what stands above",
            ));
        }
        Ok(())
    }
}

fn load(folder: &Path) -> Result<Arc<Bundle>, Failure> {
    Bundle::load(folder).map(Arc::new).map_err(|error| Failure::usage(error.within(folder)))
}

fn examples(which: &str, examples: &[Example]) {
    for example in examples {
        say(&format!("  {which}, for example:\n{example}"));
    }
}
