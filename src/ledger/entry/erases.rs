//! What an erasure erases of the log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an entry of kind *erasure* erases, as its column says it and its leaf covers it: so that whoever verifies the log without a key sees that nothing
/// was erased of which no entry tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Erases {
    /// All entries of a retention class and month, but for those under a legal hold: the name of their wrapping key, `entries-…`.
    Class(String),
    /// What a legal hold kept beyond its term: the name of its wrapping key, `hold-…`.
    Hold(String),
    /// One entry.
    Entry(u64),
}

/// Not something that can be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a class or a hold, and no index")]
pub struct NotErasable;

impl FromStr for Erases {
    type Err = NotErasable;

    fn from_str(text: &str) -> Result<Self, NotErasable> {
        if text.starts_with("entries-") {
            return Ok(Self::Class(text.to_owned()));
        }
        if text.starts_with("hold-") {
            return Ok(Self::Hold(text.to_owned()));
        }
        let index = text.parse::<u64>().map_err(|_| NotErasable)?;
        if index.to_string() == text { Ok(Self::Entry(index)) } else { Err(NotErasable) }
    }
}

impl fmt::Display for Erases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(name) | Self::Hold(name) => f.write_str(name),
            Self::Entry(index) => write!(f, "{index}"),
        }
    }
}

impl TryFrom<String> for Erases {
    type Error = NotErasable;

    fn try_from(text: String) -> Result<Self, NotErasable> {
        text.parse()
    }
}

impl From<Erases> for String {
    fn from(erases: Erases) -> Self {
        erases.to_string()
    }
}
