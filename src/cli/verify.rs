//! `sluis verify`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::{EXIT_CODES, Failure, UNVERIFIED, finish};
use super::{input, say};
use crate::client::{Kept, Kit};

const ABOUT: &str = "With --sealed and --request the receipt is held against the very messages: it shows that this answer to this request is in \
    the log. With --statement, kept when the receipt came, it shows that an entry with these digests is in the log; the messages are not \
    needed then, and it goes on holding after the content of the log entry has been destroyed.";

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
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
struct Given {
    /// Your organisation's folder in the integrator's kit: it says whose receipt this is, and holds the log's key.
    #[arg(long, value_name = "DIR")]
    kit: PathBuf,
    /// The receipt (C2SP tlog-proof).
    #[arg(long = "receipt", value_name = "FILE")]
    proof: PathBuf,
    /// The compact JWE, as it was received.
    #[arg(long, value_name = "FILE")]
    sealed: Option<PathBuf>,
    /// The body of the request, as it was sent.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Ask also that a quorum of witnesses, by the kit's policy, has cosigned the head under the receipt. The receipt of a first answer is not
    /// cosigned yet: pick the disclosure up again, and keep that one.
    #[arg(long)]
    witnessed: bool,
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
        let receipt = input::bytes(&self.proof)?;
        let receipt = std::str::from_utf8(&receipt).map_err(|_| unproved("format", &"not text"))?;
        // It ends in one line break; a tool that cut it out of the answer may have added another.
        let receipt = &format!("{}\n", receipt.trim_end_matches('\n'));
        let examined = match (&self.statement, &self.sealed, &self.request) {
            (Some(statement), ..) => kit.examine_receipt(receipt, &Kept::Statement(&input::text(statement)?), self.witnessed),
            (None, Some(sealed), Some(request)) => {
                let kept = Kept::Messages { sealed: &input::text(sealed)?, request: &input::bytes(request)? };
                kit.examine_receipt(receipt, &kept, self.witnessed)
            }
            _ => {
                return Err(Failure::usage(
                    "the receipt alone proves nothing: what it is about is missing\n  expected: --sealed FILE and --request FILE, the messages \
                     as they were received and sent; or --statement FILE, kept with the receipt",
                ));
            }
        };
        let examined = examined.map_err(Failure::usage)?;
        for check in &examined.checks {
            let verdict = if check.passed { "ok    " } else { "FAILED" };
            say(&format!("{verdict}  {}: {}", check.check, check.detail));
        }
        let verified = examined.outcome.map_err(|error| unproved(&error.check().to_string(), &error))?;
        say(&format!("verified: entry {} of the log, whose size was {}", verified.index, verified.size));
        Ok(())
    }
}

fn unproved(check: &str, reason: &dyn std::fmt::Display) -> Failure {
    let advice = "do: check that receipt, messages and kit belong together and are unchanged; if they are, tell your privacy officer and \
        the gateway's operator";
    Failure::new(UNVERIFIED, format!("the receipt proves nothing: the check `{check}` failed: {reason}\n  {advice}"))
}
