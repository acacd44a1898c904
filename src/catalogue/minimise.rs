//! Minimisation: from a source's exact record to the fields that a purpose keeps of a form, and the gateway's check of what a
//! source says it minimised. Pure; the second leaves the output of the first unchanged.

use serde_json::{Map, Value};

use super::fields::{Field, How, exists, fields};
use super::path::{Path, entries, put};
use super::shape::MAX_LIST;
use super::{Category, Form, PurposeCode, compute, records};
use crate::organisation::Kind;

/// What the secrecy of an address (geheim adres) does to the fields that can tell where someone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// The source states that nobody in the item has a secret address.
    Open,
    /// Someone has, or nobody knows: such fields are left out, and of an address only the marker stays.
    Hidden,
    /// Someone has, and the recipient may know all the same.
    Shown,
}

impl Secrecy {
    /// From the source's fact and whether the recipient is exempt ([`may_know_secret_address`]); an absent fact hides.
    pub const fn of(secret_address: Option<bool>, exempt: bool) -> Self {
        match secret_address {
            Some(false) => Self::Open,
            _ if exempt => Self::Shown,
            _ => Self::Hidden,
        }
    }
}

/// Whether a recipient may know a secret address: only Veilig Thuis and the police, under `acute-safety`, by override
/// (`domain.md` §4). The policies decide the same by `guard.secret-address`; this lets a source keep back early what the gateway
/// would refuse.
pub fn may_know_secret_address(purpose: &PurposeCode, recipient: Kind, by_override: bool) -> bool {
    by_override && purpose.as_str() == "acute-safety" && matches!(recipient, Kind::VeiligThuis | Kind::Police)
}

/// Why a record or an answer could not be brought into a form; names fields, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The category cannot be given in that form.
    #[error("{category} has no form {form}")]
    NoSuchForm {
        /// The category.
        category: Category,
        /// The form.
        form: Form,
    },
    /// A path to keep is no field of the form.
    #[error("{category} in the form {form} has no field `{path}`")]
    UnknownPath {
        /// The category.
        category: Category,
        /// The form.
        form: Form,
        /// The path as given.
        path: String,
    },
    /// The data is no JSON object.
    #[error("{category} in the form {form} must be a JSON object")]
    NotAnObject {
        /// The category.
        category: Category,
        /// The form.
        form: Form,
    },
    /// A field has another type, pattern or length than its form says.
    #[error("{category} in the form {form}: the field `{path}` has the wrong type, pattern or length")]
    BadField {
        /// The category.
        category: Category,
        /// The form.
        form: Form,
        /// The field.
        path: &'static str,
    },
    /// The result does not fit the typed structure, a required field is missing for instance.
    #[error("{category} does not fit the form {form}: a required field is missing")]
    Incomplete {
        /// The category.
        category: Category,
        /// The form.
        form: Form,
    },
}

/// Brings a source's exact record into a form and keeps the fields at `paths`. `today` is the day of the answer, `YYYY-MM-DD`.
/// What the record does not hold, or holds in a way that cannot be read, is left out; members that the form does not know are
/// dropped.
///
/// # Errors
/// [`FormError`]: the form or a path does not exist, the record is no object, a list is longer than [`MAX_LIST`], or nothing of a
/// signal is kept.
pub fn minimise_at_source(
    category: Category,
    form: Form,
    record: &Value,
    paths: &[String],
    secrecy: Secrecy,
    today: &str,
) -> Result<Value, FormError> {
    let secrecy = stricter(category, secrecy, record);
    let kept = kept_fields(category, form, paths)?;
    derive_fields(category, form, record, &kept, secrecy, today)
}

/// Computes every field of a form from the exact record, as [`minimise_at_source`] before anything is left out for a purpose.
///
/// # Errors
/// [`FormError`] as there.
pub fn derive(category: Category, form: Form, record: &Value, secrecy: Secrecy, today: &str) -> Result<Value, FormError> {
    let all: Vec<&Field> = known_fields(category, form)?.iter().collect();
    derive_fields(category, form, record, &all, stricter(category, secrecy, record), today)
}

/// Checks what a source delivers in a form: keeps the fields at `paths` again, drops members that the form does not know, and
/// verifies types, patterns and lengths. Pseudonyms are dropped too: only the gateway fills them in, afterwards.
///
/// # Errors
/// [`FormError`]: a kept field is not of its type, or the rest of [`minimise_at_source`]'s reasons. The item is then not to be
/// delivered.
pub fn check_at_gateway(
    category: Category,
    form: Form,
    data: &Value,
    paths: &[String],
    secrecy: Secrecy,
) -> Result<Value, FormError> {
    let secrecy = stricter(category, secrecy, data);
    let kept = kept_fields(category, form, paths)?;
    let mut out = Map::new();
    if !data.is_object() {
        return Err(FormError::NotAnObject { category, form });
    }
    for field in kept.iter().filter(|field| survives(field, secrecy)) {
        check_field(field, data, &mut out).ok_or(FormError::BadField { category, form, path: field.path })?;
    }
    finish(category, form, out, &kept, secrecy)
}

/// Where prose stands in a summary: what the de-identification has to read. Empty for the other forms.
pub fn prose_paths(category: Category, form: Form) -> Vec<&'static str> {
    let is_prose = |field: &&Field| form == Form::Summary && (field.how == How::Prose || field.path == "top3");
    fields(category, form).iter().filter(is_prose).map(|field| field.path).collect()
}

fn known_fields(category: Category, form: Form) -> Result<&'static [Field], FormError> {
    exists(category, form).then(|| fields(category, form)).ok_or(FormError::NoSuchForm { category, form })
}

fn kept_fields(category: Category, form: Form, paths: &[String]) -> Result<Vec<&'static Field>, FormError> {
    let known = known_fields(category, form)?;
    let find = |path: &String| {
        let found = known.iter().find(|field| field.path == path);
        found.ok_or_else(|| FormError::UnknownPath { category, form, path: path.clone() })
    };
    paths.iter().map(find).collect()
}

/// A record that marks its own address as secret is believed, whatever the facts beside it say.
fn stricter(category: Category, secrecy: Secrecy, record: &Value) -> Secrecy {
    let marked = category == Category::Address
        && record.get("secret").is_some_and(|secret| secret != &Value::Bool(false) && !secret.is_null());
    if marked && secrecy == Secrecy::Open { Secrecy::Hidden } else { secrecy }
}

fn survives(field: &Field, secrecy: Secrecy) -> bool {
    field.how != How::Gateway && !(field.place && secrecy == Secrecy::Hidden)
}

fn derive_fields(
    category: Category,
    form: Form,
    record: &Value,
    kept: &[&'static Field],
    secrecy: Secrecy,
    today: &str,
) -> Result<Value, FormError> {
    if !record.is_object() {
        return Err(FormError::NotAnObject { category, form });
    }
    let mut out = Map::new();
    for field in kept.iter().filter(|field| survives(field, secrecy)) {
        derive_field(field, record, today, &mut out).ok_or(FormError::BadField { category, form, path: field.path })?;
    }
    finish(category, form, out, kept, secrecy)
}

/// Adds one computed field; `None` when a list or a value is longer than any form allows.
fn derive_field(field: &'static Field, record: &Value, today: &str, out: &mut Map<String, Value>) -> Option<()> {
    let Path::Each(list, _) = Path::of(field.path) else {
        if let Some(value) = compute::single(field, record, today) {
            put(out, Path::of(field.path), field.shape.strict(&value)?);
        }
        return Some(());
    };
    let Some(from) = record.get(list).and_then(Value::as_array) else { return Some(()) };
    let origin = if let Path::Each(_, leaf) = Path::of(field.from) { leaf } else { "" };
    each_entry(field, list, from, out, |entry| match compute::in_entry(field, entry, origin, today) {
        Some(value) => field.shape.strict(&value).map(Some),
        None => Some(None),
    })
}

/// Adds one delivered field after checking it; `None` when it is not of its shape.
fn check_field(field: &'static Field, data: &Value, out: &mut Map<String, Value>) -> Option<()> {
    let path = Path::of(field.path);
    let Path::Each(list, leaf) = path else {
        if let Some(value) = path.value(data) {
            put(out, path, field.shape.strict(value)?);
        }
        return Some(());
    };
    let from = match data.get(list) {
        None | Some(Value::Null) => return Some(()),
        Some(found) => found.as_array()?,
    };
    each_entry(field, list, from, out, |entry| match entry.as_object()?.get(leaf) {
        None | Some(Value::Null) => Some(None),
        Some(value) => field.shape.strict(value).map(Some),
    })
}

/// Runs over the entries of a list, adding what `value` gives for each under the field's name.
fn each_entry(
    field: &Field,
    list: &str,
    from: &[Value],
    out: &mut Map<String, Value>,
    mut value: impl FnMut(&Value) -> Option<Option<Value>>,
) -> Option<()> {
    if from.len() > MAX_LIST {
        return None;
    }
    let target = entries(out, list, from.len())?;
    for (entry, made) in from.iter().zip(target) {
        if let (Some(value), Some(made)) = (value(entry)?, made.as_object_mut()) {
            made.insert(field.stated().to_owned(), value);
        }
    }
    Some(())
}

fn finish(
    category: Category,
    form: Form,
    mut out: Map<String, Value>,
    kept: &[&'static Field],
    secrecy: Secrecy,
) -> Result<Value, FormError> {
    let keeps_marker = category == Category::Address && kept.iter().any(|field| field.path == "secret");
    if keeps_marker && secrecy != Secrecy::Open {
        out.insert("secret".to_owned(), Value::Bool(true));
    }
    let data = Value::Object(out);
    records::conforms(category, form, &data).then_some(data).ok_or(FormError::Incomplete { category, form })
}

#[cfg(test)]
mod tests;
