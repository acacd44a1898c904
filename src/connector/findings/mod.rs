//! What must not stand in a summary, which is de-identified: who the subject and the known persons of the household are, where they live, how
//! they are reached, and citizen numbers. A finding says where, never what.

mod birth;
mod compact;
mod contact;
mod fold;
mod names;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use birth::BirthDates;
use contact::Contacts;
use names::KnownPersons;

use super::household::Contact;
use crate::subject::find_bsns;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A name of the subject or of a known person of the household.
    HouseholdName,
    /// The date on which one of them was born.
    BirthDate,
    /// An address, telephone number or e-mail address of one of them.
    Contact,
    /// Nine digits that pass the 11-proof.
    CitizenNumber,
}

impl FindingKind {
    /// In words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::HouseholdName => "a name of the subject or of a known person of the household",
            Self::BirthDate => "a date of birth of the subject or of a known person of the household",
            Self::Contact => {
                "an address, telephone number or e-mail address of the subject or of a known person of the household"
            }
            Self::CitizenNumber => "a citizen number (BSN)",
        }
    }
}

/// A range of characters of a text that must not leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which part of the entry, from 0.
    pub part: usize,
    /// The JSON Pointer (RFC 6901) of the text in the part's data.
    pub field: String,
    /// What it is.
    pub kind: FindingKind,
    /// The first character, from 0.
    pub from: usize,
    /// The character after the last.
    pub until: usize,
}

/// A known person, the subject too.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Given names, surname, nicknames.
    pub names: &'a [String],
    /// `YYYY-MM-DD`, where it is known.
    pub birth_date: Option<&'a str>,
}

/// All findings in the texts and numbers of `parts`; `contacts` are those of all known persons.
pub fn findings(parts: &[&Value], persons: &[Known<'_>], contacts: &[Contact]) -> Vec<Finding> {
    let names: Vec<&[String]> = persons.iter().map(|person| person.names).collect();
    let (known, contacts) = (KnownPersons::new(&names), Contacts::new(contacts));
    let births = BirthDates::new(persons.iter().filter_map(|person| person.birth_date));
    let mut findings = Vec::new();
    for (part, data) in parts.iter().enumerate() {
        walk(data, &mut String::new(), &mut |field, text| {
            let mut push = |kind, (from, until)| findings.push(Finding { part, field: field.to_owned(), kind, from, until });
            for range in known.find(text) {
                push(FindingKind::HouseholdName, range);
            }
            for range in births.find(text) {
                push(FindingKind::BirthDate, range);
            }
            for range in contacts.find(text) {
                push(FindingKind::Contact, range);
            }
            for range in find_bsns(text) {
                push(FindingKind::CitizenNumber, range);
            }
        });
    }
    findings
}

/// Calls `visit` with the pointer and text of every string and number.
fn walk(value: &Value, pointer: &mut String, visit: &mut dyn FnMut(&str, &str)) {
    let length = pointer.len();
    match value {
        Value::String(text) => visit(pointer, text),
        Value::Number(number) => visit(pointer, &number.to_string()),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                walk(element, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                walk(member, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests;
