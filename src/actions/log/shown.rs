//! Overviews for officers and reports to subjects. Each is an entry before it is shown, and that entry is committed only while the embargoes are those by which
//! it was made: what is held back meanwhile is not told after all.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::Line;
use super::asked::{self, Asked};
use super::embargo::{HeldBack, has_changed};
use super::left::{self, Step, Steps};
use super::overview::{MOST, Overview, OverviewLine, View};
use super::report::{Named, Report, Telling};
use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::clock::Day;
use crate::ledger::entry::{EntryKind, Look, TraceId};
use crate::organisation::Oin;
use crate::policy::{Bundle, Language};
use crate::secret::Personal;
use crate::store::journal::JournalError;
use crate::store::search::{Filter, Order};
use crate::subject::SubjectId;

/// How often something is made again because embargoes were placed or lifted meanwhile.
pub(super) const ATTEMPTS: usize = 5;

/// An overview.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LogOverviewAnswer)]
#[serde(rename_all = "camelCase")]
pub struct OverviewAnswer {
    /// The size of the log that it looks at.
    pub as_of: u64,
    /// Its lines, the newest day first.
    pub lines: Vec<OverviewLine>,
}

/// What a report to a subject is to be about.
pub struct Reporting {
    /// The person.
    pub subject: Personal<SubjectId>,
    /// The first day of the period; none for the beginning of the log.
    pub from: Option<Day>,
    /// The last day of the period; none for today.
    pub until: Option<Day>,
    /// In which language.
    pub language: Language,
}

impl Desk {
    /// An overview of the officer's organisation.
    ///
    /// # Errors
    /// [`ActionError::Member`] when the filter does not say of whom or what, or takes in too much; the store's; when the look cannot be logged.
    pub async fn overview(&self, officer: &Officer, view: View, asked: &Asked) -> Result<OverviewAnswer, ActionError> {
        said(view, asked)?;
        let filter = self.filter(officer.organisation(), asked);
        for _ in 0..ATTEMPTS {
            match self.overview_once(officer, view, &filter).await {
                Err(error) if has_changed(&error) => {}
                answer => return answer,
            }
        }
        Err(unsettled())
    }

    async fn overview_once(&self, officer: &Officer, view: View, filter: &Filter) -> Result<OverviewAnswer, ActionError> {
        let held_back = self.held_back(officer.organisation()).await?;
        let as_of = self.log_size().await?;
        let mut overview = Overview::default();
        let mut walk = self.walk(filter.clone(), as_of, Order::NewestFirst);
        loop {
            let lines = walk.next().await?;
            if lines.is_empty() {
                break;
            }
            for line in &lines {
                overview.add(line, held_back.holds(&line.clear)).map_err(|_| ActionError::Member {
                    pointer: "/request/filter/from",
                    expected: format!("a shorter period: an overview has at most {MOST} lines"),
                })?;
            }
        }
        let lines = overview.lines();
        self.shown(officer, &format!("overview-{}", view.code()), filter, (as_of, lines.len()), &held_back).await?;
        Ok(OverviewAnswer { as_of, lines })
    }

    /// What a subject is told of the officer's organisation's side of the log.
    ///
    /// # Errors
    /// The store's; when the look cannot be logged.
    pub async fn subject_report(&self, officer: &Officer, asked: Reporting, words: Arc<Bundle>) -> Result<Report, ActionError> {
        let Reporting { subject, from, until, language } = asked;
        let (first, behind) = (from.map(Day::start), until.map(|day| day.next().start()));
        let filter = self
            .filter(officer.organisation(), &Asked { subject: Some(subject), from: first, until: behind, ..Asked::default() });
        for _ in 0..ATTEMPTS {
            let held_back = self.held_back(officer.organisation()).await?;
            let as_of = self.log_size().await?;
            let made_on = Day::of(self.clock.now());
            let telling = self.tell(&filter, as_of, &held_back).await?;
            let words = self.words(&words, &telling).await?;
            let registered = self.store.registered().await?.organisations;
            let named = |oin: &Oin| {
                let known = registered.get(oin).map(|registration| registration.organisation.name.clone());
                Named { oin: oin.clone(), name: known.unwrap_or_else(|| oin.to_string()) }
            };
            let lines = telling.lines(&words, language, named);
            match self.shown(officer, "subject-report", &filter, (as_of, lines.len()), &held_back).await {
                Err(error) if has_changed(&error) => {}
                logged => {
                    return logged.map(|()| Report { organisation: named(officer.organisation()), made_on, from, until, lines });
                }
            }
        }
        Err(unsettled())
    }

    /// All that is to be told: what has left, and is not held back.
    async fn tell(&self, filter: &Filter, as_of: u64, held_back: &HeldBack) -> Result<Telling, ActionError> {
        let mut telling = Telling::new(self.oin.clone());
        let mut requests: BTreeMap<TraceId, Steps> = BTreeMap::new();
        let mut walk = self.walk(filter.clone(), as_of, Order::OldestFirst);
        loop {
            let lines = walk.next().await?;
            if lines.is_empty() {
                return Ok(telling);
            }
            for line in lines.iter().filter(|line| Telling::is_told(line.clear.kind) && !held_back.holds(&line.clear)) {
                if self.has_left(line, as_of, &mut requests).await? {
                    telling.add(line);
                }
            }
        }
    }

    /// Whether it has, by all entries of its request until now: also those behind the period, and on other sides.
    async fn has_left(&self, line: &Line, as_of: u64, known: &mut BTreeMap<TraceId, Steps>) -> Result<bool, ActionError> {
        let trace = line.clear.trace;
        if let Some(steps) = known.get(&trace) {
            return Ok(steps.left(line.index));
        }
        let steps = self.steps(trace, as_of).await?;
        let left = steps.left(line.index);
        known.insert(trace, steps);
        Ok(left)
    }

    async fn steps(&self, trace: TraceId, as_of: u64) -> Result<Steps, ActionError> {
        let mut steps = Vec::new();
        for entry in self.store.entries_of(trace).await? {
            super::lines::unchanged(&entry)?;
            let (index, kind, party) = (entry.index, entry.row.clear.kind, entry.row.clear.party.clone());
            let says_about = matches!(kind, EntryKind::Undelivered | EntryKind::Redelivery);
            let about = match says_about.then(|| self.journal.open(&entry.row)) {
                None | Some(Err(JournalError::Erased)) => None,
                Some(Ok(body)) => left::about(&body),
                Some(Err(error)) => return Err(error.into()),
            };
            steps.push(Step { index, kind, party, about });
        }
        steps.retain(|step| step.index < as_of);
        Ok(Steps(steps))
    }

    /// The policies in force, and behind them those by which was decided.
    async fn words(&self, now: &Arc<Bundle>, telling: &Telling) -> Result<Vec<Arc<Bundle>>, ActionError> {
        let mut words = vec![Arc::clone(now)];
        for hash in telling.bundles().iter().filter(|hash| *hash != now.hash()) {
            words.extend(self.earlier_policies.of(&*self.store, hash).await?);
        }
        Ok(words)
    }

    /// Logs the look; how far it looked, and not every index: thousands would be no entry. Nothing is logged when embargoes have changed.
    async fn shown(
        &self,
        officer: &Officer,
        view: &str,
        filter: &Filter,
        (as_of, count): (u64, usize),
        held_back: &HeldBack,
    ) -> Result<(), ActionError> {
        let mut terms: BTreeMap<String, String> = asked::terms(filter);
        terms.insert("asOf".to_owned(), as_of.to_string());
        let look = Look { view: view.to_owned(), terms, count: u64::try_from(count).unwrap_or(u64::MAX), ..Look::default() };
        self.officer_looked_while(officer, &format!("{view} looked at"), look, held_back.unchanged()).await
    }
}

/// It was made as often as it may be.
pub(super) fn unsettled() -> ActionError {
    ActionError::State("embargoes were placed or lifted all the time while this was made; ask again".to_owned())
}

/// That the filter says of whom or what the overview is.
fn said(view: View, asked: &Asked) -> Result<(), ActionError> {
    let (is_said, pointer, expected) = match view {
        View::Subject => (asked.subject.is_some(), "/request/filter/subject", "required: the person whose overview it is"),
        View::Day => (asked.from.is_some() && asked.until.is_some(), "/request/filter/from", "required: from and until"),
        View::Employee => (asked.actor.is_some(), "/request/filter/actor", "required: the employee whose overview it is"),
        View::Dossier => (asked.case.is_some(), "/request/filter/case", "required: the case whose overview it is"),
    };
    is_said.then_some(()).ok_or_else(|| ActionError::Member { pointer, expected: expected.to_owned() })
}
