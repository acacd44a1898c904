//! `sluis connector receipts`

use clap::Args;
use serde_json::json;

use super::super::output::Failure;
use super::super::say;
use crate::app;
use crate::app::gateway::Outside;
use crate::connector::config::Config;
use crate::crypto::base64;
use crate::ledger::receipt::without_party_key;
use crate::source::ContributionReceipt;

/// Receipts read at once.
const PAGE: u32 = 256;

/// The receipts that this source holds. What it prints says which entries of the log are its own and proves that they are there, and nothing of what they
/// are about: with --json it can be handed to whoever reconciles (`sluis log verify reconcile`), and the database stays where it is.
#[derive(Args)]
pub(super) struct Receipts {
    /// One line of JSON for the source, and one for each receipt.
    #[arg(long)]
    json: bool,
}

impl Receipts {
    pub(super) async fn run(self, config: &Config, outside: &Outside) -> Result<(), Failure> {
        let connector = app::connector::open(config, outside).await.map_err(Failure::usage)?;
        let (source, count) = connector.receipt_count().await.map_err(Failure::refused)?;
        if self.json {
            say(&json!({"source": source, "receipts": count}).to_string());
        }
        // A running connector may keep more meanwhile; those are for the next time.
        let (mut after, mut left) = (i64::MIN, count);
        while left > 0 {
            let page = connector.receipts_behind(after, PAGE).await.map_err(Failure::refused)?;
            let Some((last, _)) = page.last() else {
                return Err(Failure::refused("receipts went while they were read\n  do: run it again"));
            };
            after = *last;
            for (_, receipt) in page.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
                self.tell(receipt)?;
                left = left.saturating_sub(1);
            }
        }
        Ok(())
    }

    fn tell(&self, receipt: &ContributionReceipt) -> Result<(), Failure> {
        let disclosure = &receipt.disclosure;
        let (leaf, proof) = without_party_key(&receipt.receipt)
            .map_err(|error| Failure::refused(format!("the receipt of disclosure {disclosure} cannot be read: {error}")))?;
        if self.json {
            let leaf = base64::encode_url(leaf.bytes());
            say(&json!({"disclosure": disclosure, "leaf": leaf, "proof": proof.to_string()}).to_string());
        } else {
            let head = proof.checkpoint.checkpoint();
            say(&format!("{disclosure}  entry {} of {}", proof.index, head.size()));
        }
        Ok(())
    }
}
