//! The person behind an operator's act: NEN 7513 wants an actor in every entry, and the gateway's own operators are no exception.

use std::str::FromStr;

/// The longest reference, in characters.
const LONGEST: usize = 120;

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
#[error("expected 1 to {LONGEST} visible characters: a user name or staff number")]
pub struct NotAReference;

impl FromStr for Operator {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let visible = !text.trim().is_empty() && !text.chars().any(char::is_control);
        if visible && text.chars().count() <= LONGEST { Ok(Self(text.trim().to_owned())) } else { Err(NotAReference) }
    }
}
