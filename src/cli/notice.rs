//! `sluis notice`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::consent::{KitFolder, path_segment, show};
use super::operator::{By, instant};
use super::output::{EXIT_CODES, Failure, finish};
use super::own_key::hand;
use super::say;
use crate::app::gateway::Outside;
use crate::client::{Kit, plain};
use crate::clock::Timestamp;
use crate::notice::OwnSignature;
use crate::source::overrides::Verdict;

const ABOUT: &str = "Answers by kind of task:\n  withdrawal-notice     deleted; kept (with --basis)\n  \
    subject-notification  sent; done; waived (with --basis); deferred (with --reason and --until)\n  \
    override-review       justified; partly, unjustified (with --basis); signed with --key\n  \
    emergency-review      the same, of what passed in an emergency while the log had no witnesses\n  \
    breach-procedure      reported, not-reported (with --basis); within 72 hours (AVG 33)\n  \
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
    /// The privacy officer's own private key (JWK, Ed25519), with which she signs her verdict on an override or an emergency.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
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
            Step::Answer(answer) => answer.give(outside).await,
            Step::Overdue { by } => {
                let overdue = by.desk(outside).await?.overdue_notices(MOST).await?;
                let overdue = overdue.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
                list(&overdue, "nothing is overdue");
                Ok(())
            }
        }
    }
}

impl Answer {
    async fn give(self, outside: Outside) -> Result<(), Failure> {
        let (kit, client) = self.kit.client(&outside)?;
        let target = format!("/v1/notices/{}", path_segment(&self.id)?);
        let signed = match &self.key {
            Some(key) => Some(self.sign(&kit, &client.read(&target).await?, key, outside)?),
            None => None,
        };
        let Self { code, by, basis, reason, until, .. } = self;
        let body = json!({"answer": code, "by": by, "basis": basis, "reason": reason, "until": until, "signed": signed});
        show(&client.post(&format!("{target}/answers"), body.to_string().as_bytes(), None).await?)
    }

    /// The privacy officer's own signature under her verdict.
    fn sign(&self, kit: &Kit, task: &Value, key: &Path, outside: Outside) -> Result<OwnSignature, Failure> {
        let code = serde_json::from_value(json!(self.code)).map_err(|_| Failure::usage(format!("{}: no answer", self.code)))?;
        let id = task["about"].as_str().unwrap_or_default();
        let of = serde_json::from_value(task["kind"].clone()).map_err(Failure::usage)?;
        let to = kit.addressed().map_err(Failure::usage)?;
        let verdict = Verdict { to, of, notice: &self.id, id, answer: code, basis: self.basis.as_deref() };
        let hand = hand(&self.by, key, outside)?;
        let signed = hand.sign(|step| verdict.statement(&step.professional, step.signed_at)).map_err(Failure::usage)?;
        Ok(OwnSignature { signed_at: signed.signed_at, signature: signed.signature })
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
