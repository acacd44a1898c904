//! Texts that persons write, without a citizen number in them.

use std::str::FromStr;

use super::find_bsns;
use crate::json::Text;

/// A [`Text`] of at most `MOST` characters in which no citizen number (BSN) stands, however it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prose<const MOST: usize>(pub String);

impl<const MOST: usize> FromStr for Prose<MOST> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let Text::<MOST>(text) = text.parse()?;
        if find_bsns(&text).is_empty() { Ok(Self(text)) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Broken on purpose to see it fail: `find_bsns` not asked.
    #[test]
    fn no_citizen_number_stands_in_prose() {
        for not in ["999990019", "about 9-9-9-9-9-0-0-1-9", "see \u{ff19}99990019", "99999\u{200b}0019", "", "a\u{1b}"] {
            assert_eq!(not.parse::<Prose<40>>(), Err(()), "{not:?}");
        }
        assert_eq!("extract 2026-11".parse(), Ok(Prose::<40>("extract 2026-11".to_owned())));
    }
}
