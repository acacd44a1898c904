//! Legal holds: a privacy officer (FG) keeps her side of what a court, a supervisor or a complaint still needs, beyond its term and against erasure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::ledger::entry::{self, Body, Clear, EntryKind, Look, Reference, TraceId};
use crate::ledger::token::SearchToken;
use crate::secret::Personal;
use crate::store::retention::{Covers, Hold, MOST_HOLDS};
use crate::store::search::{Filter, MOST, Order, Page};
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict, StoredEntry};
use crate::subject::SubjectId;

/// What is to be held.
#[derive(Debug)]
pub enum Placing {
    /// What is about a person.
    Subject(Personal<SubjectId>),
    /// What belongs to a case, by the reference that her organisation knows.
    Case(String),
    /// What belongs to a disclosure.
    Disclosure(TraceId),
    /// These entries, all of which must be hers.
    Entries(BTreeSet<u64>),
}

/// A hold as its officers see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LegalHold)]
pub struct HoldView {
    /// Its id (`UUIDv7`).
    pub id: String,
    /// What it covers: `subject`, `case`, `disclosure` or `entries`. Whom, it does not say.
    pub covers: &'static str,
    /// Which: the token of the person or case (one person has one token in her organisation); the trace; the indexes, with spaces between.
    pub value: String,
    /// Why.
    pub ground: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
    /// How many entries it covers now: none, when nothing is like that. What is still to come is covered too.
    pub entries: u64,
}

impl HoldView {
    fn of(hold: Hold, entries: u64) -> Self {
        let Hold { id, covers, ground, placed_by, placed_at, .. } = hold;
        Self { id, covers: covers.code(), value: covers.value(), ground, placed_by, placed_at, entries }
    }
}

impl Desk {
    /// Places a hold.
    ///
    /// # Errors
    /// [`ActionError::NotFound`] when one of the entries is not hers; [`ActionError::State`] when her organisation has as many as it may have.
    pub async fn place_hold(&self, officer: &Officer, placing: Placing, ground: &str) -> Result<HoldView, ActionError> {
        let party = officer.organisation().clone();
        let covers = match placing {
            Placing::Subject(subject) => Covers::Subject(self.journal.subject_token(&party, &subject)),
            Placing::Case(case) => Covers::Case(self.journal.case_token(&party, &case)),
            Placing::Disclosure(trace) => Covers::Trace(trace),
            Placing::Entries(entries) => {
                let found = self.store.entries_at(&entries).await?;
                if found.iter().filter(|entry| entry.row.clear.party == party).count() != entries.len() {
                    return Err(ActionError::NotFound);
                }
                Covers::Entries(entries)
            }
        };
        let (id, placed_at) = (self.new_id()?, self.clock.now());
        let hold = Hold { id, party, covers, ground: ground.to_owned(), placed_by: officer.reference().to_owned(), placed_at };
        let (mut clear, body) = self.hold_entry(officer, &hold, "placed", ground)?;
        match &hold.covers {
            Covers::Subject(token) => clear.subject = Some(*token),
            Covers::Case(token) => clear.case = Some(*token),
            Covers::Trace(_) | Covers::Entries(_) => {}
        }
        let entries = self.covered(&hold).await?;
        let changes = vec![Change::Hold(Box::new(hold.clone()))];
        let many = format!("{MOST_HOLDS} holds of your organisation stand, the most that may: lift one first");
        self.commit_for(officer, vec![self.entry((clear, body))?], changes).await.map_err(|error| match error {
            ActionError::Append(AppendError::Conflict(Conflict::TooMany)) => ActionError::State(many),
            error => error,
        })?;
        Ok(HoldView::of(hold, entries))
    }

    /// Lifts a hold of the officer's organisation. What it kept beyond its term is erased with it, unless another one covers it; gives how many entries, or
    /// nothing when that is still to be done: it is within a minute or so.
    ///
    /// # Errors
    /// [`ActionError::NotFound`] when there is none, or it is another organisation's.
    pub async fn lift_hold(&self, officer: &Officer, id: &str, ground: &str) -> Result<Option<u64>, ActionError> {
        let own = |hold: &Hold| hold.id == id && hold.party == *officer.organisation();
        let hold = self.store.holds().await?.into_iter().find(own).ok_or(ActionError::NotFound)?;
        let entry = self.entry(self.hold_entry(officer, &hold, "lifted", ground)?)?;
        self.commit_for(officer, vec![entry], vec![Change::HoldLifted(id.to_owned())]).await?;
        match self.release(&hold.key()).await {
            Ok(erased) => Ok(Some(erased)),
            Err(error) => {
                tracing::warn!(%error, hold = id, "what a lifted hold kept could not be released; tried again in a minute");
                Ok(None)
            }
        }
    }

    /// The holds of the officer's organisation, oldest first. Looking is an entry.
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn holds(&self, officer: &Officer) -> Result<Vec<HoldView>, ActionError> {
        let mut views = Vec::new();
        for hold in self.store.holds().await?.into_iter().filter(|hold| hold.party == *officer.organisation()) {
            let entries = self.covered(&hold).await?;
            views.push(HoldView::of(hold, entries));
        }
        let (clear, mut body) = self.officers_draft(EntryKind::LogView, officer, "legal holds")?;
        let count = u64::try_from(views.len()).unwrap_or(u64::MAX);
        body.look = Some(Look { view: "legal-holds".to_owned(), count, ..Look::default() });
        self.commit_look(officer, vec![self.entry((clear, body))?], Vec::new()).await?;
        Ok(views)
    }

    /// How many entries a hold covers that are not erased, those of holds apart.
    async fn covered(&self, hold: &Hold) -> Result<u64, ActionError> {
        let of = |subject: Option<SearchToken>, case| Filter { subject, case, ..Filter::of(hold.party.clone()) };
        match &hold.covers {
            Covers::Subject(token) => self.covered_by_traces(hold, self.traces(&of(Some(*token), None)).await?).await,
            Covers::Case(token) => self.covered_by_traces(hold, self.traces(&of(None, Some(*token))).await?).await,
            Covers::Trace(trace) => self.covered_by_traces(hold, BTreeSet::from([*trace])).await,
            Covers::Entries(entries) => {
                let there =
                    self.store.entries_at(entries).await?.into_iter().filter(|entry| entry.row.erasable.is_some()).count();
                Ok(u64::try_from(there).unwrap_or(u64::MAX))
            }
        }
    }

    async fn covered_by_traces(&self, hold: &Hold, traces: BTreeSet<TraceId>) -> Result<u64, ActionError> {
        let mut count = 0_u64;
        for trace in traces {
            let mates = self.store.entries_of(trace).await?;
            let there = mates.iter().filter(|entry| counts(entry) && hold.covers(entry.index, &mates)).count();
            count = count.saturating_add(u64::try_from(there).unwrap_or(u64::MAX));
        }
        Ok(count)
    }

    /// The traces of what a filter finds.
    async fn traces(&self, filter: &Filter) -> Result<BTreeSet<TraceId>, ActionError> {
        let (mut traces, mut after, as_of) = (BTreeSet::new(), None, self.log_size().await?);
        loop {
            let page = Page { as_of, after, order: Order::OldestFirst, limit: MOST };
            let found = self.lines(filter, page).await?;
            traces.extend(found.lines.into_iter().map(|(_, clear)| clear.trace));
            match found.next {
                None => return Ok(traces),
                next => after = next,
            }
        }
    }

    fn hold_entry(&self, officer: &Officer, hold: &Hold, event: &str, ground: &str) -> Result<(Clear, Body), ActionError> {
        let (clear, mut body) = self.officers_draft(EntryKind::LegalHold, officer, &format!("legal hold {event}"))?;
        body.references.insert(Reference { object: "legal-hold".to_owned(), id: hold.id.clone() });
        body.change = Some(entry::Change {
            event: event.to_owned(),
            reason: Some(ground.to_owned()),
            after: BTreeMap::from([
                ("covers".to_owned(), hold.covers.code().to_owned()),
                ("value".to_owned(), hold.covers.value()),
            ]),
            ..entry::Change::default()
        });
        Ok((clear, body))
    }
}

/// What is not erased, and tells of something else than holds: that a hold was placed is about whom it holds too.
fn counts(entry: &StoredEntry) -> bool {
    entry.row.erasable.is_some() && entry.row.clear.kind != EntryKind::LegalHold
}
