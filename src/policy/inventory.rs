//! Whether a bundle is complete, beyond what it takes to decide: every purpose of the model, its table tests, invariants that fit the model.

use std::collections::BTreeSet;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, ValidationMode, Validator};

use super::bundle::{Bundle, LoadError};
use super::rules::Basis;
use super::statements::{Statement, statements};
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
        for code in self.purposes_of_the_model() {
            if !self.purposes().any(|purpose| purpose.id.as_str() == code) {
                let message = "this file is missing: the model knows the purpose".to_owned();
                return Err(FileError { file: format!("purposes/{code}.toml"), line: 1, message }.into());
            }
        }
        for purpose in self.purposes() {
            let file = format!("tests/{}.toml", purpose.id);
            if !self.files.contains_key(&file) {
                return Err(
                    FileError { file, line: 1, message: "this file is missing: a purpose has table tests".to_owned() }.into()
                );
            }
        }
        self.grounds_where_overrides_count()?;
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

    /// A purpose with a permit that rests on an override says on which grounds one is made, and no other does.
    fn grounds_where_overrides_count(&self) -> Result<(), FileError> {
        for purpose in self.purposes() {
            let rules = format!("rules/{}.cedar:", purpose.id);
            let resting = self.notes().find(|note| note.basis == Some(Basis::Override) && note.place.starts_with(&rules));
            let message = match (resting, purpose.grounds.is_empty()) {
                (Some(note), true) => {
                    format!("no [[overrides]] here says on which ground, and `{}` ({}) rests on an override", note.id, note.place)
                }
                (None, false) => "[[overrides]] stands here, and no permit of this purpose rests on an override".to_owned(),
                _ => continue,
            };
            return Err(FileError { file: format!("purposes/{}.toml", purpose.id), line: 1, message });
        }
        Ok(())
    }

    fn purposes_of_the_model(&self) -> BTreeSet<String> {
        let schema = self.files.get("schema.cedarschema");
        schema.and_then(|text| choices(text, "Purpose")).into_iter().flatten().collect()
    }

    /// The invariants.
    ///
    /// # Errors
    /// [`LoadError`] with file and line: no `@id`, `@why` or `@upheld_by`, an id twice, a forbid, or something that the model does not know.
    pub fn invariants(&self) -> Result<Vec<Invariant>, LoadError> {
        let mut found: Vec<Invariant> = Vec::new();
        for (name, text) in self.files.iter().filter(|(name, _)| name.starts_with("invariants/")) {
            for statement in statements(name, text)? {
                let invariant = invariant(&statement)?;
                if let Some(other) = found.iter().find(|other| other.id == invariant.id) {
                    return Err(statement.error(format!("the id `{}` is taken by {}", invariant.id, other.place)).into());
                }
                self.fits(&statement, &invariant)?;
                found.push(invariant);
            }
        }
        Ok(found)
    }

    /// Whether every invariant that a bundle must have is there.
    pub(super) fn required_invariants(&self) -> Result<(), LoadError> {
        let Some(missing) = missing(&self.invariants()?) else { return Ok(()) };
        let message = format!("the invariant `{missing}` is missing: every bundle has it, in a file of this folder");
        Err(FileError { file: "invariants/".to_owned(), line: 1, message }.into())
    }

    fn fits(&self, statement: &Statement<'_>, invariant: &Invariant) -> Result<(), FileError> {
        let mut set = PolicySet::new();
        set.add(invariant.region.clone()).map_err(|error| statement.error(error.to_string()))?;
        let validator = Validator::new(self.engine.schema().clone());
        let result = validator.validate_with_level(&set, ValidationMode::Strict, 1);
        let errors = result.validation_errors().map(ToString::to_string);
        match errors.chain(result.validation_warnings().map(ToString::to_string)).next() {
            Some(message) => Err(statement.error(message)),
            None => Ok(()),
        }
    }
}

/// The first of those that every bundle has and that is not here.
fn missing(here: &[Invariant]) -> Option<&'static str> {
    REQUIRED.into_iter().find(|id| !here.iter().any(|one| one.id == *id))
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
            assert_eq!(missing(&here), Some(id));
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
