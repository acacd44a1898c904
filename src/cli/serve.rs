//! `sluis serve --config F [--check]`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{complain, say, shutdown};
use crate::app::gateway::{Outside, StartError, build};
use crate::config::GatewayConfig;

/// Run the gateway.
#[derive(Args)]
pub(super) struct Serve {
    /// The configuration file; `deploy/sluis.toml` explains every setting.
    #[arg(long)]
    config: PathBuf,
    /// Only check configuration, keys, policies and store.
    #[arg(long)]
    check: bool,
}

impl Serve {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        match self.serve(outside).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(&error.to_string()),
        }
    }

    async fn serve(self, outside: Outside) -> Result<(), StartError> {
        let built = build(GatewayConfig::load(&self.config)?, outside).await?;
        if self.check {
            say(&format!("{}: ready to serve", self.config.display()));
            return Ok(());
        }
        let bound = built.bind().await?;
        let shutdown = shutdown();
        let addresses = bound.addresses();
        say(&format!("API https://{} web {} operations http://{}", addresses.api, addresses.web, addresses.operations));
        bound.run(shutdown).await;
        Ok(())
    }
}
