//! One field of a form from the exact record. Pure and total: what cannot be computed is left out, and nothing here adds
//! information.

use serde_json::Value;

use super::fields::{Field, How};
use super::offence::OffenceClass;
use super::path::Path;
use super::records::scalar::{Level, Presence};
use super::shape::{Shape, is_day, is_one_word};
use crate::subject::{AgeBand, age_on};

/// The value of a field that stands once in its form.
pub fn single(field: &Field, record: &Value, today: &str) -> Option<Value> {
    let origin = Path::of(field.from);
    let value = origin.value(record);
    match field.how {
        How::Any => Some(presence(any(origin, value, record))),
        How::Current => Some(presence(current(value, today))),
        How::Count => value.and_then(Value::as_array).map(|entries| entries.len().into()),
        How::Municipality => municipality(record),
        How::Stated => record.get(field.stated()).and_then(|stated| field.shape.lenient(stated)),
        How::HighestLevel => highest(record, origin),
        How::Latest | How::LatestMonth | How::LatestYear => latest(field, record, origin),
        _ => of_value(field, value?, today),
    }
}

/// The value of a field that stands in each entry of a list.
pub fn in_entry(field: &Field, entry: &Value, leaf: &str, today: &str) -> Option<Value> {
    match field.how {
        How::OffenceClass => Some(offence_class(entry)),
        How::Stated => entry.get(field.stated()).and_then(|stated| field.shape.lenient(stated)),
        _ => of_value(field, entry.get(leaf).filter(|value| !value.is_null())?, today),
    }
}

fn of_value(field: &Field, value: &Value, today: &str) -> Option<Value> {
    let date = || value.as_str().and_then(|text| text.get(..10)).filter(|day| is_day(day));
    match field.how {
        How::Same if field.shape == Shape::Person || field.shape == Shape::Persons => persons(field.shape, value, today),
        How::Same | How::Level | How::Prose => field.shape.lenient(value),
        How::Month => date().and_then(|day| day.get(..7)).map(Value::from),
        How::Year => date().and_then(year),
        How::AgeBand => date().and_then(|birth| age_band(birth, today)),
        How::ScaleBand => scale_band(value),
        How::Kinds => kinds(value),
        How::Letter => person(value, today)?.get("letter").cloned(),
        How::PersonBand => person(value, today)?.get("ageBand").cloned(),
        _ => None,
    }
}

fn presence(answer: Presence) -> Value {
    answer.code().into()
}

fn any(origin: Path<'_>, value: Option<&Value>, record: &Value) -> Presence {
    let empty = |value: &Value| match value {
        Value::Array(entries) => entries.is_empty(),
        Value::Object(members) => members.values().all(Value::is_null),
        _ => false,
    };
    let stated_as_null = match origin {
        Path::Plain(name) | Path::List(name) => record.get(name).is_some_and(Value::is_null),
        _ => false,
    };
    match value {
        Some(value) if empty(value) => Presence::No,
        Some(_) => Presence::Yes,
        None if stated_as_null => Presence::No,
        None => Presence::Unknown,
    }
}

fn current(list: Option<&Value>, today: &str) -> Presence {
    let Some(entries) = list.and_then(Value::as_array) else { return Presence::Unknown };
    let lasts = |entry: &Value| entry.get("until").and_then(Value::as_str).is_none_or(|until| until >= today);
    if entries.iter().any(lasts) { Presence::Yes } else { Presence::No }
}

/// The municipality that the record states, or its place of residence when that bears a municipality's name: a village is finer
/// than its municipality and is never given in its place.
fn municipality(record: &Value) -> Option<Value> {
    let stated = record.get("municipality").and_then(|stated| Shape::Text.lenient(stated));
    let city = || record.get("city").and_then(Value::as_str).filter(|city| super::municipality::is_municipality(city));
    stated.or_else(|| city().map(Value::from))
}

fn offence_class(entry: &Value) -> Value {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    OffenceClass::of(text("article"), text("offence")).code().into()
}

fn entries_of<'a>(record: &'a Value, origin: Path<'a>) -> Option<(&'a Vec<Value>, &'a str)> {
    let Path::Each(list, leaf) = origin else { return None };
    Some((record.get(list)?.as_array()?, leaf))
}

fn highest(record: &Value, origin: Path<'_>) -> Option<Value> {
    let (entries, leaf) = entries_of(record, origin)?;
    let words = entries.iter().filter_map(|entry| entry.get(leaf).and_then(Value::as_str));
    words.filter_map(Level::from_word).max().map(|level| level.code().into())
}

fn latest(field: &Field, record: &Value, origin: Path<'_>) -> Option<Value> {
    let (entries, leaf) = entries_of(record, origin)?;
    let day = |value: Option<&Value>| value.and_then(Value::as_str)?.get(..10).filter(|day| is_day(day)).map(str::to_owned);
    let value = entries.iter().max_by_key(|entry| day(entry.get("from")))?.get(leaf);
    match field.how {
        How::LatestMonth => day(value)?.get(..7).map(Value::from),
        How::LatestYear => year(&day(value)?),
        _ => field.shape.lenient(value?),
    }
}

fn year(day: &str) -> Option<Value> {
    day.get(..4)?.parse::<u16>().ok().map(Value::from)
}

fn age_band(birth: &str, today: &str) -> Option<Value> {
    age_on(birth, today).map(|age| AgeBand::of(age).to_string().into())
}

/// The band of a mark from 0 to 10, given as a number or as its digits; a half mark falls in the band it has not left yet.
fn scale_band(value: &Value) -> Option<Value> {
    let mark = value.as_f64().or_else(|| value.as_str()?.trim().replace(',', ".").parse().ok())?;
    Some(Value::from(match mark {
        mark if !(0.0..=10.0).contains(&mark) => return None,
        mark if mark < 4.0 => "0-3",
        mark if mark < 7.0 => "4-6",
        _ => "7-10",
    }))
}

fn kinds(value: &Value) -> Option<Value> {
    let mut kinds = Vec::new();
    let entries = match value {
        Value::Array(entries) => entries.as_slice(),
        Value::String(_) => std::slice::from_ref(value),
        _ => return None,
    };
    for entry in entries {
        if let Some(kind) = Shape::Code.lenient(entry).filter(|kind| is_one_word(kind) && !kinds.contains(kind)) {
            kinds.push(kind);
        }
    }
    Some(Value::Array(kinds))
}

fn persons(shape: Shape, value: &Value, today: &str) -> Option<Value> {
    match (shape, value) {
        (Shape::Persons, Value::Array(entries)) => Some(entries.iter().filter_map(|entry| person(entry, today)).collect()),
        (Shape::Persons, _) => None,
        _ => person(value, today),
    }
}

/// A person as letter and age band; the band from the birth date when the record has that instead.
fn person(value: &Value, today: &str) -> Option<Value> {
    let birth = value.get("birthDate").and_then(Value::as_str);
    let mut person = value.clone();
    if let (Some(band), Some(members)) = (birth.and_then(|birth| age_band(birth, today)), person.as_object_mut()) {
        members.insert("ageBand".to_owned(), band);
    }
    Shape::Person.lenient(&person)
}
