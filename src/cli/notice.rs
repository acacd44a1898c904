//! `sluis notice`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::consent::{KitFolder, path_segment, show};
use super::operator::{By, instant};
use super::output::{EXIT_CODES, Failure, finish};
use super::say;
use crate::app::gateway::Outside;
use crate::client::plain;
use crate::clock::Timestamp;

const ABOUT: &str = "Answers by kind of task:\n  withdrawal-notice     deleted; kept (with --basis)\n  \
    subject-notification  sent; done; waived (with --basis); deferred (with --reason and --until)\n  \
    override-review       justified; partly, unjustified (with --basis)\n  \
    consent-review        accepted (with --basis); declined\n\n\
    Who reported (melder) is told to no subject. No letter is written here, and none is sent: not to a shared address, nor to a shared device.";

/// What your organisation still has to do.
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
pub(super) struct Notice {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Your open tasks, the most urgent first.
    List {
        #[command(flatten)]
        kit: KitFolder,
    },
    /// One task with the answers that were given.
    Show {
        #[command(flatten)]
        kit: KitFolder,
        /// The task.
        id: String,
    },
    /// Answer a task.
    Answer(Answer),
    /// What anybody should have done by now: for the gateway's officers. Looking is logged.
    Overdue {
        #[command(flatten)]
        by: By,
    },
}

#[derive(Args)]
struct Answer {
    #[command(flatten)]
    kit: KitFolder,
    /// The task.
    id: String,
    /// The answer: see below.
    #[arg(value_name = "ANSWER")]
    code: String,
    /// Who answers, in your own terms.
    #[arg(long, value_name = "REF")]
    by: String,
    /// The basis or finding. Name nobody.
    #[arg(long, value_name = "TEXT")]
    basis: Option<String>,
    /// Why it is put off.
    #[arg(long, value_parser = ["safety", "investigation", "others-rights"])]
    reason: Option<String>,
    /// The day on which a deferral is judged again.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    until: Option<Timestamp>,
}

/// How many overdue tasks are shown at once.
const MOST: u32 = 1000;

impl Notice {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(self.take(outside).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::List { kit } => {
                let answer = kit.client(&outside)?.1.read("/v1/notices").await?;
                let open = answer.get("notices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                list(open, "nothing is open");
                if answer.get("more") == Some(&Value::Bool(true)) {
                    say("there are more: answer these first");
                }
                Ok(())
            }
            Step::Show { kit, id } => show(&kit.client(&outside)?.1.read(&format!("/v1/notices/{}", path_segment(&id)?)).await?),
            Step::Answer(Answer { kit, id, code, by, basis, reason, until }) => {
                let body = json!({"answer": code, "by": by, "basis": basis, "reason": reason, "until": until}).to_string();
                let target = format!("/v1/notices/{}/answers", path_segment(&id)?);
                show(&kit.client(&outside)?.1.post(&target, body.as_bytes(), None).await?)
            }
            Step::Overdue { by } => {
                let overdue = by.desk(outside).await?.overdue_notices(MOST).await?;
                let overdue = overdue.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
                list(&overdue, "nothing is overdue");
                Ok(())
            }
        }
    }
}

fn list(tasks: &[Value], none: &str) {
    if tasks.is_empty() {
        say(none);
    }
    let text = |value: &Value| plain(value.as_str().unwrap_or("-"));
    for task in tasks {
        let overdue = if task["overdue"] == true { "OVERDUE" } else { "" };
        let disclosures = task["disclosures"].as_array().map(Vec::as_slice).unwrap_or_default();
        let about: Vec<String> =
            disclosures.iter().chain(Some(&task["about"]).filter(|about| !about.is_null())).map(text).collect();
        let (id, kind, owner) = (text(&task["id"]), text(&task["kind"]), text(&task["owner"]));
        let (state, due) = (text(&task["state"]), text(&task["due"]));
        say(&format!("{id}  {kind:20}  {state:8}  due {due}  {overdue:7}  {owner}  about {}", about.join(", ")));
    }
}
