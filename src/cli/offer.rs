//! `sluis offer`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgGroup, Args, Subcommand};
use uuid::Uuid;

use super::operator::instant;
use super::output::{EXIT_CODES, Failure, finish};
use super::request::{bsn, number};
use super::{input, say};
use crate::app::gateway::Outside;
use crate::catalogue::PurposeCode;
use crate::client::{Client, Kit};
use crate::clock::Timestamp;
use crate::source::SubjectWire;
use crate::source::offers::{OfferKind, OfferMessage};
use crate::subject::SubjectId;

const EXAMPLE: &str = "Example:\n  sluis offer make --kit demo/kit/police --recipient veilig-thuis --purpose safety-assessment --kind police-report \\\n    \
    --person P22 --until 2026-12-01\n  sluis offer list --kit demo/kit/veilig-thuis\n  \
    sluis request --kit demo/kit/veilig-thuis --purpose safety-assessment --offer ID --category identity --necessity \"a police report\"";

/// Offers: a source tells a recipient that there is something to collect, without saying about whom. It is collected by `sluis request --offer`.
#[derive(Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_CODES}"))]
pub(super) struct Offer {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Offer something; prints the offer's id. The same offer again, while it waits, is the same offer.
    Make(Make),
    /// What waits for your organisation, newest first.
    List {
        /// Your organisation's folder in the integrator's kit.
        #[arg(long, value_name = "DIR")]
        kit: PathBuf,
        /// What your organisation offered instead, and whether it was collected.
        #[arg(long)]
        made: bool,
    },
    /// Take an offer back that nobody has collected.
    Withdraw {
        /// The offer's id.
        #[arg(value_name = "OFFER")]
        offer: Uuid,
        /// Your organisation's folder in the integrator's kit.
        #[arg(long, value_name = "DIR")]
        kit: PathBuf,
    },
}

#[derive(Args)]
#[command(group = ArgGroup::new("subject").required(true).multiple(false).args(["person", "bsn_file", "local", "v_number_file"]))]
struct Make {
    /// Your organisation's folder in the integrator's kit.
    #[arg(long, value_name = "DIR")]
    kit: PathBuf,
    /// Who may collect: a name of organisations.json in the kit, or an OIN.
    #[arg(long, value_name = "SLUG-OR-OIN")]
    recipient: String,
    /// For which purpose.
    #[arg(long)]
    purpose: PurposeCode,
    /// What there is: police-report, meldcode-report or threat.
    #[arg(long, value_parser = kind)]
    kind: OfferKind,
    /// Until when it can be collected, at most 30 days from now: a day or an instant.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    until: Timestamp,
    /// About a test person of the kit by id, such as `P07`.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// About the person whose citizen number (BSN) stands in this file (`-`: standard input).
    #[arg(long, value_name = "FILE")]
    bsn_file: Option<PathBuf>,
    /// About a person by your own number.
    #[arg(long, value_name = "NUMBER")]
    local: Option<String>,
    /// About the person whose V-number (vreemdelingennummer) stands in this file.
    #[arg(long, value_name = "FILE")]
    v_number_file: Option<PathBuf>,
}

fn kind(code: &str) -> Result<OfferKind, String> {
    OfferKind::from_code(code).ok_or_else(|| format!("expected one of {}", OfferKind::ALL.map(OfferKind::code).join(", ")))
}

impl Offer {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(self.take(outside).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::Make(step) => {
                let kit = Kit::open(&step.kit).map_err(Failure::usage)?;
                let offer = client(&kit, &outside)?.make_offer(&step.message(&kit)?).await?;
                say(&format!("{}  waits until {}", crate::client::plain(&offer.offer), offer.expires_at));
                Ok(())
            }
            Step::List { kit, made: true } => {
                let kit = Kit::open(&kit).map_err(Failure::usage)?;
                for offer in client(&kit, &outside)?.offers_made().await? {
                    let (id, purpose) = (crate::client::plain(&offer.offer), crate::client::plain(&offer.purpose));
                    let (kind, state, until) = (offer.kind.code(), crate::client::plain(&offer.state), offer.expires_at);
                    say(&format!(
                        "{id}  {kind:15}  {purpose}  for {}  {state}, since {}, until {until}",
                        offer.recipient, offer.made_at
                    ));
                }
                Ok(())
            }
            Step::List { kit, made: false } => {
                let kit = Kit::open(&kit).map_err(Failure::usage)?;
                for offer in client(&kit, &outside)?.offers().await? {
                    let (id, purpose) = (crate::client::plain(&offer.offer), crate::client::plain(&offer.purpose));
                    let (kind, since, until) = (offer.kind.code(), offer.made_at, offer.expires_at);
                    say(&format!("{id}  {kind:15}  {purpose}  of {}  since {since}, until {until}", offer.source));
                }
                Ok(())
            }
            Step::Withdraw { offer, kit } => {
                let kit = Kit::open(&kit).map_err(Failure::usage)?;
                client(&kit, &outside)?.withdraw_offer(&offer.to_string()).await?;
                say(&format!("{offer} is withdrawn"));
                Ok(())
            }
        }
    }
}

fn client(kit: &Kit, outside: &Outside) -> Result<Client, Failure> {
    Client::new(kit, Arc::clone(&outside.clock), Arc::clone(&outside.entropy)).map_err(Failure::usage)
}

impl Make {
    fn message(&self, kit: &Kit) -> Result<OfferMessage, Failure> {
        Ok(OfferMessage {
            recipient: kit.oin(&self.recipient).map_err(Failure::usage)?,
            purpose: self.purpose.clone(),
            kind: self.kind,
            subject: SubjectWire::of(&self.subject(kit)?),
            expires_at: self.until,
        })
    }

    fn subject(&self, kit: &Kit) -> Result<SubjectId, Failure> {
        if let Some(id) = &self.person {
            return kit.person(id).map_err(Failure::usage);
        }
        if let Some(file) = &self.bsn_file {
            return bsn(file);
        }
        if let Some(value) = &self.local {
            return Ok(SubjectId::Local { source: kit.organisation.oin.clone(), value: number(value, "--local")? });
        }
        let file: &Path = self.v_number_file.as_deref().ok_or_else(|| Failure::usage("say about whom it is"))?;
        Ok(SubjectId::VNumber(number(&input::text(file)?, &file.display().to_string())?))
    }
}
