//! A case (casus) as it is registered, and the steps that lead from one version to the next. It names organisations only, never a person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CaseFact, CaseId};
use crate::clock::Timestamp;
use crate::organisation::{Kind, Oin};

/// The most organisations that attend one case.
const MOST_ATTENDEES: usize = 50;

/// Whether a case is about persons by name. It never changes: a case by name is a new case (`domain.md` §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Track {
    /// A family, by name.
    Named,
    /// An anonymous consultation (consultatief): nobody's name, no source is asked.
    Anonymous,
}

/// How far a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum State {
    /// It runs.
    Open,
    /// It is over, for good: nothing is given in it any more.
    Closed {
        /// Since when.
        at: Timestamp,
    },
}

/// One version of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// From 1, one more with each step.
    pub version: u32,
    /// By name or anonymous.
    pub track: Track,
    /// Open or closed.
    pub state: State,
    /// The organisations that attend (deelnemers): together the team.
    pub attendees: BTreeSet<Oin>,
    /// The organisation of the case director (MDA-regisseur), after the decision "MDA regie".
    pub director: Option<Oin>,
    /// The family was told before the discussion by name.
    pub family_informed: bool,
    /// A safety plan was made with the family.
    pub plan_made: bool,
}

/// What happens to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An organisation attends from now on.
    Attend(Oin),
    /// An organisation attends no more, and does not direct any more.
    Leave(Oin),
    /// The family was told of the discussion.
    Inform,
    /// The team decided on "MDA regie", and this organisation directs.
    Direct(Oin),
    /// A plan was made with the family.
    Plan,
    /// It is closed at this instant.
    Close(Timestamp),
}

impl Case {
    /// A new case, open.
    ///
    /// # Errors
    /// [`InvalidStep::TooMany`] attendees.
    pub fn open(id: CaseId, track: Track, attendees: BTreeSet<Oin>) -> Result<Self, InvalidStep> {
        if attendees.len() > MOST_ATTENDEES {
            return Err(InvalidStep::TooMany);
        }
        let (director, family_informed, plan_made) = (None, false, false);
        Ok(Self { id, version: 1, track, state: State::Open, attendees, director, family_informed, plan_made })
    }

    /// The next version after `step`; `None` when it stands so already.
    ///
    /// # Errors
    /// [`InvalidStep`]: the case is not in the state for it.
    pub fn after(&self, step: &Step) -> Result<Option<Self>, InvalidStep> {
        let mut next = self.clone();
        match (step, self.state) {
            (Step::Close(_), State::Closed { .. }) => return Ok(None),
            (_, State::Closed { at }) => return Err(InvalidStep::Closed(at)),
            (Step::Attend(organisation), State::Open) => {
                next.attendees.insert(organisation.clone());
            }
            (Step::Leave(organisation), State::Open) => {
                next.attendees.remove(organisation);
                next.director = next.director.filter(|director| director != organisation);
            }
            (Step::Inform, State::Open) => next.family_informed = self.by_name()?,
            (Step::Direct(organisation), State::Open) => {
                self.by_name()?;
                next.director = Some(organisation.clone());
            }
            (Step::Plan, State::Open) => next.plan_made = self.may_plan()?,
            (Step::Close(at), State::Open) => next.state = State::Closed { at: *at },
        }
        if next.attendees.len() > MOST_ATTENDEES {
            return Err(InvalidStep::TooMany);
        }
        if next == *self {
            return Ok(None);
        }
        next.version = next.version.saturating_add(1);
        Ok(Some(next))
    }

    /// Whether the organisation takes part: as an attendee, or as the director's.
    pub fn takes_part(&self, organisation: &Oin) -> bool {
        self.attendees.contains(organisation) || self.director.as_ref() == Some(organisation)
    }

    /// What the policies are given of it. `kind_of` says as what an organisation is registered; `None` when one that attends is not: then nobody
    /// can tell who would receive.
    pub fn fact(&self, kind_of: impl Fn(&Oin) -> Option<Kind>) -> Option<CaseFact> {
        Some(CaseFact {
            id: self.id.to_string(),
            version: self.version,
            open: self.state == State::Open,
            named: self.track == Track::Named,
            attendees: self.attendees.clone(),
            attendee_kinds: self.attendees.iter().map(kind_of).collect::<Option<_>>()?,
            director: self.director.clone(),
            family_informed: self.family_informed,
            plan_made: self.plan_made,
        })
    }

    fn by_name(&self) -> Result<bool, InvalidStep> {
        if self.track == Track::Named { Ok(true) } else { Err(InvalidStep::Anonymous) }
    }

    /// A plan is made *with* the family, under a director.
    fn may_plan(&self) -> Result<bool, InvalidStep> {
        self.by_name()?;
        if self.director.is_none() {
            return Err(InvalidStep::NoDirector);
        }
        if self.family_informed { Ok(true) } else { Err(InvalidStep::FamilyNotInformed) }
    }
}

/// The case is not in the state for this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStep {
    /// It is closed.
    #[error("the case was closed at {0}, for good: open a new one")]
    Closed(Timestamp),
    /// It is about nobody.
    #[error("the case is an anonymous consultation: there is no family, director or plan in it; open a case by name")]
    Anonymous,
    /// Nobody directs it.
    #[error("nobody directs the case yet: record the decision \"MDA regie\" first (sluis case direct)")]
    NoDirector,
    /// The family knows of nothing.
    #[error("the family was not informed yet: record that first (sluis case inform)")]
    FamilyNotInformed,
    /// More attendees than a case has.
    #[error("a case has at most {MOST_ATTENDEES} attendees")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oin(number: usize) -> Oin {
        format!("000000990000{number:08}").parse().expect("an OIN")
    }

    fn case(track: Track) -> Case {
        let id = "01937c6e-0000-7000-8000-000000000001".parse().expect("an id");
        Case::open(id, track, [oin(1)].into()).expect("a case")
    }

    fn all(case: &Case, steps: &[Step]) -> Result<Case, InvalidStep> {
        steps.iter().try_fold(case.clone(), |case, step| Ok(case.after(step)?.unwrap_or(case)))
    }

    #[test]
    fn each_step_is_one_version_and_what_stands_so_already_is_none() {
        use Step::{Attend, Close, Direct, Inform, Leave, Plan};
        let at = Timestamp::from_seconds(7);
        let steps = [Attend(oin(2)), Inform, Direct(oin(3)), Plan, Leave(oin(1)), Close(at)];
        let end = all(&case(Track::Named), &steps).expect("a whole case");
        assert_eq!((end.version, end.state), (7, State::Closed { at }));
        assert_eq!((end.attendees.clone(), end.director.clone()), ([oin(2)].into(), Some(oin(3))));
        let fact = end.fact(|_| Some(Kind::Police)).expect("a fact");
        assert!(fact.family_informed && fact.plan_made && !fact.open);
        assert_eq!(fact.attendee_kinds, [Kind::Police].into());
        assert_eq!(end.fact(|_| None), None, "who is not registered is of no kind");
        assert_eq!(all(&case(Track::Named), &[Attend(oin(1)), Leave(oin(9))]).expect("nothing").version, 1);
        assert_eq!(end.after(&Close(Timestamp::from_seconds(9))), Ok(None), "closed once");
        for step in [Attend(oin(4)), Leave(oin(2)), Inform, Direct(oin(3)), Plan] {
            assert_eq!(end.after(&step), Err(InvalidStep::Closed(at)), "{step:?}");
        }
        let left = all(&case(Track::Named), &[Direct(oin(1)), Leave(oin(1))]).expect("left");
        assert!(!left.takes_part(&oin(1)) && left.director.is_none(), "who leaves does not direct either");
    }

    #[test]
    fn a_plan_needs_a_family_that_knows_and_a_director() {
        let named = case(Track::Named);
        assert_eq!(named.after(&Step::Plan), Err(InvalidStep::NoDirector));
        assert_eq!(all(&named, &[Step::Direct(oin(1)), Step::Plan]), Err(InvalidStep::FamilyNotInformed));
        for step in [Step::Inform, Step::Plan, Step::Direct(oin(1))] {
            assert_eq!(case(Track::Anonymous).after(&step), Err(InvalidStep::Anonymous), "{step:?}");
        }
        let many: BTreeSet<_> = (0..=MOST_ATTENDEES).map(oin).collect();
        assert_eq!(Case::open(named.id.clone(), Track::Named, many), Err(InvalidStep::TooMany));
    }
}
