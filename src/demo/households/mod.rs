//! The synthetic world of the demo: households with a story each, from a seed. Everybody and everything in it is invented.

mod annotation;
pub mod calendar;
mod cast;
mod consent;
mod entries;
mod family;
mod kinship;
mod member;
mod names;
mod numbers;
mod ordinary;
mod person;
mod random;
mod record;
mod stories;
mod towns;

use std::collections::BTreeMap;

pub use consent::{DemoConsent, DemoConsentState};
pub use kinship::{Kinship, Tie};
pub use person::{Address, Gender, Name, Person, Role};
pub use record::{Draft, DraftFlaw, Entry, Part, Record, SafetyAssessment, categories_of};

use self::calendar::Calendar;
use self::numbers::TestNumbers;
use super::organisations::Slug;
use crate::catalogue::Category;
use crate::clock::Timestamp;

/// How many households the demo has at least: one for each story.
pub const MIN_HOUSEHOLDS: usize = stories::ALL.len();

/// How many households the demo has unless told otherwise: the ten stories and four generated ones.
pub const DEFAULT_HOUSEHOLDS: usize = 14;

/// What a hand-written household shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Story {
    /// Three generations under one roof.
    ThreeGenerations,
    /// Stepparents and half-siblings.
    StepFamily,
    /// Shared custody (co-ouderschap) with two addresses.
    SharedCustody,
    /// A mother at a secret address, protected from her former partner.
    SecretAddress,
    /// Reports over seven years in many sources (intieme terreur).
    IntimateTerror,
    /// A temporary restraining order (huisverbod) that runs now, and a newborn without BSN.
    RestrainingOrder,
    /// Mental-health care with consents in every state.
    Care,
    /// Elder abuse (ouderenmishandeling).
    ElderAbuse,
    /// Honour-related threat (eergerelateerde dreiging).
    HonourThreat,
    /// One person whom no source knows.
    KnownNowhere,
}

/// A household of the world.
#[derive(Clone, PartialEq, Eq)]
pub struct Household {
    /// `H01`, `H02`, …
    pub id: String,
    /// Which story, if hand-written.
    pub story: Option<Story>,
    /// What is worth looking at, in plain words.
    pub note: String,
    /// Its persons, those who have left included.
    pub persons: Vec<Person>,
    /// Who is what to whom, by index.
    pub kinship: Kinship,
    /// What organisations have written down.
    pub records: Vec<Record>,
    /// Consents of its persons.
    pub consents: Vec<DemoConsent>,
}

/// All households.
#[derive(Clone, PartialEq, Eq)]
pub struct World {
    /// The instant from which all dates are counted.
    pub now: Timestamp,
    /// The households in order.
    pub households: Vec<Household>,
}

/// There are not enough test numbers (9,090) for so many households.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the test range has no citizen numbers left: ask for at most 2,000 households")]
pub struct TooManyHouseholds;

impl World {
    /// The world of a seed as seen at `now`: the ten stories first, then generated households up to `households` (at least the
    /// stories). The same seed and day give the same world; a larger one begins with the smaller.
    ///
    /// # Errors
    /// [`TooManyHouseholds`] when the test range of citizen numbers is used up.
    pub fn generate(seed: u64, households: usize, now: Timestamp) -> Result<Self, TooManyHouseholds> {
        let calendar = Calendar::at(now);
        let mut numbers = TestNumbers::new(seed);
        let mut world = Self { now, households: Vec::with_capacity(households) };
        let mut persons = 0;
        for index in 0..households.max(MIN_HOUSEHOLDS) {
            let random = random::SplitMix64::for_household(seed, index);
            let plan = match stories::ALL.get(index) {
                Some(tell) => tell(random, calendar),
                None => ordinary::household(random, calendar),
            };
            let dealt = (persons, &mut numbers);
            let household = plan.family.finish(plan.story, &plan.note, index + 1, dealt).ok_or(TooManyHouseholds)?;
            persons += household.persons.len();
            world.households.push(household);
        }
        Ok(world)
    }

    /// All persons with their households, in order of their ids.
    pub fn persons(&self) -> impl Iterator<Item = (&Household, &Person)> {
        self.households.iter().flat_map(|household| household.persons.iter().map(move |person| (household, person)))
    }

    /// The person with this id, such as `P07`.
    pub fn person(&self, id: &str) -> Option<(&Household, &Person)> {
        self.persons().find(|(_, person)| person.id == id)
    }

    /// The household that tells this story.
    pub fn story(&self, story: Story) -> Option<&Household> {
        self.households.iter().find(|household| household.story == Some(story))
    }

    /// All consents.
    pub fn consents(&self) -> impl Iterator<Item = &DemoConsent> {
        self.households.iter().flat_map(|household| &household.consents)
    }

    /// Drafts whose release must be blocked, with the ids of the persons they are about.
    pub fn flawed_drafts(&self) -> impl Iterator<Item = (&Record, DraftFlaw, Vec<&str>)> {
        self.households.iter().flat_map(|household| {
            household.records.iter().filter_map(move |record| {
                let flaw = record.draft.as_ref()?.flaw?;
                let persons = record.subjects.iter().filter_map(|(index, _)| household.persons.get(*index));
                Some((record, flaw, persons.map(|person| person.id.as_str()).collect()))
            })
        })
    }

    /// What each source's own database has about a person: source → categories with at least one row, in the order of the
    /// mapping.
    pub fn holds(&self, household: &Household, person: &Person) -> BTreeMap<Slug, Vec<Category>> {
        let files = person.known.iter().map(|&source| (source, household.categories_held(source, person)));
        files.filter(|(_, categories)| !categories.is_empty()).collect()
    }
}

impl Household {
    /// The index of a person in this household.
    pub fn index_of(&self, person: &Person) -> Option<usize> {
        self.persons.iter().position(|member| member.number == person.number)
    }

    /// The other members that a source sees beside this person, by index.
    pub fn others_seen(&self, source: Slug, person: &Person) -> impl Iterator<Item = (usize, &Person)> {
        let own = person.number;
        // Registers of whole families (police, Veilig Thuis, youth, municipality) show whom they have on file; the others note
        // down the family as their client tells it, which is everybody with a citizen number.
        let register = matches!(
            source,
            Slug::Police | Slug::VeiligThuis | Slug::YouthProtection | Slug::Municipality | Slug::ChildProtectionBoard
        );
        let seen = move |other: &Person| if register { other.known.contains(&source) } else { other.bsn.is_some() };
        self.persons.iter().enumerate().filter(move |(_, other)| other.number != own && seen(other))
    }

    fn categories_held(&self, source: Slug, person: &Person) -> Vec<Category> {
        let index = self.index_of(person);
        let about =
            |record: &&Record| record.source == source && record.subjects.iter().any(|(subject, _)| Some(*subject) == index);
        let written: Vec<Category> = self.records.iter().filter(about).map(|record| record.entry.category()).collect();
        let held = |category: &Category| match category {
            Category::Identity | Category::Address => true,
            Category::Household => self.others_seen(source, person).next().is_some(),
            other => written.contains(other),
        };
        categories_of(source).iter().copied().filter(held).collect()
    }
}

#[cfg(test)]
mod tests;
