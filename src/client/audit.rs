//! A log in a file, verified as a whole, offline: against its signed head, against heads that were seen before, and for its witnesses.

mod receipts;
mod reconcile;

use std::path::Path;

pub use receipts::Foreign;
pub use reconcile::{Absent, Awaited, Pair, Recipient, Reconciliation, Side, Sides, Surplus};

use crate::ledger::audit::{Audit, Broken, StoredHead};
use crate::ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::ledger::note::VerifierKey;
use crate::ledger::proof::TlogProof;
use crate::ledger::quorum::{Policy, QuorumNotMet};
use crate::ledger::tree::{self, NodeHash, Tile, TileId, Tiles, verify_consistency};
use crate::store::StoreError;
use crate::store::sqlite::audit::LogFile;

/// Entries read at once.
const PAGE: u32 = 1024;

/// What a log is held against.
pub struct Against {
    /// The log's key.
    pub log: VerifierKey,
    /// Which witnesses make a quorum; none when nobody asks for one.
    pub policy: Option<Policy>,
    /// Heads of this log that were seen before, each with where it was found.
    pub seen: Vec<(String, SignedCheckpoint)>,
}

/// A log that holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries it has.
    pub size: u64,
    /// How many receipts its store keeps; all are of this log.
    pub receipts: u64,
    /// How many of them are erased, as other entries of it say.
    pub erased: u64,
    /// The names of the witnesses that cosigned its head, if they make the quorum.
    pub witnessed_by: Option<Vec<String>>,
}

impl Against {
    /// A head that was seen: a checkpoint, or a receipt that holds one. The log must have signed it.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn add_seen(&mut self, name: &str, text: &str) -> Result<(), AuditError> {
        let unreadable = |reason: &dyn std::fmt::Display| AuditError::Seen(name.to_owned(), reason.to_string());
        // It ends in one line break; a tool that wrote or read the file may have changed that.
        let text = &format!("{}\n", text.trim_end_matches('\n'));
        let signed = if text.starts_with("c2sp.org/tlog-proof") {
            TlogProof::parse(text).map_err(|error| unreadable(&error))?.checkpoint
        } else {
            SignedCheckpoint::parse(text).map_err(|error| unreadable(&error))?
        };
        signed.verify(&self.log).map_err(|error| unreadable(&error))?;
        self.seen.push((name.to_owned(), signed));
        Ok(())
    }

    /// Verifies the log in the file at `path`; `progress` hears how many of how many entries were verified.
    ///
    /// # Errors
    /// [`AuditError`] says which entry, tile or head is not what it was.
    pub async fn verify(&self, path: &Path, progress: impl FnMut(u64, u64)) -> Result<Verified, AuditError> {
        self.verify_file(&mut LogFile::open(path).await?, progress).await
    }

    async fn verify_file(&self, file: &mut LogFile, progress: impl FnMut(u64, u64)) -> Result<Verified, AuditError> {
        let head = file.head().await?;
        if head.checkpoint.is_empty() && head.size == 0 {
            return self.empty(file).await;
        }
        let signed = SignedCheckpoint::parse(&head.checkpoint).map_err(AuditError::Head)?;
        self.is_head(&head, &signed)?;
        let checkpoint = signed.checkpoint();
        let erases = file.erasures().await?;
        let mut audit = Audit::new(self.seen.iter().map(|(_, seen)| seen.checkpoint().size()), erases);
        let whole = read(file, &mut audit, checkpoint.size(), progress).await;
        // A head that was seen tells more than a tile: what is cut off or rewritten is named by it.
        if let Some(diverged) = self.diverged(&audit, checkpoint.size()) {
            return Err(diverged);
        }
        whole?;
        audit.finish(checkpoint.size(), &checkpoint.root())?;
        let receipts = self.kept(file, audit.size()).await?;
        // The same head with its witnesses' lines, once they are there: kept beside the head, and believed by the signatures alone.
        let kept = file.cosigned(checkpoint.size()).await?.and_then(|text| SignedCheckpoint::parse(&text).ok());
        let kept = kept.filter(|kept| kept.note().text() == signed.note().text());
        Ok(Verified {
            size: audit.size(),
            receipts,
            erased: audit.erased(),
            witnessed_by: self.witnesses(kept.as_ref().unwrap_or(&signed))?,
        })
    }

    /// Verifies that the log of the `later` head continues that of the `earlier` one, by a proof from the tiles of the store at `path`; gives both sizes.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn consistent(&self, path: &Path, earlier: (&str, &str), later: (&str, &str)) -> Result<(u64, u64), AuditError> {
        let mut both = Self { log: self.log.clone(), policy: None, seen: Vec::new() };
        both.add_seen(earlier.0, earlier.1)?;
        both.add_seen(later.0, later.1)?;
        let [(_, old), (_, new)] = both.seen.as_slice() else { return Err(AuditError::OtherHead) };
        let (old, new) = (old.checkpoint(), new.checkpoint());
        let diverged = || AuditError::Diverged { name: earlier.0.to_owned(), size: old.size(), now: new.size() };
        let wanted = tree::consistency_tiles(old.size(), new.size()).map_err(|_| diverged())?;
        let stored = tiles(&mut LogFile::open(path).await?, wanted).await?;
        let proof = tree::consistency(old.size(), new.size(), &stored).map_err(|error| AuditError::Proof(error.to_string()))?;
        verify_consistency((old.size(), &old.root()), (new.size(), &new.root()), &proof).map_err(|_| diverged())?;
        Ok((old.size(), new.size()))
    }

    /// Whether the head is signed by the log, and says what the signed checkpoint says.
    fn is_head(&self, head: &StoredHead, signed: &SignedCheckpoint) -> Result<(), AuditError> {
        let checkpoint = signed.verify(&self.log).map_err(AuditError::Head)?;
        if u64::try_from(head.size) != Ok(checkpoint.size()) || head.root != checkpoint.root().bytes() {
            return Err(AuditError::OtherHead);
        }
        Ok(())
    }

    async fn empty(&self, file: &mut LogFile) -> Result<Verified, AuditError> {
        if let Some((name, seen)) = self.seen.iter().find(|(_, seen)| seen.checkpoint().size() > 0) {
            return Err(AuditError::Diverged { name: name.clone(), size: seen.checkpoint().size(), now: 0 });
        }
        if let Some(line) = file.lines(i64::MIN, 1).await?.get()?.first() {
            return Err(Broken::Invented(line.index).into());
        }
        Ok(Verified { size: 0, erased: 0, receipts: self.kept(file, 0).await?, witnessed_by: None })
    }

    /// The smallest head that was seen and is none of this log's.
    fn diverged(&self, audit: &Audit, now: u64) -> Option<AuditError> {
        let differs = |seen: &&(String, SignedCheckpoint)| {
            let seen = seen.1.checkpoint();
            seen.size() > now || audit.root_at(seen.size()).is_some_and(|root| root != seen.root())
        };
        let smallest = self.seen.iter().filter(differs).min_by_key(|(_, seen)| seen.checkpoint().size())?;
        Some(AuditError::Diverged { name: smallest.0.clone(), size: smallest.1.checkpoint().size(), now })
    }

    /// Who cosigned, if they make the quorum.
    fn witnesses(&self, signed: &SignedCheckpoint) -> Result<Option<Vec<String>>, AuditError> {
        if self.policy.as_ref().is_some_and(|policy| !policy.logs().is_empty() && !policy.logs().contains(&self.log)) {
            return Err(AuditError::UnknownLog);
        }
        match self.policy.as_ref().map(|policy| policy.witnessed(signed)) {
            None | Some(Err(QuorumNotMet::TooFew { .. })) => Ok(None),
            Some(Ok(witnessed)) => Ok(Some(witnessed.by.iter().map(|(witness, _)| witness.name.clone()).collect())),
            Some(Err(QuorumNotMet::Forged(name))) => Err(AuditError::Forged(name)),
        }
    }
}

/// Takes every entry, and holds the tiles against them.
async fn read(file: &mut LogFile, audit: &mut Audit, size: u64, mut progress: impl FnMut(u64, u64)) -> Result<(), AuditError> {
    let mut first = i64::MIN;
    loop {
        let page = file.lines(first, PAGE).await?;
        let lines = page.get()?;
        let Some(last) = lines.last() else { break };
        // Behind the largest index nothing can stand; it is none of a log.
        first = last.index.saturating_add(1);
        let completed = audit.take(&lines)?;
        compare(file, audit, &completed).await?;
        progress(audit.size(), size);
    }
    let edge = audit.edge();
    compare(file, audit, &edge).await
}

/// The root of the first `size` entries by the stored tiles.
async fn root(file: &mut LogFile, size: u64) -> Result<NodeHash, AuditError> {
    let stored = tiles(file, tree::root_tiles(size)).await?;
    tree::root(size, &stored).map_err(|error| AuditError::Proof(error.to_string()))
}

/// Those of the wanted tiles that are there.
async fn tiles(file: &mut LogFile, wanted: impl IntoIterator<Item = TileId>) -> Result<Tiles, AuditError> {
    let mut stored = Tiles::default();
    for id in wanted {
        if let Some(bytes) = file.tile(id.level(), id.index()).await? {
            stored.insert(Tile { id, bytes });
        }
    }
    Ok(stored)
}

async fn compare(file: &mut LogFile, audit: &mut Audit, tiles: &[Tile]) -> Result<(), AuditError> {
    for tile in tiles {
        let stored = file.tile(tile.id.level(), tile.id.index()).await?;
        audit.compare(tile, stored.as_deref());
    }
    Ok(())
}

/// A log does not hold together.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It cannot be read.
    #[error("the log cannot be read: {0}")]
    Store(#[from] StoreError),
    /// Its head is not signed by the log, or cannot be read.
    #[error("the head of the log is not signed by it: {0}")]
    Head(CheckpointError),
    /// Size or root beside the checkpoint are others than those that were signed.
    #[error("the head of the log says another size or root than its signed checkpoint")]
    OtherHead,
    /// Something is not what it was.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The log is not a continuation of what was seen of it.
    #[error(
        "the log ({now} entries) does not continue the one of {size} entries whose head stands in {name}: it was cut off, rewritten, or put back to an earlier day"
    )]
    Diverged {
        /// Where the head was found.
        name: String,
        /// How many entries it had then.
        size: u64,
        /// How many it has.
        now: u64,
    },
    /// A receipt that the store keeps is none of this log's.
    #[error("the receipt of {about} that the store keeps is none of this log: {why}")]
    Kept {
        /// Of which disclosure.
        about: String,
        /// What about it is wrong.
        why: String,
    },
    /// Another entry stands where a receipt has its own.
    #[error("entry {0} of the log is not the one that the receipt proves: it was changed, or removed")]
    NotThere(u64),
    /// The policy names other logs only.
    #[error("the witness policy does not name this log")]
    UnknownLog,
    /// No proof can be made of the stored tiles.
    #[error("the store cannot prove it: {0}")]
    Proof(String),
    /// A line in a known witness's name does not verify.
    #[error("the cosignature in the name of witness {0} does not verify")]
    Forged(String),
    /// What should be a head that was seen is none of this log.
    #[error("{0}: this is no checkpoint and no receipt that this log signed: {1}")]
    Seen(String, String),
}
