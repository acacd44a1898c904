//! The synthetic persons of a kit, by their id: so that a test person can be asked about without a number on the command line.

use std::path::PathBuf;

use serde::Deserialize;

use super::Kit;
use crate::subject::{Bsn, SubjectId};

/// What is read of an entry of `persons.json`.
#[derive(Deserialize)]
struct Person {
    id: String,
    bsn: Option<String>,
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(bsn) = &mut self.bsn {
            zeroize::Zeroize::zeroize(bsn);
        }
    }
}

impl Kit {
    /// The citizen number of the kit's person with this id, such as `P07`.
    ///
    /// # Errors
    /// [`PersonError`], which names ids and files, never a number.
    pub fn person(&self, id: &str) -> Result<SubjectId, PersonError> {
        let file = self.file("../persons.json");
        let json = std::fs::read(&file).map(zeroize::Zeroizing::new);
        let json = json.map_err(|error| PersonError::File { file: file.clone(), reason: error.to_string() })?;
        // serde's own words would quote a value.
        let persons: Vec<Person> = serde_json::from_slice(&json).map_err(|error| PersonError::File {
            file: file.clone(),
            reason: format!("not as expected in line {}", error.line()),
        })?;
        let Some(person) = persons.iter().find(|person| person.id == id) else {
            let ends = [persons.first(), persons.last()].map(|person| person.map_or("nobody", |person| person.id.as_str()));
            let [first, last] = ends.map(str::to_owned);
            return Err(PersonError::Unknown { id: id.to_owned(), file, first, last });
        };
        let Some(bsn) = &person.bsn else { return Err(PersonError::NoNumber(id.to_owned())) };
        let bsn: Bsn = bsn.parse().map_err(|_| PersonError::File { file, reason: format!("{id} has no valid number") })?;
        Ok(SubjectId::Bsn(bsn))
    }
}

/// A person of the kit cannot be asked about by id.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The list cannot be read.
    #[error("{}: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// Not in the list.
    #[error("there is no person {id} in {}\n  expected: an id from {first} to {last}\n  do: look the person up there, or name another", file.display())]
    Unknown {
        /// The id that was given.
        id: String,
        /// The file.
        file: PathBuf,
        /// The first id there.
        first: String,
        /// The last id there.
        last: String,
    },
    /// A newborn, for instance.
    #[error(
        "{0} has no citizen number (BSN)\n  expected: a person with one\n  do: ask by a source's own number with --local OIN:NUMBER"
    )]
    NoNumber(String),
}
