//! `sluis connector`

mod inbox;
mod local;
mod overrides;
mod professional;
mod receipts;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::{EXIT_CODES, Failure, finish};
use super::{say, shutdown};
use crate::app;
use crate::app::gateway::Outside;
use crate::connector::config::Config;

/// Run a source's connector, or decide on its inbox and overrides.
///
/// Without a subcommand it runs until it is asked to stop. The subcommands `inbox` and `override` are for the source's professionals: they talk to
/// the running connector through its local API, and each step is signed with the professional's own key. `professional` changes who may take steps.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Connector {
    /// The connector's configuration.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only check configuration, keys, mapping, ceiling and databases.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    step: Option<Step>,
}

#[derive(Subcommand)]
enum Step {
    /// Summaries that wait for a professional: look, release, refuse.
    Inbox(inbox::Inbox),
    /// Overrides of confidentiality (doorbreking): enter, approve, end.
    Override(overrides::Override),
    /// Who may release, refuse and override.
    Professional(professional::Professional),
    /// The receipts that this source holds, for a reconciliation with the log.
    Receipts(receipts::Receipts),
}

impl Connector {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(self.take(outside).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        if let Some(Step::Override(command)) = &self.step
            && command.print_template()
        {
            return Ok(());
        }
        let path = self.config.ok_or_else(|| Failure::usage("--config FILE is missing: the connector's configuration"))?;
        let config = Config::load(&path).map_err(Failure::usage)?;
        match self.step {
            None if self.check => {
                app::connector::check(&config, &outside).await.map_err(Failure::usage)?;
                say(&format!("{}: ready to serve", path.display()));
                Ok(())
            }
            None => serve(&config, &outside).await,
            Some(Step::Inbox(command)) => command.run(&config, outside).await,
            Some(Step::Override(command)) => command.run(&config, outside).await,
            Some(Step::Professional(command)) => command.run(&config, &outside).await,
            Some(Step::Receipts(command)) => command.run(&config, &outside).await,
        }
    }
}

async fn serve(config: &Config, outside: &Outside) -> Result<(), Failure> {
    let bound = app::connector::bind(config, outside).await.map_err(Failure::usage)?;
    let shutdown = shutdown();
    say(&format!("connector of {}: records https://{} local API http://{}", config.oin, bound.address, config.local_api.listen));
    bound.run(shutdown).await;
    Ok(())
}
