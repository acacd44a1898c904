//! `sluis log verify erasure`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::app::erasures::{self, Erasures, ErasuresError};
use crate::app::gateway::Outside;
use crate::cli::output::{Failure, UNVERIFIED};
use crate::cli::progress::Progress;
use crate::cli::say;
use crate::config::GatewayConfig;

const ABOUT: &str = "Opens every entry with the gateway's keys, and shows nothing of it. Whatever does not open must be erased by an entry of the log, and its key \
    destroyed; whatever was erased must not open; what a legal hold keeps must. A gateway may be running; nothing is written. Use `full` beside it, which \
    needs no key: this one asks neither for the tree nor for the signed head.\n\n\
    Exit codes: 0 all is as the log says; 3 it is not, and the first place is named; 2 wrong usage.";

/// What was erased.
#[derive(Args)]
#[command(after_help = ABOUT)]
pub(super) struct Erasure {
    /// The gateway's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

impl Erasure {
    pub(super) async fn verify(&self, outside: &Outside) -> Result<(), Failure> {
        let config = GatewayConfig::load(&self.config).map_err(Failure::usage)?;
        let mut progress = Progress::new("opening");
        let found = erasures::verify(&config, outside, |done, all| progress.at(done, all)).await;
        drop(progress);
        let found = found.map_err(|error| match error {
            ErasuresError::Start(error) => Failure::usage(error),
            error => Failure::new(UNVERIFIED, error),
        })?;
        let Erasures { open, held, erased, to_forget } = found;
        if self.json {
            say(&json!({"open": open, "held": held, "erased": erased, "toForget": to_forget}).to_string());
            return Ok(());
        }
        say(&format!("as the log says: {open} entries open, {held} of them by a legal hold; {erased} erased"));
        if to_forget > 0 {
            say(&format!(
                "{to_forget} more have lost their key, and their rows still have tokens: start the gateway, which takes them"
            ));
        }
        Ok(())
    }
}
