//! `sluis log verify reconcile`

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CODES, LogKey, receipts, told, witnessed};
use crate::cli::output::{DIVERGED, Failure};
use crate::cli::progress::Progress;
use crate::cli::{input, say};
use crate::client::{Awaited, Kit, Reconciliation, Side, Sides, StorePlace};
use crate::organisation::Oin;

const ABOUT: &str = "Verifies the log as a whole, and holds against its entries what sources and recipients hold themselves: each receipt must be of the entry at its \
    place. What the log has and they do not is listed; that may be lawful, as an answer that nobody picked up yet, or a receipt that is still under \
    way. An organisation that handed over nothing is not counted.";

/// The longest line of a connector's list that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What the organisations hold, against the entries.
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{CODES}"))]
pub(super) struct Reconcile {
    #[command(flatten)]
    log: LogKey,
    /// The gateway's store: the SQLite file, or the URL of the PostgreSQL database.
    #[arg(long, value_name = "STORE")]
    store: StorePlace,
    /// A folder with a recipient's receipts (*.tlog-proof) and statements (*.statement.json). May be given more than once.
    #[arg(long, value_name = "DIR")]
    receipts: Vec<PathBuf>,
    /// What a source's connector printed (`sluis connector receipts --json`). May be given more than once.
    #[arg(long, value_name = "FILE")]
    source_receipts: Vec<PathBuf>,
    /// What may lawfully be missing is not accepted either.
    #[arg(long)]
    strict: bool,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// A line of what a connector prints.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Source { source: Oin, receipts: u64 },
    Receipt { disclosure: String, leaf: String, proof: String },
}

impl Reconcile {
    pub(super) async fn run(&self) -> Result<(), Failure> {
        let against = self.log.against()?;
        let is_asked = against.policy.is_some();
        let mut progress = Progress::new("verifying");
        let opened = Sides::open(against, &self.store, |done, all| progress.at(done, all)).await;
        drop(progress);
        let (mut sides, verified) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                if self.json {
                    say(&told(&Err(&error)).to_string());
                }
                return Err(error.into());
            }
        };
        for folder in &self.receipts {
            recipient(&mut sides, folder).await?;
        }
        for file in &self.source_receipts {
            source(&mut sides, file).await?;
        }
        let mut progress = Progress::new("counting");
        let found = sides.count(|done, all| progress.at(done, all)).await?;
        drop(progress);
        let diverged = !found.surplus.is_empty() || (self.strict && !found.absent.is_empty());
        if self.json {
            say(&as_json(told(&Ok(&verified)), &found, diverged).to_string());
        } else {
            tell(&found);
        }
        if !found.surplus.is_empty() {
            return Err(Failure::new(
                DIVERGED,
                "organisations hold what the log has not: it was changed, or put back to an earlier day",
            ));
        }
        if diverged {
            return Err(Failure::new(DIVERGED, "the log has what organisations do not hold (--strict)"));
        }
        witnessed(&verified, is_asked, self.json)
    }
}

/// Takes in a recipient's folder.
async fn recipient(sides: &mut Sides, folder: &Path) -> Result<(), Failure> {
    // In a kit it is known whose folder it is, though it may be empty.
    if let Some(Ok(kit)) = folder.parent().map(Kit::open) {
        sides.hands_over(Side::Recipient, &kit.organisation.oin);
    }
    let (files, mut progress) = (receipts(folder)?, Progress::new("taking in receipts"));
    for (done, file) in (1..).zip(&files) {
        let statement = file.with_extension("statement.json");
        let statement = if statement.exists() { Some(input::text(&statement)?) } else { None };
        let receipt = input::text(file)?;
        sides.recipient(&file.display().to_string(), &receipt, statement.as_ref().map(|text| text.as_str())).await?;
        progress.at(done, u64::try_from(files.len()).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// Takes in what a source's connector printed, line by line.
async fn source(sides: &mut Sides, file: &Path) -> Result<(), Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", file.display()));
    let mut reader = BufReader::new(File::open(file).map_err(|error| wrong(&error))?);
    let (mut of, mut left, mut number) = (None, 0_u64, 0_u64);
    let mut progress = Progress::new("taking in receipts");
    loop {
        let mut line = String::new();
        let read = reader.by_ref().take(LONGEST).read_line(&mut line).map_err(|error| wrong(&error))?;
        if read == 0 {
            break;
        }
        number = number.saturating_add(1);
        // Only the place is told, never the words.
        let parsed = serde_json::from_str(&line)
            .map_err(|_| wrong(&format!("line {number} is none of `sluis connector receipts --json`")))?;
        match (parsed, &of) {
            (Line::Source { source, receipts }, None) => {
                sides.hands_over(Side::Source, &source);
                (of, left) = (Some(source), receipts);
            }
            (Line::Receipt { disclosure, leaf, proof }, Some(source)) if left > 0 => {
                left = left.saturating_sub(1);
                sides.source(source, &format!("disclosure {disclosure}"), &leaf, &proof).await?;
                let done = number.saturating_sub(1);
                progress.at(done, done.saturating_add(left));
            }
            _ => {
                return Err(wrong(&format!(
                    "line {number} does not belong there: the source comes first, then as many receipts as it says"
                )));
            }
        }
    }
    if of.is_none() || left > 0 {
        return Err(wrong(&format!("it was cut off: {left} receipts are missing")));
    }
    Ok(())
}

fn tell(found: &Reconciliation) {
    let shown = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    say(&format!(
        "{:<22}{:<22}{:>14}{:>14}{:>16}{:>10}",
        "source", "recipient", "in the log", "with source", "with recipient", "neither"
    ));
    for ((source, recipient), pair) in &found.pairs {
        let (with_source, with_recipient) = (shown(pair.with_source), shown(pair.with_recipient));
        let (all, neither) = (pair.contributions, pair.with_neither);
        say(&format!("{source:<22}{recipient:<22}{all:>14}{with_source:>14}{with_recipient:>16}{neither:>10}"));
    }
    say(&format!("\n{:<22}{:>14}{:>14}{:>14}{:>14}", "recipient", "disclosures", "receipts", "undelivered", "given again"));
    for (recipient, count) in &found.recipients {
        let held = shown(count.held);
        let (all, undelivered, again) = (count.disclosures, count.undelivered, count.redelivered);
        say(&format!("{recipient:<22}{all:>14}{held:>14}{undelivered:>14}{again:>14}"));
    }
    for absent in &found.absent {
        let from = absent.source.as_ref().map(|source| format!(" of {source}")).unwrap_or_default();
        let to = absent.recipient.as_ref().map(|recipient| format!(" to {recipient}")).unwrap_or_default();
        say(&format!("entry {}: {}{from}{to}: {}", absent.index, absent.kind, explained(absent.awaited)));
    }
    for surplus in &found.surplus {
        let holder = surplus.holder.as_ref().map_or("somebody", Oin::as_str);
        say(&format!("not in the log: {holder} holds {}: {}", surplus.name, surplus.why));
    }
}

const fn explained(awaited: Awaited) -> &'static str {
    match awaited {
        Awaited::PickUp => "the recipient holds no receipt: not picked up yet, or not kept",
        Awaited::Receipt => "the source holds no receipt: not sent yet, or not kept",
        Awaited::Nobody => "neither side holds a receipt",
    }
}

fn as_json(mut verified: Value, found: &Reconciliation, diverged: bool) -> Value {
    let pairs = found.pairs.iter().map(|((source, recipient), pair)| {
        json!({"source": source, "recipient": recipient, "contributions": pair.contributions, "withSource": pair.with_source,
            "withRecipient": pair.with_recipient, "withNeither": pair.with_neither})
    });
    let recipients = found.recipients.iter().map(|(recipient, count)| {
        json!({"recipient": recipient, "disclosures": count.disclosures, "receipts": count.held, "undelivered": count.undelivered,
            "redelivered": count.redelivered})
    });
    let absent = found.absent.iter().map(|absent| {
        json!({"entry": absent.index, "kind": absent.kind.code(), "source": absent.source, "recipient": absent.recipient,
            "why": explained(absent.awaited)})
    });
    let surplus = found.surplus.iter().map(|surplus| json!({"holder": surplus.holder, "name": surplus.name, "why": surplus.why}));
    let lists = [
        ("pairs", pairs.collect()),
        ("recipients", recipients.collect()),
        ("notHeld", absent.collect()),
        ("notInLog", surplus.collect()),
    ];
    if let Some(object) = verified.as_object_mut() {
        object.extend(lists.into_iter().map(|(name, list): (_, Vec<Value>)| (name.to_owned(), list.into())));
        if diverged {
            object.insert("verdict".to_owned(), "diverged".into());
        }
    }
    verified
}
