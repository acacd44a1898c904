//! Officers' looks: a page of what a filter finds, and entries opened. Each is an entry itself before its answer leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::{self, Asked};
use super::view::{LineView, Opened, Page, line};
use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::ledger::entry::{Clear, EntryKind, Look};
use crate::store::Change;
use crate::store::search::{self, Order};

/// What a query asks.
pub struct Query {
    /// Which entries.
    pub filter: Asked,
    /// At most so many of them.
    pub limit: u32,
    /// Behind which page; none for the first.
    pub cursor: Option<String>,
}

/// The most entries that are opened at once.
pub const MOST_OPENED: usize = 50;

impl Desk {
    /// A page of the entries of the officer's organisation, the newest first.
    ///
    /// # Errors
    /// [`ActionError::Member`] for a cursor that is not of this query; the store's; when the look cannot be logged, so that nothing is shown.
    pub async fn query_log(&self, officer: &Officer, query: &Query) -> Result<Page, ActionError> {
        let filter = self.filter(officer.organisation(), &query.filter);
        let (as_of, after) = match &query.cursor {
            Some(cursor) => self.resumed(&filter, cursor).map(|(as_of, place)| (as_of, Some(place)))?,
            None => (self.log_size().await?, None),
        };
        let page = search::Page { as_of, after, order: Order::NewestFirst, limit: query.limit.clamp(1, search::MOST) };
        let found = self.lines(&filter, page).await?;
        let held_back = self.held_back(officer.organisation()).await?;
        let mut terms = asked::terms(&filter);
        terms.insert("asOf".to_owned(), as_of.to_string());
        if let Some(after) = after {
            terms.insert("after".to_owned(), after.index.to_string());
        }
        let count = u64::try_from(found.lines.len()).unwrap_or(u64::MAX);
        self.officer_looked(officer, "log searched", Look { view: "search".to_owned(), terms, count, ..Look::default() }).await?;
        let seen = |(index, clear): &(u64, Clear)| line(*index, clear, found.erased.contains(index), held_back.holds(clear));
        let lines = found.lines.iter().map(seen).collect();
        Ok(Page { as_of, lines, cursor: found.next.map(|place| self.cursor(&filter, as_of, place)) })
    }

    /// Entries of the officer's organisation, opened. Another's are like those that do not exist.
    ///
    /// # Errors
    /// The store's; [`ActionError::Journal`] when one cannot be opened that was not erased; when the look cannot be logged, so that nothing is shown.
    pub async fn open_log(&self, officer: &Officer, indexes: &BTreeSet<u64>) -> Result<Opened, ActionError> {
        let lines = self.opened(officer.organisation(), indexes).await?;
        let held_back = self.held_back(officer.organisation()).await?;
        let found: BTreeSet<u64> = lines.iter().map(|line| line.index).collect();
        let missing: BTreeSet<u64> = indexes.difference(&found).copied().collect();
        let opened = lines.iter().filter(|line| line.body.is_some()).map(|line| line.index).collect();
        let numbers = indexes.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let look = Look {
            view: "entry".to_owned(),
            terms: BTreeMap::from([("indexes".to_owned(), numbers)]),
            opened,
            count: u64::try_from(lines.len()).unwrap_or(u64::MAX),
            format: None,
        };
        self.officer_looked(officer, "log entries opened", look).await?;
        let lines = lines.into_iter().map(|line| LineView::opened(line, &held_back)).collect();
        Ok(Opened { lines, not_found: missing })
    }

    /// Logs an officer's look, with the nonce of her request. Nothing is shown before this returned.
    pub(in crate::actions) async fn officer_looked(&self, officer: &Officer, name: &str, look: Look) -> Result<(), ActionError> {
        self.look(officer, name, look, Vec::new()).await
    }

    /// The same, while something is as it was seen.
    pub(super) async fn officer_looked_while(
        &self,
        officer: &Officer,
        name: &str,
        look: Look,
        seen: Change,
    ) -> Result<(), ActionError> {
        self.look(officer, name, look, vec![seen]).await
    }

    async fn look(&self, officer: &Officer, name: &str, look: Look, seen: Vec<Change>) -> Result<(), ActionError> {
        let (clear, mut body) = self.officers_draft(EntryKind::LogView, officer, name)?;
        body.look = Some(look);
        self.commit_look(officer, vec![self.entry((clear, body))?], seen).await.map(drop)
    }
}
