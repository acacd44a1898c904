//! What sources and recipients hold, against the entries of a log that was found sound: nothing was given that is not in it, and nothing is in it that
//! nobody gave or got.

mod count;

use std::collections::{BTreeMap, BTreeSet};

use super::place::OpenLog;
use super::receipts::Roots;
use super::{Against, AuditError, StorePlace, Verified};
use crate::crypto::base64;
use crate::ledger::entry::EntryKind;
use crate::ledger::proof::TlogProof;
use crate::ledger::receipt::{self, Proven, ReceiptError};
use crate::ledger::seal::Leaf;
use crate::ledger::statement::Statement;
use crate::organisation::Oin;
use crate::store::audit::StoredLog as _;

pub use count::{Absent, Awaited, Pair, Recipient, Reconciliation};

/// On which side of an exchange an organisation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// It gave.
    Source,
    /// It got.
    Recipient,
}

/// Something that an organisation holds and the log does not bear out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surplus {
    /// Who holds it, if that can be told.
    pub holder: Option<Oin>,
    /// Which file or disclosure.
    pub name: String,
    /// What the log has instead.
    pub why: String,
}

/// A log that was found sound, and the receipts that were taken in so far. Of each receipt no more than its index stays in memory.
pub struct Sides {
    against: Against,
    log: OpenLog,
    roots: Roots,
    held: BTreeMap<(Side, Oin), BTreeSet<u64>>,
    surplus: Vec<Surplus>,
}

impl Sides {
    /// Verifies the log in the store at `place` as a whole, and keeps it open as it then was.
    ///
    /// # Errors
    /// [`AuditError`], as of [`Against::verify`].
    pub async fn open(
        against: Against,
        place: &StorePlace,
        progress: impl FnMut(u64, u64),
    ) -> Result<(Self, Verified), AuditError> {
        let mut log = place.open().await?;
        let verified = against.verify_log(&mut log, progress).await?;
        let roots = Roots::new(verified.size);
        Ok((Self { against, log, roots, held: BTreeMap::new(), surplus: Vec::new() }, verified))
    }

    /// All that this organisation holds on this side is taken in, though it may be nothing.
    pub fn hands_over(&mut self, side: Side, holder: &Oin) {
        self.held.entry((side, holder.clone())).or_default();
    }

    /// Takes in a recipient's receipt with the statement that was kept beside it.
    ///
    /// # Errors
    /// [`AuditError`], when the log cannot be read; what is wrong with the receipt becomes [`Surplus`].
    pub async fn recipient(&mut self, name: &str, receipt: &str, statement: Option<&str>) -> Result<(), AuditError> {
        let Some(Ok(statement)) = statement.map(|text| text.trim_end().parse::<Statement>()) else {
            self.surplus(None, name, "the statement that it is about is not beside it, or cannot be read");
            return Ok(());
        };
        let party = statement.party().clone();
        self.hands_over(Side::Recipient, &party);
        // It ends in one line break; a tool that wrote or read the file may have changed that.
        let receipt = format!("{}\n", receipt.trim_end_matches('\n'));
        let trust = receipt::Trust { log: &self.against.log, policy: None };
        let proven = receipt::verify(&receipt, &statement, trust).and_then(|_| Proven::of_receipt(&receipt, &self.against.log));
        self.take(Side::Recipient, party, name, proven).await
    }

    /// Takes in what a source's connector says of one of its receipts: the leaf (base64url) and the proof (C2SP tlog-proof).
    ///
    /// # Errors
    /// [`AuditError`], when the log cannot be read; what is wrong with the receipt becomes [`Surplus`].
    pub async fn source(&mut self, source: &Oin, name: &str, leaf: &str, proof: &str) -> Result<(), AuditError> {
        self.hands_over(Side::Source, source);
        let leaf = base64::decode_url(leaf).ok().and_then(|leaf| Leaf::from_bytes(&leaf).ok()).ok_or(ReceiptError::Leaf);
        let proven = leaf.and_then(|leaf| Proven::of(&TlogProof::parse(proof)?, leaf, &self.against.log));
        self.take(Side::Source, source.clone(), name, proven).await
    }

    async fn take(
        &mut self,
        side: Side,
        holder: Oin,
        name: &str,
        proven: Result<Proven, ReceiptError>,
    ) -> Result<(), AuditError> {
        let proven = match proven {
            Ok(proven) => proven,
            Err(error) => {
                self.surplus(Some(holder), name, &error.to_string());
                return Ok(());
            }
        };
        if let Err(foreign) = self.roots.have(&mut self.log, &proven).await? {
            self.surplus(Some(holder), name, &format!("entry {} of {}: {foreign}", proven.index, proven.size));
            return Ok(());
        }
        let line = self.log.exchange(proven.index).await?;
        let is_its_own = line.is_some_and(|line| match side {
            Side::Source => line.kind == EntryKind::Contribution && line.source.as_ref() == Some(&holder),
            Side::Recipient => line.kind == EntryKind::Disclosure && line.recipient.as_ref() == Some(&holder),
        });
        if is_its_own {
            self.held.entry((side, holder)).or_default().insert(proven.index);
        } else {
            let of = if side == Side::Source { "contribution of" } else { "disclosure to" };
            self.surplus(Some(holder), name, &format!("entry {} of the log is not a {of} this organisation", proven.index));
        }
        Ok(())
    }

    fn surplus(&mut self, holder: Option<Oin>, name: &str, why: &str) {
        let (name, why) = (name.escape_debug().to_string(), why.escape_debug().to_string());
        self.surplus.push(Surplus { holder, name, why });
    }
}
