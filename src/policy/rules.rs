//! Reads and checks the Cedar files: every policy explains itself, permits stand with their purpose, guards forbid, all pass
//! strict validation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use super::faults::Faults;
use super::files::Files;
use super::reasons::Language;
use super::statements::{Statement, statements};
use crate::catalogue::fields::exists;
use crate::catalogue::purpose::FileError;
use crate::catalogue::{Category, Form, Purpose};

const SCHEMA: &str = "schema.cedarschema";
const GUARDS: &str = "rules/guards.cedar";
/// The rows of the policy matrix.
const ROWS: std::ops::RangeInclusive<u8> = 1..=28;

/// On what a permit rests, by what it looks at. In this order one is relied on before the next: consent before an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The law alone, with the conditions it makes.
    Law,
    /// The subject's consent.
    Consent,
    /// An override by the source: to be reviewed.
    Override,
}

/// What a policy says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: Arc<str>,
    /// Why it is there, in one sentence.
    pub why: String,
    /// The same in Dutch, for persons.
    pub why_nl: String,
    /// The legal ground of a permit.
    pub legal: Option<String>,
    /// The row of the policy matrix that it comes from; a guard may have one.
    pub row: Option<String>,
    /// On what a permit rests.
    pub basis: Option<Basis>,
    /// The reason's code of a guard.
    pub withheld: Option<Arc<str>>,
    /// The categories that it names.
    pub categories: Vec<Category>,
    /// Where it stands, as `file:line`.
    pub place: String,
}

impl Note {
    /// Why it is there, in a language.
    pub fn why_in(&self, language: Language) -> &str {
        match language {
            Language::Nl => &self.why_nl,
            Language::En => &self.why,
        }
    }
}

/// The policies of one purpose with the guards: all, and cut by category.
pub struct Slices {
    /// Every permit of the purpose and every guard.
    pub all: PolicySet,
    by_category: BTreeMap<Category, PolicySet>,
}

impl Slices {
    /// The permits that name a category, and every guard; `None` when no permit names it.
    pub fn of(&self, category: Category) -> Option<&PolicySet> {
        self.by_category.get(&category)
    }
}

/// All policies of a bundle.
pub struct Rules {
    pub schema: Schema,
    pub guards: PolicySet,
    /// Every permit of every purpose, and every guard.
    pub all: PolicySet,
    pub slices: BTreeMap<String, Slices>,
    pub notes: BTreeMap<Arc<str>, Note>,
}

struct Rule<'t> {
    statement: Statement<'t>,
    policy: Policy,
    categories: Vec<Category>,
}

/// Reads the schema and all rules; every fault is kept. What is read of broken rules decides nothing.
pub fn load(files: &Files, purposes: &BTreeMap<String, Arc<Purpose>>, faults: &mut Faults) -> Option<Rules> {
    let schema = faults.keep(schema(files));
    let mut notes = BTreeMap::new();
    let guard_text = faults.keep(files.get(GUARDS).ok_or_else(|| missing(GUARDS)));
    let guards = guard_text.map(|text| read_file(GUARDS, text, Effect::Forbid, &mut notes, faults)).unwrap_or_default();
    let mut by_purpose = BTreeMap::new();
    for (file, text) in files.iter().filter(|(file, _)| file.starts_with("rules/") && file.as_str() != GUARDS) {
        let code = file.trim_start_matches("rules/").trim_end_matches(".cedar");
        let permits = read_file(file, text, Effect::Permit, &mut notes, faults);
        match purposes.get(code) {
            Some(purpose) => permits.iter().for_each(|rule| check_permit(rule, purpose, faults)),
            // That it does not read is told where it stands.
            None if files.contains_key(&format!("purposes/{code}.toml")) => {}
            None => {
                let message = format!("there is no purposes/{code}.toml: rules stand with a purpose");
                faults.add(FileError::at(file, text, 0, message));
            }
        }
        by_purpose.insert(code.to_owned(), permits);
    }
    for code in purposes.keys().filter(|code| !by_purpose.contains_key(*code)) {
        faults.add(missing(&format!("rules/{code}.cedar")));
    }
    let schema = schema?;
    validate(&schema, guards.iter().chain(by_purpose.values().flatten()), faults);
    let slices = by_purpose.iter().map(|(code, permits)| Ok((code.clone(), slice(&guards, permits)?)));
    let slices = faults.keep(slices.collect())?;
    let all = faults.keep(set(guards.iter().chain(by_purpose.values().flatten())))?;
    Some(Rules { schema, guards: faults.keep(set(guards.iter()))?, all, slices, notes })
}

fn missing(file: &str) -> FileError {
    FileError { file: file.to_owned(), line: 1, message: "this file is missing".to_owned() }
}

fn schema(files: &Files) -> Result<Schema, FileError> {
    let text = files.get(SCHEMA).ok_or_else(|| missing(SCHEMA))?;
    let (schema, warnings) =
        Schema::from_cedarschema_str(text).map_err(|error| FileError::at(SCHEMA, text, 0, error.to_string()))?;
    match warnings.into_iter().next() {
        Some(warning) => Err(FileError::at(SCHEMA, text, 0, warning.to_string())),
        None => Ok(schema),
    }
}

/// The policies of a file that read.
fn read_file<'t>(
    name: &'t str,
    text: &'t str,
    effect: Effect,
    notes: &mut BTreeMap<Arc<str>, Note>,
    faults: &mut Faults,
) -> Vec<Rule<'t>> {
    let statements = faults.keep(statements(name, text)).unwrap_or_default();
    statements.into_iter().filter_map(|statement| faults.keep(read(statement, effect, notes))).collect()
}

fn read<'t>(statement: Statement<'t>, effect: Effect, notes: &mut BTreeMap<Arc<str>, Note>) -> Result<Rule<'t>, FileError> {
    let parsed = Policy::parse(None, statement.text).map_err(|error| statement.error(error.to_string()))?;
    if parsed.effect() != effect {
        let place =
            if effect == Effect::Forbid { "guards.cedar holds forbids only" } else { "a purpose's rules are permits only" };
        return Err(statement.error(place));
    }
    let note = note(&statement, &parsed)?;
    if let Some(other) = notes.get(&note.id) {
        return Err(statement.error(format!("the id `{}` is taken by {}", note.id, other.place)));
    }
    let policy = parsed.new_id(PolicyId::new(note.id.as_ref()));
    let rule = Rule { policy, statement, categories: note.categories.clone() };
    notes.insert(note.id.clone(), note);
    Ok(rule)
}

fn note(statement: &Statement<'_>, policy: &Policy) -> Result<Note, FileError> {
    let optional = |key: &str| policy.annotation(key).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let annotation = |key: &str| optional(key).ok_or_else(|| statement.error(format!("this policy has no @{key}")));
    let id = annotation("id")?;
    if !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)) {
        return Err(statement.error("an @id is lower-case letters, digits, dots and hyphens"));
    }
    let (why, why_nl) = (annotation("why")?, annotation("why_nl")?);
    if let Some(row) = optional("row").filter(|row| !row.parse().is_ok_and(|row: u8| ROWS.contains(&row))) {
        let at = statement.text.find("@row").unwrap_or_default();
        let known = format!("`{row}` is no row of the matrix: {} to {}", ROWS.start(), ROWS.end());
        return Err(statement.error_at(at, known));
    }
    let FileError { file, line, .. } = statement.error("");
    let place = format!("{file}:{line}");
    let permit = policy.effect() == Effect::Permit;
    let category = |(at, id): (usize, &str)| {
        Category::from_code(id).ok_or_else(|| statement.error_at(at, format!("unknown category `{id}`")))
    };
    Ok(Note {
        categories: statement.named("Category").into_iter().map(category).collect::<Result<_, _>>()?,
        id: id.into(),
        why,
        why_nl,
        legal: if permit { Some(annotation("legal")?) } else { optional("legal") },
        row: if permit { Some(annotation("row")?) } else { optional("row") },
        basis: permit.then(|| basis(statement.text)),
        withheld: if permit { None } else { Some(annotation("withheld")?.into()) },
        place,
    })
}

fn basis(text: &str) -> Basis {
    if text.contains("context.override") {
        Basis::Override
    } else if text.contains("context.consent") {
        Basis::Consent
    } else {
        Basis::Law
    }
}

/// A permit names its purpose, its forms and its categories, and the purpose says what it keeps of each.
fn check_permit(rule: &Rule<'_>, purpose: &Purpose, faults: &mut Faults) {
    let statement = &rule.statement;
    let clause = format!("when {{ context.purpose == Sluis::Purpose::\"{}\" }}", purpose.id);
    if !statement.text.contains(&clause) {
        faults.add(statement.error(format!("a permit of this purpose has the clause `{clause}`")));
    }
    let forms: Vec<Form> = statement.named("Action").iter().filter_map(|(_, id)| Form::from_code(id)).collect();
    if forms.is_empty() || rule.categories.is_empty() {
        faults.add(statement.error("a permit names its forms (as actions) and its categories one by one"));
    }
    for category in &rule.categories {
        for form in forms.iter().copied().filter(|form| exists(*category, *form)) {
            if purpose.transforms.paths(*category, form).is_empty() {
                let message =
                    format!("purposes/{}.toml does not say what to keep of `{category}` in the form `{form}`", purpose.id);
                faults.add(statement.error(message));
            }
        }
    }
}

fn validate<'r, 't: 'r>(schema: &Schema, rules: impl Iterator<Item = &'r Rule<'t>> + Clone, faults: &mut Faults) {
    let Some(all) = faults.keep(set(rules.clone())) else { return };
    let result = Validator::new(schema.clone()).validate_with_level(&all, ValidationMode::Strict, 1);
    let errors: Vec<_> = result.validation_errors().map(|error| (error.policy_id().clone(), error.to_string())).collect();
    let warnings = result.validation_warnings().map(|warning| (warning.policy_id().clone(), warning.to_string()));
    // What is warned of in a policy that does not fit follows from that.
    let warnings: Vec<_> = warnings.filter(|(id, _)| !errors.iter().any(|(other, _)| other == id)).collect();
    // The same in each form (Cedar's action) is one fault.
    let mut told = BTreeSet::new();
    for (id, message) in errors.into_iter().chain(warnings) {
        let fault = match rules.clone().find(|rule| *rule.policy.id() == id) {
            Some(Rule { statement, .. }) => {
                let message = message.replace(&format!("`{id}`"), id.as_ref());
                statement.error_at(named_in(statement.text, &message), message)
            }
            None => FileError { file: GUARDS.to_owned(), line: 1, message },
        };
        if told.insert((id, fault.line)) {
            faults.add(fault);
        }
    }
}

/// Where a policy holds the last of what a message names in backticks, such as an attribute; else its beginning.
fn named_in(policy: &str, message: &str) -> usize {
    let clauses = policy.find("principal").unwrap_or_default();
    let names = message.split('`').skip(1).step_by(2).map(|name| name.rsplit('.').next().unwrap_or(name));
    let place = |name: &str| {
        let found = policy.get(clauses..)?.match_indices(name).map(|(at, _)| clauses.saturating_add(at));
        found.into_iter().find(|at| {
            let before = policy.get(..*at).is_some_and(|text| text.ends_with(['.', ' ']));
            let after = policy.get(at.saturating_add(name.len())..).and_then(|text| text.chars().next());
            before && !after.is_some_and(|next| next.is_alphanumeric() || next == '_')
        })
    };
    names.filter(|name| !name.is_empty() && !name.contains(char::is_whitespace)).find_map(place).unwrap_or_default()
}

fn set<'r, 't: 'r>(rules: impl Iterator<Item = &'r Rule<'t>>) -> Result<PolicySet, FileError> {
    let mut set = PolicySet::new();
    for rule in rules {
        set.add(rule.policy.clone()).map_err(|error| rule.statement.error(error.to_string()))?;
    }
    Ok(set)
}

fn slice(guards: &[Rule<'_>], permits: &[Rule<'_>]) -> Result<Slices, FileError> {
    let all = set(guards.iter().chain(permits))?;
    let mut by_category = BTreeMap::new();
    for category in Category::ALL {
        let naming: Vec<&Rule<'_>> = permits.iter().filter(|permit| permit.categories.contains(&category)).collect();
        if !naming.is_empty() {
            by_category.insert(category, set(guards.iter().chain(naming))?);
        }
    }
    Ok(Slices { all, by_category })
}
