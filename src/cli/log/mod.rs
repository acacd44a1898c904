//! `sluis log`

mod erase;
mod hold;
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
    /// Erase one entry, as privacy officer.
    Erase(erase::Erase),
    /// Keep entries beyond their term, as privacy officer.
    Hold(hold::Hold),
}

impl Log {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(match self.step {
            Step::Verify(verify) => verify.run().await,
            Step::Erase(erase) => erase.run(outside).await,
            Step::Hold(hold) => hold.run(outside).await,
        })
    }
}
