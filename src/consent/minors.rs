//! As whom someone gives consent, and for which ages of the subject it can count. The age is that on the day of disclosure: turning 12, 16 or 18
//! re-opens consent (`evidence/policy-consent.md` §6).

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// As whom someone gives consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GrantorRole {
    /// The subject.
    #[serde(rename = "self")]
    Subject,
    /// A parent with custody (gezag).
    Parent,
    /// A guardian (voogd).
    Guardian,
    /// A curator of an incapable adult.
    Curator,
    /// A mentor of an incapable adult.
    Mentor,
    /// Whom the subject authorised in writing (gemachtigde).
    Authorised,
    /// The spouse or partner of an incapable adult, where there is none of those above.
    Partner,
    /// A parent, child, brother or sister of an incapable adult, where there is none of those above.
    Family,
}

/// Someone who gave consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grantor {
    /// As whom.
    pub role: GrantorRole,
    /// What shows the authority of a representative, such as an extract of the custody register.
    pub authority_evidence: Option<String>,
    /// How: in person, by telephone, by digital identity.
    pub method: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// This person is suspected of the violence: the consent of such a representative is not accepted without the source's professional. Whoever
    /// records a consent says so of everyone but the subject; nothing is taken for granted.
    pub alleged_perpetrator: bool,
}

/// The ages, in whole years, for which a consent counts; both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgeRange {
    /// From this age.
    pub from: u8,
    /// Until this age.
    pub until: u8,
}

/// The ages between which nobody's authority changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// Under 12.
    Under12,
    /// 12 to 15.
    From12,
    /// 16 and 17.
    From16,
    /// 18 and older.
    Adult,
}

impl Band {
    /// The band of an age.
    pub const fn of(age: u8) -> Self {
        match age {
            0..=11 => Self::Under12,
            12..=15 => Self::From12,
            16..=17 => Self::From16,
            18.. => Self::Adult,
        }
    }

    /// Its ages.
    pub const fn ages(self) -> AgeRange {
        let (from, until) = match self {
            Self::Under12 => (0, 11),
            Self::From12 => (12, 15),
            Self::From16 => (16, 17),
            Self::Adult => (18, u8::MAX),
        };
        AgeRange { from, until }
    }
}
