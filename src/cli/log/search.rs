//! `sluis log search` and `sluis log open`

use clap::Args;
use serde_json::{Value, json};

use super::filter::Filter;
use super::officer::Officer;
use crate::app::gateway::Outside;
use crate::cli::output::{EXIT_CODES, Failure, REFUSED, remark};
use crate::cli::say;
use crate::client::plain;

const EXAMPLE: &str = "Example:\n  sluis log search --kit demo/kit/police --by fg-1 --key fg.jwk --person P22 --kind contribution\n  \
    sluis log open --kit demo/kit/police --by fg-1 --key fg.jwk 17 23\n\n\
    You see your own organisation's entries. Each page and each opening is an entry of the log itself, with your signature.";

/// Search your organisation's side of the log, as its privacy officer (FG).
#[derive(Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_CODES}"))]
pub(super) struct Search {
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    filter: Filter,
    /// How many lines a page has, at most 200.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on behind the page that ended in this cursor, with the same filter.
    #[arg(long, value_name = "TEXT")]
    cursor: Option<String>,
    /// Every page, one after the other.
    #[arg(long)]
    all: bool,
    /// Print the answers as JSON, one page a line.
    #[arg(long)]
    json: bool,
}

/// Open entries of your organisation's side of the log, as its privacy officer (FG).
#[derive(Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_CODES}"))]
pub(super) struct Open {
    #[command(flatten)]
    officer: Officer,
    /// The entries, by the indexes that `sluis log search` prints.
    #[arg(required = true, num_args = 1..=50, value_name = "INDEX")]
    indexes: Vec<u64>,
    /// Print the answer as it came.
    #[arg(long)]
    json: bool,
}

impl Search {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let filter = self.filter.wire(&self.officer.kit()?)?;
        let mut cursor = self.cursor.clone();
        loop {
            let mut request = json!({"filter": filter, "limit": self.limit});
            if let (Some(cursor), Some(members)) = (&cursor, request.as_object_mut()) {
                members.insert("cursor".to_owned(), json!(cursor));
            }
            let page = &self.officer.ask(outside.clone(), "queries", &request).await?;
            self.show(page);
            cursor = page["cursor"].as_str().map(str::to_owned);
            match (&cursor, self.all) {
                (Some(_), true) => {}
                (Some(cursor), false) => {
                    remark(&format!("there are more: give --cursor {}, or --all", plain(cursor)));
                    return Ok(());
                }
                (None, _) => return Ok(()),
            }
        }
    }

    fn show(&self, page: &Value) {
        if self.json {
            return say(&page.to_string());
        }
        let lines = page["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
        if lines.is_empty() {
            say("no entries found");
        }
        for line in lines {
            say(&summary(line));
        }
    }
}

impl Open {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let answer = &self.officer.ask(outside, "openings", &json!({"indexes": self.indexes})).await?;
        if self.json {
            say(&answer.to_string());
            return Ok(());
        }
        for line in answer["lines"].as_array().into_iter().flatten() {
            say(&summary(line));
            told(&line["body"], 1);
        }
        let is_empty = answer["lines"].as_array().is_none_or(Vec::is_empty);
        let missing = answer["notFound"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !missing.is_empty() {
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let told = format!("your organisation has no entry {}", missing.join(", "));
            if is_empty {
                return Err(Failure::new(REFUSED, told));
            }
            remark(&told);
        }
        Ok(())
    }
}

/// One entry on one line.
fn summary(line: &Value) -> String {
    let text = |member: &str| plain(line[member].as_str().unwrap_or("-"));
    let categories: Vec<String> =
        line["categories"].as_array().into_iter().flatten().map(|category| plain(category.as_str().unwrap_or("-"))).collect();
    let marks = [("overridden", "OVERRIDE"), ("embargoed", "EMBARGO"), ("erased", "ERASED")];
    let marks: Vec<&str> = marks.into_iter().filter(|(member, _)| line[member] == true).map(|(_, mark)| mark).collect();
    let between = format!("{} -> {}", text("source"), text("recipient"));
    format!(
        "{:>8}  {}  {:20}  {:8}  {between}  {}  {}  {}",
        line["index"],
        text("time"),
        text("kind"),
        text("outcome"),
        text("purpose"),
        categories.join(","),
        marks.join(" ")
    )
}

/// What an opened entry says: every member on a line, what belongs together further in.
fn told(value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let word = |value: &Value| value.as_str().map_or_else(|| plain(&value.to_string()), plain);
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = plain(name);
                if value.is_object() || value.as_array().is_some_and(|items| items.iter().any(|item| !item.is_string())) {
                    say(&format!("{indent}{name}"));
                    told(value, depth.saturating_add(1));
                } else if let Some(items) = value.as_array() {
                    say(&format!("{indent}{name}: {}", items.iter().map(word).collect::<Vec<_>>().join(", ")));
                } else {
                    say(&format!("{indent}{name}: {}", word(value)));
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                say(&format!("{indent}{}", place.saturating_add(1)));
                told(item, depth.saturating_add(1));
            }
        }
        Value::Null => {}
        other => say(&format!("{indent}{}", word(other))),
    }
}
