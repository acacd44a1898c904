//! `sluis policy`: what policy authors do, from a proposal to what a gateway decided by it.

mod approve;
mod check;
#[cfg(feature = "prove")]
mod diff;
mod explain;
mod heat_map;
mod matrix;
#[cfg(feature = "prove")]
mod prove;
mod replay;
mod test;
#[cfg(not(feature = "prove"))]
mod unproved;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::{EXIT_CODES, Failure, finish};
use crate::app::gateway::Outside;
use crate::policy::{Bundle, Inventory, LoadError, manifest};

/// Check, test, prove, show, approve and explain the policies.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read every file, check it against the model, and count what there is.
    Check(check::Check),
    /// Run the table tests; each policy decides at least one case.
    Test(test::Test),
    /// Print who may have what of whom, for which purpose and in which form.
    Matrix(matrix::Matrix),
    /// Prove the invariants over every request, and that each policy can decide something and never fails.
    #[cfg(feature = "prove")]
    Prove(prove::Prove),
    /// Say what a new version permits beyond an old one, and the other way round.
    #[cfg(feature = "prove")]
    Diff(diff::Diff),
    /// Prove the invariants: not in this program.
    #[cfg(not(feature = "prove"))]
    Prove(unproved::Unproved),
    /// Compare two versions: not in this program.
    #[cfg(not(feature = "prove"))]
    Diff(unproved::Unproved),
    /// Make past decisions again by other policies.
    Replay(replay::Replay),
    /// Approve the policies in a folder, as one of two persons.
    Approve(approve::Approve),
    /// Make an approver's key.
    Keygen(approve::Keygen),
    /// Say why a disclosure gave what it gave.
    Explain(explain::Explain),
}

impl Policy {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(match self.command {
            Command::Check(command) => command.run(),
            Command::Test(command) => command.run(),
            Command::Matrix(command) => command.run(),
            #[cfg(feature = "prove")]
            Command::Prove(command) => command.run().await,
            #[cfg(feature = "prove")]
            Command::Diff(command) => command.run().await,
            #[cfg(not(feature = "prove"))]
            Command::Prove(command) | Command::Diff(command) => Err(command.run()),
            Command::Replay(command) => command.run(outside).await,
            Command::Approve(command) => command.run().await,
            Command::Keygen(command) => command.run(),
            Command::Explain(command) => command.run(outside).await,
        })
    }
}

/// Which policies are meant.
#[derive(Args)]
pub(super) struct Policies {
    /// A folder laid out as `policies/`; without it, the policies that are part of this program.
    #[arg(long = "policies", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl Policies {
    fn load(&self) -> Result<Bundle, Failure> {
        let bundle = match &self.folder {
            Some(folder) => Bundle::load(folder),
            None => Bundle::embedded(),
        };
        bundle.map_err(|error| self.refused(&error))
    }

    /// What these policies are, or all that is wrong with them: in the files, and between them and their manifest.
    fn examine(&self) -> Result<(Bundle, Inventory), Failure> {
        let (examined, faults) = match Bundle::examine(self.folder.as_deref()) {
            Ok(examined) => (Some(examined), Vec::new()),
            Err(faults) => (None, faults),
        };
        if let [error @ LoadError::Unreadable(_)] = faults.as_slice() {
            return Err(self.refused(error));
        }
        let differences = self.folder.as_deref().map_or(Ok(Vec::new()), manifest::differences);
        let (differing, unapproved) = match differences {
            Ok(differences) => (differences.len(), differences.into_iter().map(LoadError::from).collect()),
            Err(error) => (0, vec![error]),
        };
        match examined {
            Some(examined) if unapproved.is_empty() => Ok(examined),
            _ => Err(self.all(faults.iter().chain(&unapproved), differing)),
        }
    }

    /// A line for each fault, and what to do about files that nobody approved.
    fn all<'a>(&self, faults: impl Iterator<Item = &'a LoadError>, differing: usize) -> Failure {
        let line = |error: &LoadError| self.folder.as_ref().map_or_else(|| error.to_string(), |folder| error.within(folder));
        let mut lines: Vec<String> = faults.map(line).collect();
        let count = lines.len();
        if differing > 0 {
            lines.push(format!(
                "  these are not the files that were approved ({differing} differ): a gateway with [[policy.approvers]] refuses them\n  \
                 do: put the approved files back, or have two persons approve these as a new version: the first with `sluis policy approve \
                 --propose VERSION --replaces HASH` (the hash in force, as /readyz shows it), the second without both"
            ));
        }
        Failure::refused(format!("{}: faults: {count}\n{}", self.name(), lines.join("\n")))
    }

    /// A bundle that cannot be used: by what it says, or because there is none.
    fn refused(&self, error: &LoadError) -> Failure {
        let reason = self.folder.as_ref().map_or_else(|| format!("{}: {error}", self.name()), |folder| error.within(folder));
        if matches!(error, LoadError::Unreadable(_)) { Failure::usage(reason) } else { Failure::refused(reason) }
    }

    /// The version and the approvals that stand beside the files, if any do.
    fn named(&self) -> Result<Option<(String, Vec<String>)>, Failure> {
        let Some(folder) = &self.folder else { return Ok(None) };
        manifest::named(folder).map_err(|error| Failure::refused(error.within(folder)))
    }

    /// A path of the bundle as it is on this machine.
    fn place(&self, path: &str) -> String {
        self.folder.as_ref().map_or_else(|| format!("policies/{path}"), |folder| format!("{}/{path}", folder.display()))
    }

    fn name(&self) -> String {
        self.folder.as_ref().map_or_else(|| "the policies of this program".to_owned(), |folder| folder.display().to_string())
    }
}
