//! Texts that persons write: bounded, and without what a screen or a terminal would obey.

use std::str::FromStr;

/// A text of 1 to `MOST` characters that is not blank and has no control characters other than line feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MOST: usize>(pub String);

impl<const MOST: usize> FromStr for Text<MOST> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if is_text(text, MOST) { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// Whether `text` is a [`Text`] of at most `most` characters.
pub fn is_text(text: &str, most: usize) -> bool {
    let plain = |character: char| !character.is_control() || character == '\n';
    !text.trim().is_empty() && text.chars().count() <= most && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_hold_nothing_that_a_terminal_obeys() {
        let longest = "\u{e9}".repeat(5);
        for fits in ["a", "a\nb", " a ", longest.as_str()] {
            assert_eq!(fits.parse(), Ok(Text::<5>(fits.to_owned())), "{fits:?}");
        }
        for not in ["", " ", "\n\n", "a\u{1b}[2J", "a\u{0}", "a\rb", "abcdef"] {
            assert_eq!(not.parse::<Text<5>>(), Err(()), "{not:?}");
            assert!(!is_text(not, 5), "{not:?}");
        }
    }
}
