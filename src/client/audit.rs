//! A log as it is stored, verified as a whole, offline: against its signed head, against heads that were seen before, and for its witnesses.

mod cosigned;
mod place;
mod receipts;
mod reconcile;
mod search;

use std::path::{Path, PathBuf};

pub use place::StorePlace;
pub use receipts::Foreign;
pub use search::verify_search;

pub use reconcile::{Absent, Awaited, Pair, Recipient, Reconciliation, Side, Sides, Surplus};

use crate::ledger::audit::{Audit, Broken, StoredHead};
use crate::ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::ledger::note::VerifierKey;
use crate::ledger::proof::TlogProof;
use crate::ledger::quorum::{Policy, QuorumNotMet};
use crate::ledger::tree::{self, NodeHash, Tile, TileId, Tiles, verify_consistency};
use crate::store::StoreError;
use crate::store::audit::StoredLog;
use crate::store::sqlite::audit::LogFile;

/// Entries read at once: of each some 200 bytes are kept, its body never.
const PAGE: u32 = 4096;

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
    /// The newest head that a quorum cosigned, if there is one.
    pub witnessed: Option<Witnessed>,
}

/// A head that a quorum of witnesses cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// How many entries it covers, from the first on.
    pub size: u64,
    /// The names of the witnesses.
    pub by: Vec<String>,
}

impl Verified {
    /// Who cosigned the whole of it, up to its last entry.
    pub fn witnessed_by(&self) -> Option<&[String]> {
        self.witnessed.as_ref().filter(|witnessed| witnessed.size == self.size).map(|witnessed| witnessed.by.as_slice())
    }
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

    /// Verifies the log in the store at `place`; `progress` hears how many of how many entries were verified.
    ///
    /// # Errors
    /// [`AuditError`] says which entry, tile or head is not what it was.
    pub async fn verify(&self, place: &StorePlace, progress: impl FnMut(u64, u64)) -> Result<Verified, AuditError> {
        self.verify_log(&mut place.open().await?, progress).await
    }

    async fn verify_log(&self, log: &mut impl StoredLog, progress: impl FnMut(u64, u64)) -> Result<Verified, AuditError> {
        let head = log.head().await?;
        if head.checkpoint.is_empty() && head.size == 0 {
            return self.empty(log, &head).await;
        }
        let signed = SignedCheckpoint::parse(&head.checkpoint).map_err(AuditError::Head)?;
        self.is_head(&head, &signed)?;
        let checkpoint = signed.checkpoint();
        let erases = log.erasures().await?;
        let cosigned = self.cosigned(log).await?;
        let sizes = self.seen.iter().map(|(_, seen)| seen.checkpoint().size());
        let mut audit = Audit::new(sizes.chain(cosigned.sizes()), erases);
        let whole = read(log, &mut audit, checkpoint.size(), progress).await;
        // A head that was seen tells more than a tile: what is cut off or rewritten is named by it.
        if let Some(diverged) = self.diverged(&audit, checkpoint.size()) {
            return Err(diverged);
        }
        if whole.is_err()
            && let Some(diverged) = self.diverged_by_tiles(log, checkpoint.size()).await
        {
            return Err(diverged);
        }
        whole?;
        audit.finish(checkpoint.size(), &checkpoint.root())?;
        without_strays(log, audit.size(), audit.sources()).await?;
        // What the entries give was signed; the witnesses may have seen something else all the same.
        if let Some(diverged) = cosigned.diverged(&audit, checkpoint.size()) {
            return Err(diverged);
        }
        let receipts = self.kept(log, audit.size()).await?;
        // Of the signed head nobody else may know yet; those that were cosigned are kept apart, and believed by their signatures alone.
        let witnessed = self.witnessed(&signed)?.or(cosigned.newest);
        Ok(Verified { size: audit.size(), receipts, erased: audit.erased(), witnessed })
    }

    /// Verifies that the log of the `later` head continues that of the `earlier` one, by a proof from the tiles of the store at `place`; gives both sizes.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn consistent(
        &self,
        place: &StorePlace,
        earlier: (&str, &str),
        later: (&str, &str),
    ) -> Result<(u64, u64), AuditError> {
        let mut both = Self { log: self.log.clone(), policy: None, seen: Vec::new() };
        both.add_seen(earlier.0, earlier.1)?;
        both.add_seen(later.0, later.1)?;
        let [(_, old), (_, new)] = both.seen.as_slice() else { return Err(AuditError::OtherHead) };
        let (old, new) = (old.checkpoint(), new.checkpoint());
        let diverged = || AuditError::Diverged { name: earlier.0.to_owned(), size: old.size(), now: new.size() };
        let wanted = tree::consistency_tiles(old.size(), new.size()).map_err(|_| diverged())?;
        let stored = tiles(&mut place.open().await?, wanted).await?;
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

    async fn empty(&self, log: &mut impl StoredLog, head: &StoredHead) -> Result<Verified, AuditError> {
        if let Some((name, seen)) = self.seen.iter().find(|(_, seen)| seen.checkpoint().size() > 0) {
            return Err(AuditError::Diverged { name: name.clone(), size: seen.checkpoint().size(), now: 0 });
        }
        if head.root != tree::empty_root().bytes() {
            return Err(AuditError::OtherHead);
        }
        if let Some(line) = log.lines(i64::MIN, 1).await?.first() {
            return Err(Broken::Invented(line.index).into());
        }
        without_strays(log, 0, 0).await?;
        Ok(Verified { size: 0, erased: 0, receipts: self.kept(log, 0).await?, witnessed: None })
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

    /// The same by the stored tiles, where the entries end too early to tell: a log that was put back and went on differs from what was seen, whatever else
    /// is wrong with it.
    async fn diverged_by_tiles(&self, log: &mut impl StoredLog, now: u64) -> Option<AuditError> {
        for (name, seen) in &self.seen {
            let seen = seen.checkpoint();
            if root(log, seen.size()).await.is_ok_and(|root| root != seen.root()) {
                return Some(AuditError::Diverged { name: name.clone(), size: seen.size(), now });
            }
        }
        None
    }

    /// Who cosigned, if they make the quorum.
    fn witnessed(&self, signed: &SignedCheckpoint) -> Result<Option<Witnessed>, AuditError> {
        if self.policy.as_ref().is_some_and(|policy| !policy.logs().is_empty() && !policy.logs().contains(&self.log)) {
            return Err(AuditError::UnknownLog);
        }
        match self.policy.as_ref().map(|policy| policy.witnessed(signed)) {
            None | Some(Err(QuorumNotMet::TooFew { .. })) => Ok(None),
            Some(Ok(witnessed)) => {
                let by = witnessed.by.iter().map(|(witness, _)| witness.name.clone()).collect();
                Ok(Some(Witnessed { size: signed.checkpoint().size(), by }))
            }
            Some(Err(QuorumNotMet::Forged(name))) => Err(AuditError::Forged(name)),
        }
    }
}

/// That each index of the store in the file at `path` has what its table has: whoever could write the file could leave entries out of one, and the gateway would
/// not find them.
///
/// # Errors
/// [`AuditError::Index`].
pub fn verify_indexes(path: &Path) -> Result<(), AuditError> {
    match open(path)?.first_fault()? {
        None => Ok(()),
        Some(fault) => Err(AuditError::Index(fault)),
    }
}

/// That nothing stands beside the entries that is of no log of `size` with so many sources that were asked.
async fn without_strays(log: &mut impl StoredLog, size: u64, sources: u64) -> Result<(), AuditError> {
    if let Some((level, index)) = log.stray_tile(size).await? {
        return Err(Broken::NoTile { level, index, size }.into());
    }
    // To look for one among them takes as long as a tenth of all else.
    if log.sources().await? == sources {
        return Ok(());
    }
    match log.stray_source().await? {
        // One is there: the database passes over it, as SQLite does over rows that are not in their order.
        None => Err(AuditError::Index("the sources that were asked are not those of the entries".to_owned())),
        Some((index, true)) => Err(Broken::Columns(u64::try_from(index).unwrap_or(u64::MAX)).into()),
        Some((index, false)) => Err(Broken::Invented(index).into()),
    }
}

/// Opens the log in the file at `path`: a wrong name is not a changed log.
fn open(path: &Path) -> Result<LogFile, AuditError> {
    if !path.is_file() {
        return Err(AuditError::NoFile(path.to_owned()));
    }
    Ok(LogFile::open(path)?)
}

/// Takes every entry, and holds the tiles against them.
async fn read(
    log: &mut impl StoredLog,
    audit: &mut Audit,
    size: u64,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), AuditError> {
    let mut first = i64::MIN;
    loop {
        let lines = log.lines(first, PAGE).await?;
        let Some(last) = lines.last() else { break };
        // Behind the largest index nothing can stand; it is none of a log.
        first = last.index.saturating_add(1);
        let completed = audit.take(&lines)?;
        compare(log, audit, &completed).await?;
        progress(audit.size(), size);
    }
    let edge = audit.edge();
    compare(log, audit, &edge).await
}

/// The root of the first `size` entries by the stored tiles.
async fn root(log: &mut impl StoredLog, size: u64) -> Result<NodeHash, AuditError> {
    let stored = tiles(log, tree::root_tiles(size)).await?;
    tree::root(size, &stored).map_err(|error| AuditError::Proof(error.to_string()))
}

/// Those of the wanted tiles that are there.
async fn tiles(log: &mut impl StoredLog, wanted: impl IntoIterator<Item = TileId>) -> Result<Tiles, AuditError> {
    let mut stored = Tiles::default();
    for id in wanted {
        if let Some(bytes) = log.tile(id.level(), id.index()).await? {
            stored.insert(Tile { id, bytes });
        }
    }
    Ok(stored)
}

async fn compare(log: &mut impl StoredLog, audit: &mut Audit, tiles: &[Tile]) -> Result<(), AuditError> {
    for tile in tiles {
        let stored = log.tile(tile.id.level(), tile.id.index()).await?;
        audit.compare(tile, stored.as_deref());
    }
    Ok(())
}

/// A log does not hold together.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is none.
    #[error("{}: there is no such file\n  do: give the gateway's store, the SQLite file that its configuration names", .0.display())]
    NoFile(PathBuf),
    /// There is none in the database, or it cannot be reached; what is told of the place has no password in it.
    #[error(
        "{0}: {1}\n  do: give the gateway's store, the URL that its configuration names, with a user who may read its tables"
    )]
    NoDatabase(String, String),
    /// It cannot be read.
    #[error("the log cannot be read: {0}")]
    Store(#[from] StoreError),
    /// An index of the store is not what its table is.
    #[error(
        "the store does not hold together: {0}\n  do: find out who wrote to it; then, with the gateway stopped, rebuild its indexes (SQL: REINDEX)"
    )]
    Index(String),
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
    /// A receipt that the store keeps does not belong to this log.
    #[error("the stored receipt of {about} does not belong to this log: {why}")]
    Kept {
        /// Of which disclosure.
        about: String,
        /// What about it is wrong.
        why: String,
    },
    /// A cosigned head that the store keeps is none of this log's.
    #[error("the cosigned head of {size} entries that the store keeps is none of this log: {why}")]
    Cosigned {
        /// Under which size it is kept.
        size: i64,
        /// What about it is wrong.
        why: String,
    },
    /// Another entry stands where a receipt has its own.
    #[error("entry {0} of the log is not the one that the receipt proves: it was changed, or removed")]
    NotThere(u64),
    /// The log holds together, and the search file beside it does not say the same.
    #[error(
        "the log holds, but the search file beside it {what}: what officers search by it may lack something\n  do: stop the gateway, keep {file} if you want to know who \
         wrote it, and delete it; the gateway makes it again"
    )]
    Search {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
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
