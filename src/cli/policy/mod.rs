//! `sluis policy`: what policy authors do.

mod check;
mod heat_map;
mod matrix;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::{EXIT_CODES, Failure, finish};
use crate::policy::{Bundle, LoadError};

/// Check, test and show the policies.
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
}

impl Policy {
    pub(super) fn run(self) -> ExitCode {
        finish(match self.command {
            Command::Check(command) => command.run(),
            Command::Test(command) => command.run(),
            Command::Matrix(command) => command.run(),
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

    /// A bundle that cannot be used: by what it says, or because there is none.
    fn refused(&self, error: &LoadError) -> Failure {
        let reason = format!("{}: {error}", self.name());
        if matches!(error, LoadError::Unreadable(_)) { Failure::usage(reason) } else { Failure::refused(reason) }
    }

    fn name(&self) -> String {
        self.folder.as_ref().map_or_else(|| "the policies of this program".to_owned(), |folder| folder.display().to_string())
    }
}
