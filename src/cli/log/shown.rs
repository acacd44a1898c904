//! `sluis log overview` and `sluis log report`

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::officer::Officer;
use super::subject::{SUBJECT, Subject};
use crate::actions::log::report::Report;
use crate::app::gateway::Outside;
use crate::cli::output::{EXIT_CODES, Failure, UNVERIFIED, say};
use crate::client::plain;
use crate::clock::Day;
use crate::policy::Language;

const OVERVIEW: &str = "Example:\n  sluis log overview subject --kit demo/kit/police --by fg-1 --key fg.jwk --person P22\n\n\
    subject: name the person; day: --from and --until; employee: --actor; dossier: --case. It is an entry of the log, with your signature.";
const REPORT: &str = "Example:\n  sluis log report --kit demo/kit/police --by fg-1 --key fg.jwk --person P22 --language en\n\n\
    Read it before you send it: it goes to the person. It is an entry of the log, with your signature.";

#[derive(Clone, Copy, ValueEnum)]
enum View {
    Subject,
    Day,
    Employee,
    Dossier,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    Nl,
    En,
}

/// An overview of your organisation's side of the log (NEN 7513), as its privacy officer (FG).
#[derive(Args)]
#[command(after_help = format!("{OVERVIEW}\n\n{EXIT_CODES}"))]
pub(super) struct Overview {
    /// Of whom or what.
    view: View,
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    filter: Filter,
    /// Print the answer as it came.
    #[arg(long)]
    json: bool,
}

/// What a data subject is told of your organisation's side of the log, as its privacy officer (FG).
#[derive(Args)]
#[command(after_help = format!("{REPORT}\n\n{EXIT_CODES}"), group = ArgGroup::new("about").required(true).args(SUBJECT))]
pub(super) struct Telling {
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    subject: Subject,
    /// The first day of the report, of the Dutch calendar.
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,
    /// The last day of the report; it belongs to the period.
    #[arg(long, value_name = "DAY")]
    until: Option<Day>,
    /// The language of the report.
    #[arg(long, value_enum, default_value_t = Tongue::Nl)]
    language: Tongue,
    /// Print the answer as it came.
    #[arg(long)]
    json: bool,
}

impl Overview {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let filter = self.filter.wire(&self.officer.kit()?)?;
        let view = match self.view {
            View::Subject => "subject",
            View::Day => "day",
            View::Employee => "employee",
            View::Dossier => "dossier",
        };
        let answer = &self.officer.ask(outside, "overviews", &json!({"view": view, "filter": filter})).await?;
        if self.json {
            say(&answer.to_string());
            return Ok(());
        }
        let lines = answer["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
        if lines.is_empty() {
            say("no entries found");
        }
        for line in lines {
            say(&summary(line));
        }
        Ok(())
    }
}

fn summary(line: &Value) -> String {
    let text = |member: &str| plain(line[member].as_str().unwrap_or("-"));
    let list = |member: &str| {
        let items = line[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        plain(&items.collect::<Vec<_>>().join(","))
    };
    let names = |member: &str| {
        plain(&line[member].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(","))
    };
    let held_back = if line["heldBack"] == true { "  HELD BACK" } else { "" };
    format!(
        "{}  {} x {}  {} {} ({})  {}\n  with {}  asked {}  given {}\n  protocol {}  consents {}  overrides {}  {}{held_back}",
        text("day"),
        line["count"],
        text("action"),
        text("organisation"),
        text("actor"),
        list("roles"),
        text("purpose"),
        list("others"),
        list("categories"),
        names("given"),
        names("protocols"),
        list("consents"),
        list("overrides"),
        list("outcomes"),
    )
}

impl Telling {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let members = [
            ("subject", self.subject.wire(&self.officer.kit()?)?),
            ("from", self.from.map(|day| json!(day))),
            ("until", self.until.map(|day| json!(day))),
        ];
        let filter: Map<String, Value> =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let (code, language) = match self.language {
            Tongue::Nl => ("nl", Language::Nl),
            Tongue::En => ("en", Language::En),
        };
        let answer = self.officer.ask(outside, "subject-reports", &json!({"language": code, "filter": filter})).await?;
        if self.json {
            say(&answer.to_string());
            return Ok(());
        }
        let report: Report =
            serde_json::from_value(answer).map_err(|error| Failure::new(UNVERIFIED, format!("the report: {error}")))?;
        say(&report.text(language).lines().map(plain).collect::<Vec<_>>().join("\n"));
        Ok(())
    }
}
