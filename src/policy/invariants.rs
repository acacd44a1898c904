//! What must never be permitted: each file in `invariants/` describes one region of requests as a permit, and no request may be permitted both
//! by it and by the rules.

use std::sync::Arc;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use super::files::Files;
use super::statements::statements;
use crate::catalogue::purpose::FileError;

/// One invariant.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// Its id, such as `never.reporter`.
    pub id: Arc<str>,
    /// What it says, in one sentence.
    pub why: Arc<str>,
    /// Where it stands, as `file:line`.
    pub place: Arc<str>,
    /// The region, as the one policy of a set.
    pub(super) region: PolicySet,
}

/// Reads all invariants.
///
/// # Errors
/// [`FileError`]: not one permit per file, without `@id` or `@why`, an id twice, or not valid against the schema.
pub fn load(files: &Files, schema: &Schema) -> Result<Vec<Invariant>, FileError> {
    let mut found: Vec<Invariant> = Vec::new();
    for (file, text) in files.iter().filter(|(file, _)| file.starts_with("invariants/")) {
        let invariant = read(file, text, schema)?;
        if let Some(other) = found.iter().find(|other| other.id == invariant.id) {
            return Err(FileError::at(file, text, 0, format!("the id `{}` is taken by {}", invariant.id, other.place)));
        }
        found.push(invariant);
    }
    Ok(found)
}

fn read(file: &str, text: &str, schema: &Schema) -> Result<Invariant, FileError> {
    let all = statements(file, text)?;
    let [statement] = all.as_slice() else {
        return Err(FileError::at(file, text, 0, "an invariant's file holds exactly one policy"));
    };
    let policy = Policy::parse(None, statement.text).map_err(|error| statement.error(error.to_string()))?;
    if policy.effect() != Effect::Permit {
        return Err(statement.error("an invariant is written as a permit: the region that the rules must never permit"));
    }
    let annotation = |key: &str| {
        let text = policy.annotation(key).map(str::trim).filter(|text| !text.is_empty());
        text.map(Arc::<str>::from).ok_or_else(|| statement.error(format!("this invariant has no @{key}")))
    };
    let (id, why) = (annotation("id")?, annotation("why")?);
    let place = format!("{file}:{}", statement.error("").line).into();
    let mut region = PolicySet::new();
    region.add(policy.new_id(PolicyId::new(id.as_ref()))).map_err(|error| statement.error(error.to_string()))?;
    let result = Validator::new(schema.clone()).validate_with_level(&region, ValidationMode::Strict, 1);
    let faults = result.validation_errors().map(ToString::to_string);
    if let Some(fault) = faults.chain(result.validation_warnings().map(ToString::to_string)).next() {
        return Err(statement.error(fault));
    }
    Ok(Invariant { id, why, place, region })
}
