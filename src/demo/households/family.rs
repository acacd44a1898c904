//! A household in the making: persons, ties, entries, consents. Stories and generated households are both written with it.

use std::collections::BTreeSet;

use time::Date;

use super::calendar::Calendar;
use super::consent::{DemoConsent, DemoConsentState};
use super::kinship::Kinship;
use super::numbers::TestNumbers;
use super::person::{Address, Gender, Name, Person, Role};
use super::random::SplitMix64;
use super::record::{Draft, DraftFlaw, Entry, Part, Record};
use super::{Household, Story, towns};
use crate::catalogue::{Category, Form};
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

/// A person before numbers and letters are dealt out.
pub struct Member {
    role: Role,
    name: Name,
    birth: Date,
    gender: Gender,
    /// `dutch`, `eu` or `non-eu`.
    pub nationality_group: &'static str,
    address: Address,
    /// Whether the address is secret.
    pub secret_address: bool,
    protected_from: Vec<usize>,
    has_bsn: bool,
    has_v_number: bool,
    known: BTreeSet<Slug>,
    note: Option<&'static str>,
}

/// A consent before persons have their ids.
struct PlannedConsent {
    person: usize,
    giver: usize,
    terms: ConsentTerms,
}

/// What a consent says.
#[derive(Clone)]
pub struct ConsentTerms {
    /// Who may give.
    pub source: Slug,
    /// Who may receive.
    pub recipients: Vec<Slug>,
    /// For what.
    pub purposes: Vec<&'static str>,
    /// Which categories.
    pub categories: Vec<Category>,
    /// The finest form.
    pub max_form: Form,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a consent, in days before the demo.
#[derive(Clone, Copy)]
pub enum Outcome {
    /// Given so many days ago, for six months.
    Given(i64),
    /// Refused so many days ago.
    Refused(i64),
    /// Given, then withdrawn.
    Withdrawn {
        /// Given so many days ago.
        given: i64,
        /// Withdrawn so many days ago.
        withdrawn: i64,
    },
    /// Given more than six months ago.
    Expired(i64),
}

/// Consent is proposed for six months (`domain.md` §6).
const CONSENT_DAYS: i64 = 182;

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

impl Member {
    /// The name by which the family calls this person.
    pub fn nickname(&mut self, nickname: &str) {
        self.name.nickname = Some(nickname.to_owned());
    }

    /// Protected from another person of the household (beschermd tegen).
    pub fn protect_from(&mut self, other: usize) {
        self.protected_from.push(other);
    }

    /// Born on a day rather than at an age.
    pub fn born_on(&mut self, birth: Date) {
        self.birth = birth;
    }

    /// No citizen number yet.
    pub fn without_bsn(&mut self) {
        self.has_bsn = false;
    }

    /// Has a V-number too.
    pub fn with_v_number(&mut self) {
        self.has_v_number = true;
    }

    /// What is worth knowing about this person.
    pub fn note(&mut self, note: &'static str) {
        self.note = Some(note);
    }

    fn finish(self, number: usize, household: String, letter: String, bsn: Option<crate::subject::Bsn>) -> Person {
        let mut person = Person {
            id: format!("P{number:02}"),
            number,
            household,
            letter,
            role: self.role,
            name: self.name,
            birth: self.birth,
            gender: self.gender,
            nationality_group: self.nationality_group,
            bsn,
            v_number: self.has_v_number.then(|| format!("{:010}", 2_900_000_000_u64 + number as u64)),
            address: self.address,
            secret_address: self.secret_address,
            protected_from: self.protected_from,
            known: self.known,
            note: self.note.map(str::to_owned),
        };
        if person.bsn.is_none() {
            let numbers: Vec<String> =
                person.known.iter().map(|&slug| format!("{} {}", slug.code(), person.local_number(slug))).collect();
            person.note = Some(format!("{} Local numbers: {}.", person.note.unwrap_or_default(), numbers.join(", ")));
        }
        person
    }
}

impl PlannedConsent {
    fn finish(self, persons: &[Person], calendar: Calendar) -> Option<DemoConsent> {
        let (given, state) = match self.terms.outcome {
            Outcome::Given(ago) => (ago, DemoConsentState::Given),
            Outcome::Refused(ago) => (ago, DemoConsentState::Refused),
            Outcome::Withdrawn { given, withdrawn } => {
                (given, DemoConsentState::Withdrawn { at: calendar.instant_days_ago(withdrawn) })
            }
            Outcome::Expired(ago) => (ago.max(CONSENT_DAYS + 1), DemoConsentState::Expired),
        };
        Some(DemoConsent {
            person: persons.get(self.person)?.id.clone(),
            giver: persons.get(self.giver)?.id.clone(),
            source: self.terms.source,
            recipients: self.terms.recipients,
            purposes: self.terms.purposes,
            categories: self.terms.categories,
            max_form: self.terms.max_form,
            state,
            valid_from: calendar.instant_days_ago(given),
            not_after: calendar.instant_days_ago(given - CONSENT_DAYS),
            asked_alone: true,
        })
    }
}

impl Record {
    /// The professional's draft of a summary.
    pub fn draft(&mut self, text: &str) -> &mut Self {
        let flaw = match text {
            _ if text.contains("{bsn:") => Some(DraftFlaw::HoldsBsn),
            _ if text.contains('{') => Some(DraftFlaw::NamesMember),
            _ => None,
        };
        self.draft = Some(Draft { text: text.to_owned(), flaw });
        self
    }

    /// A professional's supposition instead of a fact.
    pub fn hypothesis(&mut self) -> &mut Self {
        self.nature = Nature::Hypothesis;
        self
    }

    /// Adds facts for the legal conditions.
    pub fn facts(&mut self, change: impl FnOnce(&mut ItemFacts)) -> &mut Self {
        change(&mut self.facts);
        self
    }

    /// Held under another Wpg article than 8.
    pub fn wpg(&mut self, article: &str) -> &mut Self {
        self.facts(|facts| facts.wpg_article = Some(article.to_owned()))
    }

    /// Under a mandate of the College van procureurs-generaal.
    pub fn mandate(&mut self, id: &str) -> &mut Self {
        self.facts(|facts| facts.mandate_id = Some(id.to_owned()))
    }

    /// A named professional answers for it and has gone through the steps of the meldcode.
    pub fn meldcode(&mut self, professional: &str) -> &mut Self {
        self.facts(|facts| {
            facts.professional = Some(professional.to_owned());
            facts.meldcode_steps = Some(true);
        })
    }

    /// By order of the juvenile court.
    pub fn court_order(&mut self, id: &str) -> &mut Self {
        self.facts(|facts| facts.court_order_id = Some(id.to_owned()))
    }
}

/// Replaces `{A1}` and `{bsn:A1}` in the texts of a record.
fn fill_in(record: &mut Record, persons: &[Person]) {
    let texts = record.entry.texts_mut().into_iter().chain(record.draft.as_mut().map(|draft| &mut draft.text));
    for text in texts.filter(|text| text.contains('{')) {
        for person in persons {
            let bsn = person.bsn.as_ref().map_or("onbekend", crate::subject::Bsn::expose);
            *text = text.replace(&format!("{{{}}}", person.letter), person.name.first());
            *text = text.replace(&format!("{{bsn:{}}}", person.letter), bsn);
        }
    }
}
