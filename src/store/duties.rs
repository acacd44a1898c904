//! What rests on consents, and what organisations still have to do.

use std::collections::BTreeSet;

use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::consent::ConsentRecord;
use crate::organisation::Oin;

use super::SubjectIndex;

/// A disclosure that rested on a consent or an override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reliance {
    /// The consent's id, or [`Self::on_override`].
    pub consent: String,
    /// The disclosure's id.
    pub disclosure: String,
    /// Who received: of a team every attendee.
    pub recipients: BTreeSet<Oin>,
    /// What of it rested on the consent.
    pub categories: BTreeSet<Category>,
    /// When it was first given.
    pub first: Timestamp,
    /// When it was last given: a pick-up is a delivery too.
    pub last: Timestamp,
}

impl Reliance {
    /// How what rested on an override is found: no consent has such an id.
    pub fn on_override(id: &str) -> String {
        format!("override/{id}")
    }
}

/// A consent with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptConsent {
    /// About whom.
    pub subject: SubjectIndex,
    /// Every version, oldest first; never empty.
    pub versions: Vec<ConsentRecord>,
}

impl KeptConsent {
    /// The newest version.
    pub fn current(&self) -> Option<&ConsentRecord> {
        self.versions.last()
    }
}

/// What is past its term.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastTerm {
    /// Consents, by id.
    pub consents: Vec<String>,
    /// Overrides, by id.
    pub overrides: Vec<String>,
    /// Closed cases, by id.
    pub cases: Vec<String>,
    /// Closed tasks, by id.
    pub tasks: Vec<String>,
    /// Embargoes that ended, by id.
    pub embargoes: Vec<String>,
}
