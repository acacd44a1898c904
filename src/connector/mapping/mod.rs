//! The declarative mapping of a source's database onto our categories: a TOML file of the operator, read and checked once at start.

mod column;
mod query;

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

pub use column::{Column, ColumnError, FactName};
pub use query::{Query, QueryError};

use super::ceiling::never_leaves;
use crate::catalogue::Category;

/// The legal regime of a source's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regime {
    /// Wet politiegegevens.
    Wpg,
    /// Wet justitiële en strafvorderlijke gegevens.
    Wjsg,
    /// Medical treatment contract act.
    Wgbo,
    /// Compulsory mental-health care act.
    Wvggz,
    /// Social support act.
    Wmo,
    /// Youth act.
    Jeugdwet,
    /// Temporary restraining order act (Wet tijdelijk huisverbod).
    Wth,
    /// The GDPR alone.
    Avg,
}

impl Regime {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Wpg => "wpg",
            Self::Wjsg => "wjsg",
            Self::Wgbo => "wgbo",
            Self::Wvggz => "wvggz",
            Self::Wmo => "wmo",
            Self::Jeugdwet => "jeugdwet",
            Self::Wth => "wth",
            Self::Avg => "avg",
        }
    }
}

/// A whole mapping: how a person is found, who lives with them, and what each category is made of.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// How a person is found and described.
    pub person: PersonQueries,
    /// What the categories are made of; a category may stand there more than once.
    pub categories: Vec<CategoryQuery>,
}

/// The queries about persons.
#[derive(Clone, Debug)]
pub struct PersonQueries {
    /// From a BSN to the source's key; absent: this source does not find persons by BSN.
    pub bsn: Option<Query>,
    /// From a V-number.
    pub v_number: Option<Query>,
    /// From the source's own number.
    pub local: Option<Query>,
    /// One row: `birthDate`, `secretAddress`, `professional`, and `names` (a JSON list), which no summary may hold.
    pub about: Query,
    /// Where the person and the others of the household live and how they are reached, which no summary may hold either: a row for each
    /// `street`, `houseNumber`, `postcode`, `city`, `phone`, `email`, NULL where the source does not know it.
    pub contact: Query,
    /// The other persons of the household.
    pub household: Option<Query>,
    /// Who is protected from whom.
    pub protected: Option<Query>,
}

/// What one category is made of.
#[derive(Clone, Debug)]
pub struct CategoryQuery {
    /// The category.
    pub category: Category,
    /// The regime of its records.
    pub regime: Regime,
    /// How rows become data.
    pub shape: Shape,
    /// The aliases of columns that hold JSON.
    pub json: BTreeSet<String>,
    /// The aliases of columns that hold 0 or 1 for no or yes.
    pub yes_no: BTreeSet<String>,
    /// The query.
    pub query: Query,
    /// The line of the mapping file where the query begins.
    pub line: usize,
}

/// How rows become data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The rows are the elements of this member.
    List(String),
    /// Each row is an item of its own, its object under this member.
    Wrapped(String),
    /// Each row is an item of its own.
    Plain,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    regime: Regime,
    person: PersonFile,
    #[serde(default, rename = "category")]
    categories: Vec<CategoryFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonFile {
    bsn: Option<Spanned<String>>,
    #[serde(rename = "v-number")]
    v_number: Option<Spanned<String>>,
    local: Option<Spanned<String>>,
    about: Spanned<String>,
    contact: Spanned<String>,
    household: Option<Spanned<String>>,
    protected: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    category: Spanned<Category>,
    regime: Option<Regime>,
    list: Option<Spanned<String>>,
    wrap: Option<Spanned<String>>,
    #[serde(default)]
    json: BTreeSet<String>,
    #[serde(default, rename = "bool")]
    yes_no: BTreeSet<String>,
    query: Spanned<String>,
}

impl Mapping {
    /// Parses a mapping file. The queries are prepared later, against the database.
    ///
    /// # Errors
    /// [`MappingError`] naming the line and what to change.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let file: MappingFile = toml::from_str(text).map_err(|error| MappingError::Toml(error.to_string()))?;
        let categories = file.categories.into_iter().map(|category| category_query(text, file.regime, category));
        Ok(Self { person: person_queries(text, file.person)?, categories: categories.collect::<Result<_, _>>()? })
    }

    /// The queries of one category.
    pub fn queries(&self, category: Category) -> impl Iterator<Item = &CategoryQuery> {
        self.categories.iter().filter(move |query| query.category == category)
    }
}

fn person_queries(text: &str, file: PersonFile) -> Result<PersonQueries, MappingError> {
    let optional = |query: Option<Spanned<String>>| query.map(|query| checked(text, &query)).transpose();
    let queries = PersonQueries {
        bsn: optional(file.bsn)?,
        v_number: optional(file.v_number)?,
        local: optional(file.local)?,
        about: checked(text, &file.about)?,
        contact: checked(text, &file.contact)?,
        household: optional(file.household)?,
        protected: optional(file.protected)?,
    };
    if queries.bsn.is_none() && queries.v_number.is_none() && queries.local.is_none() {
        return Err(MappingError::NobodyFound);
    }
    Ok(queries)
}

fn category_query(text: &str, default: Regime, file: CategoryFile) -> Result<CategoryQuery, MappingError> {
    let category = *file.category.get_ref();
    if never_leaves(category) {
        return Err(MappingError::NeverLeaves { category, line: line_of(text, file.category.span().start) });
    }
    let shape = match (file.list, file.wrap) {
        (None, None) => Shape::Plain,
        (Some(name), None) => Shape::List(member(text, &name)?),
        (None, Some(name)) => Shape::Wrapped(member(text, &name)?),
        (Some(name), Some(_)) => return Err(MappingError::ListAndWrap { line: line_of(text, name.span().start) }),
    };
    Ok(CategoryQuery {
        category,
        regime: file.regime.unwrap_or(default),
        shape,
        json: file.json,
        yes_no: file.yes_no,
        query: checked(text, &file.query)?,
        line: line_of(text, file.query.span().start),
    })
}

fn checked(text: &str, query: &Spanned<String>) -> Result<Query, MappingError> {
    Query::parse(query.get_ref()).map_err(|source| MappingError::Query { line: line_of(text, query.span().start), source })
}

fn member(text: &str, name: &Spanned<String>) -> Result<String, MappingError> {
    match name.get_ref().parse() {
        Ok(Column::Data(path)) if path.len() == 1 => Ok(name.get_ref().clone()),
        _ => Err(MappingError::NotAMember { line: line_of(text, name.span().start) }),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// The mapping file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not TOML, an unknown key, an unknown category.
    #[error("mapping file: {0}")]
    Toml(String),
    /// Citizen numbers and reporters never leave a source.
    #[error("mapping file, line {line}: {category} never leaves a source: remove this category")]
    NeverLeaves {
        /// The category.
        category: Category,
        /// The line.
        line: usize,
    },
    /// A query that is not a single read-only SELECT.
    #[error("mapping file, line {line}: {source}")]
    Query {
        /// The line where the query begins.
        line: usize,
        /// What is wrong with it.
        source: QueryError,
    },
    /// Both shapes at once.
    #[error("mapping file, line {line}: give either list or wrap, not both")]
    ListAndWrap {
        /// The line.
        line: usize,
    },
    /// `list` or `wrap` is no member name.
    #[error("mapping file, line {line}: list and wrap name one member, of letters and digits")]
    NotAMember {
        /// The line.
        line: usize,
    },
    /// No way to find a person.
    #[error("mapping file: [person] needs at least one of bsn, v-number and local")]
    NobodyFound,
    /// A query that the database does not take, or whose columns are not what they must be.
    #[error("mapping, {query}: {problem}")]
    Database {
        /// Which query.
        query: String,
        /// What is wrong with it.
        problem: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"regime = "wpg"
[person]
bsn = "SELECT id FROM person WHERE bsn = ?1"
about = "SELECT birth_date AS birthDate, secret_address AS secretAddress FROM person WHERE id = ?1"
contact = "SELECT street, house_number AS houseNumber FROM person WHERE id = ?1"
[[category]]
category = "incident-reports"
list = "incidents"
query = "SELECT kind FROM incident WHERE person_id = ?1"
[[category]]
category = "probation-status"
regime = "wjsg"
wrap = "supervision"
query = "SELECT kind FROM supervision WHERE person_id = ?1"
"#;

    #[test]
    fn a_mapping_is_read() {
        let mapping = Mapping::parse(FILE).unwrap();
        assert_eq!(mapping.categories[0].shape, Shape::List("incidents".into()));
        assert_eq!(mapping.categories[0].regime, Regime::Wpg);
        assert_eq!(mapping.categories[1].shape, Shape::Wrapped("supervision".into()));
        assert_eq!(mapping.categories[1].regime, Regime::Wjsg);
        assert_eq!(mapping.queries(Category::Measures).count(), 0);
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_line() {
        for (from, to, problem) in [
            ("list =", "lsit =", "line 8"),
            ("\"incident-reports\"", "\"incidents\"", "line 7"),
            ("\"incident-reports\"", "\"citizen-number\"", "line 7: citizen-number never leaves"),
            ("\"incident-reports\"", "\"reporter\"", "line 7: reporter never leaves"),
            ("wrap = \"supervision\"", "wrap = \"a\"\nlist = \"b\"", "line 14: give either"),
            ("list = \"incidents\"", "list = \"a.b\"", "line 8: list and wrap"),
            ("SELECT kind FROM incident", "DELETE FROM incident", "line 9: a query begins with SELECT"),
            ("WHERE bsn = ?1", "WHERE bsn = ?2", "line 3: the only parameter"),
            ("bsn =", "bns =", "line 3"),
            ("bsn = \"SELECT id FROM person WHERE bsn = ?1\"\n", "", "at least one"),
            ("regime = \"wpg\"", "regime = \"none\"", "line 1"),
        ] {
            let error = Mapping::parse(&FILE.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(problem), "{from} → {to}: {error}");
        }
    }
}
