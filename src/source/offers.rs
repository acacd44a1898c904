//! Offers: a source tells a recipient that there is something to collect for a purpose, without saying about whom. The body of `POST /v1/offers`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SubjectWire;
use crate::catalogue::PurposeCode;
use crate::clock::Timestamp;
use crate::organisation::Oin;

/// What there is to collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OfferKind {
    /// A police report of domestic violence (zorgmelding, proces-verbaal).
    PoliceReport,
    /// A report under the reporting code (meldcode).
    MeldcodeReport,
    /// A threat.
    Threat,
}

impl OfferKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::PoliceReport, Self::MeldcodeReport, Self::Threat];

    /// The code, as in the API and the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PoliceReport => "police-report",
            Self::MeldcodeReport => "meldcode-report",
            Self::Threat => "threat",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What a source offers. There is no text in it, and the recipient learns nothing of the person before it collects.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Offer)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferMessage {
    /// Who may collect.
    #[schema(value_type = String, pattern = "^[0-9]{20}$")]
    pub recipient: Oin,
    /// For which purpose.
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,40}$")]
    pub purpose: PurposeCode,
    /// What there is.
    pub kind: OfferKind,
    /// About whom: for the gateway alone.
    pub subject: SubjectWire,
    /// Until when it can be collected, at most 30 days from now.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl fmt::Debug for OfferMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OfferMessage({} to {}, …)", self.kind.code(), self.recipient)
    }
}
