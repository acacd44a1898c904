//! A household in the making: persons, ties, entries, consents. Stories and generated households are both written with it.

use std::collections::BTreeSet;

use time::Date;

use super::annotation::fill_in;
use super::calendar::Calendar;
use super::consent::{ConsentTerms, PlannedConsent};
use super::kinship::Kinship;
use super::member::Member;
use super::numbers::TestNumbers;
use super::person::{Address, Gender, Name, Role};
use super::random::SplitMix64;
use super::record::{Entry, Part, Record};
use super::{Household, Story, towns};
use crate::demo::organisations::Slug;
use crate::source::{ItemFacts, Nature};

/// A household being written. Persons are known by the index that [`Family::person`] returns.
pub struct Family {
    /// The random stream of this household.
    pub random: SplitMix64,
    /// The day of the demo.
    pub calendar: Calendar,
    /// Who is what to whom.
    pub kinship: Kinship,
    home: Address,
    persons: Vec<Member>,
    records: Vec<Record>,
    consents: Vec<PlannedConsent>,
}

impl Family {
    /// An empty household at a new address, in `town` if one is named.
    pub fn new(mut random: SplitMix64, calendar: Calendar, town: Option<&str>) -> Self {
        let home = match town {
            Some(town) => towns::address_at(&mut random, town),
            None => towns::address(&mut random),
        };
        Self { random, calendar, kinship: Kinship::default(), home, persons: vec![], records: vec![], consents: vec![] }
    }

    /// Adds a person with given names and a surname whose particle stands before a `|`: `"van der|Zee"`. Returns its index.
    pub fn person(&mut self, role: Role, gender: Gender, age: i32, given: &str, surname: &str) -> usize {
        let (particle, surname) = surname.split_once('|').map_or((None, surname), |(before, after)| (Some(before), after));
        let since = i64::try_from(self.random.between(12, 350)).unwrap_or(12);
        self.persons.push(Member {
            role,
            name: Name {
                given: given.to_owned(),
                nickname: None,
                particle: particle.filter(|particle| !particle.is_empty()).map(str::to_owned),
                surname: surname.to_owned(),
            },
            birth: self.calendar.born(age, since),
            gender,
            nationality_group: "dutch",
            address: self.home.clone(),
            secret_address: false,
            protected_from: vec![],
            has_bsn: true,
            has_v_number: false,
            known: BTreeSet::new(),
            note: None,
        });
        self.persons.len() - 1
    }

    /// Changes a person; an index that does not exist changes nobody.
    pub fn with(&mut self, person: usize, change: impl FnOnce(&mut Member)) {
        if let Some(member) = self.persons.get_mut(person) {
            change(member);
        }
    }

    /// Moves persons together to another address, in `town` if one is named.
    pub fn move_to(&mut self, persons: &[usize], town: Option<&str>) {
        let address = match town {
            Some(town) => towns::address_at(&mut self.random, town),
            None => towns::address(&mut self.random),
        };
        for &person in persons {
            self.with(person, |member| member.address = address.clone());
        }
    }

    /// The organisations that have a file on these persons, beside those with an entry about them.
    pub fn known(&mut self, sources: &[Slug], persons: &[usize]) {
        for &person in persons {
            self.with(person, |member| member.known.extend(sources));
        }
    }

    /// A day so many days ago.
    pub fn day(&self, ago: i64) -> Date {
        self.calendar.days_ago(ago)
    }

    /// Adds an entry about `subjects`, made so many days ago and written down the day after.
    pub fn add(&mut self, source: Slug, ago: i64, subjects: &[usize], entry: Entry) -> &mut Record {
        let parts: Vec<_> = subjects.iter().map(|&person| (person, Part::Subject)).collect();
        self.push(source, ago, parts, entry)
    }

    /// Adds an incident with its suspects, victims and witnesses.
    pub fn incident(&mut self, source: Slug, ago: i64, parts: [&[usize]; 3], entry: Entry) -> &mut Record {
        let kinds = [Part::Suspect, Part::Victim, Part::Witness];
        let parts = parts.iter().zip(kinds).flat_map(|(persons, part)| persons.iter().map(move |&person| (person, part)));
        let parts = parts.collect();
        self.push(source, ago, parts, entry)
    }

    fn push(&mut self, source: Slug, ago: i64, subjects: Vec<(usize, Part)>, entry: Entry) -> &mut Record {
        for &(person, _) in &subjects {
            self.known(&[source], &[person]);
        }
        // A register has a file on those whom a measure protects; care and justice note them as relatives.
        if let (Slug::Police | Slug::YouthProtection | Slug::Municipality, Entry::Measure { protects, .. }) = (source, &entry) {
            self.known(&[source], protects);
        }
        let facts = ItemFacts {
            wpg_article: (source == Slug::Police).then(|| "8".to_owned()),
            test51c: (source == Slug::Probation).then_some(true),
            ..ItemFacts::default()
        };
        let (date, recorded) = (self.day(ago), self.day((ago - 1).max(0)));
        self.records.push_mut(Record { source, subjects, date, recorded, nature: Nature::Fact, facts, entry, draft: None })
    }

    /// Adds a consent of `person`, given by `giver`.
    pub fn consent(&mut self, person: usize, giver: usize, terms: ConsentTerms) {
        self.consents.push(PlannedConsent { person, giver, terms });
    }

    /// Deals out ids, letters and numbers. `None` when the test range has no numbers left.
    pub fn finish(self, story: Option<Story>, note: &str, house: usize, dealt: (usize, &mut TestNumbers)) -> Option<Household> {
        let (already, numbers) = dealt;
        let household = format!("H{house:02}");
        let (mut adults, mut children) = (0, 0);
        let mut persons = Vec::with_capacity(self.persons.len());
        for (index, member) in self.persons.into_iter().enumerate() {
            let counter = if member.role == Role::Child { &mut children } else { &mut adults };
            *counter += 1;
            let letter = format!("{}{counter}", if member.role == Role::Child { 'K' } else { 'A' });
            let number = already + index + 1;
            let bsn = if member.has_bsn { Some(numbers.next()?) } else { None };
            persons.push(member.finish(number, household.clone(), letter, bsn));
        }
        let mut records = self.records;
        for record in &mut records {
            fill_in(record, &persons);
        }
        let consents = self.consents.into_iter().filter_map(|planned| planned.finish(&persons, self.calendar)).collect();
        Some(Household { id: household, story, note: note.to_owned(), persons, kinship: self.kinship, records, consents })
    }
}
