//! How the synthetic world looks from one source: its files, the family around each, its entries.

use super::table::Cell;
use crate::demo::households::{Household, Part, Person, Record, Tie, World};
use crate::demo::organisations::Slug;

/// One source's file on one person.
#[derive(Clone, Copy)]
pub(super) struct File<'w> {
    pub(super) household: &'w Household,
    pub(super) person: &'w Person,
    source: Slug,
}

/// The files of a source, in order of the persons.
pub(super) fn files(world: &World, source: Slug) -> impl Iterator<Item = File<'_>> {
    world.persons().filter(move |(_, person)| person.known.contains(&source)).map(move |(household, person)| File {
        household,
        person,
        source,
    })
}

/// The entries of a source with their households.
pub(super) fn records(world: &World, source: Slug) -> impl Iterator<Item = (&Household, &Record)> {
    world
        .households
        .iter()
        .flat_map(|household| household.records.iter().map(move |record| (household, record)))
        .filter(move |(_, record)| record.source == source)
}

/// The source's own numbers of the persons that an entry is about, with the part of each.
pub(super) fn subjects<'w>(household: &'w Household, record: &'w Record) -> impl Iterator<Item = (String, Part)> {
    record.subjects.iter().filter_map(|(index, part)| Some((household.persons.get(*index)?.local_number(record.source), *part)))
}

/// The letters of members as a JSON list, such as `["A1","K1"]`.
pub(super) fn letters(household: &Household, members: &[usize]) -> String {
    let letters: Vec<&str> =
        members.iter().filter_map(|index| household.persons.get(*index)).map(|p| p.letter.as_str()).collect();
    json(&letters)
}

/// Any list or map as JSON text.
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

impl<'w> File<'w> {
    /// The source's own number of the person.
    pub(super) fn id(&self) -> String {
        self.person.local_number(self.source)
    }

    /// The reference of the professional who answers for the file.
    pub(super) fn professional(&self) -> String {
        let prefix = match self.source {
            Slug::Police => "pol",
            Slug::VeiligThuis => "vt",
            Slug::Prosecution => "om",
            Slug::Probation => "rw",
            Slug::MentalHealth => "db",
            Slug::YouthProtection => "jd",
            Slug::CaseManagement => "cw",
            Slug::Municipality => "gw",
            Slug::ChildProtectionBoard => "rk",
        };
        format!("{prefix}-{:04}", 100 + self.person.number % 37)
    }

    /// When the file was opened: the day of its first entry, or of the demo when there is none.
    pub(super) fn opened(&self) -> String {
        let index = self.household.index_of(self.person);
        let about =
            |record: &&Record| record.source == self.source && record.subjects.iter().any(|(subject, _)| Some(*subject) == index);
        let first = self.household.records.iter().filter(about).map(|record| record.date).min();
        let any = self.household.records.iter().filter(|record| record.source == self.source).map(|record| record.date).min();
        first.or(any).map_or_else(|| self.person.birth.to_string(), |date| date.max(self.person.birth).to_string())
    }

    /// Given names, initials, particle, surname, search names (JSON), birth date, death date, gender, nationality group.
    pub(super) fn name_cells(&self) -> Vec<Cell> {
        let Person { name, birth, gender, nationality_group, .. } = self.person;
        vec![
            (&name.given).into(),
            name.initials().into(),
            name.particle.as_ref().into(),
            (&name.surname).into(),
            json(&name.search_names()).into(),
            (*birth).into(),
            Cell::Null,
            gender.code().into(),
            (*nationality_group).into(),
        ]
    }

    /// Street, house number, postcode, town, telephone, e-mail, secret.
    pub(super) fn address_cells(&self) -> Vec<Cell> {
        let address = &self.person.address;
        vec![
            (&address.street).into(),
            (&address.house_number).into(),
            (&address.postcode).into(),
            (&address.city).into(),
            (&address.phone).into(),
            self.person.email().into(),
            self.person.secret_address.into(),
        ]
    }

    /// Number, BSN, V-number.
    pub(super) fn number_cells(&self) -> Vec<Cell> {
        let bsn = self.person.bsn.as_ref().map(|bsn| bsn.expose().to_owned());
        vec![self.id().into(), bsn.into(), self.person.v_number.as_ref().into()]
    }

    /// The other members that this source sees, with what each is to the person.
    pub(super) fn others(&self) -> Vec<(&'w Person, Tie)> {
        let Some(own) = self.household.index_of(self.person) else { return Vec::new() };
        let others = self.household.others_seen(self.source, self.person);
        others.map(|(index, other)| (other, self.household.kinship.tie(own, index))).collect()
    }

    /// The identifiers of those from whom a member of the household is protected: scheme and value.
    pub(super) fn protected_from(&self, member: &Person) -> Vec<(&'static str, String)> {
        let from = member.protected_from.iter().filter_map(|index| self.household.persons.get(*index));
        from.map(|other| other.identifier(self.source)).collect()
    }
}

/// Relation, role, custody, since, until: what `other` is to the person of the file.
pub(super) fn tie_cells(other: &Person, tie: &Tie) -> Vec<Cell> {
    vec![tie.relation.into(), other.role.code().into(), tie.custody.into(), tie.since.into(), tie.until.into()]
}
