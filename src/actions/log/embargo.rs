//! Holding entries back from reports to subjects, for an investigation or somebody's safety, and telling them again. An officer's act, under her signature.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::ledger::embargo::{Embargo, Lifted, Target};
use crate::ledger::entry::{self, Clear, EntryKind, Look, Reference, TraceId};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::store::embargoes::MOST_STANDING;
use crate::store::search::{Filter, MOST, Order, Page};
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict};
use crate::subject::SubjectId;

/// What an officer does.
pub enum Embargoing {
    /// Look which there are.
    List,
    /// Hold back.
    Place(Placing),
    /// Lift before its date.
    Lift {
        /// The embargo.
        id: String,
        /// On what ground.
        ground: String,
    },
}

/// What is to be held back; one of the first three.
pub struct Placing {
    /// Everything about this person.
    pub subject: Option<Personal<SubjectId>>,
    /// Everything in this case.
    pub case: Option<String>,
    /// Everything of this request.
    pub trace: Option<TraceId>,
    /// On what ground.
    pub ground: String,
    /// From when on it is told again.
    pub until: Timestamp,
}

/// An embargo as its organisation's officer sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmbargoView {
    /// Its id.
    pub id: String,
    /// What it holds back: `subject`, `case` or `trace`.
    pub target: String,
    /// The token or trace of that, as the log writes it.
    pub value: String,
    /// On what ground.
    pub ground: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
    /// From when on it is told again.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// When it was lifted before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lifted_at: Option<Timestamp>,
    /// Who lifted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<String>,
    /// On what ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift_ground: Option<String>,
    /// Whether it holds back now. It does for a while after its time where the gateway's clock is not sure yet.
    pub stands: bool,
    /// How many entries it holds back now, while it stands and that is known: none, when nothing is like that. What is still to come is held back too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
}

impl EmbargoView {
    fn new(embargo: Embargo, sure: Option<Timestamp>, entries: Option<u64>) -> Self {
        let stands = embargo.stands(sure);
        let Embargo { id, target, ground, placed_by, placed_at, until, lifted, version: _, party: _ } = embargo;
        let (lifted_at, rest) = lifted.map(|Lifted { at, by, ground }| (at, (by, ground))).unzip();
        let (lifted_by, lift_ground) = rest.unzip();
        let (target, value) = (target.code().to_owned(), target.value());
        Self { id, target, value, ground, placed_by, placed_at, until, lifted_at, lifted_by, lift_ground, stands, entries }
    }
}

/// What is held back of an organisation's side at this moment.
pub(super) struct HeldBack {
    party: Oin,
    embargoes: Vec<Embargo>,
    sure: Option<Timestamp>,
}

impl HeldBack {
    pub(super) fn holds(&self, clear: &Clear) -> bool {
        self.embargoes.iter().any(|embargo| embargo.holds_back(clear, self.sure))
    }

    /// For the append that logs what is told by this: an embargo that was committed before it must have been seen.
    pub(super) fn unchanged(&self) -> Change {
        let versions = self.embargoes.iter().map(|embargo| (embargo.id.clone(), embargo.version)).collect();
        Change::HeldBack { party: self.party.clone(), versions }
    }
}

/// Whether an embargo was placed or lifted since: what is to be told is to be gathered again.
pub(super) const fn has_changed(error: &ActionError) -> bool {
    matches!(error, ActionError::Append(AppendError::Conflict(Conflict::StateChanged)))
}

impl Desk {
    /// What is held back of `party`'s side. When that cannot be read, nothing is told.
    pub(super) async fn held_back(&self, party: &Oin) -> Result<HeldBack, ActionError> {
        Ok(HeldBack { party: party.clone(), embargoes: self.store.embargoes(party).await?, sure: self.believed.time() })
    }

    /// Places, lifts, or neither; what there is then.
    ///
    /// # Errors
    /// [`ActionError::Member`]; [`ActionError::NotFound`] for another's; [`ActionError::State`] for one that stands no more, and when as many stand as may;
    /// the store's.
    pub async fn embargo(&self, officer: &Officer, act: Embargoing) -> Result<Vec<EmbargoView>, ActionError> {
        match act {
            Embargoing::List => self.list_embargoes(officer).await?,
            Embargoing::Place(placing) => self.place(officer, placing).await?,
            Embargoing::Lift { id, ground } => self.lift(officer, &id, ground).await?,
        }
        let sure = self.believed.time();
        let embargoes = self.store.embargoes(officer.organisation()).await?;
        let mut views = Vec::with_capacity(embargoes.len());
        for embargo in embargoes {
            // What was asked for is done: a count that cannot be had now is left out.
            let entries = if embargo.stands(sure) { self.held_back_by(&embargo).await.ok() } else { None };
            views.push(EmbargoView::new(embargo, sure, entries));
        }
        Ok(views)
    }

    /// How many entries of its party an embargo holds back now.
    async fn held_back_by(&self, embargo: &Embargo) -> Result<u64, ActionError> {
        let of = |subject, case| Filter { subject, case, ..Filter::of(embargo.party.clone()) };
        let filter = match embargo.target {
            Target::Subject(token) => of(Some(token), None),
            Target::Case(token) => of(None, Some(token)),
            Target::Trace(trace) => {
                let mates = self.store.entries_of(trace).await?;
                let own = mates.iter().filter(|entry| entry.row.clear.party == embargo.party).count();
                return Ok(u64::try_from(own).unwrap_or(u64::MAX));
            }
        };
        let (mut count, mut after, as_of) = (0_u64, None, self.log_size().await?);
        loop {
            let found = self.lines(&filter, Page { as_of, after, order: Order::OldestFirst, limit: MOST }).await?;
            count = count.saturating_add(u64::try_from(found.lines.len()).unwrap_or(u64::MAX));
            match found.next {
                None => return Ok(count),
                next => after = next,
            }
        }
    }

    async fn list_embargoes(&self, officer: &Officer) -> Result<(), ActionError> {
        let count = self.store.embargoes(officer.organisation()).await?.len();
        let look = Look { view: "embargoes".to_owned(), count: u64::try_from(count).unwrap_or(u64::MAX), ..Look::default() };
        self.officer_looked(officer, "embargoes looked at", look).await
    }

    async fn place(&self, officer: &Officer, placing: Placing) -> Result<(), ActionError> {
        let party = officer.organisation();
        let Placing { subject, case, trace, ground, until } = placing;
        let subject = subject.map(|subject| Target::Subject(self.journal.subject_token(party, &subject)));
        let case = case.map(|case| Target::Case(self.journal.case_token(party, &case)));
        let targets: Vec<Target> = subject.into_iter().chain(case).chain(trace.map(Target::Trace)).collect();
        let member = |pointer, expected: &str| ActionError::Member { pointer, expected: expected.to_owned() };
        let [target] = targets.as_slice() else {
            return Err(member("/request/place", "one of subject, case and trace"));
        };
        let now = self.clock.now();
        if until <= now {
            return Err(member("/request/place/until", "an instant to come"));
        }
        let embargo = Embargo {
            id: self.new_id()?,
            version: 1,
            party: party.clone(),
            target: target.clone(),
            ground,
            placed_by: officer.reference().to_owned(),
            placed_at: now,
            until,
            lifted: None,
        };
        self.embargoed(officer, embargo).await
    }

    async fn lift(&self, officer: &Officer, id: &str, ground: String) -> Result<(), ActionError> {
        let embargoes = self.store.embargoes(officer.organisation()).await?;
        let embargo = embargoes.into_iter().find(|embargo| embargo.id == id).ok_or(ActionError::NotFound)?;
        if !embargo.stands(self.believed.time()) {
            return Err(ActionError::State("the embargo stands no more".to_owned()));
        }
        let lifted = Some(Lifted { at: self.clock.now(), by: officer.reference().to_owned(), ground });
        let next = Embargo { version: embargo.version.saturating_add(1), lifted, ..embargo };
        self.embargoed(officer, next).await
    }

    /// Commits a version with the entry that tells of it.
    async fn embargoed(&self, officer: &Officer, embargo: Embargo) -> Result<(), ActionError> {
        let (event, ground) = match &embargo.lifted {
            None => ("placed", embargo.ground.clone()),
            Some(lifted) => ("lifted", lifted.ground.clone()),
        };
        let (mut clear, mut body) = self.officers_draft(EntryKind::Embargo, officer, &format!("embargo {event}"))?;
        match &embargo.target {
            Target::Subject(token) => clear.subject = Some(*token),
            Target::Case(token) => clear.case = Some(*token),
            Target::Trace(_) => {}
        }
        body.references.insert(Reference { object: "embargo".to_owned(), id: embargo.id.clone() });
        body.change = Some(entry::Change {
            event: event.to_owned(),
            reason: Some(ground),
            after: BTreeMap::from([
                ("target".to_owned(), embargo.target.code().to_owned()),
                ("value".to_owned(), embargo.target.value()),
                ("until".to_owned(), embargo.until.to_string()),
            ]),
            ..entry::Change::default()
        });
        let entry = self.entry((clear, body))?;
        let committed = self.commit_for(officer, vec![entry], vec![Change::Embargo(Box::new(embargo))]).await.map(drop);
        committed.map_err(|error| match error {
            ActionError::Append(AppendError::Conflict(Conflict::TooMany)) => ActionError::State(format!(
                "{MOST_STANDING} embargoes of your organisation stand, as many as may: lift those that are not needed any more"
            )),
            error if has_changed(&error) => ActionError::State("the embargo was changed meanwhile".to_owned()),
            error => error,
        })
    }
}
