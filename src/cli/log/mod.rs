//! `sluis log`

mod filter;
mod officer;
mod search;
mod verify;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::finish;
use crate::app::gateway::Outside;

/// The disclosure log.
#[derive(Args)]
pub(super) struct Log {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Verify the log offline: all of it, or that one head continues another.
    Verify(verify::Verify),
    /// Search your organisation's side of the log, as its privacy officer.
    Search(Box<search::Search>),
    /// Open entries of it.
    Open(search::Open),
}

impl Log {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(match self.step {
            Step::Verify(verify) => verify.run().await,
            Step::Search(search) => search.run(outside).await,
            Step::Open(open) => open.run(outside).await,
        })
    }
}
