//! A person of a household in the making, before ids, letters and numbers are dealt out.

use std::collections::BTreeSet;

use time::Date;

use super::person::{Address, Gender, Name, Person, Role};
use crate::demo::organisations::Slug;

/// A person before numbers and letters are dealt out.
pub struct Member {
    pub(super) role: Role,
    pub(super) name: Name,
    pub(super) birth: Date,
    pub(super) gender: Gender,
    /// `dutch`, `eu` or `non-eu`.
    pub nationality_group: &'static str,
    pub(super) address: Address,
    /// Whether the address is secret.
    pub secret_address: bool,
    pub(super) protected_from: Vec<usize>,
    pub(super) has_bsn: bool,
    pub(super) has_v_number: bool,
    pub(super) known: BTreeSet<Slug>,
    pub(super) note: Option<&'static str>,
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

    pub(super) fn finish(self, number: usize, household: String, letter: String, bsn: Option<crate::subject::Bsn>) -> Person {
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
