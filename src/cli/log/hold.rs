//! `sluis log hold`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::officer::Officer;
use crate::app::gateway::Outside;
use crate::cli::output::{EXIT_CODES, Failure};
use crate::cli::{input, say};
use crate::client::plain;

const ABOUT: &str = "What a hold covers is not erased while it stands: neither when its term ends nor one by one (`sluis log erase`). It covers your own \
    organisation's side of the log. Lifting it erases what it kept beyond its term, unless another hold covers that.";

/// Legal holds: what a court, a supervisor or a complaint still needs.
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
pub(super) struct Hold {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Place a hold; prints its id.
    Place(Place),
    /// Lift a hold.
    Lift(Lift),
    /// The holds that stand. Looking is logged.
    List {
        #[command(flatten)]
        officer: Officer,
    },
}

#[derive(Args)]
struct Place {
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    covers: Covers,
    /// On what ground. Name nobody.
    #[arg(long, value_name = "TEXT")]
    ground: String,
}

/// What it covers.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Covers {
    /// All that is about the person in this file (`-`: standard input), as JSON: {"scheme":"bsn","value":…}. Never on the command line, where others see it.
    #[arg(long, value_name = "FILE")]
    subject: Option<PathBuf>,
    /// All that belongs to a case.
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
    /// All that belongs to a disclosure.
    #[arg(long, value_name = "ID")]
    disclosure: Option<String>,
    /// This entry, by its index; once for each.
    #[arg(long = "entry", value_name = "INDEX")]
    entries: Vec<u64>,
}

#[derive(Args)]
struct Lift {
    #[command(flatten)]
    officer: Officer,
    /// The hold.
    id: String,
    /// On what ground. Name nobody.
    #[arg(long, value_name = "TEXT")]
    ground: String,
}

impl Hold {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::Place(place) => place.run(outside).await,
            Step::Lift(lift) => lift.run(outside).await,
            Step::List { officer } => list(&officer, outside).await,
        }
    }
}

impl Place {
    async fn run(self, outside: Outside) -> Result<(), Failure> {
        let mut request = self.covers.request()?;
        request.insert("ground".to_owned(), json!(self.ground));
        let hold = &self.officer.ask(outside, "holds", &Value::Object(request)).await?;
        say(&format!("{}  covers {}", text(&hold["id"]), text(&hold["covers"])));
        Ok(())
    }
}

impl Covers {
    fn request(self) -> Result<Map<String, Value>, Failure> {
        let (name, value) = match self {
            Self { subject: Some(file), .. } => {
                let wrong = |_| Failure::usage(format!("{}: expected {{\"scheme\":…,\"value\":…}}", file.display()));
                ("subject", serde_json::from_slice(&input::bytes(&file)?).map_err(wrong)?)
            }
            Self { case: Some(case), .. } => ("case", json!(case)),
            Self { disclosure: Some(id), .. } => ("disclosure", json!(id)),
            Self { entries, .. } => ("entries", json!(entries)),
        };
        Ok(Map::from_iter([(name.to_owned(), value)]))
    }
}

impl Lift {
    async fn run(self, outside: Outside) -> Result<(), Failure> {
        let lifted = &self.officer.ask(outside, "lifts", &json!({"hold": self.id, "ground": self.ground})).await?;
        say(&format!("lifted; {} entries past their term were erased with it", lifted["erased"]));
        Ok(())
    }
}

async fn list(officer: &Officer, outside: Outside) -> Result<(), Failure> {
    let answer = &officer.ask(outside, "standing-holds", &json!({})).await?;
    let holds = answer["holds"].as_array().map(Vec::as_slice).unwrap_or_default();
    if holds.is_empty() {
        say("no hold stands");
    }
    for hold in holds {
        let [id, covers, at, by, ground] = ["id", "covers", "placedAt", "placedBy", "ground"].map(|member| text(&hold[member]));
        say(&format!("{id}  {covers:10}  {at}  {by}  {ground}"));
    }
    Ok(())
}

fn text(value: &Value) -> String {
    plain(value.as_str().unwrap_or("-"))
}
