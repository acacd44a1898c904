//! `sluis log verify receipt`

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{CODES, LogKey, UNASKED, verdict};
use crate::cli::output::{Failure, UNWITNESSED};
use crate::cli::say;
use crate::cli::verify::{About, tell, text_of, unproved, unwitnessed};
use crate::client::StorePlace;
use crate::ledger::receipt::{Examination, Proven, Trust, examine};
use crate::organisation::Oin;

const ABOUT: &str = "With --sealed and --request the receipt is held against the very messages; with --statement, kept when the receipt came, it shows that an \
    entry with these digests is in the log. With --store also the log at hand must have that entry at its place, and continue the log whose head \
    stands in the receipt.";

/// One receipt.
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{CODES}"))]
pub(super) struct Receipt {
    #[command(flatten)]
    log: LogKey,
    /// The receipt (C2SP tlog-proof).
    #[arg(value_name = "FILE")]
    proof: PathBuf,
    #[command(flatten)]
    about: About,
    /// Whose receipt it is, where no kit says so: an OIN.
    #[arg(long, value_name = "OIN", conflicts_with = "kit")]
    party: Option<Oin>,
    /// The gateway's store, as it is now: the SQLite file, or the URL of the PostgreSQL database.
    #[arg(long, value_name = "STORE")]
    store: Option<StorePlace>,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

impl Receipt {
    pub(super) async fn verify(&self) -> Result<(), Failure> {
        let against = self.log.against()?;
        let party = self.log.party()?.or_else(|| self.party.clone());
        let (text, statement) = (text_of(&self.proof)?, self.about.statement(party.as_ref())?);
        let examined = examine(&text, &statement, Trust { log: &against.log, policy: against.policy.as_ref() });
        if !self.json {
            tell(&examined.checks);
        }
        let mut failure = match &examined.outcome {
            Ok(_) if against.policy.is_some() => None,
            Ok(_) => Some(unwitnessed(&UNASKED)),
            Err(error) => Some(unproved(error)),
        };
        let mut now = None;
        // What proves nothing is not looked for.
        if let (Some(store), None | Some(UNWITNESSED)) = (&self.store, failure.as_ref().map(Failure::code)) {
            match against.has(store, &text).await {
                Ok(size) => now = Some(size),
                Err(error) => failure = Some(error.into()),
            }
        }
        if self.json {
            let proven = Proven::of_receipt(&text, &against.log).ok();
            say(&told(&examined, proven.as_ref(), now, failure.as_ref()).to_string());
        } else {
            sum_up(now, failure.as_ref());
        }
        failure.map_or(Ok(()), Err)
    }
}

/// What stands below the checks.
fn sum_up(now: Option<u64>, failure: Option<&Failure>) {
    if let Some(now) = now {
        say(&format!("ok      store: the log at hand, of {now} entries, has the entry at its place and continues the receipt's"));
    }
    if matches!(failure.map(Failure::code), None | Some(UNWITNESSED)) {
        say("verified");
    }
}

/// Every check up to the first that failed, and what came of all.
fn told(examined: &Examination, proven: Option<&Proven>, now: Option<u64>, failure: Option<&Failure>) -> Value {
    let checks = examined.checks.iter();
    let checks: Vec<Value> =
        checks.map(|check| json!({"check": check.check.to_string(), "passed": check.passed, "detail": check.detail})).collect();
    let witnesses = examined.outcome.as_ref().ok();
    let witnesses = witnesses.map(|verified| verified.witnesses.iter().map(|(name, _)| name).collect::<Vec<_>>());
    json!({
        "verdict": verdict(failure),
        "checks": checks,
        "index": proven.map(|proven| proven.index),
        "size": proven.map(|proven| proven.size),
        "witnesses": witnesses,
        "logSize": now,
        "reason": failure.map(ToString::to_string),
    })
}
