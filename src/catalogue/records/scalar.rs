//! The single values that records consist of. Each is parsed once and keeps its text private; none shows itself in `Debug`.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalogue::shape;

/// The text does not have the form that the field asks for; says which form, never the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct InvalidScalar {
    expected: &'static str,
}

macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident, $valid:path, $expected:literal, $($schema:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, $($schema)*)]
        pub struct $name(String);

        impl $name {
            /// The value as it goes over the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidScalar;

            fn try_from(text: String) -> Result<Self, InvalidScalar> {
                $valid(&text).then_some(Self(text)).ok_or(InvalidScalar { expected: $expected })
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

scalar!(
    /// A bounded text: at most 2000 characters, no control characters but line ends and tabs.
    Text, shape::is_text, "a text of at most 2000 characters", max_length = 2000
);
scalar!(
    /// A coded value: 1 to 60 letters, digits, spaces and `._/+-`, beginning with a letter or digit.
    Code, shape::is_code, "a code of at most 60 characters", pattern = "^[A-Za-z0-9][A-Za-z0-9 ._/+-]{0,59}$"
);
scalar!(
    /// A calendar day, `YYYY-MM-DD`.
    Day, shape::is_day, "a day YYYY-MM-DD", format = Date, pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
);
scalar!(
    /// A calendar month, `YYYY-MM`.
    Month, shape::is_month, "a month YYYY-MM", pattern = "^[0-9]{4}-[0-9]{2}$"
);
scalar!(
    /// An age band of `domain.md` §4, such as `12-15`.
    Band, shape::is_age_band, "an age band", pattern = "^[0-9]{1,3}-[0-9]{1,3}$"
);
scalar!(
    /// A household letter for display, such as `A1` (adult) or `K2` (child).
    Letter, shape::is_letter, "a letter such as A1", pattern = "^[A-Z][0-9]{1,2}$"
);
scalar!(
    /// A band of a safety scale that runs from 0 to 10: `0-3`, `4-6` or `7-10`.
    ScaleBand, shape::is_scale_band, "a band of the scale", pattern = "^(0-3|4-6|7-10)$"
);
scalar!(
    /// A pseudonym as printed by the gateway, which alone fills it in.
    PseudonymText, shape::is_pseudonym, "a pseudonym", pattern = "^p1_[0-9A-Z*~$=]{27}$"
);

/// A calendar year, 1800 to 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schema(value_type = u16, minimum = 1800, maximum = 2999)]
pub struct Year(u16);

impl TryFrom<u16> for Year {
    type Error = InvalidScalar;

    fn try_from(year: u16) -> Result<Self, InvalidScalar> {
        shape::is_year(year.into()).then_some(Self(year)).ok_or(InvalidScalar { expected: "a year" })
    }
}

impl From<Year> for u16 {
    fn from(year: Year) -> Self {
        year.0
    }
}

/// The three values of a signal; `unknown` is a value, not an absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// There is something.
    Yes,
    /// There is nothing.
    No,
    /// The source cannot say.
    Unknown,
}

impl Presence {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// A coded level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Low (laag).
    Low,
    /// In between (midden).
    Mid,
    /// High (hoog).
    High,
}

impl Level {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Mid => "mid",
            Self::High => "high",
        }
    }

    /// The level that a source's word for it means; `None` for a word we do not know.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "low" | "laag" | "mild" | "licht" => Self::Low,
            "mid" | "medium" | "moderate" | "midden" | "gemiddeld" | "matig" => Self::Mid,
            "high" | "very high" | "very-high" | "severe" | "hoog" | "zeer hoog" | "ernstig" => Self::High,
            _ => return None,
        })
    }
}

/// A person other than the subject: a letter and an age band, never more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// The letter within this household.
    #[schema(inline)]
    pub letter: Letter,
    /// The age band.
    #[schema(inline, nullable = false)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_band: Option<Band>,
}
