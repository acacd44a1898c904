//! `sluis log hold`

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};

use super::officer::Officer;
use super::subject::Subject;
use crate::app::gateway::Outside;
use crate::cli::output::{EXIT_CODES, Failure, remark};
use crate::cli::say;
use crate::client::plain;

const ABOUT: &str = "What a hold covers is not erased while it stands: neither when its term ends nor one by one (`sluis log erase`). It covers your own \
    organisation's side of the log; of a person or a case also what shares a disclosure with it. Lifting it erases what it kept beyond its term, unless another \
    hold covers that. At most 1000 holds of an organisation stand.";

/// Legal holds: what a court, a supervisor or a complaint still needs.
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
pub(super) struct Hold {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Place a hold; prints its id, and how many entries it covers now.
    Place(Box<Place>),
    /// Lift a hold.
    Lift(Lift),
    /// The holds that stand. Looking is logged.
    List {
        #[command(flatten)]
        officer: Officer,
        /// Print the gateway's answer as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What it covers: one of these.
const WHAT: [&str; 8] = ["person", "bsn", "bsn_file", "local", "v_number_file", "case", "disclosure", "entries"];

#[derive(Args)]
#[command(group = ArgGroup::new("what").args(WHAT).required(true))]
struct Place {
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    subject: Subject,
    /// All that belongs to a case, by its id.
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// All that belongs to a disclosure.
    #[arg(long, value_name = "ID")]
    disclosure: Option<String>,
    /// This entry, by its index; once for each.
    #[arg(long = "entry", value_name = "INDEX")]
    entries: Vec<u64>,
    /// On what ground. Name nobody.
    #[arg(long, value_name = "TEXT")]
    ground: String,
    /// Print the gateway's answer as JSON.
    #[arg(long)]
    json: bool,
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
    /// Print the gateway's answer as JSON.
    #[arg(long)]
    json: bool,
}

impl Hold {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::Place(place) => place.run(outside).await,
            Step::Lift(lift) => lift.run(outside).await,
            Step::List { officer, json } => list(&officer, json, outside).await,
        }
    }
}

impl Place {
    async fn run(self, outside: Outside) -> Result<(), Failure> {
        let hold = &self.officer.ask(outside, "holds", &Value::Object(self.request()?)).await?;
        if self.json {
            say(&hold.to_string());
        } else {
            say(&format!("{}  covers {}: {} entries", text(&hold["id"]), text(&hold["covers"]), hold["entries"]));
        }
        if hold["entries"] == 0 {
            remark("it covers nothing that is in the log now: is it whom, or what, you mean?");
        }
        Ok(())
    }

    fn request(&self) -> Result<Map<String, Value>, Failure> {
        let subject = self.subject.wire(&self.officer.kit()?)?.map(|subject| ("subject", subject));
        let case = self.case.as_ref().map(|case| ("case", json!(case)));
        let disclosure = self.disclosure.as_ref().map(|id| ("disclosure", json!(id)));
        let entries = (!self.entries.is_empty()).then(|| ("entries", json!(self.entries)));
        let what = [subject, case, disclosure, entries].into_iter().flatten();
        Ok(what.chain([("ground", json!(self.ground))]).map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Lift {
    async fn run(self, outside: Outside) -> Result<(), Failure> {
        let lifted = &self.officer.ask(outside, "lifts", &json!({"hold": self.id, "ground": self.ground})).await?;
        if self.json {
            say(&lifted.to_string());
        } else if let Some(erased) = lifted["erased"].as_u64() {
            say(&format!("lifted; {erased} entries past their term were erased with it"));
        } else {
            say("lifted; what it kept past its term is erased within a minute or so");
        }
        Ok(())
    }
}

async fn list(officer: &Officer, json: bool, outside: Outside) -> Result<(), Failure> {
    let answer = &officer.ask(outside, "standing-holds", &json!({})).await?;
    if json {
        say(&answer.to_string());
        return Ok(());
    }
    let holds = answer["holds"].as_array().map(Vec::as_slice).unwrap_or_default();
    if holds.is_empty() {
        say("no hold stands");
    }
    for hold in holds {
        let members = ["id", "covers", "value", "placedAt", "placedBy", "ground"];
        let [id, covers, value, at, by, ground] = members.map(|member| text(&hold[member]));
        say(&format!("{id}  {covers} {value}: {} entries  placed by {by} at {at}: {ground}", hold["entries"]));
    }
    Ok(())
}

fn text(value: &Value) -> String {
    plain(value.as_str().unwrap_or("-"))
}
