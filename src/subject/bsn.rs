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

/// The text is not a BSN: not nine digits, all zeros, or failing the 11-proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a BSN is nine digits that pass the 11-proof")]
pub struct InvalidBsn;
