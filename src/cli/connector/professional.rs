//! `sluis connector professional`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::super::output::Failure;
use super::super::{own_key, say};
use crate::app;
use crate::app::gateway::Outside;
use crate::connector::config::Config;
use crate::connector::professionals::Professional as Row;

/// Who may release, refuse and override. Works on the connector's own state; a running connector knows it at once.
#[derive(Args)]
pub(super) struct Professional {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Enter a professional and make her key. Each has a key of her own: four eyes are two keys.
    Add {
        /// Her reference: opaque, visible ASCII, known to the gateway and in its log.
        #[arg(long, value_name = "REF")]
        reference: String,
        /// Her name, for colleagues; it does not leave the connector.
        #[arg(long)]
        name: String,
        /// Her registration (BIG, SKJ, service number): sent with the overrides that she signs, and sealed into the gateway's log.
        #[arg(long)]
        registration: String,
        /// Where her private key goes: a new file that only its owner can read. Give it to her, and keep no copy.
        #[arg(long, value_name = "FILE")]
        key_out: PathBuf,
    },
    /// End a professional's standing: no step of hers is accepted from now on.
    Deactivate {
        /// Her reference.
        #[arg(long, value_name = "REF")]
        reference: String,
    },
}

impl Professional {
    pub(super) async fn run(self, config: &Config, outside: &Outside) -> Result<(), Failure> {
        let connector = app::connector::open(config, outside).await.map_err(Failure::usage)?;
        match self.step {
            Step::Add { reference, name, registration, key_out } => {
                let (public_key, published) = own_key::make(&reference, &key_out)?;
                let row = Row { reference, name, registration, public_key, active: true };
                if let Err(error) = connector.enrol_professional(&row).await {
                    // A key that belongs to nobody is of no use.
                    drop(std::fs::remove_file(&key_out));
                    return Err(Failure::refused(error));
                }
                say(&format!("{} may now release, refuse and override; her key is in {}", row.reference, key_out.display()));
                say(&format!("her public key, with which the gateway's operator enrols her (`sluis keys enrol`):\n{published}"));
            }
            Step::Deactivate { reference } => {
                connector.deactivate_professional(&reference).await.map_err(Failure::refused)?;
                say(&format!("{reference} takes no further steps"));
            }
        }
        Ok(())
    }
}
