//! `sluis policy`: the life of the rules, from a proposal to what a gateway decided by them.

mod approve;
#[cfg(feature = "prove")]
mod diff;
mod explain;
#[cfg(feature = "prove")]
mod prove;
mod replay;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::output::{Failure, finish};
use crate::app::gateway::Outside;
use crate::policy::Bundle;

/// The policies: prove, compare.
#[derive(Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prove the invariants over every request, and that each policy can decide something and never fails.
    #[cfg(feature = "prove")]
    Prove(prove::Prove),
    /// Say what a new version permits beyond an old one, and the other way round.
    #[cfg(feature = "prove")]
    Diff(diff::Diff),
    /// Approve the policies in a folder, as one of two persons.
    Approve(approve::Approve),
    /// Make past decisions again by other policies.
    Replay(replay::Replay),
    /// Say why a disclosure gave what it gave.
    Explain(explain::Explain),
    /// Make an approver's key.
    Keygen(approve::Keygen),
}

impl Policy {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(match self.command {
            #[cfg(feature = "prove")]
            Command::Prove(command) => command.run().await,
            #[cfg(feature = "prove")]
            Command::Diff(command) => command.run().await,
            Command::Approve(command) => command.run(),
            Command::Keygen(command) => command.run(),
            Command::Replay(command) => command.run(outside).await,
            Command::Explain(command) => command.run(outside).await,
        })
    }
}

/// Where policies are read from.
#[derive(Args)]
pub(super) struct Policies {
    /// A folder laid out as `policies/` [default: the policies in the program itself].
    #[arg(long, value_name = "FOLDER")]
    policies: Option<PathBuf>,
}

impl Policies {
    pub(super) fn load(&self) -> Result<Arc<Bundle>, Failure> {
        let bundle = match &self.policies {
            Some(folder) => Bundle::load(folder),
            None => Bundle::embedded(),
        };
        bundle.map(Arc::new).map_err(Failure::usage)
    }
}
