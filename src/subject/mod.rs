//! Who the data is about: identifiers that the gateway never prints, stores or logs in the clear.

mod bsn;
mod prose;
mod text;

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroize;

pub use bsn::{Bsn, InvalidBsn, holds_bsn};
pub use prose::{decimal, find_bsns, is_invisible};
pub use text::Prose;

use crate::crypto::digest::KeyedDigest;
use crate::organisation::{Oin, Organisation};
use crate::secret::Personal;

/// What identifies a person: a citizen number, a V-number, or a source's own number. It has no `Display` and no `Serialize`; its `Debug`
/// says only the scheme, and it is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub enum SubjectId {
    /// Burgerservicenummer: only for organisations with BSN authority, requesters and sources alike.
    Bsn(Bsn),
    /// Vreemdelingennummer.
    VNumber(LocalNumber),
    /// A number of one source's own administration.
    Local {
        /// The source whose number it is.
        source: Oin,
        /// The number.
        value: LocalNumber,
    },
}

impl SubjectId {
    /// The identifier as unambiguous bytes (each part with its length before it), as input of keyed digests and seals only.
    pub fn canonical(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let parts: [&str; 3] = match self {
            Self::Bsn(bsn) => ["bsn", "", bsn.expose()],
            Self::VNumber(value) => ["v-number", "", value.expose()],
            Self::Local { source, value } => ["local", source.as_str(), value.expose()],
        };
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(64));
        for part in parts {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bsn(_) => "SubjectId::Bsn(…)",
            Self::VNumber(_) => "SubjectId::VNumber(…)",
            Self::Local { .. } => "SubjectId::Local(…)",
        })
    }
}

impl Personal<SubjectId> {
    /// Whether the person is named by a citizen number.
    pub const fn is_bsn(&self) -> bool {
        matches!(self.open_personal(), SubjectId::Bsn(_))
    }

    /// Whether `source` can be asked by this identifier: by BSN only with the authority to use it, by a source's own number only that source.
    pub fn can_be_looked_up_by(&self, source: &Organisation) -> bool {
        match self.open_personal() {
            SubjectId::Bsn(_) => source.bsn_authority,
            SubjectId::VNumber(_) => true,
            SubjectId::Local { source: own, .. } => *own == source.oin,
        }
    }

    /// Whether the two can be compared: equal numbers of one scheme are one person, of two schemes they tell nothing.
    pub fn is_of_same_scheme(&self, other: &Self) -> bool {
        match (self.open_personal(), other.open_personal()) {
            (SubjectId::Bsn(_), SubjectId::Bsn(_)) | (SubjectId::VNumber(_), SubjectId::VNumber(_)) => true,
            (SubjectId::Local { source, .. }, SubjectId::Local { source: other, .. }) => source == other,
            _ => false,
        }
    }

    /// A keyed digest of the identifier: the only way in which it is ever stored or compared.
    pub fn keyed_digest(&self, key: &KeyedDigest) -> [u8; 32] {
        key.of(&self.open_personal().canonical())
    }
}

/// A V-number or a source's own number: 1 to 64 characters of `A-Za-z0-9._-`; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalNumber(String);

impl LocalNumber {
    /// The number itself, for the source that must look it up.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for LocalNumber {
    type Err = InvalidLocalNumber;

    fn from_str(text: &str) -> Result<Self, InvalidLocalNumber> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        valid.then(|| Self(text.to_owned())).ok_or(InvalidLocalNumber)
    }
}

impl fmt::Debug for LocalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalNumber(…)")
    }
}

impl Drop for LocalNumber {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The text cannot be a V-number or a source's own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number is 1 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen")]
pub struct InvalidLocalNumber;

/// An age band: 0-3, 4-11, 12-15, 16-17, 18-24, then decades (`domain.md` §4, transform B).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgeBand {
    from: u8,
    until: u8,
}

impl AgeBand {
    /// The band that holds `age` (whole years). From 95 on it is `95-104`, the last: higher ages are rare enough to name a person.
    pub fn of(age: u8) -> Self {
        let (from, until) = match age {
            0..=3 => (0, 3),
            4..=11 => (4, 11),
            12..=15 => (12, 15),
            16..=17 => (16, 17),
            18..=24 => (18, 24),
            _ => {
                let decade = age.min(95).saturating_sub(25) / 10;
                let from = decade.saturating_mul(10).saturating_add(25);
                (from, from.saturating_add(9))
            }
        };
        Self { from, until }
    }
}

impl fmt::Display for AgeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.until)
    }
}

/// Whole years from `birth` to `today`, both `YYYY-MM-DD`; `None` when one of them is no date or birth lies after today.
pub fn age_on(birth: &str, today: &str) -> Option<u8> {
    let part = |text: &str, range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<i32>().ok());
    let date = |text: &str| Some((part(text, 0..4)?, part(text, 5..7)?, part(text, 8..10)?));
    let (born, now) = (date(birth)?, date(today)?);
    let had_birthday = (now.1, now.2) >= (born.1, born.2);
    let age = now.0.checked_sub(born.0)?.checked_sub(i32::from(!had_birthday))?;
    u8::try_from(age).ok()
}

#[cfg(test)]
mod tests;
