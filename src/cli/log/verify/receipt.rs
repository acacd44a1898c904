//! `sluis log verify receipt`

use std::path::PathBuf;

use clap::Args;

use super::{CODES, LogKey};
use crate::cli::output::{Failure, UNWITNESSED};
use crate::cli::say;
use crate::cli::verify::{About, tell, text_of, unproved};
use crate::ledger::quorum::QuorumNotMet;
use crate::ledger::receipt::{ReceiptError, Trust, examine};
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
    /// The gateway's store (SQLite), as it is now.
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
}

impl Receipt {
    pub(super) async fn verify(&self) -> Result<(), Failure> {
        let against = self.log.against()?;
        let party = self.log.party()?.or_else(|| self.party.clone());
        let (text, statement) = (text_of(&self.proof)?, self.about.statement(party.as_ref())?);
        let examined = examine(&text, &statement, Trust { log: &against.log, policy: against.policy.as_ref() });
        tell(&examined.checks);
        let unwitnessed = match examined.outcome {
            Ok(_) if against.policy.is_some() => None,
            Ok(_) => Some("no policy was given (--policy), so nobody outside vouches for the head".to_owned()),
            Err(ReceiptError::Witnesses(error @ QuorumNotMet::TooFew { .. })) => Some(error.to_string()),
            Err(error) => return Err(unproved(&error)),
        };
        if let Some(store) = &self.store {
            let now = against.has(store, &text).await?;
            say(&format!(
                "ok      store: the log at hand, of {now} entries, has the entry at its place and continues the receipt's"
            ));
        }
        say("verified");
        unwitnessed.map_or(Ok(()), |why| Err(Failure::new(UNWITNESSED, format!("unwitnessed: {why}"))))
    }
}
