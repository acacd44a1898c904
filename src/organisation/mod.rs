//! Who takes part: organisations with their OIN, kind, status and BSN authority. People by opaque reference only, no contact
//! persons, no private keys.

pub mod keys;
pub mod people;
pub mod session;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An Organisatie-identificatienummer: 20 digits (Logius OIN-Stelsel; prefix 00000099 is for tests).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Oin(Arc<str>);

impl Oin {
    /// The 20 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Oin {
    type Err = InvalidOin;

    fn from_str(text: &str) -> Result<Self, InvalidOin> {
        let valid = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| Self(Arc::from(text))).ok_or(InvalidOin)
    }
}

impl TryFrom<String> for Oin {
    type Error = InvalidOin;

    fn try_from(text: String) -> Result<Self, InvalidOin> {
        text.parse()
    }
}

impl fmt::Display for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not an OIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an OIN is 20 digits")]
pub struct InvalidOin;

/// The kind of an organisation, spelled as in the API, the policies and the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Veilig Thuis, its intake team (AMT) included.
    VeiligThuis,
    /// Police (politie).
    Police,
    /// Public prosecution (Openbaar Ministerie).
    Prosecution,
    /// Probation (reclassering).
    Probation,
    /// Mental-health and addiction care (GGZ).
    MentalHealth,
    /// Child protection board (Raad voor de Kinderbescherming).
    ChildProtectionBoard,
    /// Certified youth-protection body (gecertificeerde instelling).
    YouthProtection,
    /// Municipality (gemeente).
    Municipality,
    /// Zorg- en Veiligheidshuis.
    CareAndSafetyHouse,
    /// Case director (MDA-regisseur, intensief casemanager).
    CaseDirector,
    /// MDA++ expertise team: a logical recipient, its named attendees.
    ExpertiseTeam,
    /// The data subject or a representative (betrokkene).
    DataSubject,
}

impl Kind {
    /// As whom organisations receive in a case, beside as themselves.
    pub const JOINTLY: [Self; 2] = [Self::ExpertiseTeam, Self::CaseDirector];

    /// All kinds, in the order of the domain model.
    pub const ALL: [Self; 12] = [
        Self::VeiligThuis,
        Self::Police,
        Self::Prosecution,
        Self::Probation,
        Self::MentalHealth,
        Self::ChildProtectionBoard,
        Self::YouthProtection,
        Self::Municipality,
        Self::CareAndSafetyHouse,
        Self::CaseDirector,
        Self::ExpertiseTeam,
        Self::DataSubject,
    ];

    /// The code, as in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::VeiligThuis => "veilig-thuis",
            Self::Police => "police",
            Self::Prosecution => "prosecution",
            Self::Probation => "probation",
            Self::MentalHealth => "mental-health",
            Self::ChildProtectionBoard => "child-protection-board",
            Self::YouthProtection => "youth-protection",
            Self::Municipality => "municipality",
            Self::CareAndSafetyHouse => "care-and-safety-house",
            Self::CaseDirector => "case-director",
            Self::ExpertiseTeam => "expertise-team",
            Self::DataSubject => "data-subject",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether an organisation may take part now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Takes part.
    Active,
    /// Refused from the next request on, as requester and as source.
    Suspended,
}

/// One participating organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its OIN: the identity in its certificate's `subject.serialNumber`.
    pub oin: Oin,
    /// Its kind, on which the policies decide.
    pub kind: Kind,
    /// Its name, for officers.
    pub name: String,
    /// Whether it may take part now.
    pub status: Status,
    /// Whether the law lets it use the citizen number (BSN), as requester and as source alike.
    pub bsn_authority: bool,
    /// Where its connector answers (`https://…`), when it is a source.
    pub connector: Option<String>,
}
