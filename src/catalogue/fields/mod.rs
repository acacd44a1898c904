//! The fields of each category and form as data: from which part of the exact record each is computed, and how. The typed
//! structures in `records` hold the same fields; a test compares them.

mod exact;
mod reduced;
mod signal;
mod summary;

use super::shape::Shape;
use super::{Category, Form};

/// One field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path: `name`, `outer.name` or `list[].name`.
    pub path: &'static str,
    /// The part of the exact record it is computed from: a path, a list `list[]`, or `""` for the whole record.
    pub from: &'static str,
    /// How.
    pub how: How,
    /// What it may hold.
    pub shape: Shape,
    /// Whether it can tell where someone is: left out when an address is secret.
    pub place: bool,
}

/// How a field is computed. Each way gives the same as its origin or less, never more: date ⊒ month ⊒ year, birth date ⊒ age
/// band, address ⊒ municipality, offence ⊒ offence class, list ⊒ count ⊒ any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Unchanged.
    Same,
    /// The month of a date.
    Month,
    /// The year of a date.
    Year,
    /// The age band on the day of the answer.
    AgeBand,
    /// The municipality of an address.
    Municipality,
    /// The class of an offence.
    OffenceClass,
    /// The coded level of a word.
    Level,
    /// The highest level in a list.
    HighestLevel,
    /// The band of a mark on a scale from 0 to 10.
    ScaleBand,
    /// A member that the source's record states beside the table's fields, because it cannot be computed: see [`Field::stated`].
    Stated,
    /// The number of entries.
    Count,
    /// Yes, no or unknown: is there something?
    Any,
    /// Yes, no or unknown: is there an entry that has not ended?
    Current,
    /// Of the entry that began last.
    Latest,
    /// The month of the entry that began last.
    LatestMonth,
    /// The year of the entry that began last.
    LatestYear,
    /// The kinds in a list.
    Kinds,
    /// The letter of a person.
    Letter,
    /// The age band of a person.
    PersonBand,
    /// Prose that a professional wrote for this release; not computed.
    Prose,
    /// Filled in by the gateway after minimisation; a source's value is dropped.
    Gateway,
}

impl Field {
    /// The member of the source's record that a [`How::Stated`] field is read from, beside the table's exact fields.
    pub fn stated(&self) -> &'static str {
        self.path.rsplit_once("[].").map_or(self.path, |(_, leaf)| leaf)
    }
}

const fn same(path: &'static str, shape: Shape) -> Field {
    Field { path, from: path, how: How::Same, shape, place: false }
}

const fn place(path: &'static str, shape: Shape) -> Field {
    Field { path, from: path, how: How::Same, shape, place: true }
}

const fn computed(path: &'static str, from: &'static str, how: How, shape: Shape) -> Field {
    Field { path, from, how, shape, place: false }
}

const fn prose(path: &'static str) -> Field {
    Field { path, from: path, how: How::Prose, shape: Shape::Text, place: false }
}

const fn gateway(path: &'static str) -> Field {
    Field { path, from: path, how: How::Gateway, shape: Shape::Pseudonym, place: false }
}

const fn any(path: &'static str, from: &'static str) -> Field {
    computed(path, from, How::Any, Shape::Presence)
}

/// The fields of a category in a form; none where that form does not exist.
pub const fn fields(category: Category, form: Form) -> &'static [Field] {
    match form {
        Form::Exact => exact::exact(category),
        Form::Summary => summary::summary(category),
        Form::Reduced => reduced::reduced(category),
        Form::Signal => signal::signal(category),
    }
}

/// Whether a category can be given in a form at all (`domain.md` §4); a diagnosis has an exact form at its source, for instance,
/// but no signal.
pub const fn exists(category: Category, form: Form) -> bool {
    !fields(category, form).is_empty()
}
