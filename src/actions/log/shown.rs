//! Overviews for officers and reports to subjects. Each is an entry before it is shown.

use std::collections::BTreeMap;

use serde::Serialize;

use super::asked::{self, Asked};
use super::overview::{MOST, Overview, OverviewLine, View};
use super::report::{Named, Report, Telling};
use crate::actions::officer::Officer;
use crate::actions::{ActionError, Desk};
use crate::ledger::entry::Look;
use crate::organisation::Oin;
use crate::policy::{Bundle, Language};
use crate::store::search::{Filter, Order};

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

impl Desk {
    /// An overview of the officer's organisation.
    ///
    /// # Errors
    /// [`ActionError::Member`] when the filter does not say of whom or what, or takes in too much; the store's; when the look cannot be logged.
    pub async fn overview(&self, officer: &Officer, view: View, asked: &Asked) -> Result<OverviewAnswer, ActionError> {
        said(view, asked)?;
        let filter = self.filter(officer.organisation(), asked);
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
        self.shown(officer, &format!("overview-{}", view.code()), &filter, (as_of, lines.len())).await?;
        Ok(OverviewAnswer { as_of, lines })
    }

    /// What a subject is told of the officer's organisation's side of the log.
    ///
    /// # Errors
    /// [`ActionError::Member`] when no subject is named; the store's; when the look cannot be logged.
    pub async fn subject_report(
        &self,
        officer: &Officer,
        asked: &Asked,
        (words, language): (&Bundle, Language),
    ) -> Result<Report, ActionError> {
        let member = |pointer, expected: &str| ActionError::Member { pointer, expected: expected.to_owned() };
        let Asked {
            subject,
            actor: None,
            case: None,
            organisation: None,
            purpose: None,
            category: None,
            kind: None,
            from,
            until,
            outcome: None,
            overridden: None,
        } = asked
        else {
            return Err(member(
                "/request/filter",
                "the subject and a period only: what else is left out of a report could be seen from it",
            ));
        };
        if subject.is_none() {
            return Err(member("/request/filter/subject", "required: to whom is told"));
        }
        let filter = self.filter(officer.organisation(), asked);
        let held_back = self.held_back(officer.organisation()).await?;
        let as_of = self.log_size().await?;
        let mut telling = Telling::default();
        let mut walk = self.walk(filter.clone(), as_of, Order::NewestFirst);
        loop {
            let lines = walk.next().await?;
            if lines.is_empty() {
                break;
            }
            lines.iter().filter(|line| !held_back.holds(&line.clear)).for_each(|line| telling.add(line));
        }
        let registered = self.store.registered().await?.organisations;
        let named = |oin: &Oin| {
            let known = registered.get(oin).map(|registration| registration.organisation.name.clone());
            Named { oin: oin.clone(), name: known.unwrap_or_else(|| oin.to_string()) }
        };
        let lines = telling.lines(words, language, named);
        self.shown(officer, "subject-report", &filter, (as_of, lines.len())).await?;
        let (from, until) = (from.map(crate::clock::Timestamp::date), until.map(crate::clock::Timestamp::date));
        Ok(Report { organisation: named(officer.organisation()), from, until, lines })
    }

    /// Logs the look; how far it looked, and not every index: thousands would be no entry.
    async fn shown(
        &self,
        officer: &Officer,
        view: &str,
        filter: &Filter,
        (as_of, count): (u64, usize),
    ) -> Result<(), ActionError> {
        let mut terms: BTreeMap<String, String> = asked::terms(filter);
        terms.insert("asOf".to_owned(), as_of.to_string());
        let look = Look { view: view.to_owned(), terms, count: u64::try_from(count).unwrap_or(u64::MAX), ..Look::default() };
        self.officer_looked(officer, &format!("{view} looked at"), look).await
    }
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
