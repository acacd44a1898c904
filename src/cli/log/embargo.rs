//! `sluis log embargo`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::filter::Filter;
use super::officer::Officer;
use crate::app::gateway::Outside;
use crate::cli::operator::instant;
use crate::cli::output::{EXIT_CODES, Failure, say};
use crate::client::plain;
use crate::clock::Timestamp;

/// What is held back from reports to data subjects, as the organisation's privacy officer (FG).
#[derive(Args)]
pub(super) struct Embargo {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
#[command(after_help = EXIT_CODES)]
enum Step {
    /// What is held back, and until when.
    List {
        #[command(flatten)]
        officer: Officer,
    },
    /// Hold back everything about a person, in a case (`--case`) or of one request (`--trace`).
    Place(Box<Place>),
    /// Tell it again before its time.
    Lift {
        #[command(flatten)]
        officer: Officer,
        /// The embargo.
        id: String,
    },
}

#[derive(Args)]
struct Place {
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    filter: Filter,
    /// The request, by the trace that `sluis log search --json` prints.
    #[arg(long)]
    trace: Option<String>,
    /// On what ground; no names.
    #[arg(long)]
    ground: String,
    /// From when on it is told all the same, to the second.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    lift_at: Timestamp,
}

impl Embargo {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let answer = match self.step {
            Step::List { officer } => officer.ask(outside, "embargoes", &json!({})).await?,
            Step::Lift { officer, id } => officer.ask(outside, "embargoes", &json!({"lift": id})).await?,
            Step::Place(place) => place.ask(outside).await?,
        };
        for embargo in answer.get("embargoes").and_then(Value::as_array).into_iter().flatten() {
            say(&summary(embargo));
        }
        Ok(())
    }
}

impl Place {
    async fn ask(self, outside: Outside) -> Result<Value, Failure> {
        let mut place = self.filter.wire(&self.officer.kit()?)?;
        if place.get("until").is_some() {
            return Err(Failure::usage("--until: an embargo is about everything; when it ends is --lift-at"));
        }
        if let Some(members) = place.as_object_mut() {
            members.insert("ground".to_owned(), json!(self.ground));
            members.insert("until".to_owned(), json!(self.lift_at));
            members.extend(self.trace.map(|trace| ("trace".to_owned(), json!(trace))));
        }
        self.officer.ask(outside, "embargoes", &json!({"place": place})).await
    }
}

fn summary(embargo: &Value) -> String {
    let text = |member: &str| plain(embargo[member].as_str().unwrap_or("-"));
    let stands = if embargo["stands"] == true { "stands" } else { "ended" };
    format!(
        "{}  {stands}  {} {}  until {}  by {} at {}  {}",
        text("id"),
        text("target"),
        text("value"),
        text("until"),
        text("placedBy"),
        text("placedAt"),
        text("ground")
    )
}
