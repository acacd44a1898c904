//! `sluis consent`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::operator::{By, instant};
use super::output::{EXIT_CODES, Failure, finish};
use super::{input, say};
use crate::app::gateway::Outside;
use crate::client::{Client, Kit, Whom, consent_form, plain};
use crate::clock::Timestamp;
use crate::subject::{Bsn, SubjectId};

const ABOUT: &str = "Only a source records consents, and only for its own data.\n\nExample:\n  sluis consent record --template > consent.toml     # then fill it in\n  \
    sluis consent record --kit demo/kit/mental-health --person P22 --form consent.toml\n  sluis consent withdraw ID --kit demo/kit/mental-health --by pro-1\n\n\
    The form is TOML, as the template, or the JSON of `POST /v1/consents` (`sluis openapi`: ConsentRecording).\n\nA consent that follows a refusal or a withdrawal \
    opens nothing by itself: put the id of the earlier one in the form as `supersedes`, and have it given after that no. The answer names what still \
    speaks in its place as `overruledBy`.";

/// The consents of a source.
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
pub(super) struct Consent {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Record that consent was requested, given or refused.
    Record(Record),
    /// One consent with its events. Looking is logged.
    Show {
        #[command(flatten)]
        one: One,
    },
    /// The consents that you recorded, oldest first. Looking is logged.
    List {
        #[command(flatten)]
        kit: KitFolder,
        /// Those behind this one.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// The consents about a person that you recorded. Looking is logged.
    About(About),
    /// From now on nothing rests on it; whoever received something on it gets a notice.
    Withdraw(End),
    /// A consent that was requested is refused.
    Refuse(End),
    /// It was never valid, such as one given under coercion.
    Invalidate(End),
    /// For the gateway's operators: declare lost what is recorded about a person when an alarm says that it cannot be read and no backup brings it
    /// back. Every consent about her ends, every override goes, and whoever received something gets a notice.
    Lost(Lost),
}

#[derive(Args)]
struct Lost {
    /// The table that the alarm names, such as consent.
    table: String,
    /// The row that it names.
    row: String,
    #[command(flatten)]
    by: By,
}

#[derive(Args)]
pub(super) struct KitFolder {
    /// Your organisation's folder in the integrator's kit.
    #[arg(long, value_name = "DIR")]
    kit: PathBuf,
}

#[derive(Args)]
struct One {
    #[command(flatten)]
    kit: KitFolder,
    /// The consent.
    id: String,
}

#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
struct Record {
    /// Print an empty form with an explanation of every member, and stop.
    #[arg(long, conflicts_with_all = ["kit", "form", "person", "idempotency_key"])]
    template: bool,
    /// Your organisation's folder in the integrator's kit.
    #[arg(long, value_name = "DIR", required_unless_present = "template")]
    kit: Option<PathBuf>,
    /// The filled form (TOML or JSON; `-`: standard input). Keep it where only you can read it, and remove it afterwards.
    #[arg(long, value_name = "FILE", required_unless_present = "template")]
    form: Option<PathBuf>,
    /// About a test person of the kit, such as `P07`: fills the form's `subject`.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// Makes a repeat of the same form the same consent: 16 to 64 of A-Za-z0-9._-
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

#[derive(Args)]
#[command(group = ArgGroup::new("whom").required(true).multiple(false).args(["person", "bsn_file"]))]
struct About {
    #[command(flatten)]
    kit: KitFolder,
    /// A test person of the kit.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// The person whose citizen number (BSN) stands in this file (`-`: standard input).
    #[arg(long, value_name = "FILE")]
    bsn_file: Option<PathBuf>,
    /// Who asks, for the log.
    #[arg(long, value_name = "REF")]
    by: String,
}

#[derive(Args)]
struct End {
    #[command(flatten)]
    one: One,
    /// The professional who records it.
    #[arg(long, value_name = "REF")]
    by: String,
    /// When it happened [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Timestamp>,
    /// Why. Name nobody.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl KitFolder {
    /// The kit itself.
    pub(super) fn open(&self) -> Result<Kit, Failure> {
        Kit::open(&self.kit).map_err(Failure::usage)
    }

    /// The client of the organisation.
    pub(super) fn client(&self, outside: &Outside) -> Result<(Kit, Client), Failure> {
        let kit = self.open()?;
        let client = Client::new(&kit, Arc::clone(&outside.clock), Arc::clone(&outside.entropy)).map_err(Failure::usage)?;
        Ok((kit, client))
    }
}

impl Consent {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(self.take(outside).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::Record(record) => record.send(&outside).await,
            Step::Show { one } => {
                let (_, client) = one.kit.client(&outside)?;
                show(&client.read(&format!("/v1/consents/{}", path_segment(&one.id)?)).await?)
            }
            Step::List { kit, after } => {
                let (_, client) = kit.client(&outside)?;
                let query = after.map(|id| path_segment(&id).map(|id| format!("?after={id}"))).transpose()?;
                list(&client.read(&format!("/v1/consents{}", query.unwrap_or_default())).await?);
                Ok(())
            }
            Step::About(about) => about.ask(&outside).await,
            Step::Withdraw(end) => end.send(&outside, "withdrawals").await,
            Step::Refuse(end) => end.send(&outside, "refusals").await,
            Step::Invalidate(end) => end.send(&outside, "invalidations").await,
            Step::Lost(lost) => {
                let done = lost.by.desk(outside).await?.declare_lost(&lost.table, &lost.row).await?;
                let (consents, overrides, notices) = (done.consents, done.overrides, done.notices);
                say(&format!(
                    "declared lost: {consents} consent(s) ended, {overrides} override(s) gone, {notices} notice(s) given\n  do: have the sources record anew what holds"
                ));
                Ok(())
            }
        }
    }
}

impl Record {
    async fn send(self, outside: &Outside) -> Result<(), Failure> {
        let (Some(kit), Some(form)) = (self.kit, self.form) else {
            say(consent_form::TEMPLATE.trim_end());
            return Ok(());
        };
        let (kit, client) = KitFolder { kit }.client(outside)?;
        let subject = self.person.as_deref().map(|id| kit.person(id)).transpose().map_err(Failure::usage)?;
        let body = body(&form, &kit, subject)?;
        show(&client.post("/v1/consents", &body, self.idempotency_key.as_deref()).await?)
    }
}

/// The form's content as the body; about `subject`, if that is given, in the place of whom the form names.
fn body(form: &Path, kit: &Kit, subject: Option<SubjectId>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let content = input::bytes(form)?;
    let without_bsn = subject.as_ref().is_some_and(|subject| !matches!(subject, SubjectId::Bsn(_)));
    let subject = subject.map(|subject| Whom::Identifier(subject).json());
    let wrong = |reason: String| Failure::usage(format!("{}: {reason}", form.display()));
    let is_json = content.trim_ascii_start().starts_with(b"{");
    let mut members = match (is_json, subject) {
        // As it is: what the gateway finds wrong in it, it tells of what it was sent.
        (true, None) => return Ok(content),
        (true, Some(subject)) => {
            let not_json = |error: serde_json::Error| wrong(format!("not a JSON object (line {})", error.line()));
            let mut members: Map<String, Value> = serde_json::from_slice(&content).map_err(not_json)?;
            members.insert("subject".to_owned(), subject);
            members
        }
        (false, subject) => {
            let text = std::str::from_utf8(&content).map_err(|_| wrong("not UTF-8 text".to_owned()))?;
            consent_form::read(text, &kit.organisation.oin, subject).map_err(|error| wrong(error.to_string()))?
        }
    };
    if without_bsn {
        members.insert("withoutBsn".to_owned(), Value::Bool(true));
    }
    Ok(Zeroizing::new(Value::Object(members).to_string().into_bytes()))
}

impl About {
    async fn ask(self, outside: &Outside) -> Result<(), Failure> {
        let (kit, client) = self.kit.client(outside)?;
        let subject = match (&self.person, &self.bsn_file) {
            (Some(id), _) => kit.person(id).map_err(Failure::usage)?,
            (None, file) => bsn(file.as_deref().unwrap_or(Path::new("-")))?,
        };
        let body = json!({"subject": Whom::Identifier(subject).json(), "by": self.by});
        let body = Zeroizing::new(body.to_string().into_bytes());
        list(&client.post("/v1/consent-queries", &body, None).await?);
        Ok(())
    }
}

impl End {
    async fn send(self, outside: &Outside, event: &str) -> Result<(), Failure> {
        let (_, client) = self.one.kit.client(outside)?;
        let at = self.at.unwrap_or_else(|| outside.clock.now());
        let body = json!({"at": at, "recordedBy": self.by, "reason": self.reason}).to_string();
        let target = format!("/v1/consents/{}/{event}", path_segment(&self.one.id)?);
        show(&client.post(&target, body.as_bytes(), None).await?)
    }
}

fn bsn(file: &Path) -> Result<SubjectId, Failure> {
    let bsn: Bsn = input::text(file)?.parse().map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    Ok(SubjectId::Bsn(bsn))
}

/// An id as it may stand in an address: nothing else, least of all somebody's number.
pub(super) fn path_segment(id: &str) -> Result<String, Failure> {
    let parsed = id.parse::<uuid::Uuid>().map(|id| id.to_string());
    parsed.map_err(|_| Failure::usage("the id is a UUID, as `list` prints it"))
}

/// The whole answer as JSON, without what a terminal would obey.
pub(super) fn show(answer: &Value) -> Result<(), Failure> {
    say(&serde_json::to_string_pretty(answer).map_err(Failure::usage)?);
    Ok(())
}

fn list(answer: &Value) {
    let consents = answer["consents"].as_array().map(Vec::as_slice).unwrap_or_default();
    if consents.is_empty() {
        say("there are no consents");
    }
    let text = |value: &Value| plain(value.as_str().unwrap_or("-"));
    let all = |value: &Value| {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    for one in consents {
        let held = one["hold"].as_str().map(|hold| format!(" (held: {})", plain(hold))).unwrap_or_default();
        let (id, state, until) = (text(&one["id"]), text(&one["state"]), text(&one["notAfter"]));
        let (to, purposes, categories) = (all(&one["recipients"]), all(&one["purposes"]), all(&one["categories"]));
        say(&format!("{id}  {state:11}{held}  {purposes} to {to}: {categories}; until {until}"));
    }
    if answer["more"] == true {
        say("there are more: --after the last id");
    }
}
