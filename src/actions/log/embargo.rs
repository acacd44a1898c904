//! Holding entries back from reports to subjects, for an investigation or somebody's safety, and telling them again. An officer's act, under her signature.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::actions::officer::Officer;
use crate::actions::once::Once;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::ledger::embargo::{Embargo, Lifted, Target};
use crate::ledger::entry::{self, Clear, EntryKind, Look, Reference, TraceId};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::store::Change;
use crate::subject::SubjectId;

/// What an officer does.
pub enum Embargoing {
    /// Look which there are.
    List,
    /// Hold back.
    Place(Placing),
    /// Tell again before its time.
    Lift {
        /// The embargo.
        id: String,
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
    /// From when on it is told all the same.
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
    /// From when on it is told all the same.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// When it was lifted before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lifted_at: Option<Timestamp>,
    /// Whether it holds back now. It does for a while after its time where the gateway's clock is not sure yet.
    pub stands: bool,
}

/// What is held back of an organisation's side at this moment.
pub(super) struct HeldBack {
    embargoes: Vec<Embargo>,
    sure: Option<Timestamp>,
}

impl HeldBack {
    pub(super) fn holds(&self, clear: &Clear) -> bool {
        self.embargoes.iter().any(|embargo| embargo.holds_back(clear, self.sure))
    }
}

impl Desk {
    /// What is held back of `party`'s side. When that cannot be read, nothing is told.
    pub(super) async fn held_back(&self, party: &Oin) -> Result<HeldBack, ActionError> {
        Ok(HeldBack { embargoes: self.store.embargoes(party).await?, sure: self.believed.time() })
    }

    /// Places, lifts, or neither; what there is then.
    ///
    /// # Errors
    /// [`ActionError::Member`]; [`ActionError::NotFound`] for another's; [`ActionError::State`] for one that stands no more; the store's.
    pub async fn embargo(&self, officer: &Officer, act: Embargoing) -> Result<Vec<EmbargoView>, ActionError> {
        match act {
            Embargoing::List => self.list_embargoes(officer).await?,
            Embargoing::Place(placing) => self.place(officer, placing).await?,
            Embargoing::Lift { id } => self.lift(officer, &id).await?,
        }
        let sure = self.believed.time();
        let view = |embargo: Embargo| EmbargoView {
            stands: embargo.stands(sure),
            target: embargo.target.code().to_owned(),
            value: embargo.target.value(),
            id: embargo.id,
            ground: embargo.ground,
            placed_by: embargo.placed_by,
            placed_at: embargo.placed_at,
            until: embargo.until,
            lifted_at: embargo.lifted.map(|lifted| lifted.at),
        };
        Ok(self.store.embargoes(officer.organisation()).await?.into_iter().map(view).collect())
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
        self.embargoed(officer, embargo, "placed").await
    }

    async fn lift(&self, officer: &Officer, id: &str) -> Result<(), ActionError> {
        let embargoes = self.store.embargoes(officer.organisation()).await?;
        let embargo = embargoes.into_iter().find(|embargo| embargo.id == id).ok_or(ActionError::NotFound)?;
        if embargo.lifted.is_some() {
            return Err(ActionError::State("the embargo was lifted before".to_owned()));
        }
        let lifted = Some(Lifted { at: self.clock.now(), by: officer.reference().to_owned() });
        let next = Embargo { version: embargo.version.saturating_add(1), lifted, ..embargo };
        self.embargoed(officer, next, "lifted").await
    }

    /// Commits a version with the entry that tells of it.
    async fn embargoed(&self, officer: &Officer, embargo: Embargo, event: &str) -> Result<(), ActionError> {
        let (mut clear, mut body) = self.officers_draft(EntryKind::Embargo, officer, &format!("embargo {event}"))?;
        match &embargo.target {
            Target::Subject(token) => clear.subject = Some(*token),
            Target::Case(token) => clear.case = Some(*token),
            Target::Trace(_) => {}
        }
        body.references = BTreeSet::from([Reference { object: "embargo".to_owned(), id: embargo.id.clone() }]);
        body.change = Some(entry::Change {
            event: event.to_owned(),
            reason: Some(embargo.ground.clone()),
            after: BTreeMap::from([
                ("target".to_owned(), embargo.target.code().to_owned()),
                ("value".to_owned(), embargo.target.value()),
                ("until".to_owned(), embargo.until.to_string()),
            ]),
            ..entry::Change::default()
        });
        let entry = self.entry((clear, body))?;
        let once = Once { nonce: Some(officer.nonce().clone()), claim: None };
        self.commit_once(vec![entry], vec![Change::Embargo(Box::new(embargo))], once).await
    }
}
