//! A professional of a source: by which reference and registration, and when two are one and the same.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::subject::find_bsns;

/// The longest reference or registration, in characters.
const LONGEST: usize = 64;
/// From so many digits on a registration is a register's number (SKJ has 9, BIG 11), whatever stands before it.
const NUMBER: usize = 8;

/// A professional of the source, by the source's own reference.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Professional {
    /// The reference, unique within the source.
    pub reference: String,
    /// The registration: the number in the register of the profession (BIG, SKJ), or the service number.
    pub registration: Option<String>,
}

impl Professional {
    /// Whether both are one person, however it is written: by reference or by registration.
    pub fn is(&self, other: &Self) -> bool {
        let registration = |one: &Self| one.registration.as_deref().map(canonical_registration);
        is_same_reference(&self.reference, &other.reference)
            || registration(self).is_some_and(|own| Some(own) == registration(other))
    }
}

/// What is expected of a [`Reference`].
pub const REFERENCE: &str = "1 to 64 visible ASCII characters with single spaces between them, no citizen number";

/// The reference of a person who acts, as her organisation writes it: read as one type wherever people are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(pub String);

impl FromStr for Reference {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if is_reference(text) && find_bsns(text).is_empty() { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// Whether a text can be a person's reference: 1 to 64 visible ASCII characters with single spaces between them, so that no two look alike.
pub fn is_reference(text: &str) -> bool {
    let visible = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    text.len() <= LONGEST && text.split(' ').all(visible)
}

/// Whether two references are of one person: letters are one in either case.
pub fn is_same_reference(left: &str, right: &str) -> bool {
    canonical_reference(left) == canonical_reference(right)
}

/// Whether a text can be a registration: 1 to 64 visible ASCII characters and spaces, a letter or digit among them.
pub fn is_registration(text: &str) -> bool {
    let printed = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    text.len() <= LONGEST && printed && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

/// A reference without what differs from hand to hand: case, and spaces around it.
pub fn canonical_reference(reference: &str) -> String {
    reference.trim().to_lowercase()
}

/// A registration without what differs from hand to hand: case, spaces, punctuation, the register's name, leading zeros.
pub fn canonical_registration(registration: &str) -> String {
    let letters = registration.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    let digits: String = letters.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < NUMBER { letters } else { digits.trim_start_matches('0').to_owned() }
}

impl std::fmt::Debug for Professional {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Professional(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(reference: &str, registration: &str) -> Professional {
        Professional { reference: reference.to_owned(), registration: Some(registration.to_owned()) }
    }

    /// Broken on purpose to see it fail: registrations compared as they are written.
    #[test]
    fn a_person_is_the_same_however_written() {
        let she = one("pro-1", "BIG 19012345601");
        for same in ["19012345601", "big-19012345601", "1901.2345.601", "BIG 019012345601"] {
            assert!(she.is(&one("pro-9", same)) && one("pro-9", same).is(&she), "{same}");
        }
        assert!(she.is(&one("PRO-1", "BIG 99012345601")) && she.is(&one(" pro-1 ", "x")));
        assert!(!she.is(&one("pro-2", "BIG 19012345602")));
        assert!(!one("a", "A12").is(&one("b", "B12")), "service numbers of two series");
        assert!(one("a", "a-12").is(&one("b", "A 12")));
        let unregistered = |reference: &str| Professional { reference: reference.to_owned(), registration: None };
        assert!(!unregistered("a").is(&unregistered("b")));
    }

    #[test]
    fn references_and_registrations_are_plain() {
        for reference in
            ["", " ", "pro  1", " pro 1", "pro 1 ", "pro\n1", "pr\u{43e}-1", "\u{ff50}ro-1", "pro-1\u{200b}", &"x".repeat(65)]
        {
            assert!(!is_reference(reference), "{reference:?}");
        }
        for registration in ["", " - ", "19012345601\n", "\u{661}9012345601", &"1".repeat(65)] {
            assert!(!is_registration(registration), "{registration:?}");
        }
        assert_eq!("pro 999990019".parse::<Reference>(), Err(()), "no place for a citizen number");
        assert!(is_reference("pro-1") && is_reference("pro 1") && is_registration("BIG 19012345601"));
    }
}
