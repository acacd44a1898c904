//! The person who is asked about, and the others of the household, as the source knows them.

use serde_json::Value;

use super::findings::Known;
use super::mapping::PersonQueries;
use super::store::{Cell, Reading, SourceError, SourceKey, Table};
use crate::organisation::Oin;
use crate::source::{OtherPerson, SubjectWire};
use crate::subject::{AgeBand, SubjectId, age_on};

/// The letter that stands for the subject in [`OtherPerson`], where someone must be told from whom the subject is protected.
pub const SUBJECT_LETTER: &str = "S";

/// The members of the catalogue's records that hold a person, or persons, by letter.
const PERSON_MEMBERS: [&str; 3] = ["person", "persons", "protectedPersons"];

/// Reads an identifier off the wire.
///
/// # Errors
/// [`InvalidSubject`] for an unknown scheme or a malformed number.
pub fn parse_subject(wire: &SubjectWire, source: &Oin) -> Result<SubjectId, InvalidSubject> {
    let local = || wire.value.parse().map_err(|_| InvalidSubject);
    match wire.scheme.as_str() {
        "bsn" => wire.value.parse().map(SubjectId::Bsn).map_err(|_| InvalidSubject),
        "v-number" => local().map(SubjectId::VNumber),
        "local" => local().map(|value| SubjectId::Local { source: source.clone(), value }),
        _ => Err(InvalidSubject),
    }
}

/// The identifier is of no known scheme, or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the subject must be a valid bsn, v-number or local number")]
pub struct InvalidSubject;

/// The subject and the others of the household.
pub struct Household {
    /// The source's key of the subject.
    pub key: SourceKey,
    /// The subject.
    pub subject: Subject,
    /// The others.
    pub others: Vec<Member>,
}

/// What the source says about the subject.
pub struct Subject {
    /// `YYYY-MM-DD`, if the source knows it.
    pub birth_date: Option<String>,
    /// Whole years, if the birth date is known.
    pub age: Option<u8>,
    /// Whether the address is secret; an unknown mark counts as secret.
    pub secret_address: bool,
    /// Who answers for this person's record.
    pub professional: Option<String>,
    /// Given names, surname, nicknames.
    pub names: Vec<String>,
    /// From whom the subject is protected.
    pub protected_from: Vec<SubjectWire>,
}

/// Where a person lives and how to reach them, as far as the source knows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Street.
    pub street: Option<String>,
    /// House number with its addition.
    pub house_number: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// Place of residence.
    pub city: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

/// Another person of the household.
pub struct Member {
    /// The letter used in data.
    pub letter: String,
    /// The identifier, if the source has one.
    pub identifier: Option<SubjectWire>,
    /// `YYYY-MM-DD`, if the source knows it.
    pub birth_date: Option<String>,
    /// Whole years, if the birth date is known.
    pub age: Option<u8>,
    /// Given names, surname, nicknames.
    pub names: Vec<String>,
    /// Whether the address is secret; an unknown mark counts as secret.
    pub secret_address: bool,
    /// From whom this person is protected.
    pub protected_from: Vec<SubjectWire>,
}

impl Household {
    /// Finds the person and reads the household; `None` when the source does not know the person.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn find(
        queries: &PersonQueries,
        reading: &mut Reading,
        subject: &SubjectId,
        today: &str,
    ) -> Result<Option<Self>, SourceError> {
        let Some(key) = find_key(queries, reading, subject)? else { return Ok(None) };
        let about = reading.rows(&queries.about, &key)?;
        let [row] = about.rows.as_slice() else { return Err(SourceError::Person) };
        let about = Row { columns: &about.columns, cells: row };
        let mut household = Self { subject: subject_of(about, today)?, others: Vec::new(), key };
        let mut ids = Vec::new();
        if let Some(query) = &queries.household {
            for (id, member) in members(&reading.rows(query, &household.key)?, today)? {
                ids.push(id);
                household.others.push(member);
            }
        }
        if let Some(query) = &queries.protected {
            household.protect(&ids, &reading.rows(query, &household.key)?)?;
        }
        Ok(Some(household))
    }

    /// Whether an exact record touches a secret address: the subject's, or that of a person whom it names by letter.
    pub fn secret_address(&self, exact_record: &Value) -> bool {
        self.subject.secret_address
            || self.others.iter().any(|member| member.secret_address && mentions(exact_record, &member.letter))
    }

    /// The record with the age band beside each letter that stands as a person.
    pub fn with_age_bands(&self, exact_record: &Value) -> Value {
        match exact_record {
            Value::Array(elements) => elements.iter().map(|element| self.with_age_bands(element)).collect(),
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| {
                    let person = PERSON_MEMBERS.contains(&name.as_str());
                    (name.clone(), if person { self.persons_with_bands(value) } else { self.with_age_bands(value) })
                };
                Value::Object(members.iter().map(member).collect())
            }
            other => other.clone(),
        }
    }

    fn persons_with_bands(&self, value: &Value) -> Value {
        match value {
            Value::Array(elements) => elements.iter().map(|element| self.persons_with_bands(element)).collect(),
            Value::String(letter) => {
                let age = self.others.iter().find(|member| member.letter == *letter).and_then(|member| member.age);
                let band = |age| serde_json::json!({"letter": letter, "ageBand": AgeBand::of(age).to_string()});
                age.map_or_else(|| value.clone(), band)
            }
            other => self.with_age_bands(other),
        }
    }

    /// The persons whom `data` names by letter; and the subject, under [`SUBJECT_LETTER`], if protected from someone.
    pub fn persons_in(&self, data: &Value, subject: &SubjectWire) -> Vec<OtherPerson> {
        let named = self.others.iter().filter(|member| mentions(data, &member.letter)).map(Member::other_person);
        let protected = (!self.subject.protected_from.is_empty()).then(|| OtherPerson {
            letter: SUBJECT_LETTER.to_owned(),
            age_band: band(self.subject.age),
            identifier: Some(subject.clone()),
            protected_from: self.subject.protected_from.clone(),
        });
        named.chain(protected).collect()
    }

    /// Whom a summary must not name: the subject and the others.
    pub fn known(&self) -> Vec<Known<'_>> {
        let others = self.others.iter().map(|Member { names, birth_date, .. }| (names, birth_date));
        let persons = others.chain([(&self.subject.names, &self.subject.birth_date)]);
        persons.map(|(names, birth_date)| Known { names, birth_date: birth_date.as_deref() }).collect()
    }

    /// Where they all live and how they are reached.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn contacts(&self, queries: &PersonQueries, reading: &mut Reading) -> Result<Vec<Contact>, SourceError> {
        let table = reading.rows(&queries.contact, &self.key)?;
        table.rows.iter().map(|cells| Row { columns: &table.columns, cells }.contact()).collect()
    }

    fn protect(&mut self, ids: &[SourceKey], protections: &Table) -> Result<(), SourceError> {
        for cells in &protections.rows {
            let row = Row { columns: &protections.columns, cells };
            let person = row.key("personId")?;
            let from = row.identifier()?.ok_or(SourceError::Person)?;
            if person == self.key {
                self.subject.protected_from.push(from);
            } else if let Some(member) = ids.iter().position(|id| *id == person).and_then(|at| self.others.get_mut(at)) {
                member.protected_from.push(from);
            }
        }
        Ok(())
    }
}

impl Member {
    fn other_person(&self) -> OtherPerson {
        OtherPerson {
            letter: self.letter.clone(),
            age_band: band(self.age),
            identifier: self.identifier.clone(),
            protected_from: self.protected_from.clone(),
        }
    }
}

fn band(age: Option<u8>) -> String {
    age.map_or_else(|| "unknown".to_owned(), |age| AgeBand::of(age).to_string())
}

/// Whether a text in `value` holds `letter` as a word of its own.
fn mentions(value: &Value, letter: &str) -> bool {
    match value {
        Value::String(text) => text.split(|mark: char| !mark.is_alphanumeric()).any(|word| word == letter),
        Value::Array(elements) => elements.iter().any(|element| mentions(element, letter)),
        Value::Object(members) => members.values().any(|member| mentions(member, letter)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn find_key(queries: &PersonQueries, reading: &mut Reading, subject: &SubjectId) -> Result<Option<SourceKey>, SourceError> {
    let (query, value) = match subject {
        SubjectId::Bsn(bsn) => (&queries.bsn, bsn.expose()),
        SubjectId::VNumber(number) => (&queries.v_number, number.expose()),
        SubjectId::Local { value, .. } => (&queries.local, value.expose()),
    };
    let Some(query) = query else { return Ok(None) };
    let found = reading.rows(query, &SourceKey::Text(value.to_owned()))?;
    match found.rows.as_slice() {
        [] => Ok(None),
        [cells] => Row { columns: &found.columns, cells }.key("id").map(Some),
        // Two persons under one number: giving the data of one of them could be the wrong one.
        _ => Err(SourceError::Person),
    }
}

fn subject_of(row: Row<'_>, today: &str) -> Result<Subject, SourceError> {
    Ok(Subject {
        birth_date: row.text("birthDate")?,
        age: row.age(today)?,
        secret_address: row.secret_address()?,
        professional: row.text("professional")?,
        names: row.names()?,
        protected_from: Vec::new(),
    })
}

fn members(table: &Table, today: &str) -> Result<Vec<(SourceKey, Member)>, SourceError> {
    let member = |cells: &Vec<Cell>| {
        let row = Row { columns: &table.columns, cells };
        let member = Member {
            letter: row
                .text("letter")?
                .filter(|letter| !letter.is_empty() && letter != SUBJECT_LETTER)
                .ok_or(SourceError::Person)?,
            identifier: row.identifier()?,
            birth_date: row.text("birthDate")?,
            age: row.age(today)?,
            names: row.names()?,
            secret_address: row.secret_address()?,
            protected_from: Vec::new(),
        };
        Ok((row.key("id")?, member))
    };
    table.rows.iter().map(member).collect()
}

/// A row of a `[person]` query, read by its aliases.
#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a [String],
    cells: &'a [Cell],
}

impl Row<'_> {
    fn cell(&self, alias: &str) -> Option<&Cell> {
        let at = self.columns.iter().position(|column| column == alias)?;
        self.cells.get(at).filter(|cell| **cell != Cell::Null)
    }

    fn key(&self, alias: &str) -> Result<SourceKey, SourceError> {
        match self.cell(alias) {
            Some(Cell::Integer(number)) => Ok(SourceKey::Integer(*number)),
            Some(Cell::Text(text)) => Ok(SourceKey::Text(text.clone())),
            _ => Err(SourceError::Person),
        }
    }

    fn text(&self, alias: &str) -> Result<Option<String>, SourceError> {
        match self.cell(alias) {
            None => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text.clone())),
            Some(Cell::Integer(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(SourceError::Person),
        }
    }

    fn age(&self, today: &str) -> Result<Option<u8>, SourceError> {
        let birth = self.text("birthDate")?;
        birth.map(|birth| age_on(&birth, today).ok_or(SourceError::Person)).transpose()
    }

    /// An unknown mark counts as secret.
    fn secret_address(&self) -> Result<bool, SourceError> {
        match self.cell("secretAddress") {
            None | Some(Cell::Integer(1) | Cell::YesNo(true)) => Ok(true),
            Some(Cell::Integer(0) | Cell::YesNo(false)) => Ok(false),
            Some(_) => Err(SourceError::Person),
        }
    }

    fn names(&self) -> Result<Vec<String>, SourceError> {
        let text = self.text("names")?;
        text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(|_| SourceError::Person))
    }

    fn contact(&self) -> Result<Contact, SourceError> {
        Ok(Contact {
            street: self.text("street")?,
            house_number: self.text("houseNumber")?,
            postcode: self.text("postcode")?,
            city: self.text("city")?,
            phone: self.text("phone")?,
            email: self.text("email")?,
        })
    }

    fn identifier(&self) -> Result<Option<SubjectWire>, SourceError> {
        let (scheme, value) = (self.text("scheme")?, self.text("value")?);
        Ok(scheme.zip(value).map(|(scheme, value)| SubjectWire { scheme, value }))
    }
}
