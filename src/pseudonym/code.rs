//! The printed form: `p1_`, 26 Crockford base-32 characters of 128 random bits, Crockford's mod-37 check symbol.

use std::fmt;
use std::str::FromStr;

use crate::entropy::{self, Entropy, EntropyUnavailable};

/// Crockford's base-32 digits, then the five symbols that only stand for check values.
const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/// A pseudonym: says nothing about the person, and means something only in its domain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(u128);

impl Pseudonym {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        entropy::random::<16>(entropy).map(|bytes| Self(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("p1_")?;
        for place in (0..26).rev() {
            fmt::Write::write_char(f, symbol((self.0 >> (place * 5)) & 31))?;
        }
        fmt::Write::write_char(f, symbol(self.0 % 37))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Pseudonym {
    type Err = InvalidPseudonym;

    /// Exactly as printed: no lower case, no look-alike letters, the check symbol right.
    fn from_str(text: &str) -> Result<Self, InvalidPseudonym> {
        let symbols =
            text.strip_prefix("p1_").filter(|symbols| symbols.len() == 27 && symbols.is_ascii()).ok_or(InvalidPseudonym)?;
        let (digits, check) = symbols.split_at(26);
        let mut number: u128 = 0;
        for digit in digits.bytes() {
            let value = value_of(digit).filter(|&value| value < 32).ok_or(InvalidPseudonym)?;
            // 26 × 5 = 130 bits: the first digit holds only three.
            number = number.checked_mul(32).and_then(|number| number.checked_add(value)).ok_or(InvalidPseudonym)?;
        }
        let check = check.bytes().next().and_then(value_of);
        if check == Some(number % 37) { Ok(Self(number)) } else { Err(InvalidPseudonym) }
    }
}

fn symbol(value: u128) -> char {
    usize::try_from(value).ok().and_then(|value| SYMBOLS.get(value)).map_or('?', |&symbol| char::from(symbol))
}

fn value_of(symbol: u8) -> Option<u128> {
    SYMBOLS.iter().position(|&known| known == symbol).and_then(|value| u128::try_from(value).ok())
}

/// The text is not a pseudonym as this gateway prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a pseudonym: p1_ and 27 characters, of which the last is a check symbol")]
pub struct InvalidPseudonym;
