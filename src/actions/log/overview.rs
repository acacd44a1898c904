//! The four overviews of NEN 7513: by subject, by day, by employee, by dossier. Lines of the same day, organisation, actor, purpose and action are one
//! line with a count.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Line;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::ledger::entry::{Body, Clear, EntryKind, Outcome};
use crate::organisation::Oin;

/// The most lines of one overview; beyond that the period is to be narrowed.
pub const MOST: usize = 1000;

/// Of whom or what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// Of a data subject (betrokkene).
    Subject,
    /// Of a day.
    Day,
    /// Of an employee, by the organisation's own reference.
    Employee,
    /// Of a dossier: a case.
    Dossier,
}

impl View {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Subject, Self::Day, Self::Employee, Self::Dossier];

    /// The code, as in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Day => "day",
            Self::Employee => "employee",
            Self::Dossier => "dossier",
        }
    }
}

/// One line of an overview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverviewLine {
    /// The day (UTC).
    pub day: String,
    /// When the first of these was, and the last.
    #[schema(value_type = String, format = DateTime)]
    pub first: Timestamp,
    /// When the last of these was.
    #[schema(value_type = String, format = DateTime)]
    pub last: Timestamp,
    /// Who acted: the organisation.
    #[schema(value_type = String)]
    pub organisation: Oin,
    /// Who acted: the person or system, by that organisation's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// In which roles.
    pub roles: BTreeSet<String>,
    /// What was done.
    pub action: EntryKind,
    /// For what.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeCode>,
    /// The other organisations: the sources and the recipients.
    #[schema(value_type = Vec<String>)]
    pub others: BTreeSet<Oin>,
    /// Which data: the categories that were asked for or given.
    pub categories: BTreeSet<Category>,
    /// What of it was given, and in which forms.
    pub given: BTreeMap<Category, BTreeSet<Form>>,
    /// How they ended.
    pub outcomes: BTreeSet<Outcome>,
    /// The authorisation protocol (autorisatieprotocol): the versions of the policies, each with those that decided.
    pub protocols: BTreeMap<String, BTreeSet<String>>,
    /// The consent profile (toestemmingsprofiel): the consents relied upon, each with its version.
    pub consents: BTreeSet<String>,
    /// The use of the emergency button (noodknop): the overrides relied upon.
    pub overrides: BTreeSet<String>,
    /// Whether something in it is held back from its subject.
    pub held_back: bool,
    /// How many of these have been erased: of those only the columns are left.
    pub erased: u64,
    /// How many entries it stands for.
    pub count: u64,
}

/// What entries of one line have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    day: std::cmp::Reverse<String>,
    organisation: Oin,
    actor: Option<String>,
    purpose: Option<PurposeCode>,
    action: EntryKind,
}

/// An overview in the making: the newest day first.
#[derive(Debug, Default)]
pub struct Overview(BTreeMap<Key, OverviewLine>);

/// There are more lines than an overview has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Overview {
    /// Takes an entry in.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn add(&mut self, line: &Line, held_back: bool) -> Result<(), TooLong> {
        let key = key(line);
        if !self.0.contains_key(&key) && self.0.len() == MOST {
            return Err(TooLong);
        }
        self.0.entry(key).or_insert_with_key(|key| empty(key, &line.clear)).take(line, held_back);
        Ok(())
    }

    /// Its lines.
    pub fn lines(self) -> Vec<OverviewLine> {
        self.0.into_values().collect()
    }
}

fn key(line: &Line) -> Key {
    let clear = &line.clear;
    let actor = line.body.as_ref().and_then(|body| body.actor.as_ref());
    let organisation = actor.and_then(|actor| actor.organisation.clone()).or_else(|| clear.recipient.clone());
    Key {
        day: std::cmp::Reverse(clear.time.date()),
        organisation: organisation.unwrap_or_else(|| clear.party.clone()),
        actor: actor.map(|actor| actor.reference.clone()),
        purpose: clear.purpose.clone(),
        action: clear.kind,
    }
}

fn empty(key: &Key, clear: &Clear) -> OverviewLine {
    OverviewLine {
        day: key.day.0.clone(),
        first: clear.time,
        last: clear.time,
        organisation: key.organisation.clone(),
        actor: key.actor.clone(),
        roles: BTreeSet::new(),
        action: key.action,
        purpose: key.purpose.clone(),
        others: BTreeSet::new(),
        categories: BTreeSet::new(),
        given: BTreeMap::new(),
        outcomes: BTreeSet::new(),
        protocols: BTreeMap::new(),
        consents: BTreeSet::new(),
        overrides: BTreeSet::new(),
        held_back: false,
        erased: 0,
        count: 0,
    }
}

impl OverviewLine {
    fn take(&mut self, line: &Line, held_back: bool) {
        let clear = &line.clear;
        self.first = self.first.min(clear.time);
        self.last = self.last.max(clear.time);
        self.categories.extend(&clear.categories);
        self.outcomes.insert(clear.outcome);
        self.others.extend(clear.source.iter().chain(&clear.recipient).filter(|one| **one != self.organisation).cloned());
        self.held_back |= held_back;
        self.count = self.count.saturating_add(1);
        match &line.body {
            Some(body) => self.take_body(body),
            None => self.erased = self.erased.saturating_add(1),
        }
    }

    fn take_body(&mut self, body: &Body) {
        self.roles.extend(body.actor.iter().filter_map(|actor| actor.role.clone()));
        if let Some(decision) = &body.decision {
            let version = decision.version.as_ref().unwrap_or(&decision.bundle);
            self.protocols.entry(version.clone()).or_default().extend(decision.policies.iter().map(ToString::to_string));
        }
        for item in &body.items {
            if let Some(form) = item.given {
                self.given.entry(item.category).or_default().insert(form);
                self.others.insert(item.source.clone());
            }
            self.consents.extend(item.consent.iter().map(|consent| format!("{}/{}", consent.id, consent.version)));
        }
        self.others.remove(&self.organisation);
        self.overrides.extend(body.overrides.iter().map(|one| one.id.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::log::fixture::{at, delivery, lines};
    use std::time::Duration;

    fn overview(lines: &[Line]) -> Vec<OverviewLine> {
        let mut overview = Overview::default();
        for line in lines {
            overview.add(line, line.index == 1).expect("short");
        }
        overview.lines()
    }

    /// Broken on purpose to see it fail: the day is no part of the key.
    #[test]
    fn same_day_lines_are_merged() {
        let day = Duration::from_hours(24);
        let told = overview(&[delivery(9, at(0).plus(day)), delivery(3, at(60)), delivery(2, at(30)), delivery(1, at(0))]);
        let counts: Vec<_> = told.iter().map(|line| (line.day.as_str(), line.count, line.held_back)).collect();
        assert_eq!(counts, [("2026-11-22", 1, false), ("2026-11-21", 3, true)]);
        let line = &told[1];
        assert_eq!((line.first, line.last), (at(0), at(60)));
        assert_eq!(line.roles, BTreeSet::from(["caseworker".to_owned()]));
        assert_eq!(line.given, BTreeMap::from([(Category::Measures, BTreeSet::from([Form::Reduced]))]));
        assert_eq!(line.protocols, BTreeMap::from([("2026.11".to_owned(), ["sa-1", "sa-2"].map(str::to_owned).into())]));
        assert_eq!(line.consents, BTreeSet::from(["c-1/3".to_owned()]));
        assert_eq!(line.others.iter().map(Oin::as_str).collect::<Vec<_>>(), ["00000099000000002000"]);
    }

    /// Broken on purpose to see it fail: the action is no part of the key.
    #[test]
    fn other_actions_and_actors_are_lines_of_their_own() {
        let told = overview(&lines());
        let actions: BTreeSet<_> = told.iter().map(|line| (line.action.code(), line.actor.is_some(), line.erased)).collect();
        let expected =
            [("ask", true, 0), ("disclosure", false, 1), ("disclosure", true, 0), ("log-view", true, 0), ("refusal", true, 0)];
        assert_eq!(actions, expected.into());
    }

    #[test]
    fn an_overview_has_an_end() {
        let mut overview = Overview::default();
        let mut longer = || {
            let days = (0..).map(|day: u32| delivery(u64::from(day), at(0).plus(Duration::from_hours(24) * day)));
            days.take(MOST + 1).try_for_each(|line| overview.add(&line, false))
        };
        assert_eq!(longer(), Err(TooLong));
        assert_eq!(overview.lines().len(), MOST);
    }
}
