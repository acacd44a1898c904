//! Bytes to a JSON value, with duplicate keys and excessive depth found as faults.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{DEPTH, Fault, Faults};

/// The bytes are not JSON (RFC 8259).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON")]
pub struct NotJson;

/// Reads `bytes`. Duplicate keys and levels beyond [`DEPTH`] are added to `faults`; the value then lacks them.
///
/// # Errors
/// [`NotJson`].
pub fn parse(bytes: &[u8], faults: &Faults) -> Result<Value, NotJson> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    // Our own depth limit is lower; serde_json's stays as a second bound on the stack.
    let path = RefCell::new(String::new());
    let value = Strict { path: &path, faults, depth: 1 }.deserialize(&mut deserializer).map_err(|_| NotJson)?;
    deserializer.end().map_err(|_| NotJson)?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    path: &'a RefCell<String>,
    faults: &'a Faults,
    depth: usize,
}

impl Strict<'_> {
    fn deeper(self) -> Option<Self> {
        if self.depth <= DEPTH {
            return Some(Self { depth: self.depth + 1, ..self });
        }
        self.faults.add(Fault { pointer: self.path.borrow().clone(), expected: format!("at most {DEPTH} levels") });
        None
    }

    /// Runs `read` with `token` at the end of the pointer.
    fn at<T>(self, token: &str, read: impl FnOnce() -> T) -> T {
        let length = self.path.borrow().len();
        super::reader::push_token(&mut self.path.borrow_mut(), token);
        let read = read();
        self.path.borrow_mut().truncate(length);
        read
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        let Some(deeper) = self.deeper() else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        while let Some(item) = self.at(&array.len().to_string(), || items.next_element_seed(deeper))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let Some(deeper) = self.deeper() else {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        while let Some(key) = members.next_key::<String>()? {
            let value = self.at(&key, || {
                if object.contains_key(&key) {
                    self.faults.add(Fault { pointer: self.path.borrow().clone(), expected: "each member once".to_owned() });
                }
                members.next_value_seed(deeper)
            })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
