//! Whether a bundle is complete, beyond what it takes to decide: every purpose of the model, its table tests, invariants that fit the model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use super::bundle::{Bundle, LoadError};
use super::cases;
use super::faults::Faults;
use super::files::Files;
use super::rules::{Basis, Rules};
use super::statements::{Statement, statements};
use crate::catalogue::Purpose;
use crate::catalogue::purpose::FileError;

/// The invariants that every bundle has, by id: without its proof a promise is none. A bundle may have more.
const REQUIRED: [&str; 28] = [
    "never.absent-member",
    "never.anonymous-consultation-without-its-case",
    "never.another-form",
    "never.attendee-not-covered",
    "never.beyond-the-widest-form",
    "never.case-of-the-other-track",
    "never.citizen-number",
    "never.closed-case",
    "never.ended-override",
    "never.form-that-is-not-there",
    "never.free-text",
    "never.health-to-justice",
    "never.health-to-justice-at-the-table",
    "never.health-to-justice-in-another-capacity",
    "never.health-without-basis",
    "never.microdata-for-accountability",
    "never.other-than-the-subject",
    "never.person-in-anonymous-consultation",
    "never.protected-person",
    "never.refused-consent",
    "never.reporter",
    "never.restraining-order",
    "never.secret-address",
    "never.withheld-by-source",
    "never.without-consent",
    "never.without-consent-or-override",
    "never.wpg-article",
    "never.wpg-removed",
];

/// What upholds an invariant by itself. Where both do, one edit cannot break it: the other still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Barrier {
    /// No permit reaches into its region, whatever the guards do.
    Permits,
    /// The guards forbid all of its region, whatever is permitted.
    Guards,
}

impl Barrier {
    /// What an invariant says in its `@upheld_by`.
    fn read(text: &str) -> Option<&'static [Self]> {
        match text {
            "permits and guards each" => Some(&[Self::Permits, Self::Guards]),
            "permits" => Some(&[Self::Permits]),
            "guards" => Some(&[Self::Guards]),
            "permits and guards together" => Some(&[]),
            _ => None,
        }
    }
}

/// A region in which nothing may ever be permitted.
pub struct Invariant {
    /// Its id.
    pub id: String,
    /// Why, in one sentence.
    pub why: String,
    /// Where it stands, as `file:line`.
    pub place: String,
    /// What must uphold it by itself; empty when it takes permits and guards together.
    pub barriers: &'static [Barrier],
    /// The region, as a permit.
    pub region: Policy,
}

/// How much a bundle holds of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// Purposes.
    pub purposes: usize,
    /// Permits.
    pub permits: usize,
    /// Rows of the policy matrix that a permit or a guard names.
    pub rows: usize,
    /// Guards.
    pub guards: usize,
    /// Invariants.
    pub invariants: usize,
    /// Files of table tests.
    pub tests: usize,
}

impl Bundle {
    /// Checks that nothing is missing, and counts.
    ///
    /// # Errors
    /// [`LoadError`] with file and line: a purpose of the model without files or table tests, an override without a ground, an invariant that does not read or does not fit.
    pub fn inventory(&self) -> Result<Inventory, LoadError> {
        let mut faults = Faults::default();
        complete(&self.files, &self.purposes, Some(&self.rules), &mut faults);
        faults.none()?;
        let guards = self.notes().filter(|note| note.withheld.is_some()).count();
        let rows: BTreeSet<&str> = self.notes().filter_map(|note| note.row.as_deref()).collect();
        Ok(Inventory {
            purposes: self.purposes().count(),
            permits: self.notes().count().saturating_sub(guards),
            rows: rows.len(),
            guards,
            invariants: self.invariants()?.len(),
            tests: self.files.keys().filter(|name| name.starts_with("tests/")).count(),
        })
    }

    /// The invariants.
    ///
    /// # Errors
    /// [`LoadError`] with file and line: no `@id`, `@why` or `@upheld_by`, an id twice, a forbid, or something that the model does not know.
    pub fn invariants(&self) -> Result<Vec<Invariant>, LoadError> {
        let mut faults = Faults::default();
        let found = invariants(&self.files, Some(&self.rules.schema), &mut faults);
        faults.none()?;
        Ok(found)
    }

    /// Whether every invariant that a bundle must have is there.
    pub(super) fn required_invariants(&self) -> Result<(), LoadError> {
        let mut faults = Faults::default();
        required(&self.invariants()?, &mut faults);
        Ok(faults.none()?)
    }
}

/// Finds what is missing, or does not read, of all that it does not take to decide.
pub(super) fn complete(files: &Files, purposes: &BTreeMap<String, Arc<Purpose>>, rules: Option<&Rules>, faults: &mut Faults) {
    let missing = |file: String, why: &str| FileError { file, line: 1, message: format!("this file is missing: {why}") };
    let of_the_model = files.get("schema.cedarschema").and_then(|text| choices(text, "Purpose"));
    for file in of_the_model.into_iter().flatten().map(|code| format!("purposes/{code}.toml")) {
        if !files.contains_key(&file) {
            faults.add(missing(file, "the model knows the purpose"));
        }
    }
    for purpose in purposes.values() {
        let file = format!("tests/{}.toml", purpose.id);
        match files.get(&file) {
            Some(text) => cases::check(&file, text, purpose, faults),
            None => faults.add(missing(file, "a purpose has table tests")),
        }
        if let Some(rules) = rules {
            grounds_where_overrides_count(purpose, rules, faults);
        }
    }
    let before = faults.count();
    let invariants = invariants(files, rules.map(|rules| &rules.schema), faults);
    // One that does not read is not missing.
    if faults.count() == before {
        required(&invariants, faults);
    }
}

/// A purpose with a permit that rests on an override says on which grounds one is made, and no other does.
fn grounds_where_overrides_count(purpose: &Purpose, rules: &Rules, faults: &mut Faults) {
    let file = format!("rules/{}.cedar:", purpose.id);
    let resting = rules.notes.values().find(|note| note.basis == Some(Basis::Override) && note.place.starts_with(&file));
    let message = match (resting, purpose.grounds.is_empty()) {
        (Some(note), true) => {
            format!("no [[overrides]] here says on which ground, and `{}` ({}) rests on an override", note.id, note.place)
        }
        (None, false) => "[[overrides]] stands here, and no permit of this purpose rests on an override".to_owned(),
        _ => return,
    };
    faults.add(FileError { file: format!("purposes/{}.toml", purpose.id), line: 1, message });
}

fn invariants(files: &Files, schema: Option<&Schema>, faults: &mut Faults) -> Vec<Invariant> {
    let mut found: Vec<Invariant> = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| name.starts_with("invariants/")) {
        for statement in faults.keep(statements(name, text)).unwrap_or_default() {
            let Some(invariant) = faults.keep(invariant(&statement)) else { continue };
            if let Some(other) = found.iter().find(|other| other.id == invariant.id) {
                faults.add(statement.error(format!("the id `{}` is taken by {}", invariant.id, other.place)));
            }
            if let Some(schema) = schema {
                faults.keep(fits(schema, &statement, &invariant));
            }
            found.push(invariant);
        }
    }
    found
}

fn required(here: &[Invariant], faults: &mut Faults) {
    for missing in missing(here) {
        let message = format!("the invariant `{missing}` is missing: every bundle has it, in a file of this folder");
        faults.add(FileError { file: "invariants/".to_owned(), line: 1, message });
    }
}

fn fits(schema: &Schema, statement: &Statement<'_>, invariant: &Invariant) -> Result<(), FileError> {
    let mut set = PolicySet::new();
    set.add(invariant.region.clone()).map_err(|error| statement.error(error.to_string()))?;
    let validator = Validator::new(schema.clone());
    let result = validator.validate_with_level(&set, ValidationMode::Strict, 1);
    let errors = result.validation_errors().map(ToString::to_string);
    match errors.chain(result.validation_warnings().map(ToString::to_string)).next() {
        Some(message) => Err(statement.error(message)),
        None => Ok(()),
    }
}

/// Those that every bundle has and that are not here.
fn missing(here: &[Invariant]) -> impl Iterator<Item = &'static str> {
    REQUIRED.into_iter().filter(|id| !here.iter().any(|one| one.id == *id))
}

fn invariant(statement: &Statement<'_>) -> Result<Invariant, FileError> {
    let region = Policy::parse(None, statement.text).map_err(|error| statement.error(error.to_string()))?;
    if region.effect() != Effect::Permit {
        return Err(statement.error("an invariant is a permit: the region in which the rules may permit nothing"));
    }
    let annotation = |key: &str| {
        let text = region.annotation(key).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        text.ok_or_else(|| statement.error(format!("this invariant has no @{key}")))
    };
    let (id, why, upheld_by) = (annotation("id")?, annotation("why")?, annotation("upheld_by")?);
    let barriers = Barrier::read(&upheld_by).ok_or_else(|| {
        let choices = "permits, guards, permits and guards each, permits and guards together";
        statement.error(format!("`{upheld_by}` is nothing that upholds an invariant\n  expected: one of {choices}"))
    })?;
    let FileError { file, line, .. } = statement.error("");
    Ok(Invariant { region: region.new_id(PolicyId::new(&id)), id, why, place: format!("{file}:{line}"), barriers })
}

/// The choices of an `enum` entity, as the schema's text lists them.
fn choices(schema: &str, name: &str) -> Option<Vec<String>> {
    let (_, rest) = schema.split_once(&format!("entity {name} enum ["))?;
    let (list, _) = rest.split_once(']')?;
    Some(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_required_invariant_is_missed_by_name() {
        let whole = Bundle::embedded().expect("a bundle");
        let mut here = whole.invariants().expect("invariants");
        assert_eq!(here.len(), REQUIRED.len(), "each of ours is required");
        for id in REQUIRED {
            let place = here.iter().position(|one| one.id == id).expect("it is there");
            let taken = here.remove(place);
            assert_eq!(missing(&here).collect::<Vec<_>>(), [id]);
            here.push(taken);
        }
        let mut files = whole.files.clone();
        let text = files.get_mut("invariants/reporter.cedar").expect("the file");
        *text = text.replace("never.reporter", "never.something-else");
        let error = Bundle::from_files(files).expect_err("one less").to_string();
        assert!(error.contains("policies/invariants/:1: the invariant `never.reporter` is missing"), "{error}");
        let mut files = whole.files.clone();
        files.retain(|name, _| !name.starts_with("invariants/"));
        assert!(Bundle::from_files(files).expect_err("none").to_string().contains("is missing"));
    }
}
