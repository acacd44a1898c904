//! The citizen number (burgerservicenummer, BSN): nine digits that pass the 11-proof.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroize;

/// A valid BSN. No `Display`, a `Debug` that says nothing, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Bsn(String);

impl Bsn {
    /// The nine digits, for the source that must look the person up.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Bsn {
    type Err = InvalidBsn;

    /// Nine digits; weights 9 8 7 6 5 4 3 2 −1, the sum divisible by 11; all zeros is no BSN.
    fn from_str(text: &str) -> Result<Self, InvalidBsn> {
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
        let digits = digits.filter(|digits| digits.len() == 9).ok_or(InvalidBsn)?;
        let weighted: u32 = digits.iter().zip([9, 8, 7, 6, 5, 4, 3, 2, 10]).map(|(digit, weight)| digit * weight).sum();
        let proven = weighted.is_multiple_of(11) && digits.iter().any(|&digit| digit != 0);
        proven.then(|| Self(text.to_owned())).ok_or(InvalidBsn)
    }
}

impl fmt::Debug for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bsn(…)")
    }
}

impl Drop for Bsn {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Whether a text holds a BSN that stands by itself, as arguments and messages do (prose: [`super::find_bsns`]): nine digits in a row, or with single spaces, dots or hyphens between them, that pass the 11-proof.
pub fn holds_bsn(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (0..characters.len()).any(|start| {
        let before = start.checked_sub(1).and_then(|place| characters.get(place));
        !before.is_some_and(char::is_ascii_digit) && characters.get(start..).is_some_and(starts_with_bsn)
    })
}

fn starts_with_bsn(characters: &[char]) -> bool {
    let mut digits = String::with_capacity(9);
    let mut separated = true;
    for (place, character) in characters.iter().enumerate() {
        if character.is_ascii_digit() {
            digits.push(*character);
            separated = false;
        } else if digits.is_empty() || separated || !matches!(character, ' ' | '.' | '-' | '\u{a0}') {
            return false;
        } else {
            separated = true;
        }
        if digits.len() == 9 {
            let ends = !characters.get(place + 1).is_some_and(char::is_ascii_digit);
            let found = ends && digits.parse::<Bsn>().is_ok();
            zeroize::Zeroize::zeroize(&mut digits);
            return found;
        }
    }
    false
}

/// The text is not a BSN: not nine digits, all zeros, or failing the 11-proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a BSN is nine digits that pass the 11-proof")]
pub struct InvalidBsn;
