//! `sluis migrate`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::{Failure, UNREACHED, finish};
use super::say;
use crate::app::moving::{migrate, migrations};
use crate::config::GatewayConfig;
use crate::store::Migration;

/// Bring the store to the schema of this version; `sluis serve` does so by itself when it starts.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 the schema is of this version, or would be; 1 it is of a newer one, or could not be changed; 2 wrong usage; 4 no connection."
)]
pub(super) struct Migrate {
    /// The gateway's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only say what would be done; nothing is written.
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(super) async fn run(self) -> ExitCode {
        finish(self.migrate().await)
    }

    async fn migrate(self) -> Result<(), Failure> {
        let config = GatewayConfig::load(&self.config).map_err(Failure::usage)?;
        let store = config.store.place().map_err(Failure::usage)?;
        let all = migrations(&store).await.map_err(|error| Failure::new(UNREACHED, error))?;
        no_newer(&all)?;
        let pending: Vec<_> = all.iter().filter(|one| !one.is_applied).collect();
        let done = if self.dry_run { "to be done" } else { "done now" };
        if !self.dry_run {
            migrate(&store).await.map_err(Failure::refused)?;
        }
        for one in &pending {
            say(&format!("{:>4}  {}: {done}", one.number, one.name));
        }
        say(&format!("{} of {} migrations were there, {} {done}", all.len() - pending.len(), all.len(), pending.len()));
        Ok(())
    }
}

/// That the store has nothing that this version does not know.
fn no_newer(all: &[Migration]) -> Result<(), Failure> {
    let newer: Vec<_> = all.iter().filter(|one| !one.is_known).map(|one| format!("{} {}", one.number, one.name)).collect();
    if newer.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the store's schema is of a newer version, which made: {}\n  do: run that version; a schema is never taken back",
        newer.join(", ")
    )))
}
