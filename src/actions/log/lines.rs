//! Lines of the log as their party may see them, found by a filter.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::told;
use crate::actions::{ActionError, Desk};
use crate::ledger::entry::{Beside, Body, Clear, TokensDigest};
use crate::organisation::Oin;
use crate::store::journal::JournalError;
use crate::store::search::{self, Filter, Order, Page, Place};
use crate::store::{EntryRow, StoreError, StoredEntry};

/// One entry of a party's side of the log, as its officer may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its index in the log.
    pub index: u64,
    /// What stands beside the sealed body, as it is told to its party ([`search::told`]).
    pub clear: Clear,
    /// The body, as it is told to its party; `None` when it was erased.
    pub body: Option<Body>,
}

/// The entries of a page, unopened.
#[derive(Clone, Debug)]
pub struct Lines {
    /// Index and columns as they are told.
    pub lines: Vec<(u64, Clear)>,
    /// Whether the content of an entry was erased, by its index.
    pub erased: BTreeSet<u64>,
    /// The place behind which the next page begins; none when there is no more.
    pub next: Option<Place>,
}

/// How many bodies are opened at once.
const STEP: u32 = 100;

/// How many entries are looked at before others may read.
const PART: u64 = 16_384;

/// All lines of a filter as of one size of the log, opened in steps, so that memory does not grow with their number. They are those of the log itself: the
/// search file has no part in it.
pub struct Walk<'d> {
    desk: &'d Desk,
    filter: Filter,
    left: Range<u64>,
    order: Order,
}

impl Walk<'_> {
    /// The next lines; none when there are no more.
    ///
    /// # Errors
    /// [`ActionError`]: also when an entry is not what its leaf commits to.
    pub async fn next(&mut self) -> Result<Vec<Line>, ActionError> {
        while !self.left.is_empty() {
            let part = self.part();
            let found = self.desk.store.scan(&self.filter, part.clone(), self.order, STEP).await?;
            let is_full = found.len() >= usize::try_from(STEP).unwrap_or(usize::MAX);
            self.go_on(&part, found.last().filter(|_| is_full).map(|entry| entry.index));
            found.iter().try_for_each(unchanged)?;
            let lines: Vec<Line> = found
                .into_iter()
                .filter(|entry| self.filter.takes(&search::told(&entry.row.clear)))
                .map(|entry| self.desk.line(entry))
                .collect::<Result<_, _>>()?;
            // A part of which nothing is told is not the end.
            if !lines.is_empty() {
                return Ok(lines);
            }
        }
        Ok(Vec::new())
    }

    /// The part of the log to be looked at next.
    fn part(&self) -> Range<u64> {
        let Range { start, end } = self.left;
        match self.order {
            Order::OldestFirst => start..start.saturating_add(PART).min(end),
            Order::NewestFirst => end.saturating_sub(PART).max(start)..end,
        }
    }

    /// What is left behind the last entry found, or behind the part when it was looked at to its end.
    fn go_on(&mut self, part: &Range<u64>, last: Option<u64>) {
        match self.order {
            Order::OldestFirst => self.left.start = last.map_or(part.end, |last| last.saturating_add(1)),
            Order::NewestFirst => self.left.end = last.unwrap_or(part.start),
        }
    }
}

impl Desk {
    /// How large the log is: what a query that begins now looks at.
    ///
    /// # Errors
    /// The store's.
    pub async fn log_size(&self) -> Result<u64, ActionError> {
        Ok(self.store.head().await?.size)
    }

    /// Walks over all lines of `filter` below the index `as_of`, by index. It logs nothing: whoever shows them does, before.
    pub const fn walk(&self, filter: Filter, as_of: u64, order: Order) -> Walk<'_> {
        Walk { desk: self, filter, left: 0..as_of, order }
    }

    /// One page of what `filter` finds, unopened. It logs nothing.
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn lines(&self, filter: &Filter, page: Page) -> Result<Lines, ActionError> {
        let (found, next) = self.found(filter, page).await?;
        let erased = found.iter().filter(|entry| is_erased(&entry.row)).map(|entry| entry.index).collect();
        let lines = found.iter().map(|entry| (entry.index, search::told(&entry.row.clear))).collect();
        Ok(Lines { lines, erased, next })
    }

    /// Those of these entries that are on `party`'s side, opened; another's is left out like one that does not exist. It logs nothing.
    ///
    /// # Errors
    /// [`ActionError`]: also when one of them cannot be opened, though it was not erased.
    pub async fn opened(&self, party: &Oin, indexes: &BTreeSet<u64>) -> Result<Vec<Line>, ActionError> {
        let entries = self.store.entries_at(indexes).await?;
        entries.into_iter().filter(|entry| entry.row.clear.party == *party).map(|entry| self.line(entry)).collect()
    }

    fn line(&self, entry: StoredEntry) -> Result<Line, ActionError> {
        let StoredEntry { index, row } = entry;
        let clear = search::told(&row.clear);
        if is_erased(&row) {
            return Ok(Line { index, clear, body: None });
        }
        match self.journal.open(&row) {
            Ok(body) => Ok(Line { index, body: Some(told::told(&row.clear, body, &self.oin)), clear }),
            Err(JournalError::Erased) => Ok(Line { index, clear, body: None }),
            Err(error) => {
                tracing::error!(index, %error, "ALARM: an entry of the log cannot be opened: run `sluis log verify full`");
                Err(error.into())
            }
        }
    }

    /// The entries of a page, in its order, and where the next one begins. What the search file says is held against the log: what it tells untruly is
    /// not believed, and the file is made anew.
    async fn found(&self, filter: &Filter, page: Page) -> Result<(Vec<StoredEntry>, Option<Place>), ActionError> {
        for _ in 0..2 {
            let one_more = Page { limit: page.limit.saturating_add(1), ..page };
            let mut places = self.search.find(filter, one_more).await?;
            let is_last = places.len() <= usize::try_from(page.limit).unwrap_or(usize::MAX);
            if !is_last {
                places.pop();
            }
            let next = if is_last { None } else { places.last().copied() };
            if let Some(entries) = self.held_against_the_log(filter, &places).await? {
                return Ok((entries, next));
            }
            tracing::warn!("the search file does not say what the log says: built again");
            self.search.discard().await?;
        }
        Err(StoreError::Corrupt { table: "line", column: "idx", row: filter.party.to_string() }.into())
    }

    /// The entries at these places, in this order; `None` when one is not there, or not what the filter takes in.
    async fn held_against_the_log(&self, filter: &Filter, places: &[Place]) -> Result<Option<Vec<StoredEntry>>, ActionError> {
        let indexes: BTreeSet<u64> = places.iter().map(|place| place.index).collect();
        let entries = self.store.entries_at(&indexes).await?;
        let mut entries: BTreeMap<u64, StoredEntry> = entries.into_iter().map(|entry| (entry.index, entry)).collect();
        let mut found = Vec::with_capacity(places.len());
        for place in places {
            let Some(entry) = entries.remove(&place.index) else { return Ok(None) };
            let told = search::told(&entry.row.clear);
            if is_erased(&entry.row) && told.party == filter.party && !filter.takes(&told) {
                // Erased meanwhile: nobody finds it by a token any more.
                continue;
            }
            if told.time != place.time || !filter.takes(&told) {
                return Ok(None);
            }
            unchanged(&entry)?;
            found.push(entry);
        }
        Ok(Some(found))
    }
}

/// Whether the content of an entry is gone.
const fn is_erased(row: &EntryRow) -> bool {
    row.erasable.is_none()
}

/// That the columns are those that the entry was sealed with, its tokens too unless they were erased: its leaf commits to them.
pub(super) fn unchanged(entry: &StoredEntry) -> Result<(), StoreError> {
    let row = &entry.row;
    let of_tokens = |erasable: &crate::store::Erasable| TokensDigest::of(&erasable.salt, &row.clear) == row.tokens;
    let columns = row.leaf.holds(&row.body) && Beside::before(&row.body) == Some(row.beside());
    if columns && row.erasable.as_ref().is_none_or(of_tokens) {
        return Ok(());
    }
    let corrupt = StoreError::Corrupt { table: "entry", column: "columns", row: entry.index.to_string() };
    tracing::error!(error = %corrupt, "ALARM: an entry of the log was changed: run `sluis log verify full`");
    Err(corrupt)
}
