//! `sluis serve --config F [--check]`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::{Failure, finish};
use super::{say, shutdown};
use crate::app::gateway::{Checked, Outside, build, check};
use crate::config::GatewayConfig;

/// Run the gateway.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it was told to stop, or with --check: it would start; 2 it does not start, for the reason that it says."
)]
pub(super) struct Serve {
    /// The configuration file; `deploy/sluis.toml` explains every setting.
    #[arg(long)]
    config: PathBuf,
    /// Only check configuration, keys, certificates, policies and store, and ask the log's witnesses; nothing is written.
    #[arg(long)]
    check: bool,
}

impl Serve {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(Box::pin(self.serve(outside)).await)
    }

    async fn serve(self, outside: Outside) -> Result<(), Failure> {
        let config = GatewayConfig::load(&self.config).map_err(Failure::usage)?;
        if self.check {
            let begins = match check(&config, &outside).await.map_err(Failure::usage)? {
                Checked::Continues => String::new(),
                Checked::ContinuesByThoseInForce(why) => format!(", by the policies in force and not by its own: {why}"),
                Checked::BeginsWithKeys => {
                    "; there is no store yet: the first start makes it, under the keys that are there".to_owned()
                }
                Checked::Begins => {
                    "; there is no store yet: the first start makes it, with a new root key and key folder".to_owned()
                }
            };
            say(&format!("{}: ready to serve{begins}", self.config.display()));
            return Ok(());
        }
        let bound = build(config, outside).await.map_err(Failure::usage)?.bind().await.map_err(Failure::usage)?;
        let shutdown = shutdown();
        let addresses = bound.addresses();
        say(&format!("API https://{} web {} operations http://{}", addresses.api, addresses.web, addresses.operations));
        bound.run(shutdown).await;
        Ok(())
    }
}
