//! `sluis log embargo`

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};

use super::officer::Officer;
use super::subject::{SUBJECT, Subject};
use crate::app::gateway::Outside;
use crate::cli::operator::instant;
use crate::cli::output::{EXIT_CODES, Failure, remark, say};
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
    /// What is held back, and until when. Looking is logged.
    List {
        #[command(flatten)]
        officer: Officer,
        #[command(flatten)]
        shown: Shown,
    },
    /// Hold back everything about a person, in a case or of one request.
    Place(Box<Place>),
    /// Lift an embargo before its date.
    Lift {
        #[command(flatten)]
        officer: Officer,
        #[command(flatten)]
        shown: Shown,
        /// The embargo.
        id: String,
        /// On what ground. Name nobody.
        #[arg(long, value_name = "TEXT")]
        ground: String,
    },
}

#[derive(Args)]
struct Shown {
    /// Print the answer as it came.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(group = ArgGroup::new("held-back").required(true).args(SUBJECT.iter().copied().chain(["case", "trace"])))]
struct Place {
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    subject: Subject,
    /// Everything in this case, by its id.
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Everything of this request, by the trace that `sluis log search --json` prints.
    #[arg(long)]
    trace: Option<String>,
    /// On what ground. Name nobody.
    #[arg(long, value_name = "TEXT")]
    ground: String,
    /// Reports show it again from this instant, to the second.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    lift_at: Timestamp,
}

impl Embargo {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::List { officer, shown } => shown.show(&officer.ask(outside, "embargoes", &json!({})).await?),
            Step::Lift { officer, shown, id, ground } => {
                let lift = json!({"lift": {"embargo": id, "ground": ground}});
                shown.show(&officer.ask(outside, "embargoes", &lift).await?);
            }
            Step::Place(place) => {
                let request = json!({"place": place.request()?});
                let answer = &place.officer.ask(outside, "embargoes", &request).await?;
                place.shown.show(answer);
                for embargo in answer["embargoes"].as_array().into_iter().flatten().filter(|embargo| embargo["entries"] == 0) {
                    let id = plain(embargo["id"].as_str().unwrap_or("-"));
                    remark(&format!("{id} holds back nothing that is in the log now: is it whom, or what, you mean?"));
                }
            }
        }
        Ok(())
    }
}

impl Place {
    fn request(&self) -> Result<Value, Failure> {
        let members = [
            ("subject", self.subject.wire(&self.officer.kit()?)?),
            ("case", self.case.as_ref().map(|case| json!(case))),
            ("trace", self.trace.as_ref().map(|trace| json!(trace))),
            ("ground", Some(json!(self.ground))),
            ("until", Some(json!(self.lift_at))),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(Value::Object(members.collect::<Map<_, _>>()))
    }
}

impl Shown {
    fn show(&self, answer: &Value) {
        if self.json {
            return say(&answer.to_string());
        }
        let embargoes = answer["embargoes"].as_array().map(Vec::as_slice).unwrap_or_default();
        for embargo in embargoes {
            say(&summary(embargo));
        }
        if embargoes.iter().all(|embargo| embargo["stands"] != true) {
            say("no embargo stands");
        }
    }
}

fn summary(embargo: &Value) -> String {
    let text = |member: &str| plain(embargo[member].as_str().unwrap_or("-"));
    let stands = if embargo["stands"] == true { "stands" } else { "ended" };
    let entries = embargo["entries"].as_u64().map_or_else(String::new, |count| format!(": {count} entries"));
    let lifted = embargo["liftedAt"].is_string();
    let lifted = if lifted {
        format!("  lifted by {} at {}: {}", text("liftedBy"), text("liftedAt"), text("liftGround"))
    } else {
        String::new()
    };
    format!(
        "{}  {stands}  {} {}{entries}  until {}  placed by {} at {}: {}{lifted}",
        text("id"),
        text("target"),
        text("value"),
        text("until"),
        text("placedBy"),
        text("placedAt"),
        text("ground")
    )
}
