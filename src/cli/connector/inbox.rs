//! `sluis connector inbox`

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::super::output::Failure;
use super::super::say;
use super::local::{By, Token, text_or_file};
use crate::app::gateway::Outside;
use crate::catalogue::Category;
use crate::client::plain;
use crate::connector::config::Config;
use crate::connector::delivery::Delivery;
use crate::connector::inbox::{Content, Edit, InboxRow, Part, Shown};
use crate::connector::local_api::{LocalClient, LocalError, drafts};
use crate::organisation::Oin;
use crate::source::ItemFacts;

/// How long an answer of the gateway is waited for: somewhat longer than the connector does.
const ANSWERED: Duration = Duration::from_secs(15);

const EXAMPLE: &str = "Example:\n  sluis connector inbox release ID --config connector.toml --token local-token --by pro-1 --key pro-1.jwk \\\n    \
    --text /incidents/0/summary=@summary.txt\n\n\
    A summary leaves only by a release. One that tells who the subject or a known person of the household is (name, date of birth), where they \
    live or how they are reached, or that holds a citizen number (BSN), is blocked: write roles and letters instead. The recipient never learns of a refusal.\n\n    \
    `release` says what became of it: sent (0), waiting, with the reason (0; the connector tries again by itself), or refused by the gateway for good (1).";

/// Summaries that wait for a professional.
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Inbox {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// All entries, oldest first, without their texts.
    List {
        #[command(flatten)]
        token: Token,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// One entry: who asks, why, and the draft. The number of the person it is about is not printed.
    Show {
        /// The entry.
        #[arg(allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        token: Token,
    },
    /// Release a summary, as drafted or in your own words, and say what became of it at the gateway.
    Release {
        /// The entry.
        #[arg(allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        token: Token,
        #[command(flatten)]
        by: By,
        /// A text in your words: the place as `show` prints it (`PART:` before it where there are several parts), then the text, or `@FILE`
        /// with the text. Others on this machine can see the arguments of a program: prefer a file. An empty text takes the draft out.
        #[arg(long, value_name = "FIELD=TEXT")]
        text: Vec<String>,
    },
    /// Refuse a summary: to the recipient it looks like nothing is there.
    Refuse {
        /// The entry.
        #[arg(allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        token: Token,
        #[command(flatten)]
        by: By,
        /// Why, for your own organisation's log; `@FILE` for a text in a file.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

impl Inbox {
    pub(super) async fn run(self, config: &Config, outside: Outside) -> Result<(), Failure> {
        match self.step {
            Step::List { token, json } => list(&token.client(config)?, json).await,
            Step::Show { id, token } => {
                say(&describe(&token.client(config)?.entry(&id).await?));
                Ok(())
            }
            Step::Release { id, token, by, text } => {
                let edits = text.iter().map(|text| edit(text)).collect::<Result<Vec<_>, _>>()?;
                let client = token.client(config)?;
                let released = client.release(&id, &edits, &by.hand(outside)?).await?;
                say(&format!("{id}: signed; this goes to the gateway, which decides again:"));
                for data in &released {
                    say(&plain(&data.to_string()));
                }
                outcome(&id, client.settled(&id, ANSWERED).await)
            }
            Step::Refuse { id, token, by, reason } => {
                token.client(config)?.refuse(&id, &text_or_file(&reason)?, &by.hand(outside)?).await?;
                say(&format!("refused {id}"));
                Ok(())
            }
        }
    }
}

/// What became of a release: sent, waiting, or refused for good. It is signed and kept whatever is said here.
fn outcome(id: &str, settled: Result<InboxRow, LocalError>) -> Result<(), Failure> {
    let row = settled.map_err(|error| {
        Failure::from(error).after(&format!("{id}: signed and kept; what became of it, `sluis connector inbox show {id}` tells"))
    })?;
    let delivery = row.delivery.unwrap_or(Delivery::Underway);
    let told = plain(&delivery.to_string());
    match delivery {
        Delivery::Delivered { .. } => say(&format!("{id}: sent: {told}")),
        Delivery::Underway | Delivery::Delayed { .. } => say(&format!(
            "{id}: waits: {told}\n  do: nothing; the connector goes on until {}, and `sluis connector inbox list` tells how far it is",
            row.release_until
        )),
        Delivery::Refused { .. } => {
            return Err(Failure::refused(format!(
                "{id}: {told}\n  do: ask the gateway's operator what stands in the way; when it is gone, start the connector again, which sends this \
                 once more until {}",
                row.release_until
            )));
        }
        Delivery::TooLate => {
            return Err(Failure::refused(format!("{id}: {told}\n  do: nothing goes out any more; who asked can ask again")));
        }
    }
    Ok(())
}

async fn list(client: &LocalClient, json: bool) -> Result<(), Failure> {
    let rows = client.inbox().await?;
    if json {
        say(&serde_json::to_string_pretty(&rows).map_err(Failure::usage)?);
        return Ok(());
    }
    if rows.is_empty() {
        say("the inbox is empty");
    }
    for row in rows {
        let until = row.release_until;
        say(&format!(
            "{}  {:8}  {} for {} to {}  until {until}",
            row.id,
            row.state.code(),
            row.category,
            row.purpose,
            row.recipient
        ));
        if let Some(delivery) = &row.delivery {
            say(&format!("    {}", plain(&delivery.to_string())));
        }
    }
    Ok(())
}

fn describe(shown: &Shown) -> String {
    let row = &shown.row;
    let mut text = format!(
        "entry        {}, {}\ndecision     {}\nrecipient    {}\npurpose      {}\ncategory     {}\nsince        {}\nuntil        {}",
        row.id,
        row.state.code(),
        row.decision,
        row.recipient,
        row.purpose,
        row.category,
        row.entered_at,
        row.release_until
    );
    if let Some(delivery) = &row.delivery {
        text.extend(["\ndelivery     ".to_owned(), plain(&delivery.to_string())]);
    }
    match &shown.content {
        Some(content) => text.push_str(&describe_content(content, row.category)),
        None => text.push_str("\n(decided: the draft is gone)"),
    }
    text
}

fn describe_content(content: &Content, category: Category) -> String {
    let mut text = format!(
        "\nabout        a person by {} (the number is not printed)\nasked by     {}{}\nbecause      {}\nlegal basis  {}",
        content.subject.scheme,
        plain(&content.actor),
        team(&content.attendees),
        plain(&content.necessity),
        content.legal_basis.join(", ")
    );
    let parts = content.parts.iter().enumerate().map(|(place, part)| describe_part(place, part, category));
    text.extend(parts);
    text
}

/// All of a team receive what one of them asks for.
fn team(attendees: &BTreeSet<Oin>) -> String {
    if attendees.is_empty() {
        return String::new();
    }
    let attendees: Vec<_> = attendees.iter().map(Oin::as_str).collect();
    format!("\nfor          an expertise team (MDA++) of {}", attendees.join(", "))
}

fn describe_part(place: usize, part: &Part, category: Category) -> String {
    let texts = drafts::texts(part, category).into_iter().map(|(pointer, draft)| {
        let draft = if draft.is_empty() { "(no draft)".to_owned() } else { plain(draft) };
        format!("\n  {place}:{pointer}\n    {draft}")
    });
    let texts = texts.collect::<Vec<_>>().concat();
    let (recorded_at, regime, data) = (plain(&part.recorded_at), plain(&part.regime), plain(&part.data.to_string()));
    let facts = facts(&part.facts);
    format!("\n\npart {place}: recorded {recorded_at}, {regime}\n  decided by: {facts}{texts}\n  as it would be given: {data}")
}

/// The facts by which the gateway decides on a part once more; the professional will be who releases.
fn facts(facts: &ItemFacts) -> String {
    let stated = serde_json::to_value(facts).ok();
    let stated = stated.as_ref().and_then(Value::as_object).into_iter().flatten().filter(|(name, _)| *name != "professional");
    let stated = stated.filter_map(|(name, value)| match value {
        Value::Null => None,
        Value::Bool(yes) => Some(format!("{name} {}", if *yes { "yes" } else { "no" })),
        Value::String(text) => Some(format!("{name} {}", plain(text))),
        other => Some(format!("{name} {other}")),
    });
    stated.chain(["professional: who releases".to_owned()]).collect::<Vec<_>>().join(", ")
}

/// `[PART:]POINTER=TEXT`.
fn edit(given: &str) -> Result<Edit, Failure> {
    let wrong =
        || Failure::usage("--text: expected FIELD=TEXT, with FIELD as `inbox show` prints it, such as 0:/incidents/0/summary");
    let (field, text) = given.split_once('=').ok_or_else(wrong)?;
    let (part, field) = match field.split_once(':') {
        Some((part, field)) => (part.parse().map_err(|_| wrong())?, field),
        None => (0, field),
    };
    if !field.starts_with('/') {
        return Err(wrong());
    }
    Ok(Edit { part, field: field.to_owned(), text: text_or_file(text)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::connector::inbox::InboxState;

    fn released(delivery: Option<Delivery>) -> InboxRow {
        let at = Timestamp::from_seconds(1_000_000_000);
        InboxRow {
            id: "e1".to_owned(),
            answer: String::new(),
            decision: String::new(),
            category: Category::IncidentReports,
            purpose: String::new(),
            recipient: String::new(),
            state: InboxState::Released,
            entered_at: at,
            release_until: at,
            delivery,
        }
    }

    /// Only what the gateway will not take any more is a failure, and one of a connector that went away says that the release is kept.
    #[test]
    fn what_became_of_a_release_is_told_by_its_exit_code() {
        let at = Timestamp::from_seconds(1_000_000_000);
        let told = |delivery| outcome("e1", Ok(released(delivery))).map_err(|failure| failure.to_string());
        let delayed = Delivery::Delayed { attempts: 1, reason: "503".to_owned(), again_at: at };
        for fine in [None, Some(Delivery::Underway), Some(delayed), Some(Delivery::Delivered { at })] {
            assert_eq!(told(fine), Ok(()));
        }
        let refused = told(Some(Delivery::Refused { at, reason: "403 not-permitted".to_owned() })).unwrap_err();
        assert!(refused.contains("403 not-permitted") && refused.contains("do: ask"), "{refused}");
        assert!(told(Some(Delivery::TooLate)).unwrap_err().contains("its time has passed"));
        let gone = outcome("e1", Err(LocalError::Unreached(([127, 0, 0, 1], 1).into(), "gone".to_owned()))).unwrap_err();
        assert!(gone.to_string().starts_with("e1: signed and kept"), "{gone}");
    }

    #[test]
    fn a_text_names_part_and_field() {
        let edit = edit("1:/a/0/summary=x = y: z").unwrap();
        assert_eq!((edit.part, edit.field.as_str(), edit.text.as_str()), (1, "/a/0/summary", "x = y: z"));
        assert_eq!(super::edit("/summary=").unwrap().part, 0);
        for wrong in ["summary=x", "/summary", "x:/summary=y", ":/summary=y", "-1:/summary=y"] {
            assert!(super::edit(wrong).is_err(), "{wrong}");
        }
    }
}
