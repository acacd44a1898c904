//! The fields of each category and form as data: from which part of the exact record each is computed, and how. The typed structures in
//! `records` hold the same fields; a test compares them.

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

/// How a field is computed. Each way gives the same as its origin or less, never more: date ⊒ month ⊒ year, birth date ⊒ age band, address ⊒
/// municipality, offence ⊒ offence class, list ⊒ count ⊒ any.
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
        Form::Exact => exact(category),
        Form::Summary => summary(category),
        Form::Reduced => reduced(category),
        Form::Signal => signal(category),
    }
}

/// Whether a category can be given in a form at all (`domain.md` §4); a diagnosis has an exact form at its source, for instance, but no signal.
pub const fn exists(category: Category, form: Form) -> bool {
    !fields(category, form).is_empty()
}

const fn exact(category: Category) -> &'static [Field] {
    match category {
        Category::Identity => const {
            &[
                same("givenNames", Shape::Text),
                same("initials", Shape::Text),
                same("particle", Shape::Text),
                same("surname", Shape::Text),
                same("birthDate", Shape::Day),
                same("deathDate", Shape::Day),
                same("gender", Shape::Code),
                same("nationalityGroup", Shape::Code),
            ]
        },
        Category::Address => const {
            &[
                place("street", Shape::Text),
                place("houseNumber", Shape::Text),
                place("postcode", Shape::Text),
                place("city", Shape::Text),
                place("phone", Shape::Text),
                place("email", Shape::Text),
                same("secret", Shape::Flag),
            ]
        },
        Category::Household => const {
            &[
                same("members[].person", Shape::Person),
                gateway("members[].pseudonym"),
                same("members[].role", Shape::Code),
                same("members[].relation", Shape::Code),
                same("members[].custody", Shape::Code),
                same("members[].since", Shape::Day),
                same("members[].until", Shape::Day),
            ]
        },
        Category::IncidentReports => const {
            &[
                same("incidents[].date", Shape::Day),
                same("incidents[].kind", Shape::Code),
                place("incidents[].place", Shape::Text),
                same("incidents[].persons", Shape::Persons),
                same("incidents[].violence", Shape::Code),
                same("incidents[].injury", Shape::Code),
                same("incidents[].childrenPresent", Shape::Flag),
                place("incidents[].text", Shape::Text),
            ]
        },
        Category::CriminalRecord => const {
            &[
                same("convictions[].date", Shape::Day),
                same("convictions[].article", Shape::Text),
                same("convictions[].offence", Shape::Text),
                same("convictions[].sentence", Shape::Text),
                same("convictions[].status", Shape::Code),
            ]
        },
        Category::PendingProsecution => const {
            &[
                same("cases[].number", Shape::Text),
                same("cases[].date", Shape::Day),
                same("cases[].offence", Shape::Text),
                same("cases[].stage", Shape::Code),
                same("cases[].hearing", Shape::Day),
            ]
        },
        Category::Measures => const {
            &[
                same("measures[].kind", Shape::Code),
                same("measures[].from", Shape::Day),
                same("measures[].until", Shape::Day),
                place("measures[].conditions", Shape::Texts),
                same("measures[].protectedPersons", Shape::Persons),
                same("measures[].authority", Shape::Text),
            ]
        },
        Category::ProbationStatus => const {
            &[
                same("supervision.kind", Shape::Code),
                same("supervision.from", Shape::Day),
                same("supervision.until", Shape::Day),
                place("supervision.conditions", Shape::Texts),
                same("supervision.compliance", Shape::Code),
                same("supervision.officer", Shape::Text),
            ]
        },
        Category::SafetyAssessment => const {
            &[
                same("date", Shape::Day),
                same("instrument", Shape::Code),
                same("scale", Shape::Code),
                place("threats", Shape::Texts),
                place("top3", Shape::Texts),
                place("agreements", Shape::Texts),
                place("text", Shape::Text),
            ]
        },
        Category::RiskAssessment => const {
            &[
                same("date", Shape::Day),
                same("instrument", Shape::Code),
                same("scores", Shape::Scores),
                same("level", Shape::Level),
                place("text", Shape::Text),
            ]
        },
        Category::CareInvolvement => const {
            &[
                same("provider", Shape::Text),
                place("unit", Shape::Text),
                same("professional", Shape::Text),
                same("role", Shape::Code),
                same("from", Shape::Day),
                same("until", Shape::Day),
            ]
        },
        Category::Diagnosis => const {
            &[
                same("diagnoses[].code", Shape::Text),
                same("diagnoses[].system", Shape::Code),
                same("diagnoses[].date", Shape::Day),
                same("diagnoses[].injury", Shape::Text),
                same("diagnoses[].treatment", Shape::Text),
            ]
        },
        Category::SubstanceUse => const {
            &[
                same("substances[].kind", Shape::Code),
                same("substances[].severity", Shape::Code),
                same("substances[].treatment", Shape::Text),
                same("substances[].from", Shape::Day),
            ]
        },
        Category::CompulsoryCare => const {
            &[same("measures[].kind", Shape::Code), same("measures[].from", Shape::Day), same("measures[].until", Shape::Day)]
        },
        Category::ChildProtectionMeasure => const {
            &[
                same("measures[].kind", Shape::Code),
                same("measures[].from", Shape::Day),
                same("measures[].until", Shape::Day),
                place("measures[].body", Shape::Text),
                same("measures[].courtOrderId", Shape::Text),
                place("measures[].plan", Shape::Text),
            ]
        },
        Category::LivingAreas => const {
            &[
                same("areas[].area", Shape::Code),
                place("areas[].situation", Shape::Text),
                place("areas[].help", Shape::Texts),
                place("areas[].effect", Shape::Text),
            ]
        },
        Category::CitizenNumber | Category::Reporter => &[],
    }
}

const fn summary(category: Category) -> &'static [Field] {
    match category {
        Category::IncidentReports => const {
            &[
                computed("incidents[].month", "incidents[].date", How::Month, Shape::Month),
                same("incidents[].kind", Shape::Code),
                same("incidents[].violence", Shape::Code),
                same("incidents[].childrenPresent", Shape::Flag),
                prose("incidents[].summary"),
            ]
        },
        Category::PendingProsecution => const {
            &[
                computed("cases[].month", "cases[].date", How::Month, Shape::Month),
                computed("cases[].offenceClass", "cases[].offence", How::OffenceClass, Shape::OffenceClass),
                same("cases[].stage", Shape::Code),
                prose("cases[].summary"),
            ]
        },
        Category::SafetyAssessment => const {
            &[
                computed("month", "date", How::Month, Shape::Month),
                same("scale", Shape::Code),
                same("top3", Shape::Texts),
                prose("summary"),
            ]
        },
        Category::RiskAssessment => const {
            &[
                computed("month", "date", How::Month, Shape::Month),
                same("instrument", Shape::Code),
                same("level", Shape::Level),
                prose("summary"),
            ]
        },
        Category::Diagnosis => const { &[prose("summary")] },
        Category::ChildProtectionMeasure => const {
            &[
                computed("kind", "measures[].kind", How::Latest, Shape::Code),
                computed("month", "measures[].from", How::LatestMonth, Shape::Month),
                prose("planSummary"),
            ]
        },
        Category::LivingAreas => const { &[same("areas[].area", Shape::Code), prose("areas[].summary")] },
        _ => &[],
    }
}

const fn reduced(category: Category) -> &'static [Field] {
    match category {
        Category::Identity => const {
            &[
                computed("ageBand", "birthDate", How::AgeBand, Shape::AgeBand),
                same("gender", Shape::Code),
                gateway("pseudonym"),
            ]
        },
        Category::Address => const {
            &[
                Field { path: "municipality", from: "city", how: How::Municipality, shape: Shape::Text, place: true },
                same("secret", Shape::Flag),
            ]
        },
        Category::Household => const {
            &[
                gateway("members[].pseudonym"),
                computed("members[].letter", "members[].person", How::Letter, Shape::Letter),
                computed("members[].ageBand", "members[].person", How::PersonBand, Shape::AgeBand),
                same("members[].relation", Shape::Code),
                same("members[].custody", Shape::Code),
            ]
        },
        Category::IncidentReports => const {
            &[
                computed("incidents[].year", "incidents[].date", How::Year, Shape::Year),
                same("incidents[].kind", Shape::Code),
                same("incidents[].childrenPresent", Shape::Flag),
                computed("count", "incidents[]", How::Count, Shape::Count),
            ]
        },
        Category::CriminalRecord => const {
            &[
                computed("convictions[].year", "convictions[].date", How::Year, Shape::Year),
                computed("convictions[].offenceClass", "convictions[].article", How::OffenceClass, Shape::OffenceClass),
                computed("count", "convictions[]", How::Count, Shape::Count),
            ]
        },
        Category::PendingProsecution => const {
            &[
                computed("cases[].offenceClass", "cases[].offence", How::OffenceClass, Shape::OffenceClass),
                same("cases[].stage", Shape::Code),
            ]
        },
        Category::Measures => const { &[same("measures[].kind", Shape::Code), same("measures[].until", Shape::Day)] },
        Category::ProbationStatus => const {
            &[
                computed("kind", "supervision.kind", How::Same, Shape::Code),
                computed("compliance", "supervision.compliance", How::Same, Shape::Code),
                computed("until", "supervision.until", How::Same, Shape::Day),
            ]
        },
        Category::SafetyAssessment => const {
            &[
                computed("month", "date", How::Month, Shape::Month),
                computed("scaleBand", "scale", How::ScaleBand, Shape::ScaleBand),
                computed("structural", "threats", How::Stated, Shape::Presence),
                computed("acute", "threats", How::Stated, Shape::Presence),
            ]
        },
        Category::RiskAssessment => const {
            &[
                computed("month", "date", How::Month, Shape::Month),
                same("instrument", Shape::Code),
                computed("level", "level", How::Level, Shape::Level),
            ]
        },
        Category::CareInvolvement => const {
            &[
                computed("providerKind", "provider", How::Stated, Shape::Code),
                computed("contactRole", "role", How::Same, Shape::Code),
            ]
        },
        Category::SubstanceUse => const {
            &[computed("level", "substances[].severity", How::HighestLevel, Shape::Level)]
        },
        Category::ChildProtectionMeasure => const {
            &[
                computed("kind", "measures[].kind", How::Latest, Shape::Code),
                computed("year", "measures[].from", How::LatestYear, Shape::Year),
            ]
        },
        Category::LivingAreas => const {
            &[
                same("areas[].area", Shape::Code),
                computed("areas[].level", "areas[].effect", How::Stated, Shape::Level),
                computed("areas[].concern", "areas[].effect", How::Stated, Shape::Presence),
                computed("areas[].helpKinds", "areas[].help", How::Kinds, Shape::Codes),
            ]
        },
        Category::Diagnosis | Category::CompulsoryCare | Category::CitizenNumber | Category::Reporter => &[],
    }
}

const fn signal(category: Category) -> &'static [Field] {
    match category {
        Category::Identity | Category::Address => const { &[any("known", "")] },
        Category::Household => const { &[computed("sharedHousehold", "members[]", How::Current, Shape::Presence)] },
        Category::IncidentReports => const { &[any("any", "incidents[]")] },
        Category::CriminalRecord => const { &[any("any", "convictions[]")] },
        Category::PendingProsecution => const { &[any("any", "cases[]")] },
        Category::Measures | Category::CompulsoryCare | Category::ChildProtectionMeasure => const { &[any("any", "measures[]")] },
        Category::ProbationStatus => const { &[any("any", "supervision")] },
        Category::SafetyAssessment | Category::RiskAssessment => const { &[any("assessed", "")] },
        Category::CareInvolvement => const { &[any("any", "")] },
        Category::LivingAreas => const { &[any("any", "areas[]")] },
        Category::Diagnosis | Category::SubstanceUse | Category::CitizenNumber | Category::Reporter => &[],
    }
}
