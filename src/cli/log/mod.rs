//! `sluis log`

mod officer;
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
}

impl Log {
    pub(super) async fn run(self, _outside: Outside) -> ExitCode {
        finish(match self.step {
            Step::Verify(verify) => verify.run().await,
        })
    }
}
