//! From rows to records: each record is homogeneous in its facts, and holds the source's data exactly as it is.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::mapping::{CategoryQuery, Column, Regime, Shape};
use super::store::{Cell, Table};
use crate::catalogue::{Form, member_names};
use crate::source::{ItemFacts, Nature};

/// The exact record of a category, or the part of it that shares its facts.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Its regime.
    pub regime: Regime,
    /// The day of its newest row, `YYYY-MM-DD`.
    pub recorded_at: String,
    /// Fact or hypothesis.
    pub nature: Nature,
    /// What the rows state.
    pub facts: ItemFacts,
    /// The data.
    pub data: Value,
    /// The data with the drafts for a summary beside it; of a list both in the rows and, joined, beside the list.
    pub with_drafts: Value,
    /// The names of the drafts.
    pub drafts: Vec<String>,
}

/// Makes records of the rows of a category's query.
///
/// # Errors
/// [`RecordError`] naming the column; never a value.
pub fn records(query: &CategoryQuery, table: &Table) -> Result<Vec<Record>, RecordError> {
    let mut records: Vec<Record> = Vec::new();
    for cells in &table.rows {
        let row = read_row(query, &table.columns, cells)?;
        let like = records.iter().position(|record| record.facts == row.facts && record.nature == row.nature);
        match (&query.shape, like.and_then(|at| records.get_mut(at))) {
            (Shape::List(name), Some(record)) => record.append(name, row),
            _ => records.push(Record::of(query, row)),
        }
    }
    Ok(records)
}

/// The record of a person about whom the source holds nothing in this category: an empty list, a `null` member, or an empty object.
pub fn empty_record(query: &CategoryQuery) -> Value {
    Value::Object(match &query.shape {
        Shape::List(name) => Map::from_iter([(name.clone(), Value::Array(Vec::new()))]),
        Shape::Wrapped(name) => Map::from_iter([(name.clone(), Value::Null)]),
        Shape::Plain => Map::new(),
    })
}

/// Checks the aliases of a category's query: each known to us and to the catalogue, none twice, the day of the record among them, and every `json` and `bool` column
/// there as data or draft.
///
/// # Errors
/// What to change in the mapping.
pub fn check_columns(query: &CategoryQuery, aliases: &[String]) -> Result<(), String> {
    let mut seen = HashSet::new();
    for alias in aliases {
        let column: Column = alias.parse().map_err(|error| format!("{error}"))?;
        if !seen.insert(column) {
            return Err(format!("column `{alias}` stands there twice"));
        }
    }
    if !seen.contains(&Column::RecordedAt) {
        return Err("the column \"meta:recordedAt\" is missing".to_owned());
    }
    // A member of any form: what the source has coded itself, such as the class of an offence, serves the coarser ones.
    let fields = member_names(query.category, &Form::ALL);
    let texts = member_names(query.category, &[Form::Summary]);
    for column in &seen {
        match column {
            Column::Data(path) if !path.first().is_some_and(|name| fields.contains(name)) => {
                return Err(format!("`{}` is no field of {}: `sluis schema` lists them", path.join("."), query.category));
            }
            Column::Draft(name) if !texts.is_empty() && !texts.contains(name) => {
                return Err(format!("`draft:{name}`: no summary of {} has this text: `sluis schema` lists them", query.category));
            }
            _ => {}
        }
    }
    let unknown = query.json.iter().chain(&query.yes_no).find(|name| !aliases.contains(name));
    unknown.map_or(Ok(()), |name| Err(format!("`{name}` stands under json or bool but is no column of the query")))
}

struct Row {
    recorded_at: String,
    nature: Nature,
    facts: ItemFacts,
    data: Map<String, Value>,
    with_drafts: Map<String, Value>,
    drafts: Vec<String>,
}

fn read_row(query: &CategoryQuery, columns: &[String], cells: &[Cell]) -> Result<Row, RecordError> {
    let mut row = Row {
        recorded_at: String::new(),
        nature: Nature::Fact,
        facts: ItemFacts::default(),
        data: Map::new(),
        with_drafts: Map::new(),
        drafts: Vec::new(),
    };
    for (alias, cell) in columns.iter().zip(cells) {
        let wrong = || RecordError(alias.clone());
        let column: Column = alias.parse().map_err(|_| wrong())?;
        if let Column::Draft(name) = &column {
            row.drafts.push(name.clone());
        }
        let Some(value) = value(query, alias, cell).ok_or_else(wrong)? else { continue };
        match column {
            Column::Fact(name) => name.set(&mut row.facts, &value).ok_or_else(wrong)?,
            Column::RecordedAt => row.recorded_at = day(&value).ok_or_else(wrong)?,
            Column::Nature => row.nature = serde_json::from_value(value).map_err(|_| wrong())?,
            Column::Draft(name) => nest(&mut row.with_drafts, &[name], value).ok_or_else(wrong)?,
            Column::Data(path) => {
                nest(&mut row.with_drafts, &path, value.clone()).ok_or_else(wrong)?;
                nest(&mut row.data, &path, value).ok_or_else(wrong)?;
            }
        }
    }
    if row.recorded_at.is_empty() { Err(RecordError("meta:recordedAt".to_owned())) } else { Ok(row) }
}

/// The JSON of a cell: `Some(None)` for NULL, `None` when it is not what the mapping says.
#[expect(clippy::option_option, reason = "not there and not readable are different outcomes")]
fn value(query: &CategoryQuery, alias: &str, cell: &Cell) -> Option<Option<Value>> {
    let json = query.json.contains(alias);
    let yes_no = query.yes_no.contains(alias);
    let value = match cell {
        Cell::Null => return Some(None),
        Cell::Text(text) if json => serde_json::from_str(text).ok()?,
        Cell::Integer(0) if yes_no => Value::Bool(false),
        Cell::Integer(1) if yes_no => Value::Bool(true),
        Cell::YesNo(yes) => Value::Bool(*yes),
        _ if json || yes_no => return None,
        Cell::Integer(number) => Value::from(*number),
        Cell::Real(number) => Value::from(*number),
        Cell::Text(text) => Value::String(text.clone()),
    };
    Some(if value.is_null() { None } else { Some(value) })
}

/// The day at the beginning of a date or an instant.
fn day(value: &Value) -> Option<String> {
    let day = value.as_str()?.get(..10)?;
    let digit_or_hyphen = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    day.bytes().enumerate().all(digit_or_hyphen).then(|| day.to_owned())
}

/// Puts `value` at `path`; `None` when something else stands in the way.
fn nest(object: &mut Map<String, Value>, path: &[String], value: Value) -> Option<()> {
    let (first, rest) = path.split_first()?;
    if rest.is_empty() {
        return object.insert(first.clone(), value).is_none().then_some(());
    }
    let inner = object.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
    nest(inner.as_object_mut()?, rest, value)
}

impl Record {
    fn of(query: &CategoryQuery, row: Row) -> Self {
        let shaped = |object: Map<String, Value>| match &query.shape {
            Shape::List(name) => Value::Object(Map::from_iter([(name.clone(), Value::Array(vec![Value::Object(object)]))])),
            Shape::Wrapped(name) => Value::Object(Map::from_iter([(name.clone(), Value::Object(object))])),
            Shape::Plain => Value::Object(object),
        };
        let drafted = row.drafts.iter().filter_map(|name| Some((name.clone(), row.with_drafts.get(name)?.clone()))).collect();
        let mut record = Self {
            regime: query.regime,
            recorded_at: row.recorded_at,
            nature: row.nature,
            facts: row.facts,
            data: shaped(row.data),
            with_drafts: shaped(row.with_drafts),
            drafts: row.drafts,
        };
        if let Shape::List(name) = &query.shape {
            record.draft_as_a_whole(name, drafted);
        }
        record
    }

    /// Some summaries are one text about the whole list (`diagnosis`): the drafts of the rows stand beside the list too, one a line.
    fn draft_as_a_whole(&mut self, list: &str, drafted: Map<String, Value>) {
        let Some(record) = self.with_drafts.as_object_mut() else { return };
        for (name, text) in drafted.into_iter().filter(|(name, _)| name != list) {
            match (record.get_mut(&name), text) {
                (Some(Value::String(whole)), Value::String(text)) => *whole = format!("{whole}\n{text}"),
                (_, text) => drop(record.insert(name, text)),
            }
        }
    }

    fn append(&mut self, list: &str, row: Row) {
        let drafted = row.drafts.iter().filter_map(|name| Some((name.clone(), row.with_drafts.get(name)?.clone()))).collect();
        self.draft_as_a_whole(list, drafted);
        for (record, object) in [(&mut self.data, row.data), (&mut self.with_drafts, row.with_drafts)] {
            if let Some(elements) = record.get_mut(list).and_then(Value::as_array_mut) {
                elements.push(Value::Object(object));
            }
        }
        if row.recorded_at > self.recorded_at {
            self.recorded_at = row.recorded_at;
        }
    }
}

/// A row is not what the mapping says of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row does not hold in column `{0}` what the mapping says")]
pub struct RecordError(pub String);
