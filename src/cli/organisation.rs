//! `sluis organisation`

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::operator::{By, Gateway, IN_FORCE};
use super::output::{EXIT_CODES, Failure, finish};
use super::say;
use crate::actions::Desk;
use crate::app::gateway::Outside;
use crate::client::plain;
use crate::organisation::{Kind, Oin, Organisation as Row, Status};

/// Who takes part.
#[derive(Args)]
#[command(after_help = format!("{IN_FORCE}\n\n{EXIT_CODES}"))]
pub(super) struct Organisation {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// All organisations.
    List {
        #[command(flatten)]
        gateway: Gateway,
    },
    /// An organisation joins; `sluis keys publish` then gives it its credentials.
    Add(Add),
    /// Refuse everything to an organisation, as requester and as source, until it is readmitted.
    Suspend {
        /// Its OIN.
        oin: Oin,
        #[command(flatten)]
        by: By,
    },
    /// End a suspension.
    Readmit {
        /// Its OIN.
        oin: Oin,
        #[command(flatten)]
        by: By,
    },
}

#[derive(Args)]
struct Add {
    #[command(flatten)]
    by: By,
    /// Its OIN: 20 digits, as in `subject.serialNumber` of its certificate.
    #[arg(long)]
    oin: Oin,
    /// Its kind, on which the policies decide.
    #[arg(long, value_parser = kind)]
    kind: Kind,
    /// Its name, for officers.
    #[arg(long)]
    name: String,
    /// The law lets it use the citizen number (BSN).
    #[arg(long)]
    bsn_authority: bool,
    /// Where its connector answers, when it is a source.
    #[arg(long, value_name = "https://…")]
    connector: Option<String>,
}

fn kind(code: &str) -> Result<Kind, String> {
    Kind::from_code(code).ok_or_else(|| format!("expected one of {}", Kind::ALL.map(Kind::code).join(", ")))
}

impl Organisation {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(self.take(outside).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::List { gateway } => list(&gateway.desk(outside).await?).await,
            Step::Add(add) => {
                let desk = add.by.desk(outside).await?;
                let Add { oin, kind, name, bsn_authority, connector, .. } = add;
                let row = Row { oin: oin.clone(), kind, name, status: Status::Active, bsn_authority, connector };
                desk.admit(row).await?;
                say(&format!("{oin} takes part; publish its certificate and keys with `sluis keys publish`"));
                Ok(())
            }
            Step::Suspend { oin, by } => {
                by.desk(outside).await?.change_status(&oin, Status::Suspended).await?;
                say(&format!("{oin} is suspended"));
                Ok(())
            }
            Step::Readmit { oin, by } => {
                by.desk(outside).await?.change_status(&oin, Status::Active).await?;
                say(&format!("{oin} takes part again"));
                Ok(())
            }
        }
    }
}

async fn list(desk: &Desk) -> Result<(), Failure> {
    let registered = desk.store.registered().await.map_err(Failure::usage)?;
    for registration in registered.organisations.into_values() {
        let Row { oin, kind, name, status, bsn_authority, connector } = registration.organisation;
        let status = if status == Status::Active { "active" } else { "SUSPENDED" };
        let bsn = if bsn_authority { "BSN" } else { "-" };
        let connector = connector.map_or_else(|| "-".to_owned(), |address| plain(&address));
        say(&format!("{oin}  {status:9}  {:22}  {bsn:3}  {connector:24}  {}", kind.code(), plain(&name)));
    }
    Ok(())
}
