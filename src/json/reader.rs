//! Reading a JSON value member by member: what is missing, wrong or unknown becomes a fault, and reading goes on.

use std::cell::RefCell;
use std::str::FromStr;

use serde_json::{Map, Value};

/// One fault in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a JSON Pointer.
    pub pointer: String,
    /// What is expected there.
    pub expected: String,
}

/// What is said of a member that nobody asks for; its name is the caller's own.
pub const NO_SUCH_MEMBER: &str = "no such member";

/// At most this many faults are kept; a body with more says enough.
const MOST: usize = 50;

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    /// Adds one.
    pub fn add(&self, fault: Fault) {
        let mut faults = self.0.borrow_mut();
        if faults.len() < MOST {
            faults.push(fault);
        }
    }

    /// All of them, if there are any.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0.into_inner()
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// A token with at least so many digits may be somebody's number; no member of ours has any, and no array so many items.
const DIGITS: usize = 6;

/// The longest name that is shown.
const NAME: usize = 41;

/// What stands in a pointer for a name that is not shown.
const NOT_SHOWN: &str = "(not shown)";

/// Appends a reference token (RFC 6901 §3). A name that the caller chose is shown only if it is one that a member could have, and an index only
/// up to the items that a body can hold: a pointer is no place for a person's data.
pub(super) fn push_token(pointer: &mut String, token: &str) {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let is_index = digits == token.len() && !token.is_empty();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let is_name = token.starts_with(|first: char| first.is_ascii_alphabetic()) && token.bytes().all(allowed);
    pointer.push('/');
    pointer.push_str(if (is_index || is_name) && digits < DIGITS && token.len() <= NAME { token } else { NOT_SHOWN });
}

/// An object being read; members that nobody asks for are faults when it is [finished](Object::finish).
pub struct Object<'a> {
    members: Map<String, Value>,
    pointer: String,
    faults: &'a Faults,
}

impl<'a> Object<'a> {
    /// The body as an object.
    pub fn root(value: Value, faults: &'a Faults) -> Option<Self> {
        Self::of(value, String::new(), faults)
    }

    fn of(value: Value, pointer: String, faults: &'a Faults) -> Option<Self> {
        if let Value::Object(members) = value {
            return Some(Self { members, pointer, faults });
        }
        faults.add(Fault { pointer, expected: "an object".to_owned() });
        None
    }

    fn pointer(&self, name: &str) -> String {
        let mut pointer = self.pointer.clone();
        push_token(&mut pointer, name);
        pointer
    }

    /// Adds a fault about the member `name`.
    pub fn fault(&self, name: &str, expected: impl Into<String>) {
        self.faults.add(Fault { pointer: self.pointer(name), expected: expected.into() });
    }

    /// The member `name`; null counts as absent.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    /// An optional text that `T` can be read from.
    pub fn optional<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let value = self.take(name)?;
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        if parsed.is_none() {
            let control = value.as_str().is_some_and(|text| text.contains(char::is_control));
            self.fault(name, if control { format!("{expected}, without control characters") } else { expected.to_owned() });
        }
        parsed
    }

    /// A required text that `T` can be read from.
    pub fn required<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        self.present(name, expected)?;
        self.optional(name, expected)
    }

    /// An optional truth value.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.take(name)?;
        if value.as_bool().is_none() {
            self.fault(name, "true or false");
        }
        value.as_bool()
    }

    /// A required truth value.
    pub fn required_flag(&mut self, name: &str, expected: &str) -> Option<bool> {
        self.present(name, expected)?;
        self.flag(name)
    }

    /// An optional whole number that `T` holds.
    pub fn number<T: TryFrom<u64>>(&mut self, name: &str, expected: &str) -> Option<T> {
        let value = self.take(name)?;
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.fault(name, expected);
        }
        number
    }

    /// A required whole number that `T` holds.
    pub fn required_number<T: TryFrom<u64>>(&mut self, name: &str, expected: &str) -> Option<T> {
        self.present(name, expected)?;
        self.number(name, expected)
    }

    /// Adds a fault when a required member is not there.
    fn present(&mut self, name: &str, expected: &str) -> Option<()> {
        if self.members.get(name).is_none_or(Value::is_null) {
            self.members.remove(name);
            self.fault(name, format!("required: {expected}"));
            return None;
        }
        Some(())
    }

    /// An optional object.
    pub fn object(&mut self, name: &str) -> Option<Self> {
        let value = self.take(name)?;
        Self::of(value, self.pointer(name), self.faults)
    }

    /// A required object.
    pub fn required_object(&mut self, name: &str) -> Option<Self> {
        self.present(name, "an object")?;
        self.object(name)
    }

    /// An optional array.
    pub fn array(&mut self, name: &str) -> Option<Array<'a>> {
        let value = self.take(name)?;
        if let Value::Array(items) = value {
            return Some(Array { items, pointer: self.pointer(name), faults: self.faults });
        }
        self.fault(name, "an array");
        None
    }

    /// A required array.
    pub fn required_array(&mut self, name: &str, expected: &str) -> Option<Array<'a>> {
        self.present(name, expected)?;
        self.array(name)
    }

    /// Any value, as it is.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.take(name)
    }

    /// Ends the reading: members left over are unknown.
    pub fn finish(self) {
        for name in self.members.keys() {
            self.fault(name, NO_SUCH_MEMBER);
        }
    }
}

/// An array being read.
pub struct Array<'a> {
    items: Vec<Value>,
    pointer: String,
    faults: &'a Faults,
}

impl<'a> Array<'a> {
    /// Every item as an object; at least `least` and at most `most`.
    pub fn objects(self, least: usize, most: usize) -> Vec<Object<'a>> {
        if !(least..=most).contains(&self.items.len()) {
            self.faults.add(Fault { pointer: self.pointer.clone(), expected: format!("{least} to {most} items") });
        }
        let items = self.items.into_iter().take(most).enumerate();
        items.filter_map(|(place, item)| Object::of(item, format!("{}/{place}", self.pointer), self.faults)).collect()
    }

    /// Every item as a text that `T` can be read from; no item twice; at least one and at most `most`.
    pub fn distinct<T: FromStr + PartialEq>(self, most: usize, expected: &str) -> Vec<T> {
        self.once(most, expected, |item| item.as_str()?.parse().ok())
    }

    /// Every item as a whole number; no item twice; at least one and at most `most`.
    pub fn numbers(self, most: usize, expected: &str) -> Vec<u64> {
        self.once(most, expected, Value::as_u64)
    }

    fn once<T: PartialEq>(self, most: usize, expected: &str, read_one: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        if self.items.is_empty() || self.items.len() > most {
            self.faults.add(Fault { pointer: self.pointer.clone(), expected: format!("1 to {most} items") });
        }
        let mut read = Vec::with_capacity(self.items.len().min(most));
        for (place, item) in self.items.iter().take(most).enumerate() {
            let fault = |expected: &str| Fault { pointer: format!("{}/{place}", self.pointer), expected: expected.to_owned() };
            match read_one(item) {
                None => self.faults.add(fault(expected)),
                Some(known) if read.contains(&known) => self.faults.add(fault("each item once")),
                Some(new) => read.push(new),
            }
        }
        read
    }
}
