//! `sluis log`

mod embargo;
mod erase;
mod export;
mod filter;
mod hold;
mod officer;
mod search;
mod shown;
mod subject;
mod verify;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::finish;
use crate::app::gateway::Outside;

/// The disclosure log: verify, search, export, report, embargo, hold and erase.
#[derive(Args)]
pub(super) struct Log {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Verify the log offline: all of it, one receipt, that one head continues another, what the organisations hold against it, or what was erased.
    Verify(verify::Verify),
    /// Search your organisation's side of the log, as its privacy officer.
    Search(Box<search::Search>),
    /// Open entries of it.
    Open(search::Open),
    /// An overview of it (NEN 7513): by subject, day, employee or dossier.
    Overview(Box<shown::Overview>),
    /// What a data subject is told of it.
    Report(Box<shown::Telling>),
    /// Export it to a file.
    Export(Box<export::Export>),
    /// Hold entries back from reports to data subjects.
    Embargo(embargo::Embargo),
    /// Erase one entry, as privacy officer.
    Erase(erase::Erase),
    /// Keep entries beyond their term, as privacy officer.
    Hold(hold::Hold),
}

impl Log {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(match self.step {
            Step::Verify(verify) => verify.run(&outside).await,
            Step::Search(search) => search.run(outside).await,
            Step::Open(open) => open.run(outside).await,
            Step::Overview(overview) => overview.run(outside).await,
            Step::Report(telling) => telling.run(outside).await,
            Step::Export(export) => export.run(outside).await,
            Step::Embargo(embargo) => embargo.run(outside).await,
            Step::Erase(erase) => erase.run(outside).await,
            Step::Hold(hold) => hold.run(outside).await,
        })
    }
}
