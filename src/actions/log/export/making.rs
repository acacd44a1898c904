//! Making a file: the lines are walked over three times as of one size of the log, so that memory does not grow with them. First they are counted and
//! hashed, for the header; then header and lines are hashed together, for the signature under the answer; then, behind an entry that says all this, they
//! are sent. What was erased meanwhile is missing in the later walk: then nothing is sent to its end.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Exported, Format, Header, Tally};
use crate::actions::log::Walk;
use crate::actions::log::asked::{self, Asked};
use crate::actions::log::embargo::{HeldBack, has_changed};
use crate::actions::log::shown::{ATTEMPTS, unsettled};
use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::ledger::entry::{EntryKind, Look};
use crate::store::search::{Filter, Order};

/// How long a reader may take nothing before its file is broken off.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long it may take for all of a file, however short, and how many bytes it must take in each second beyond: a place is not held for weeks.
const SHORTEST: Duration = Duration::from_mins(5);
const PACE: u64 = 1 << 20;

/// Bytes of the file, or its end before they have all come.
pub type Piece = Result<Vec<u8>, CutShort>;

/// The file ends here though it is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutShort;

/// A file that is in the log and can be sent.
pub struct Making {
    /// What it is made as.
    pub format: Format,
    /// The SHA-256 digest of all of it.
    pub sha256: [u8; 32],
    /// How many bytes it has.
    pub length: u64,
    header: Header,
    lines: Lines,
}

/// What is walked over.
struct Lines {
    filter: Filter,
    as_of: u64,
    format: Format,
    held_back: HeldBack,
}

impl Desk {
    /// Counts and hashes a file of the officer's organisation's entries, and logs that it leaves.
    ///
    /// # Errors
    /// [`ActionError::State`] when something was erased meanwhile; the store's; when the export cannot be logged, so that nothing leaves.
    pub async fn export(&self, officer: &Officer, asked: &Asked, format: Format) -> Result<Making, ActionError> {
        let filter = self.filter(officer.organisation(), asked);
        for _ in 0..ATTEMPTS {
            match self.export_once(officer, &filter, format).await {
                Err(error) if has_changed(&error) => {}
                making => return making,
            }
        }
        Err(unsettled())
    }

    async fn export_once(&self, officer: &Officer, filter: &Filter, format: Format) -> Result<Making, ActionError> {
        let party = officer.organisation();
        let filter = filter.clone();
        let lines = Lines { filter, as_of: self.log_size().await?, format, held_back: self.held_back(party).await? };
        let mut first = lines.pieces(self);
        while first.next().await?.is_some() {}
        let first = first.tally;
        let header = Header {
            format,
            party: party.clone(),
            filter: asked::terms(&lines.filter),
            as_of: lines.as_of,
            made_at: self.clock.now(),
            count: first.count,
            erased: first.erased,
            sha256: first.sha256(),
        };
        let head = header.to_bytes();
        let mut hash = Context::new(&SHA256);
        hash.update(&head);
        let mut second = lines.pieces(self);
        while let Some(piece) = second.next().await? {
            hash.update(&piece);
        }
        if second.tally.sha256() != header.sha256 {
            return Err(ActionError::State("entries were erased while the file was made; ask again".to_owned()));
        }
        let length = first.length.saturating_add(u64::try_from(head.len()).unwrap_or(u64::MAX));
        let sha256 = hash.finish().as_ref().first_chunk().copied().unwrap_or_default();
        self.exported(officer, &header, &lines.held_back).await?;
        Ok(Making { format, sha256, length, header, lines })
    }

    async fn exported(&self, officer: &Officer, header: &Header, held_back: &HeldBack) -> Result<(), ActionError> {
        let (clear, mut body) = self.officers_draft(EntryKind::Export, officer, "log exported")?;
        let mut terms = header.filter.clone();
        terms.insert("asOf".to_owned(), header.as_of.to_string());
        terms.insert("sha256".to_owned(), crate::crypto::hex::encode(&header.sha256));
        let format = Some(header.format.code().to_owned());
        body.look = Some(Look { view: "export".to_owned(), terms, count: header.count, format, ..Look::default() });
        self.commit_for(officer, vec![self.entry((clear, body))?], vec![held_back.unchanged()]).await.map(drop)
    }
}

/// The pieces of a file behind its header, one step of lines after the other.
struct Pieces<'a> {
    tally: Tally,
    preamble: Option<Vec<u8>>,
    walk: Walk<'a>,
    held_back: &'a HeldBack,
}

impl Lines {
    fn pieces<'a>(&'a self, desk: &'a Desk) -> Pieces<'a> {
        let (tally, preamble) = Tally::starting(self.format);
        let walk = desk.walk(self.filter.clone(), self.as_of, Order::OldestFirst);
        Pieces { tally, preamble: Some(preamble), walk, held_back: &self.held_back }
    }
}

impl Pieces<'_> {
    /// The next one; some are empty. None behind the last.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ActionError> {
        if let Some(preamble) = self.preamble.take() {
            return Ok(Some(preamble));
        }
        let lines = self.walk.next().await?;
        if lines.is_empty() {
            return Ok(None);
        }
        let entries = lines.iter().map(|line| Exported { line, held_back: self.held_back.holds(&line.clear) });
        Ok(Some(self.tally.write(entries)))
    }
}

impl Making {
    /// Sends the file. Its last piece is kept back until all of it is known to be what was announced; a reader who takes nothing is not waited for.
    pub async fn send(self, desk: &Desk, to: mpsc::Sender<Piece>) {
        let until = Instant::now() + time_for(self.length);
        let mut last = self.header.to_bytes();
        let mut pieces = self.lines.pieces(desk);
        let is_whole = loop {
            match pieces.next().await {
                Ok(Some(piece)) if piece.is_empty() => {}
                Ok(Some(piece)) => {
                    if !hand(&to, until, Ok(std::mem::replace(&mut last, piece))).await {
                        return;
                    }
                }
                Ok(None) => break pieces.tally.sha256() == self.header.sha256,
                Err(error) => {
                    tracing::error!(%error, "an export could not be sent to its end");
                    break false;
                }
            }
        };
        hand(&to, until, if is_whole { Ok(last) } else { Err(CutShort) }).await;
    }
}

/// How long the reader of so many bytes is waited for in all.
fn time_for(length: u64) -> Duration {
    SHORTEST.saturating_add(Duration::from_secs(length / PACE))
}

async fn hand(to: &mpsc::Sender<Piece>, until: Instant, piece: Piece) -> bool {
    let until = until.min(Instant::now() + PATIENCE);
    matches!(tokio::time::timeout_at(until, to.send(piece)).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Broken on purpose to see it fail: the length left out of `time_for`; `until` not asked in `hand`.
    #[tokio::test]
    async fn a_file_that_is_taken_too_slowly_ends() {
        assert_eq!(time_for(100), SHORTEST);
        assert_eq!(time_for(60 * PACE), SHORTEST + Duration::from_mins(1));
        let (to, mut from) = mpsc::channel(1);
        let later = Instant::now() + Duration::from_hours(1);
        assert!(hand(&to, later, Ok(vec![1])).await);
        let begun = Instant::now();
        assert!(!hand(&to, Instant::now(), Ok(vec![2])).await, "its time is over, and the reader has not taken the first");
        assert!(begun.elapsed() < PATIENCE / 2, "not waited for either");
        assert_eq!(from.recv().await, Some(Ok(vec![1])));
        drop(from);
        assert!(!hand(&to, later, Ok(vec![3])).await, "nobody reads");
    }
}
