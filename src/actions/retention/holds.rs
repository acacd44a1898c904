//! Legal holds: a privacy officer (FG) keeps her side of what a court, a supervisor or a complaint still needs, beyond its term and against erasure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{AT_ONCE, ids};
use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::ledger::entry::{self, Body, Clear, EntryKind, Erases, Erasure, Look, Reference, TraceId};
use crate::secret::Personal;
use crate::store::retention::{Covers, Hold, settle};
use crate::store::sequencer::AppendError;
use crate::store::{Append, Change, Conflict};
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
    /// Why.
    pub ground: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        let covers = match &hold.covers {
            Covers::Subject(_) => "subject",
            Covers::Case(_) => "case",
            Covers::Trace(_) => "disclosure",
            Covers::Entries(_) => "entries",
        };
        let Hold { id, ground, placed_by, placed_at, .. } = hold;
        Self { id, covers, ground, placed_by, placed_at }
    }
}

impl Desk {
    /// Places a hold.
    ///
    /// # Errors
    /// [`ActionError::NotFound`] when one of the entries is not hers.
    pub async fn place_hold(&self, officer: &Officer, placing: Placing, ground: &str) -> Result<HoldView, ActionError> {
        let party = officer.organisation().clone();
        let covers = match placing {
            Placing::Subject(subject) => Covers::Subject(self.journal.subject_token(&party, &subject)),
            Placing::Case(case) => Covers::Case(self.journal.case_token(&party, &case)),
            Placing::Disclosure(trace) => Covers::Trace(trace),
            Placing::Entries(entries) => {
                for index in &entries {
                    let found = self.store.entries(*index, 1).await?;
                    if !found.iter().any(|entry| entry.index == *index && entry.row.clear.party == party) {
                        return Err(ActionError::NotFound);
                    }
                }
                Covers::Entries(entries)
            }
        };
        let (id, placed_at) = (self.new_id()?, self.clock.now());
        let hold = Hold { id, party, covers, ground: ground.to_owned(), placed_by: officer.reference().to_owned(), placed_at };
        let (mut clear, body) = self.hold_entry(officer, &hold.id, "placed", ground)?;
        match &hold.covers {
            Covers::Subject(token) => clear.subject = Some(*token),
            Covers::Case(token) => clear.case = Some(*token),
            Covers::Trace(_) | Covers::Entries(_) => {}
        }
        self.commit_asked(clear, &body, vec![Change::Hold(Box::new(hold.clone()))], Some(officer.nonce().clone())).await?;
        Ok(hold.into())
    }

    /// Lifts a hold of the officer's organisation. What it kept beyond its term is erased with it, unless another one covers it; gives how many entries.
    ///
    /// # Errors
    /// [`ActionError::NotFound`] when there is none, or it is another organisation's.
    pub async fn lift_hold(&self, officer: &Officer, id: &str, ground: &str) -> Result<u64, ActionError> {
        let holds = self.store.holds().await?;
        let (own, others): (Vec<_>, Vec<_>) = holds.iter().cloned().partition(|hold| hold.id == id);
        let hold = own.into_iter().find(|hold| hold.party == *officer.organisation()).ok_or(ActionError::NotFound)?;
        let kept = Erases::Hold(hold.key());
        for other in &others {
            self.keep_for(other, &kept).await?;
        }
        self.give_back(&hold, &kept).await?;
        let left = self.store.extent(&kept).await?;
        let mut entries = vec![self.entry(self.hold_entry(officer, id, "lifted", ground)?)?];
        if left > 0 {
            let (clear, mut body) =
                self.officers_draft(EntryKind::Erasure, officer, "entries past their term, of a lifted hold")?;
            let rule = "the hold was lifted; the term of the retention class had passed".to_owned();
            body.erasure = Some(Erasure { rule, erases: Some(kept), count: left });
            entries.push(self.entry((clear, body))?);
        }
        let changes = vec![Change::HeldBy(ids(&holds)), Change::HoldLifted(id.to_owned())];
        let append = Append { nonce: Some(officer.nonce().clone()), entries, changes, ..Append::default() };
        let conflict = |error| match error {
            AppendError::Conflict(Conflict::StateChanged) => {
                ActionError::State("another hold was placed or lifted; try again".to_owned())
            }
            error => error.into(),
        };
        self.sequencer.append(append).await.map_err(conflict)?;
        settle(&*self.store, &self.journal).await?;
        Ok(left)
    }

    /// The holds of the officer's organisation, oldest first. Looking is an entry.
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn holds(&self, officer: &Officer) -> Result<Vec<HoldView>, ActionError> {
        let holds = self.store.holds().await?.into_iter().filter(|hold| hold.party == *officer.organisation());
        let holds: Vec<HoldView> = holds.map(HoldView::from).collect();
        let (clear, mut body) = self.officers_draft(EntryKind::LogView, officer, "legal holds")?;
        let count = u64::try_from(holds.len()).unwrap_or(u64::MAX);
        body.look = Some(Look { view: "legal-holds".to_owned(), count, ..Look::default() });
        self.commit_asked(clear, &body, vec![], Some(officer.nonce().clone())).await?;
        Ok(holds)
    }

    /// Of what this hold keeps, the entries whose class was not erased after all are kept by that again.
    async fn give_back(&self, hold: &Hold, kept_by: &Erases) -> Result<(), ActionError> {
        let classes = self.journal.names("entries-").map_err(|error| ActionError::Journal(error.into()))?.there;
        let mut from = 0;
        loop {
            let covered = self.store.covered(kept_by, hold, from, AT_ONCE).await?;
            let Some(last) = covered.last() else { return Ok(()) };
            from = last.index.saturating_add(1);
            let of_class = covered.iter().filter(|entry| classes.contains(&entry.row.key_class));
            let wrap =
                |entry: &crate::store::StoredEntry| Ok((entry.index, self.journal.wrap_anew(&entry.row, &entry.row.key_class)?));
            let wrapped = of_class.map(wrap).collect::<Result<Vec<_>, ActionError>>()?;
            self.store.hold_entries(&wrapped, None).await?;
        }
    }

    fn hold_entry(&self, officer: &Officer, id: &str, event: &str, ground: &str) -> Result<(Clear, Body), ActionError> {
        let (clear, mut body) = self.officers_draft(EntryKind::LegalHold, officer, &format!("legal hold {event}"))?;
        body.references = BTreeSet::from([Reference { object: "legal-hold".to_owned(), id: id.to_owned() }]);
        let (before, after) = (BTreeMap::new(), BTreeMap::new());
        let approved_by = BTreeSet::new();
        body.change =
            Some(entry::Change { event: event.to_owned(), reason: Some(ground.to_owned()), before, after, approved_by });
        Ok((clear, body))
    }
}
