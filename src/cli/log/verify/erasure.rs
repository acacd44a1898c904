//! `sluis log verify erasure`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::app::erasures::{self, Erasures, ErasuresError};
use crate::app::gateway::Outside;
use crate::cli::output::{Failure, UNFINISHED, UNVERIFIED};
use crate::cli::progress::Progress;
use crate::cli::say;
use crate::config::GatewayConfig;

const ABOUT: &str = "Opens every entry with the gateway's keys, and shows nothing of it. Whatever does not open must be erased by an entry of the log, and its key \
    destroyed; whatever was erased must not open; what a legal hold keeps must. A gateway may be running; nothing is written. Use `full` beside it, which \
    needs no key: this one asks neither for the tree nor for the signed head.\n\n\
    Exit codes: 0 all is as the log says; 3 it is not, and the first place is named; 7 what the log says was erased is not all gone yet, as for a moment after \
    each erasure; 2 wrong usage.";

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
            error @ ErasuresError::Unfinished(_) => Failure::new(UNFINISHED, error),
            error => Failure::new(UNVERIFIED, error),
        })?;
        let Erasures { open, held, erased, .. } = found;
        if self.json {
            say(&json!({"open": open, "held": held, "erased": erased}).to_string());
        } else {
            say(&format!("as the log says: {open} entries open, {held} of them by a legal hold; {erased} erased"));
        }
        Ok(())
    }
}
