//! `sluis verify`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::{Failure, UNVERIFIED, UNWITNESSED, finish};
use super::{input, say};
use crate::client::{Kept, Kit};
use crate::ledger::quorum::QuorumNotMet;
use crate::ledger::receipt::{CheckResult, ReceiptError};
use crate::ledger::statement::Statement;
use crate::organisation::Oin;

const ABOUT: &str = "With --sealed and --request the receipt is held against the very messages: it shows that this answer to this request is in \
    the log. With --statement, kept when the receipt came, it shows that an entry with these digests is in the log; the messages are not \
    needed then, and it goes on holding after the content of the log entry has been destroyed.\n\n\
    `sluis log verify receipt` is the same for who has no kit, and holds the receipt against the log at hand too.\n\n\
    Exit codes: 0 it proves it; 5 it does, and --witnessed was asked, and no quorum of witnesses cosigned; 3 it does not; 2 wrong usage.";

/// Verify what was kept.
#[derive(Args)]
pub(super) struct Verify {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Verify that a receipt proves a disclosure, check by check.
    Receipt(Given),
}

#[derive(Args)]
#[command(after_help = ABOUT)]
struct Given {
    /// Your organisation's folder in the integrator's kit: it says whose receipt this is, and holds the log's key.
    #[arg(long, value_name = "DIR")]
    kit: PathBuf,
    /// The receipt (C2SP tlog-proof).
    #[arg(long = "receipt", value_name = "FILE")]
    proof: PathBuf,
    #[command(flatten)]
    about: About,
    /// Ask also that a quorum of witnesses, by the kit's policy, has cosigned the head under the receipt. The receipt of a first answer is not
    /// cosigned yet: pick the disclosure up again, and keep that one.
    #[arg(long)]
    witnessed: bool,
}

/// What a receipt is held against.
#[derive(Args)]
pub(super) struct About {
    /// The compact JWE, as it was received.
    #[arg(long, value_name = "FILE")]
    sealed: Option<PathBuf>,
    /// The body of the request, as it was sent.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The statement that was kept with the receipt.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sealed", "request"])]
    statement: Option<PathBuf>,
}

impl Verify {
    pub(super) fn run(self) -> ExitCode {
        let What::Receipt(receipt) = self.what;
        finish(receipt.verify())
    }
}

impl Given {
    fn verify(&self) -> Result<(), Failure> {
        let kit = Kit::open(&self.kit).map_err(Failure::usage)?;
        let statement = self.about.statement(Some(&kit.organisation.oin))?;
        let examined = kit.examine_receipt(&text_of(&self.proof)?, &statement, self.witnessed).map_err(Failure::usage)?;
        tell(&examined.checks);
        let verified = examined.outcome.map_err(|error| unproved(&error))?;
        say(&format!("verified: entry {} of the log, whose size was {}", verified.index, verified.size));
        Ok(())
    }
}

impl About {
    /// The statement that a receipt of `party` must be about.
    pub(super) fn statement(&self, party: Option<&Oin>) -> Result<Statement, Failure> {
        let statement = match (&self.statement, &self.sealed, &self.request) {
            (Some(statement), ..) => Kept::Statement(&input::text(statement)?).statement(party),
            (None, Some(sealed), Some(request)) => {
                Kept::Messages { sealed: &input::text(sealed)?, request: &input::bytes(request)? }.statement(party)
            }
            _ => {
                return Err(Failure::usage(
                    "the receipt alone proves nothing: what it is about is missing\n  expected: --sealed FILE and --request FILE, the messages \
                     as they were received and sent; or --statement FILE, kept with the receipt",
                ));
            }
        };
        statement.map_err(Failure::usage)
    }
}

/// The text of a receipt in a file. It ends in one line break; a tool that cut it out of the answer may have added another.
pub(super) fn text_of(path: &Path) -> Result<String, Failure> {
    let bytes = input::bytes(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("format", &"not text"))?;
    Ok(format!("{}\n", text.trim_end_matches('\n')))
}

/// Says how each check went.
pub(super) fn tell(checks: &[CheckResult]) {
    for check in checks {
        let verdict = if check.passed { "ok    " } else { "FAILED" };
        say(&format!("{verdict}  {}: {}", check.check, check.detail));
    }
}

/// The receipt does not stand.
pub(super) fn unproved(error: &ReceiptError) -> Failure {
    match error {
        ReceiptError::Witnesses(QuorumNotMet::TooFew { .. }) => unwitnessed(error),
        error => failed(&error.check().to_string(), error),
    }
}

/// All holds, and no quorum vouches for the head.
pub(super) fn unwitnessed(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(UNWITNESSED, format!("unwitnessed: {why}"))
}

fn failed(check: &str, reason: &dyn std::fmt::Display) -> Failure {
    let advice = "do: check that receipt, messages and kit belong together and are unchanged; if they are, tell your privacy officer and \
        the gateway's operator";
    Failure::new(UNVERIFIED, format!("the receipt proves nothing: the check `{check}` failed: {reason}\n  {advice}"))
}
