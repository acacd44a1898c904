//! `sluis witness`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::{EXIT_CODES, Failure, finish};
use super::{say, shutdown};
use crate::app;
use crate::app::gateway::Outside;
use crate::demo::authority::write_private;
use crate::ledger::note::{KeyKind, KeyName, SigningKey, fresh_seed};
use crate::witness::config::Config;

/// Run a witness: it cosigns the heads of logs that it knows, each only if it grew out of all that it cosigned before.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Witness {
    /// The configuration file; `deploy/witness.toml` explains every setting.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only check configuration, key and certificates; nothing is written.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    step: Option<Step>,
}

#[derive(Subcommand)]
enum Step {
    /// Make a witness's key; prints its public key (vkey) for policy files.
    Keygen(Keygen),
}

#[derive(Args)]
struct Keygen {
    /// The name of the key: a URL without scheme, such as `witness.politie.example`.
    #[arg(long, value_name = "NAME")]
    name: KeyName,
    /// Where to put the seed, 32 bytes; must not be there yet.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Witness {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(self.take(outside).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        if let Some(Step::Keygen(keygen)) = self.step {
            return keygen.run(&outside);
        }
        let path = self.config.ok_or_else(|| Failure::usage("--config FILE is missing: the witness's configuration"))?;
        let config = Config::load(&path).map_err(Failure::usage)?;
        if self.check {
            app::witness::check(&config).map_err(Failure::usage)?;
            say(&format!("{}: ready to serve", path.display()));
            return Ok(());
        }
        let bound = app::witness::bind(&config, &outside).await.map_err(Failure::usage)?;
        let shutdown = shutdown();
        let scheme = if config.identity.is_some() { "https" } else { "http" };
        say(&format!("witness {} {scheme}://{}", bound.key, bound.address));
        bound.run(shutdown).await;
        Ok(())
    }
}

impl Keygen {
    fn run(self, outside: &Outside) -> Result<(), Failure> {
        let seed = fresh_seed(&*outside.entropy).map_err(Failure::usage)?;
        let key = SigningKey::from_seed(self.name, KeyKind::Cosignature, &seed).map_err(Failure::usage)?;
        let written = write_private(&self.key, seed.expose());
        written.map_err(|error| Failure::usage(format!("{}: {error}", self.key.display())))?;
        say(&key.verifier().to_string());
        Ok(())
    }
}
