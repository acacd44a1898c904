//! Receipts: proof that what this source gave stands in the disclosure log (`design.md` §7, "Both sides").

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Connector;
use super::outcome::AccessBody;
use super::store::StateError;
use crate::crypto::base64;
use crate::organisation::Oin;
use crate::source::digest::{combined_digest, item_digest};
use crate::source::{ContributionReceipt, SourceItem};

/// The id of an item that was given, and SHA-256 of its canonical JSON (base64url).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDigest {
    /// The id.
    pub id: String,
    /// The digest.
    pub digest: String,
}

impl ItemDigest {
    /// Of the item as it is sent.
    pub fn of(item: &SourceItem) -> Self {
        Self { id: item.id.clone(), digest: base64::encode_url(&item_digest(item)) }
    }
}

/// What the receipt must prove: the fields of the log's statement (`design.md` §7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionStatement {
    /// The disclosure's id.
    pub disclosure: String,
    /// This source.
    pub party: Oin,
    /// The payload digest of the delivered items, as in [`crate::source::digest`].
    pub payload: [u8; 32],
    /// SHA-256 of the body of the gateway's call.
    pub request: [u8; 32],
}

/// Verifies a tlog-proof text against the statement and the log's verifier key; says what is wrong with it.
pub type VerifyReceipt<'a> = dyn Fn(&ContributionStatement, &str) -> Result<(), Unproven> + Send + Sync + 'a;

/// Why a receipt does not prove a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It does, but for the witnesses that must have cosigned: later it may.
    Unwitnessed(String),
    /// It does not, whoever cosigned.
    Untrue(String),
}

impl Connector {
    /// Verifies receipts against what was really given and keeps them, all or none. Idempotent.
    ///
    /// # Errors
    /// [`ReceiptError`] when an item was not given under its disclosure, or a proof does not hold.
    pub async fn accept_receipts(
        &self,
        receipts: &[ContributionReceipt],
        verify: &VerifyReceipt<'_>,
    ) -> Result<(), ReceiptError> {
        for receipt in receipts {
            self.check_receipt(receipt, verify).await?;
        }
        Ok(self.state.keep_receipts(receipts, self.outside.clock.now()).await?)
    }

    /// Whose receipts these are, and how many are kept.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn receipt_count(&self) -> Result<(&Oin, u64), StateError> {
        Ok((&self.oin, self.state.receipt_count().await?))
    }

    /// At most `limit` kept receipts behind the one of number `after`, each with its number, in the order in which they came.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn receipts_behind(&self, after: i64, limit: u32) -> Result<Vec<(i64, ContributionReceipt)>, StateError> {
        self.state.receipts_behind(after, limit).await
    }

    async fn check_receipt(&self, receipt: &ContributionReceipt, verify: &VerifyReceipt<'_>) -> Result<(), ReceiptError> {
        let Given { digests, calls } = self.given(&receipt.disclosure).await?;
        let delivered: Option<Vec<[u8; 32]>> = receipt.items.iter().map(|id| digests.get(id).copied()).collect();
        let delivered = delivered.filter(|items| !items.is_empty()).ok_or(ReceiptError::UnknownItems)?;
        let payload = combined_digest(&delivered);
        // The gateway may have asked more than once under one decision; its statement names the last call, also for what was released on an
        // earlier one.
        let mut not_proven = ReceiptError::NotProven("nothing was asked under this disclosure".to_owned());
        for request in calls {
            let statement =
                ContributionStatement { disclosure: receipt.disclosure.clone(), party: self.oin.clone(), payload, request };
            match verify(&statement, &receipt.receipt) {
                Ok(()) => return Ok(()),
                // Of this call it is: that says more than that it is of no other.
                Err(Unproven::Unwitnessed(why)) => return Err(ReceiptError::Unwitnessed(why)),
                Err(Unproven::Untrue(why)) => not_proven = ReceiptError::NotProven(why),
            }
        }
        Err(not_proven)
    }

    /// What was asked and given under one decision: in answers, and as released summaries.
    async fn given(&self, decision: &str) -> Result<Given, StateError> {
        let corrupt = StateError::Corrupt { table: "answer", column: "sealed" };
        let mut given = Given::default();
        for answer in self.state.answers::<AccessBody>(decision).await? {
            given.calls.insert(base64::decode_url_array(&answer.body.call).map_err(|_| corrupt)?);
            given.add(&answer.body.items).ok_or(corrupt)?;
        }
        for items in self.state.released_digests(decision).await? {
            given.add(&items).ok_or(corrupt)?;
        }
        Ok(given)
    }
}

#[derive(Default)]
struct Given {
    digests: BTreeMap<String, [u8; 32]>,
    calls: BTreeSet<[u8; 32]>,
}

impl Given {
    fn add(&mut self, items: &[ItemDigest]) -> Option<()> {
        for item in items {
            self.digests.insert(item.id.clone(), base64::decode_url_array(&item.digest).ok()?);
        }
        Some(())
    }
}

/// The receipt is refused and not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It names no item, or one that was not given under this disclosure.
    #[error("the receipt names no items, or items that this source did not give under this disclosure")]
    UnknownItems,
    /// The proof does not hold for what was given.
    #[error("the receipt does not prove that the given items are in the log: {0}")]
    NotProven(String),
    /// The proof holds, and the witnesses that this source asks for have not cosigned yet.
    #[error("the receipt is not cosigned yet by the witnesses that this source asks for: {0}")]
    Unwitnessed(String),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}
