//! Cases: opened, changed, closed, looked at. Each step is a new version, in force for every disclosure that is recorded after it, and each look is
//! an entry too (invariant 9).

use std::collections::{BTreeMap, BTreeSet};

use super::{ActionError, Desk};
use crate::case_room::{Case, CaseId, InvalidStep, State, Step, Track};
use crate::ledger::entry::{self, EntryKind, Look, Reference};
use crate::organisation::{Kind, Oin};
use crate::store::sequencer::AppendError;
use crate::store::{Append, Change, Conflict};

/// How often a step is tried again because another one came first.
const ATTEMPTS: usize = 3;

impl Desk {
    /// Opens a case with its first attendees.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when an attendee is not known, or cannot attend.
    pub async fn open_case(&self, id: CaseId, track: Track, attendees: BTreeSet<Oin>) -> Result<(), ActionError> {
        for attendee in &attendees {
            self.may_attend(attendee).await?;
        }
        let case = Case::open(id, track, attendees).map_err(invalid)?;
        self.keep_case("opened", None, case).await
    }

    /// Takes the next step of a case; whether it changed anything.
    ///
    /// # Errors
    /// [`ActionError::Invalid`]: no such case, or it is not in the state for this.
    pub async fn change_case(&self, id: &CaseId, step: &Step) -> Result<bool, ActionError> {
        match step {
            Step::Attend(organisation) => self.may_attend(organisation).await?,
            Step::Direct(organisation) => self.may_direct(organisation).await?,
            Step::Leave(_) | Step::Inform | Step::Plan | Step::Close(_) => {}
        }
        for _ in 1..ATTEMPTS {
            match self.try_step(id, step).await {
                Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => {}
                done => return done,
            }
        }
        self.try_step(id, step).await
    }

    /// A case as it stands; the look is an entry.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when there is no such case.
    pub async fn view_case(&self, id: &CaseId) -> Result<Case, ActionError> {
        let case = self.known_case(id).await?;
        self.looked("case", Some(id), 1).await?;
        Ok(case)
    }

    /// All cases as they stand; the look is an entry.
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn view_cases(&self) -> Result<Vec<Case>, ActionError> {
        let cases = self.store.cases().await?;
        self.looked("cases", None, cases.len()).await?;
        Ok(cases)
    }

    async fn try_step(&self, id: &CaseId, step: &Step) -> Result<bool, ActionError> {
        let case = self.known_case(id).await?;
        let Some(next) = case.after(step).map_err(invalid)? else { return Ok(false) };
        let event = match step {
            Step::Attend(_) => "attendee-joined",
            Step::Leave(_) => "attendee-left",
            Step::Inform => "family-informed",
            Step::Direct(_) => "director-named",
            Step::Plan => "plan-made",
            Step::Close(_) => "closed",
        };
        self.keep_case(event, Some(&case), next).await?;
        Ok(true)
    }

    async fn known_case(&self, id: &CaseId) -> Result<Case, ActionError> {
        let unknown = || ActionError::Invalid(format!("there is no case {id}; `sluis case list` shows them"));
        self.store.case(id).await?.map(|(_, case)| case).ok_or_else(unknown)
    }

    async fn may_attend(&self, organisation: &Oin) -> Result<(), ActionError> {
        match self.registration(organisation).await?.organisation.kind {
            kind @ (Kind::ExpertiseTeam | Kind::DataSubject) => Err(ActionError::Invalid(format!(
                "organisation {organisation} is registered as {kind}: a case's attendees are organisations themselves"
            ))),
            _ => Ok(()),
        }
    }

    /// What a director receives is decided for the kind `case-director`: no other kind of organisation gets that by being named.
    async fn may_direct(&self, organisation: &Oin) -> Result<(), ActionError> {
        match self.registration(organisation).await?.organisation.kind {
            Kind::CaseDirector => Ok(()),
            kind => Err(ActionError::Invalid(format!(
                "organisation {organisation} is registered as {kind}: a case is directed by one of kind {}",
                Kind::CaseDirector
            ))),
        }
    }

    /// Commits a version, with an entry on the gateway's own side and one on the side of each organisation that it concerns.
    async fn keep_case(&self, event: &str, before: Option<&Case>, case: Case) -> Result<(), ActionError> {
        let told = entry::Change {
            event: event.to_owned(),
            before: before.map(attributes).unwrap_or_default(),
            after: attributes(&case),
            ..entry::Change::default()
        };
        let mut entries = Vec::new();
        for party in std::iter::once(self.oin.clone()).chain(concerned(before, &case)) {
            let (mut clear, mut body) = self.operators_draft(EntryKind::CaseChange, &party, &format!("case {event}"))?;
            clear.case = Some(self.journal.case_token(&party, case.id.as_str()));
            body.case = Some(case.id.to_string());
            body.references = BTreeSet::from([Reference { object: "case".to_owned(), id: case.id.to_string() }]);
            body.change = Some(told.clone());
            entries.push(self.journal.write(clear, body, None, crate::store::journal::DEFAULT_YEARS)?.row);
        }
        let changes = vec![Change::Case(Box::new(case))];
        self.sequencer.append(Append { entries, changes, ..Append::default() }).await?;
        Ok(())
    }

    async fn looked(&self, view: &str, case: Option<&CaseId>, count: usize) -> Result<(), ActionError> {
        let party = self.oin.clone();
        let (mut clear, mut body) = self.operators_draft(EntryKind::CaseView, &party, &format!("{view} viewed"))?;
        clear.case = case.map(|case| self.journal.case_token(&party, case.as_str()));
        body.case = case.map(ToString::to_string);
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        body.look = Some(Look { view: view.to_owned(), count, ..Look::default() });
        self.commit(clear, body, Vec::new()).await
    }
}

fn invalid(step: InvalidStep) -> ActionError {
    ActionError::Invalid(step.to_string())
}

/// The organisations whose part in the case changes; all that take part when it is opened or closed.
fn concerned(before: Option<&Case>, case: &Case) -> BTreeSet<Oin> {
    let all = |case: &Case| case.attendees.iter().chain(&case.director).cloned().collect::<BTreeSet<_>>();
    match before {
        Some(before) if before.state == case.state => {
            let joined = before.attendees.symmetric_difference(&case.attendees);
            let directs = [&before.director, &case.director].into_iter().flatten().filter(|_| before.director != case.director);
            joined.chain(directs).cloned().collect()
        }
        _ => all(case),
    }
}

fn attributes(case: &Case) -> BTreeMap<String, String> {
    let track = if case.track == Track::Named { "named" } else { "anonymous" };
    let attendees: Vec<_> = case.attendees.iter().map(Oin::as_str).collect();
    let all = [
        ("version", case.version.to_string()),
        ("track", track.to_owned()),
        ("state", if case.state == State::Open { "open" } else { "closed" }.to_owned()),
        ("attendees", attendees.join(" ")),
        ("director", case.director.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("familyInformed", case.family_informed.to_string()),
        ("planMade", case.plan_made.to_string()),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
