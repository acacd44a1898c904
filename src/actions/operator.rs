//! The person behind an operator's act: NEN 7513 wants an actor in every entry, and the gateway's own operators are no exception.

use std::str::FromStr;

use crate::consent::professional::{REFERENCE, Reference};

/// Who acts, by a reference that means something in the gateway's own organisation: a user name, a staff number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator(String);

impl Operator {
    /// The reference.
    pub fn reference(&self) -> &str {
        &self.0
    }
}

/// Not a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a user name or staff number: {REFERENCE}")]
pub struct NotAReference;

impl FromStr for Operator {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        text.trim().parse().map(|Reference(text)| Self(text)).map_err(|()| NotAReference)
    }
}
