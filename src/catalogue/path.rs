//! Where a field stands in its JSON: `name`, `outer.name` or `list[].name`.

use serde_json::{Map, Value};

/// A parsed path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path<'a> {
    /// The whole record.
    Whole,
    /// A member of the record.
    Plain(&'a str),
    /// A member of a member.
    Nested(&'a str, &'a str),
    /// A list as such.
    List(&'a str),
    /// A member of each entry of a list.
    Each(&'a str, &'a str),
}

impl<'a> Path<'a> {
    /// Reads a path as the field tables and the purpose files write it.
    pub fn of(text: &'a str) -> Self {
        match (text.split_once("[]"), text.split_once('.')) {
            (Some((list, "")), _) => Self::List(list),
            (Some((list, leaf)), _) => Self::Each(list, leaf.trim_start_matches('.')),
            (None, Some((outer, leaf))) => Self::Nested(outer, leaf),
            (None, None) if text.is_empty() => Self::Whole,
            (None, None) => Self::Plain(text),
        }
    }

    /// The value at this path of an object, for paths that have one value; `null` counts as absent.
    pub fn value(self, record: &'a Value) -> Option<&'a Value> {
        let found = match self {
            Self::Whole => Some(record),
            Self::Plain(name) | Self::List(name) => record.get(name),
            Self::Nested(outer, leaf) => record.get(outer).and_then(|inner| inner.get(leaf)),
            Self::Each(..) => None,
        };
        found.filter(|value| !value.is_null())
    }
}

/// Puts a value at a path that is `Plain` or `Nested`.
pub fn put(object: &mut Map<String, Value>, path: Path<'_>, value: Value) {
    match path {
        Path::Plain(name) => {
            object.insert(name.to_owned(), value);
        }
        Path::Nested(outer, leaf) => {
            let inner = object.entry(outer.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                inner.insert(leaf.to_owned(), value);
            }
        }
        Path::Whole | Path::List(_) | Path::Each(..) => {}
    }
}

/// The entries of a list in `object`, made with `length` empty entries when not there yet.
pub fn entries<'m>(object: &'m mut Map<String, Value>, list: &str, length: usize) -> Option<&'m mut Vec<Value>> {
    let make = || Value::Array(vec![Value::Object(Map::new()); length]);
    object.entry(list.to_owned()).or_insert_with(make).as_array_mut()
}
